#include "samplers/tpe/growing_mixture.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>

#include "samplers/rng.h"
#include "samplers/tpe/parzen.h"
#include "samplers/uniform.h"
#include "tests/samplers/instruction_sets.h"

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
      // Enough for coded pages.
      std::vector<Domain>(8, FloatDomain{0, 1, false, 0}),
      {CategoricalDomain{{Value("a"), Value("b"), Value("c")}}, IntDomain{1, 12, false, 1},
       FloatDomain{-3, 5, false, 0}, FloatDomain{1e-5, 1e-1, true, 0}, IntDomain{16, 1024, true, 1},
       FloatDomain{0, 1, false, 0}, FloatDomain{0, 1, false, 0.125},
       CategoricalDomain{{Value("x"), Value("y")}}},
      // Enough values for each kernel to have its own, in the tree and in coded pages.
      {IntDomain{0, 1'000'000, false, 1}, CategoricalDomain{{Value("a"), Value("b")}}},
      {IntDomain{1, 1'000'000, true, 1}, FloatDomain{0, 1, false, 0},
       IntDomain{-7, 9'000, false, 3}, IntDomain{0, 1'000'000, false, 1},
       IntDomain{1, 12, false, 1}},
      // With steps that are just fine enough to be in coded terms.
      {IntDomain{0, 930, false, 1}, IntDomain{0, 930, false, 1}, IntDomain{0, 930, false, 1}},
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
    if (const auto* wide = std::get_if<IntDomain>(&domains[j]);
        wide != nullptr && Cardinality(*wide) > 900 && number % 3 != 0) {
      const auto values = static_cast<double>(Cardinality(*wide));
      trial.values[j] = ValueAt(*wide, static_cast<uint64_t>(0.04 * rng.Uniform() * values));
    }
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

// Trials by number, whose values the mixture finds again.
class Trials {
 public:
  explicit Trials(const std::vector<Domain>& domains)
      : domains_(domains), columns_(domains.size()) {}

  const Observation& Add(const Observation& trial) {
    for (size_t j = 0; j < columns_.size(); ++j) {
      columns_[j].resize(trial.number + 1, std::nan(""));
      if (trial.is_final) columns_[j][trial.number] = trial.values[j];
    }
    return trials_[trial.number] = trial;
  }
  void Finish(size_t number) {
    Observation& trial = trials_.at(number);
    trial.is_final = true;
    for (size_t j = 0; j < columns_.size(); ++j) columns_[j][number] = trial.values[j];
  }
  // Its values stay.
  void Remove(size_t number) { trials_.erase(number); }

  const std::map<size_t, Observation>& All() const { return trials_; }
  std::vector<size_t> Numbers() const {
    std::vector<size_t> numbers;
    for (const auto& [number, trial] : trials_) numbers.push_back(number);
    return numbers;
  }
  // One that there is, at random.
  size_t Pick(Rng& rng) const {
    return std::next(trials_.begin(), static_cast<std::ptrdiff_t>(rng.Below(trials_.size())))
        ->first;
  }
  std::vector<std::span<const double>> Values() const { return {columns_.begin(), columns_.end()}; }
  ParzenEstimator Fresh() const {
    Columns columns(columns_.size());
    for (const auto& [number, trial] : trials_) {
      for (size_t j = 0; j < columns.size(); ++j) columns[j].push_back(trial.values[j]);
    }
    return {domains_, columns, Weighting::kForgetting};
  }

 private:
  const std::vector<Domain>& domains_;
  Columns columns_;
  std::map<size_t, Observation> trials_;
};

Trials RandomTrials(const std::vector<Domain>& domains, size_t count, Rng& rng) {
  Trials trials(domains);
  for (size_t number = 0; number < count; ++number) {
    Observation trial = RandomObservation(domains, number, rng);
    trial.is_final = true;
    trials.Add(trial);
  }
  return trials;
}

TEST(GrowingMixture, EqualsAFreshEstimateToTheLastBitAsTrialsComeAndGo) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(3, 0, "growing");
    GrowingMixture growing(domains, {}, {});
    Trials trials(domains);
    for (size_t number = 0; number < 1500; ++number) {
      Observation trial = RandomObservation(domains, number, rng);
      trial.is_final = number % 5 == 0;
      trials.Add(trial);
      growing.Insert(trial, trials.Values());
      if (number % 2 == 1) {
        const size_t finished = trials.Pick(rng);
        trials.Finish(finished);
        growing.Finish(finished);
      }
      if (number % 4 == 3) {
        const size_t gone = trials.Pick(rng);
        growing.Erase(gone, trials.Values());
        trials.Remove(gone);
      }
      if (number % 3 == 0) growing.Update(trials.Values());
      if (number % 97 != 0 && number != 1499) continue;
      growing.Update(trials.Values());
      EXPECT_TRUE(growing.HasAsIs(trials.All().at(trials.Pick(rng))));
      const std::vector<double> points = RandomPoints(domains, 10, rng);
      ASSERT_EQ(growing.LogDensity(points, trials.Values()), trials.Fresh().LogDensity(points))
          << number;
    }
  }
}

