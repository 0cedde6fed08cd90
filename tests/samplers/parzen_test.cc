#include "samplers/tpe/parzen.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <numeric>

#include "samplers/uniform.h"
#include "tests/samplers/naive/parzen.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

using Columns = std::vector<std::vector<double>>;

const Domain kUnit = FloatDomain{0, 1, false, 0};

std::vector<Domain> ModelledDomains() {
  std::vector<Domain> domains;
  const Space space = MakeSpace(AllKinds());
  for (const Parameter& parameter : space) {
    if (!IsSingle(parameter.domain)) domains.push_back(parameter.domain);
  }
  return domains;
}

Columns RandomColumns(const std::vector<Domain>& domains, size_t m, uint64_t seed) {
  Rng rng = Rng::ForTrial(seed, m, "columns");
  Columns columns(domains.size());
  for (size_t i = 0; i < domains.size(); ++i) {
    for (size_t k = 0; k < m; ++k) columns[i].push_back(DrawUniform(domains[i], rng));
  }
  return columns;
}

// Worked by hand from the rules.
TEST(MakeNumericKernels, GivesTheWidthsOfWorkedExamples) {
  const auto sigma = [](const Domain& domain, const std::vector<double>& observations) {
    return MakeNumericKernels(domain, observations).sigma;
  };
  EXPECT_THAT(sigma(kUnit, {}), ElementsAre(1.0));
  EXPECT_THAT(sigma(kUnit, {0.2}), ElementsAre(0.8, 1.0));
  EXPECT_THAT(sigma(kUnit, {0.2, 0.21}), ElementsAre(0.25, 0.25, 1.0));
  EXPECT_THAT(sigma(kUnit, {0.2, 0.2, 0.9}),
              ElementsAre(DoubleEq(0.2), DoubleEq(0.7), DoubleEq(0.7), 1.0));
  EXPECT_THAT(sigma(kUnit, {0.9, 0.0, 0.5}), ElementsAre(DoubleEq(0.4), 0.5, 0.5, 1.0));

  const NumericKernels integer =
      MakeNumericKernels(IntDomain{1, 10, false, 1}, std::vector<double>{3});
  EXPECT_THAT(integer.sigma, ElementsAre(7.5, 10.0));
  EXPECT_THAT(integer.mu, ElementsAre(3.0, 5.5));
  const NumericKernels log = MakeNumericKernels(IntDomain{1, 64, true, 1}, {});
  EXPECT_NEAR(log.sigma[0], 4.8598, 1e-4);
  EXPECT_DOUBLE_EQ(log.low, std::log(0.5));
}

