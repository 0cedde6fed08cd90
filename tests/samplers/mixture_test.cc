#include "samplers/tpe/mixture.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

#include "samplers/math/truncated_normal.h"
#include "samplers/tpe/parzen.h"
#include "samplers/uniform.h"
#include "tests/samplers/instruction_sets.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using Columns = std::vector<std::vector<double>>;

std::vector<Domain> SeveralKinds() {
  return {FloatDomain{0, 1, false, 0},  FloatDomain{1e-4, 1, true, 0},
          FloatDomain{-2, 2, false, 0}, FloatDomain{0, 1, false, 0.1},
          IntDomain{1, 50, true, 1},    Choice("c", 3).domain};
}

// Values in the lower `share` of each domain, in random order.
Columns RandomColumns(const std::vector<Domain>& domains, size_t m, double share) {
  Rng rng = Rng::ForTrial(5, m, "columns");
  Columns columns(domains.size());
  for (size_t j = 0; j < domains.size(); ++j) {
    while (columns[j].size() < m) {
      double x = DrawUniform(domains[j], rng);
      if (const auto* d = std::get_if<FloatDomain>(&domains[j]); d != nullptr && d->step == 0) {
        x = d->log ? d->low * std::pow(x / d->low, share) : d->low + share * (x - d->low);
      }
      columns[j].push_back(x);
    }
  }
  return columns;
}

std::vector<double> RandomPoints(const std::vector<Domain>& domains, size_t count) {
  Rng rng = Rng::ForTrial(6, 0, "points");
  std::vector<double> points;
  for (size_t i = 0; i < count; ++i) {
    for (const Domain& domain : domains) points.push_back(DrawUniform(domain, rng));
  }
  return points;
}

std::vector<double> Rows(std::span<const double> points, size_t first, size_t count, size_t d) {
  const auto begin = points.begin() + static_cast<std::ptrdiff_t>(first * d);
  return {begin, begin + static_cast<std::ptrdiff_t>(count * d)};
}

// A mixture whose kernel k is in slot slots[k].
Mixture InSlots(const std::vector<Domain>& domains, const Columns& columns,
                std::span<const size_t> slots) {
  const size_t m = columns[0].size();
  Mixture mixture(domains, true);
  mixture.Reserve(*std::max_element(slots.begin(), slots.end()) + 1);
  mixture.SetObservationCount(m);
  for (size_t j = 0; j < domains.size(); ++j) {
    if (const auto* categorical = std::get_if<CategoricalDomain>(&domains[j])) {
      for (size_t k = 0; k < m; ++k) {
        mixture.SetChoice(slots[k], j, static_cast<size_t>(columns[j][k]));
      }
      mixture.SetChoice(slots[m], j, categorical->choices.size());
      continue;
    }
    const NumericKernels kernels = MakeNumericKernels(domains[j], columns[j]);
    for (size_t k = 0; k <= m; ++k) {
      mixture.SetNormal(slots[k], j, kernels.mu[k], kernels.sigma[k]);
    }
  }
  for (size_t k = 0; k < m; ++k) mixture.SetTrial(slots[k], k);
  mixture.SetPrior(slots[m]);
  mixture.UpdateConstants();
  return mixture;
}

// The plain sum over kernels, one dimension after the other.
double PlainLogDensity(const std::vector<Domain>& domains, const Columns& columns,
                       std::span<const double> point) {
  const size_t m = columns[0].size();
  std::vector<double> terms;
  for (const double weight : MixtureWeights(m, Weighting::kForgetting)) {
    terms.push_back(std::log(weight));
  }
  for (size_t j = 0; j < domains.size(); ++j) {
    if (const auto* categorical = std::get_if<CategoricalDomain>(&domains[j])) {
      const size_t count = categorical->choices.size();
      const std::vector<double> rows = CategoricalRows(count, columns[j]);
      for (size_t k = 0; k <= m; ++k) {
        terms[k] += std::log(rows[k * count + static_cast<size_t>(point[j])]);
      }
      continue;
    }
    const NumericDomain d = AsNumeric(domains[j]);
    const NumericKernels kernels = MakeNumericKernels(domains[j], columns[j]);
    for (size_t k = 0; k <= m; ++k) {
      const auto z = [&](double x) { return (x - kernels.mu[k]) / kernels.sigma[k]; };
      const double x = ToModel(point[j], d.log);
      const double left = ToModel(point[j] - 0.5 * d.step, d.log);
      const double right = ToModel(point[j] + 0.5 * d.step, d.log);
      terms[k] += d.step > 0 ? LogNormalMass(z(left), z(right))
                             : LogNormalPdf(z(x)) - std::log(kernels.sigma[k]);
      terms[k] -= LogNormalMass(z(kernels.low), z(kernels.high));
    }
  }
  const double largest = *std::max_element(terms.begin(), terms.end());
  long double sum = 0;
  for (const double term : terms) sum += std::exp(static_cast<long double>(term - largest));
  return largest + static_cast<double>(std::log(sum));
}