TEST(GrowingMixture, EqualsAFreshEstimateAsItShrinks) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(7, 0, "growing");
    Trials trials = RandomTrials(domains, 300, rng);
    GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    const std::vector<double> points = RandomPoints(domains, 10, rng);
    for (const size_t left : {150U, 127U, 60U, 1U, 0U}) {
      while (trials.All().size() > left) {
        const size_t gone = trials.Pick(rng);
        growing.Erase(gone, trials.Values());
        trials.Remove(gone);
      }
      growing.Update(trials.Values());
      ASSERT_EQ(growing.LogDensity(points, trials.Values()), trials.Fresh().LogDensity(points))
          << left;
    }
  }
}

TEST(GrowingMixture, IsTheSameBuiltAtOnce) {
  for (const std::vector<Domain>& domains : Spaces()) {
    for (const size_t count : {127U, 128U, 3000U}) {
      Rng rng = Rng::ForTrial(4, 0, "growing");
      const Trials trials = RandomTrials(domains, count, rng);
      const GrowingMixture growing(domains, trials.Numbers(), trials.Values());
      const std::vector<double> points = RandomPoints(domains, 20, rng);
      EXPECT_EQ(growing.LogDensity(points, trials.Values()), trials.Fresh().LogDensity(points))
          << count;
    }
  }
}

TEST(GrowingMixture, GrowsOnAfterItWasBuiltAtOnce) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(8, 0, "growing");
    Trials trials = RandomTrials(domains, 1000, rng);
    GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    for (size_t number = 1000; number < 2000; ++number) {
      Observation trial = RandomObservation(domains, number, rng);
      trial.is_final = true;
      trials.Add(trial);
      growing.Insert(trial, trials.Values());
      const size_t gone = trials.Pick(rng);
      growing.Erase(gone, trials.Values());
      trials.Remove(gone);
      growing.Update(trials.Values());
    }
    const std::vector<double> points = RandomPoints(domains, 20, rng);
    EXPECT_EQ(growing.LogDensity(points, trials.Values()), trials.Fresh().LogDensity(points));
  }
}

TEST(GrowingMixture, HoldsTrialsThatAreAllAlike) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(9, 0, "growing");
    const std::vector<double> point = RandomPoint(domains, rng);
    Trials trials(domains);
    for (size_t number = 0; number < 400; ++number) trials.Add({number, point, true});
    GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    for (size_t number = 400; number < 700; ++number) {
      growing.Insert(trials.Add({number, point, true}), trials.Values());
      growing.Update(trials.Values());
    }
    const std::vector<double> points = RandomPoints(domains, 20, rng);
    EXPECT_EQ(growing.LogDensity(points, trials.Values()), trials.Fresh().LogDensity(points));
    EXPECT_EQ(growing.LogDensity(point, trials.Values()), trials.Fresh().LogDensity(point));
  }
}

TEST(GrowingMixture, TellsAnotherValueFromItsOwn) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(10, 0, "growing");
    const Trials trials = RandomTrials(domains, 500, rng);
    const GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    for (const auto& [number, trial] : trials.All()) {
      EXPECT_TRUE(growing.HasAsIs(trial));
      Observation other = RandomObservation(domains, number, rng);
      EXPECT_EQ(growing.HasAsIs(other), other.values == trial.values);
    }
    EXPECT_FALSE(growing.HasAsIs({500, RandomPoint(domains, rng), true}));
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

void ExpectTheGreatestRatio(const GrowingMixture& growing, const Trials& trials,
                            const std::vector<Domain>& domains, Rng& rng) {
  const ParzenEstimator fresh = trials.Fresh();
  // From ratios that the priors alone tell apart to such that no bound does.
  for (const double spread : {100.0, 3.0, 1e-2, 1e-3, 1e-5, 1e-9, 0.0}) {
    for (int round = 0; round < 10; ++round) {
      const std::vector<double> points = RandomPoints(domains, 24, rng);
      const std::vector<double> log_g = growing.LogDensity(points, trials.Values());
      std::vector<double> log_l;
      for (const double g : log_g) log_l.push_back(g + spread * rng.Uniform());
      const size_t expected = FirstGreatest(log_l, log_g);
      EXPECT_EQ(growing.GreatestRatio(points, log_l, trials.Values()), expected) << spread;
      EXPECT_EQ(fresh.GreatestRatio(points, log_l), expected) << spread;
    }
  }
}

