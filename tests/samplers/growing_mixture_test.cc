#include "samplers/tpe/growing_mixture.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>

#include "samplers/rng.h"
#include "samplers/tpe/parzen.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

using Columns = std::vector<std::vector<double>>;

const std::vector<std::vector<Domain>>& Spaces() {
  static const std::vector<std::vector<Domain>> spaces = {
      {FloatDomain{0, 1, false, 0}},
      {FloatDomain{0, 1, false, 0}, FloatDomain{1e-5, 1e-1, true, 0}},
      {FloatDomain{-3, 5, false, 0}, FloatDomain{1e-5, 1e-1, true, 0}, IntDomain{1, 12, false, 1},
       CategoricalDomain{{Value("a"), Value("b"), Value("c")}}},
      {IntDomain{1, 12, false, 1}, CategoricalDomain{{Value("a"), Value("b")}}},
      // Enough for codes of pages.
      std::vector<Domain>(8, FloatDomain{0, 1, false, 0}),
  };
  return spaces;
}

std::vector<double> RandomPoint(const std::vector<Domain>& domains, Rng& rng) {
  std::vector<double> point;
  for (const Domain& domain : domains) point.push_back(DrawUniform(domain, rng));
  return point;
}

// As a study has them: many near one place, and some that an earlier, wider domain allowed.
Observation RandomObservation(const std::vector<Domain>& domains, size_t number, Rng& rng) {
  Observation trial{number, RandomPoint(domains, rng)};
  for (size_t j = 0; j < domains.size(); ++j) {
    const auto* d = std::get_if<FloatDomain>(&domains[j]);
    if (d == nullptr) continue;
    const double share = j == 0 ? 0.01 : 0.2;
    if (number % 3 != 0) trial.values[j] = d->low + share * (trial.values[j] - d->low);
    if (number % 50 == 0 && j == 0) trial.values[j] = d->high + 1.0;
  }
  return trial;
}

std::vector<double> RandomPoints(const std::vector<Domain>& domains, size_t count, Rng& rng) {
  std::vector<double> points;
  for (size_t i = 0; i < count; ++i) {
    const std::vector<double> point = RandomPoint(domains, rng);
    points.insert(points.end(), point.begin(), point.end());
  }
  return points;
}

std::vector<double> DensityOfFresh(const std::vector<Domain>& domains,
                                   const std::map<size_t, Observation>& trials,
                                   std::span<const double> points) {
  Columns columns(domains.size());
  for (const auto& [number, trial] : trials) {
    for (size_t j = 0; j < domains.size(); ++j) columns[j].push_back(trial.values[j]);
  }
  return ParzenEstimator(domains, columns, Weighting::kForgetting).LogDensity(points);
}

TEST(GrowingMixture, EqualsAFreshEstimateToTheLastBitAsTrialsComeAndGo) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(3, 0, "growing");
    GrowingMixture growing(domains, {});
    std::map<size_t, Observation> trials;
    for (size_t number = 0; number < 1500; ++number) {
      const Observation trial = RandomObservation(domains, number, rng);
      growing.Insert(trial);
      trials[number] = trial;
      if (number % 4 == 3) {
        const auto gone = trials.lower_bound(rng.Below(number));
        growing.Erase(gone->first);
        trials.erase(gone);
      }
      if (number % 3 == 0) growing.Update();
      if (number % 97 != 0 && number != 1499) continue;
      growing.Update();
      const std::vector<double> points = RandomPoints(domains, 10, rng);
      ASSERT_EQ(growing.LogDensity(points), DensityOfFresh(domains, trials, points)) << number;
    }
  }
}

