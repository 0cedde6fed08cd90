#include "samplers/tpe/growing_mixture.h"

#include <gtest/gtest.h>
#include <map>

#include "samplers/rng.h"
#include "samplers/tpe/parzen.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

const std::vector<std::vector<Domain>>& Spaces() {
  static const std::vector<std::vector<Domain>> spaces = {
      {FloatDomain{0, 1, false, 0}},
      {FloatDomain{-3, 5, false, 0}, FloatDomain{1e-5, 1e-1, true, 0}, IntDomain{1, 12, false, 1},
       CategoricalDomain{{Value("a"), Value("b"), Value("c")}}},
      {IntDomain{1, 12, false, 1}, CategoricalDomain{{Value("a"), Value("b")}}},
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
  const auto* first = std::get_if<FloatDomain>(&domains[0]);
  if (first == nullptr) return trial;
  if (number % 3 != 0) trial.values[0] = first->low + 0.01 * (trial.values[0] - first->low);
  if (number % 50 == 0) trial.values[0] = first->high + 1.0;
  return trial;
}

std::vector<double> DensityOfFresh(const std::vector<Domain>& domains,
                                   const std::map<size_t, Observation>& trials,
                                   std::span<const double> points) {
  std::vector<std::vector<double>> columns(domains.size());
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
      if (number % 97 != 0 && number != 1499) continue;
      std::vector<double> points;
      for (int i = 0; i < 10; ++i) {
        const std::vector<double> point = RandomPoint(domains, rng);
        points.insert(points.end(), point.begin(), point.end());
      }
      ASSERT_EQ(growing.LogDensity(points), DensityOfFresh(domains, trials, points)) << number;
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
    std::vector<double> points;
    for (int i = 0; i < 20; ++i) {
      const std::vector<double> point = RandomPoint(domains, rng);
      points.insert(points.end(), point.begin(), point.end());
    }
    EXPECT_EQ(growing.LogDensity(points), DensityOfFresh(domains, trials, points));
  }
}

}  // namespace
}  // namespace hpod