TEST(GrowingMixture, FindsTheRatioThatIsGreatestWhenAllAreComputed) {
  OnEachInstructionSet([] {
    for (const std::vector<Domain>& domains : Spaces()) {
      for (const size_t count : {20U, 150U, 3000U}) {
        SCOPED_TRACE(count);
        Rng rng = Rng::ForTrial(5, count, "ratio");
        const Trials trials = RandomTrials(domains, count, rng);
        const GrowingMixture growing(domains, trials.Numbers(), trials.Values());
        ExpectTheGreatestRatio(growing, trials, domains, rng);
      }
    }
  });
}

// Numbers are missing, the newest are not all in the tree, and some have values that may change.
TEST(GrowingMixture, FindsTheGreatestRatioAsTrialsComeAndGo) {
  for (const std::vector<Domain>& domains : Spaces()) {
    Rng rng = Rng::ForTrial(11, 0, "ratio");
    Trials trials = RandomTrials(domains, 2000, rng);
    GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    for (const size_t most : {1900U, 1200U, 3000U}) {
      SCOPED_TRACE(most);
      while (trials.All().size() > most) {
        const size_t gone = trials.Pick(rng);
        growing.Erase(gone, trials.Values());
        trials.Remove(gone);
      }
      while (trials.All().size() < most) {
        Observation trial = RandomObservation(domains, trials.Numbers().back() + 1, rng);
        trial.is_final = trial.number % 10 != 0;
        trials.Add(trial);
        growing.Insert(trial, trials.Values());
        growing.Update(trials.Values());
      }
      growing.Update(trials.Values());
      ExpectTheGreatestRatio(growing, trials, domains, rng);
    }
  }
}

// As a study that has converged: all in a few widths, at which the ratios are hardly apart.
TEST(GrowingMixture, FindsTheGreatestRatioWhereAllIsNearEverything) {
  for (const size_t dimensions : {1U, 2U, 3U, 6U}) {
    const std::vector<Domain> domains(dimensions, FloatDomain{0, 1, false, 0});
    Rng rng = Rng::ForTrial(12, dimensions, "ratio");
    const auto draw = [&] {
      std::vector<double> point;
      for (size_t j = 0; j < dimensions; ++j) {
        point.push_back(0.4 + 0.04 * (rng.Uniform() + rng.Uniform() - 1.0));
      }
      return point;
    };
    Trials trials(domains);
    for (size_t number = 0; number < 4000; ++number) {
      if (number % 300 != 7) trials.Add({number, draw(), true});
    }
    const GrowingMixture growing(domains, trials.Numbers(), trials.Values());
    for (int round = 0; round < 20; ++round) {
      std::vector<double> points;
      for (int i = 0; i < 24; ++i) {
        const std::vector<double> point = draw();
        points.insert(points.end(), point.begin(), point.end());
      }
      const std::vector<double> log_g = growing.LogDensity(points, trials.Values());
      std::vector<double> log_l;
      for (const double g : log_g) log_l.push_back(g + 0.01 * rng.Uniform());
      EXPECT_EQ(growing.GreatestRatio(points, log_l, trials.Values()), FirstGreatest(log_l, log_g))
          << dimensions;
    }
  }
}

TEST(GrowingMixture, FindsTheGreatestRatioBesideOnesThatAreNoNumbers) {
  const std::vector<Domain> domains = {FloatDomain{0, 1, false, 0}};
  Rng rng = Rng::ForTrial(6, 0, "ratio");
  Trials trials(domains);
  for (size_t number = 0; number < 200; ++number) trials.Add({number, {rng.Uniform()}, true});
  const GrowingMixture growing(domains, trials.Numbers(), trials.Values());
  const std::vector<double> points = {0.1, 0.2, 0.3};
  const double infinity = std::numeric_limits<double>::infinity();
  const auto greatest = [&](const std::vector<double>& of, const std::vector<double>& log_l) {
    return growing.GreatestRatio(of, log_l, trials.Values());
  };
  EXPECT_EQ(greatest(points, {-infinity, 5.0, 1.0}), 1U);
  EXPECT_EQ(greatest(points, {1.0, std::nan(""), 5.0}), 2U);
  // Its density is 0.
  EXPECT_EQ(greatest({0.1, 2.0}, {9.0, 1.0}), 1U);
}

}  // namespace
}  // namespace hpod