TEST(GrowingMixture, EqualsAFreshEstimateAsItShrinks) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(7, 0, "growing");
    GrowingMixture growing(domains, {});
    std::map<size_t, Observation> trials;
    for (size_t number = 0; number < 300; ++number) {
      trials[number] = RandomObservation(domains, number, rng);
      growing.Insert(trials[number]);
    }
    growing.Update();
    const std::vector<double> points = RandomPoints(domains, 10, rng);
    for (const size_t left : {150U, 127U, 60U, 1U, 0U}) {
      while (trials.size() > left) {
        const auto gone = std::next(trials.begin(), static_cast<std::ptrdiff_t>(trials.size() / 2));
        growing.Erase(gone->first);
        trials.erase(gone);
      }
      growing.Update();
      ASSERT_EQ(growing.LogDensity(points), DensityOfFresh(domains, trials, points)) << left;
    }
  }
}

TEST(GrowingMixture, IsTheSameBuiltAtOnce) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(4, 0, "growing");
    std::map<size_t, Observation> trials;
    std::vector<Observation> list;
    for (size_t number = 0; number < 3000; ++number) {
      list.push_back(RandomObservation(domains, number, rng));
      trials[number] = list.back();
    }
    const GrowingMixture growing(domains, list);
    const std::vector<double> points = RandomPoints(domains, 20, rng);
    EXPECT_EQ(growing.LogDensity(points), DensityOfFresh(domains, trials, points));
  }
}

// The first of the greatest differences, when all are computed.
size_t FirstGreatest(std::span<const double> log_l, std::span<const double> log_g) {
  size_t best = 0;
  for (size_t i = 1; i < log_l.size(); ++i) {
    if (log_l[i] - log_g[i] > log_l[best] - log_g[best]) best = i;
  }
  return best;
}

TEST(GrowingMixture, FindsTheRatioThatIsGreatestWhenAllAreComputed) {
  for (const std::vector<Domain>& domains : Spaces()) {
    for (const size_t count : {20U, 150U, 3000U}) {
      Rng rng = Rng::ForTrial(5, count, "ratio");
      std::vector<Observation> trials;
      Columns columns(domains.size());
      for (size_t number = 0; number < count; ++number) {
        trials.push_back(RandomObservation(domains, number, rng));
        for (size_t j = 0; j < domains.size(); ++j) {
          columns[j].push_back(trials.back().values[j]);
        }
      }
      const GrowingMixture growing(domains, trials);
      const ParzenEstimator fresh(domains, columns, Weighting::kForgetting);
      // From ratios that the priors alone tell apart to such that no bound does.
      for (const double spread : {100.0, 3.0, 1e-3, 1e-9, 0.0}) {
        for (int round = 0; round < 10; ++round) {
          const std::vector<double> points = RandomPoints(domains, 24, rng);
          const std::vector<double> log_g = growing.LogDensity(points);
          std::vector<double> log_l;
          for (const double g : log_g) log_l.push_back(g + spread * rng.Uniform());
          const size_t expected = FirstGreatest(log_l, log_g);
          EXPECT_EQ(growing.GreatestRatio(points, log_l), expected) << count << " " << spread;
          EXPECT_EQ(fresh.GreatestRatio(points, log_l), expected) << count << " " << spread;
        }
      }
    }
  }
}

TEST(GrowingMixture, FindsTheGreatestRatioBesideOnesThatAreNoNumbers) {
  const std::vector<Domain> domains = {FloatDomain{0, 1, false, 0}};
  Rng rng = Rng::ForTrial(6, 0, "ratio");
  std::vector<Observation> trials;
  for (size_t number = 0; number < 200; ++number) {
    trials.push_back({number, {rng.Uniform()}});
  }
  const GrowingMixture growing(domains, trials);
  const std::vector<double> points = {0.1, 0.2, 0.3};
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(growing.GreatestRatio(points, std::vector<double>{-infinity, 5.0, 1.0}), 1U);
  EXPECT_EQ(growing.GreatestRatio(points, std::vector<double>{1.0, std::nan(""), 5.0}), 2U);
  // Its density is 0.
  EXPECT_EQ(growing.GreatestRatio(std::vector<double>{0.1, 2.0}, std::vector<double>{9.0, 1.0}),
            1U);
}

}  // namespace
}  // namespace hpod