TEST(MakeNumericKernels, NeverNarrowsBelowAHundredth) {
  std::vector<double> observations;
  for (int i = 0; i < 1'000; ++i) observations.push_back(0.5 + i * 1e-6);
  for (const double sigma : MakeNumericKernels(kUnit, observations).sigma) EXPECT_GE(sigma, 0.01);
}

TEST(MakeNumericKernels, KeepsObservationsOutsideTheBounds) {
  const NumericKernels kernels = MakeNumericKernels(kUnit, std::vector<double>{-3, 7});
  EXPECT_THAT(kernels.mu, ElementsAre(-3, 7, 0.5));
  EXPECT_THAT(kernels.sigma, ElementsAre(1, 1, 1));
}

TEST(CategoricalRows, AddOneToTheObservedChoice) {
  const std::vector<double> rows = CategoricalRows(3, std::vector<double>{0, 2, 2});
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_NEAR(rows[0], 1.25 / 1.75, 1e-15);
  EXPECT_NEAR(rows[1], 0.25 / 1.75, 1e-15);
  EXPECT_NEAR(rows[5], 1.25 / 1.75, 1e-15);
  EXPECT_THAT(std::vector<double>(rows.begin() + 9, rows.end()), testing::Each(DoubleEq(1.0 / 3)));
}

TEST(MixtureWeights, ForgetLinearlyBeyondTheNewest25) {
  EXPECT_THAT(MixtureWeights(0, Weighting::kForgetting), ElementsAre(1.0));
  EXPECT_THAT(MixtureWeights(3, Weighting::kForgetting), ElementsAre(0.25, 0.25, 0.25, 0.25));
  const std::vector<double> ramp = MixtureWeights(28, Weighting::kForgetting);
  EXPECT_NEAR(ramp[0] / ramp[28], 1.0 / 28, 1e-15);
  EXPECT_NEAR(ramp[1] / ramp[28], (1 + 1.0 / 28) / 2, 1e-15);
  EXPECT_NEAR(ramp[2] / ramp[28], 1.0, 1e-15);
  EXPECT_NEAR(std::accumulate(ramp.begin(), ramp.end(), 0.0), 1.0, 1e-14);
  const std::vector<double> uniform = MixtureWeights(99, Weighting::kUniform);
  EXPECT_THAT(uniform, testing::Each(DoubleNear(0.01, 1e-15)));
}

TEST(ParzenEstimator, AgreesWithTheNaiveOne) {
  const std::vector<Domain> domains = ModelledDomains();
  for (const size_t m : {0, 1, 2, 3, 10, 25, 26, 60}) {
    for (const bool forgetting : {true, false}) {
      const Columns observations = RandomColumns(domains, m, 1);
      const ParzenEstimator estimator(domains, observations,
                                      forgetting ? Weighting::kForgetting : Weighting::kUniform);
      EXPECT_EQ(estimator.KernelCount(), m + 1);
      Rng rng = Rng::ForTrial(2, m, "points");
      const std::pmr::vector<double> points = estimator.Sample(12, rng);
      const std::vector<double> densities = estimator.LogDensity(points);
      for (size_t i = 0; i < densities.size(); ++i) {
        const auto row = points.begin() + static_cast<std::ptrdiff_t>(i * domains.size());
        const std::vector<double> point(row, row + static_cast<std::ptrdiff_t>(domains.size()));
        EXPECT_NEAR(densities[i], naive::LogDensity(domains, observations, forgetting, point), 1e-9)
            << m << " " << forgetting;
      }
    }
  }
}

TEST(ParzenEstimator, HasTheWidthsOfTheNaiveOne) {
  for (const Domain& domain : ModelledDomains()) {
    if (std::holds_alternative<CategoricalDomain>(domain)) continue;
    for (const size_t m : {1, 2, 5, 30, 200}) {
      const std::vector<double> observations = RandomColumns({domain}, m, 3)[0];
      EXPECT_THAT(MakeNumericKernels(domain, observations).sigma,
                  Pointwise(DoubleNear(1e-12), naive::Widths(domain, observations)));
    }
  }
}

TEST(ParzenEstimator, IntegratesToOne) {
  for (const Domain& domain : ModelledDomains()) {
    for (const size_t m : {0, 1, 12}) {
      const ParzenEstimator estimator({&domain, 1}, RandomColumns({domain}, m, 4),
                                      Weighting::kForgetting);
      double sum = 0;
      if (const uint64_t cardinality = Cardinality(domain); cardinality > 0) {
        std::vector<double> values;
        for (uint64_t i = 0; i < cardinality; ++i) values.push_back(ValueAt(domain, i));
        for (const double log_p : estimator.LogDensity(values)) sum += std::exp(log_p);
      } else {
        const auto& real = std::get<FloatDomain>(domain);
        const double low = real.log ? std::log(real.low) : real.low;
        const double high = real.log ? std::log(real.high) : real.high;
        constexpr int kCells = 20'000;
        std::vector<double> values;
        for (int i = 0; i < kCells; ++i) {
          const double x = low + (i + 0.5) / kCells * (high - low);
          values.push_back(real.log ? std::exp(x) : x);
        }
        for (const double log_p : estimator.LogDensity(values))
          sum += std::exp(log_p) * (high - low) / kCells;
      }
      EXPECT_NEAR(sum, 1.0, 1e-6);
    }
  }
}

// The share of samples in each of 16 parts against the density's.
TEST(ParzenEstimator, SamplesWhatItsDensitySays) {
  constexpr size_t kSamples = 40'000;
  for (const Domain& domain : ModelledDomains()) {
    const ParzenEstimator estimator({&domain, 1}, RandomColumns({domain}, 3, 5),
                                    Weighting::kForgetting);
    Rng rng = Rng::ForTrial(6, 0, "samples");
    const std::pmr::vector<double> samples = estimator.Sample(kSamples, rng);
    for (const double x : samples) ASSERT_TRUE(Contains(domain, x)) << x;
    if (const uint64_t cardinality = Cardinality(domain); cardinality > 0) {
      std::map<double, double> counts;
      for (const double x : samples) counts[x] += 1;
      for (const auto& [x, count] : counts) {
        const double expected = std::exp(estimator.LogDensity(std::vector{x})[0]);
        EXPECT_NEAR(count / kSamples, expected, 0.01) << x;
      }
      continue;
    }
    const auto& real = std::get<FloatDomain>(domain);
    const auto model = [&](double x) { return real.log ? std::log(x) : x; };
    constexpr int kParts = 16;
    constexpr int kCells = 200;
    const double range = model(real.high) - model(real.low);
    std::vector<double> shares(kParts, 0);
    for (const double x : samples) {
      shares[std::min<size_t>(
          kParts - 1, static_cast<size_t>((model(x) - model(real.low)) / range * kParts))] += 1;
    }
    for (size_t part = 0; part < kParts; ++part) {
      std::vector<double> values;
      for (int i = 0; i < kCells; ++i) {
        const double x =
            model(real.low) + (static_cast<double>(part) + (i + 0.5) / kCells) / kParts * range;
        values.push_back(real.log ? std::exp(x) : x);
      }
      double expected = 0;
      for (const double log_p : estimator.LogDensity(values))
        expected += std::exp(log_p) * range / kParts / kCells;
      EXPECT_NEAR(shares[part] / kSamples, expected, 0.01) << part;
    }
  }
}

TEST(ParzenEstimator, KeepsTheKernelAcrossDimensions) {
  // Two clusters at opposite corners: products of independent dimensions would fill the other two
  // corners as well.
  const std::vector<Domain> domains = {kUnit, kUnit, Choice("c", 2).domain};
  Columns observations(3);
  for (int i = 0; i < 10; ++i) {
    for (const bool upper : {false, true}) {
      observations[0].push_back((upper ? 0.9 : 0.1) + i * 1e-3);
      observations[1].push_back((upper ? 0.9 : 0.1) + i * 1e-3);
      observations[2].push_back(upper ? 1 : 0);
    }
  }
  const ParzenEstimator estimator(domains, observations, Weighting::kForgetting);
  const std::vector<double> density =
      estimator.LogDensity(std::vector{0.1, 0.1, 0.0, 0.9, 0.9, 1.0, 0.1, 0.9, 0.0, 0.1, 0.1, 1.0});
  EXPECT_GT(density[0], density[2] + 2);
  EXPECT_GT(density[1], density[2] + 2);
  EXPECT_GT(density[0], density[3] + 2);
  Rng rng = Rng::ForTrial(7, 0, "clusters");
  const std::pmr::vector<double> samples = estimator.Sample(1'000, rng);
  int together = 0;
  for (size_t i = 0; i < samples.size(); i += 3)
    together += (samples[i] > 0.5) == (samples[i + 1] > 0.5) ? 1 : 0;
  EXPECT_GT(together, 800);
}

TEST(ParzenEstimator, IsMinusInfinityOutsideTheBounds) {
  const ParzenEstimator estimator({&kUnit, 1}, Columns{{0.5}}, Weighting::kForgetting);
  EXPECT_EQ(estimator.LogDensity(std::vector{1.5})[0], -std::numeric_limits<double>::infinity());
}

TEST(ParzenEstimator, SurvivesObservationsAtTheEndsOfTheDoubles) {
  const Domain log = FloatDomain{1e-300, 1e300, true, 0};
  const Domain narrow_log = FloatDomain{1e300, std::nextafter(1e300, 2e300), true, 0};
  const Domain vast = IntDomain{-kMaxInt, kMaxInt, false, 1};
  for (const Domain& domain : {kUnit, log, narrow_log, vast}) {
    for (const double extreme : {1e-308, 1e200, 1.7e308}) {
      const ParzenEstimator estimator({&domain, 1}, Columns{{extreme, 0.5, extreme}},
                                      Weighting::kForgetting);
      Rng rng = Rng::ForTrial(8, 0, "extreme");
      const std::pmr::vector<double> samples = estimator.Sample(50, rng);
      for (const double x : samples) EXPECT_TRUE(Contains(domain, x)) << x;
      for (const double log_p : estimator.LogDensity(samples)) EXPECT_FALSE(std::isnan(log_p));
    }
  }
}

TEST(ParzenEstimator, IsTheSameFittedAgain) {
  const std::vector<Domain> domains = {kUnit, FloatDomain{1e-3, 10, true, 0},
                                       IntDomain{1, 9, false, 2},
                                       CategoricalDomain{{Value("a"), Value("b"), Value("c")}}};
  Rng rng = Rng::ForTrial(8, 0, "fit");
  const auto observe = [&](size_t count) {
    Columns columns(domains.size());
    for (size_t j = 0; j < domains.size(); ++j) {
      while (columns[j].size() < count) columns[j].push_back(DrawUniform(domains[j], rng));
    }
    return columns;
  };
  ParzenEstimator refitted(domains, observe(7), Weighting::kForgetting);
  for (const size_t count : {50U, 3U, 3U, 0U, 20U}) {
    const Columns columns = observe(count);
    refitted.Fit(columns);
    const ParzenEstimator fresh(domains, columns, Weighting::kForgetting);
    Rng rng_here = Rng::ForTrial(8, count, "points");
    Rng rng_there = Rng::ForTrial(8, count, "points");
    const auto points = fresh.Sample(30, rng_here);
    EXPECT_EQ(refitted.Sample(30, rng_there), points) << count;
    EXPECT_EQ(refitted.LogDensity(points), fresh.LogDensity(points)) << count;
  }
}

}  // namespace
}  // namespace hpod