TEST(Mixture, AgreesWithThePlainSumOverManyTrials) {
  const std::vector<Domain> domains = SeveralKinds();
  const size_t d = domains.size();
  for (const size_t m : {99, 1'000, 3'001}) {
    for (const double share : {1.0, 0.05}) {
      const Columns columns = RandomColumns(domains, m, share);
      const ParzenEstimator estimator(domains, columns, Weighting::kForgetting);
      Rng rng = Rng::ForTrial(7, m, "points");
      std::pmr::vector<double> points = estimator.Sample(10, rng);
      const std::vector<double> elsewhere = RandomPoints(domains, 10);
      points.insert(points.end(), elsewhere.begin(), elsewhere.end());
      const std::vector<double> densities = estimator.LogDensity(points);
      for (size_t i = 0; i < densities.size(); ++i) {
        EXPECT_NEAR(densities[i], PlainLogDensity(domains, columns, Rows(points, i, 1, d)), 1e-9)
            << m << " " << share << " " << i;
      }
    }
  }
}

// The density at a point that only the oldest trials, with the least weights, are near.
TEST(Mixture, KeepsTheTermsOfOldTrials) {
  const std::vector<Domain> domains = {FloatDomain{0, 1, false, 0}, FloatDomain{0, 1, false, 0}};
  constexpr size_t kTrials = 20'000;
  Columns columns(2);
  for (size_t k = 0; k < kTrials; ++k) {
    for (Columns::value_type& column : columns) {
      column.push_back(k < 2 ? 0.9 : 0.1 + 0.2 * static_cast<double>(k) / kTrials);
    }
  }
  const std::vector<double> point = {0.9, 0.9};
  EXPECT_NEAR(ParzenEstimator(domains, columns, Weighting::kForgetting).LogDensity(point)[0],
              PlainLogDensity(domains, columns, point), 1e-9);
}

TEST(Mixture, HasTheSameBitsWhereverItsKernelsAre) {
  const std::vector<Domain> domains = SeveralKinds();
  constexpr size_t kTrials = 500;
  const Columns columns = RandomColumns(domains, kTrials, 0.1);
  const std::vector<double> points = RandomPoints(domains, 20);
  std::vector<size_t> slots(kTrials + 1);
  std::iota(slots.begin(), slots.end(), size_t{0});
  const std::vector<double> expected = InSlots(domains, columns, slots).LogDensity(points);
  EXPECT_EQ(ParzenEstimator(domains, columns, Weighting::kForgetting).LogDensity(points), expected);
  std::reverse(slots.begin(), slots.end());
  EXPECT_EQ(InSlots(domains, columns, slots).LogDensity(points), expected);
  // With holes.
  for (size_t k = 0; k < slots.size(); ++k) slots[k] = (k * 389) % 1'009;
  EXPECT_EQ(InSlots(domains, columns, slots).LogDensity(points), expected);
  // One point at a time.
  for (size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(InSlots(domains, columns, slots).LogDensity(Rows(points, i, 1, domains.size()))[0],
              expected[i]);
  }
}

TEST(Mixture, HasTheSameBitsOnAllInstructionSets) {
  const std::vector<Domain> domains = SeveralKinds();
  const auto results = [&] {
    std::vector<double> all;
    for (const size_t m : {0, 7, 120, 2'000}) {
      for (const double share : {1.0, 0.05}) {
        const ParzenEstimator estimator(domains, RandomColumns(domains, m, share),
                                        Weighting::kForgetting);
        Rng rng = Rng::ForTrial(8, m, "sample");
        const std::pmr::vector<double> sample = estimator.Sample(30, rng);
        const std::vector<double> densities = estimator.LogDensity(sample);
        all.insert(all.end(), sample.begin(), sample.end());
        all.insert(all.end(), densities.begin(), densities.end());
      }
    }
    return all;
  };
  const std::vector<double> expected = results();
  OnEachInstructionSet([&] { EXPECT_EQ(results(), expected); });
}

}  // namespace
}  // namespace hpod
