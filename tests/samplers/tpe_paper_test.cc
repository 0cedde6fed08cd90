// Claims of the papers about TPE, on fixed seeds.

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>

#include "samplers/registry.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using Objective = double (*)(const Point&);

// Runs a study of `n` trials, one after the other, and returns its values.
std::vector<double> Optimize(const Sampler& sampler, const Space& space, Objective objective,
                             size_t n, uint64_t seed) {
  History history({Direction::kMinimize});
  std::vector<double> values;
  while (history.size() < n) {
    const Point point = *sampler.Propose({history, seed, history.size()}, space, {});
    values.push_back(objective(point));
    AddTrial(history, space, point, TrialState::kComplete, {values.back()});
  }
  return values;
}

double MedianBest(std::string_view sampler, const Options& options, const Space& space,
                  Objective objective, size_t n) {
  std::vector<double> best;
  for (uint64_t seed = 0; seed < 15; ++seed) {
    const std::vector<double> values =
        Optimize(**MakeSampler(sampler, options), space, objective, n, seed);
    best.push_back(*std::min_element(values.begin(), values.end()));
  }
  std::sort(best.begin(), best.end());
  return best[best.size() / 2];
}

double Quadratic(const Point& point) {
  return std::pow(point[0] - 2, 2) + std::pow(point[1] + 1, 2) + std::pow(point[2] - 0.5, 2);
}

Space QuadraticSpace() {
  return MakeSpace({Float("x", -5, 5), Float("y", -5, 5), Float("z", -5, 5)});
}

// Bergstra et al., 2011, section 4: l is formed of the observations whose loss is low, and
// candidates are drawn from it.
TEST(TpePaper, PrefersTheBetterRegion) {
  const Space space = MakeSpace({Float("x", 0, 1), Choice("c", 4)});
  History history({Direction::kMinimize});
  for (int i = 0; i < 60; ++i) {
    const double x = (i * 37 % 60 + 0.5) / 60;
    const double c = i % 4;
    AddTrial(history, space, Point{x, c}, TrialState::kComplete,
             {std::abs(x - 0.8) + (c == 2 ? 0 : 0.3)});
  }
  const std::unique_ptr<Sampler> tpe = *MakeSampler("tpe", {});
  int near = 0;
  int chosen = 0;
  for (size_t number = 60; number < 160; ++number) {
    const Point point = *tpe->Propose({history, 1, number}, space, {});
    near += std::abs(point[0] - 0.8) < 0.15 ? 1 : 0;
    chosen += point[1] == 2 ? 1 : 0;
  }
  EXPECT_GT(near, 80);
  EXPECT_GT(chosen, 80);
}

// The same, section 6: TPE finds better points than random search for the same number of trials.
TEST(TpePaper, BeatsRandomSearchOnAQuadratic) {
  const double tpe = MedianBest("tpe", {}, QuadraticSpace(), Quadratic, 100);
  const double random = MedianBest("random", {}, QuadraticSpace(), Quadratic, 100);
  EXPECT_LT(tpe, random / 5) << tpe << " " << random;
}

TEST(TpePaper, GoesOnImproving) {
  const Space space = QuadraticSpace();
  double early = 0;
  double late = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const std::vector<double> values =
        Optimize(**MakeSampler("tpe", {}), space, Quadratic, 120, seed);
    early += std::accumulate(values.begin(), values.begin() + 20, 0.0);
    late += std::accumulate(values.end() - 20, values.end(), 0.0);
  }
  EXPECT_LT(late, early / 4);
}

// Falkner, Klein and Hutter, "BOHB", 2018, section 3.2; Watanabe, 2023, section 3.3: a joint kernel
// density estimator handles interactions that a hierarchy of one-dimensional ones cannot.
TEST(TpePaper, UsesInteractionsInTheJointModel) {
  const Space space = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  History history({Direction::kMinimize});
  // Good points are on two opposite corners; each alone says nothing about the other parameter.
  const double corners[][2] = {{0.1, 0.1}, {0.9, 0.9}, {0.1, 0.9}, {0.9, 0.1}};
  for (int i = 0; i < 200; ++i) {
    const auto& [x, y] = corners[i % 4];
    const double shift = i * 1e-4;
    AddTrial(history, space, Point{x + shift, y + shift}, TrialState::kComplete,
             {(x == y ? 0.0 : 1.0) + i * 1e-3});
  }
  const auto share_on_diagonal = [&](const Options& options) {
    const std::unique_ptr<Sampler> tpe = *MakeSampler("tpe", options);
    int on_diagonal = 0;
    for (size_t number = 200; number < 400; ++number) {
      const Point point = *tpe->Propose({history, 2, number}, space, {});
      on_diagonal += (point[0] < 0.5) == (point[1] < 0.5) ? 1 : 0;
    }
    return on_diagonal / 200.0;
  };
  EXPECT_GT(share_on_diagonal({}), 0.95);
  EXPECT_LT(share_on_diagonal({{"multivariate", "false"}}), 0.7);
}

// Ginsbourger, Le Riche and Carraro, 2010, section 4: the constant liar keeps parallel proposals
// apart.
TEST(TpePaper, SpreadsParallelProposalsByTheConstantLiar) {
  const auto mean_distance = [](std::string_view liar) {
    const Space space = MakeSpace({Float("x", 0, 1)});
    History history({Direction::kMinimize});
    for (int i = 0; i < 40; ++i) {
      const double x = (i + 0.5) / 40;
      AddTrial(history, space, Point{x}, TrialState::kComplete, {std::pow(x - 0.5, 2)});
    }
    const std::unique_ptr<Sampler> tpe =
        *MakeSampler("tpe", {{"constant_liar", std::string(liar)}});
    std::vector<double> proposals;
    for (int i = 0; i < 30; ++i) {
      const Point point = *tpe->Propose({history, 5, history.size()}, space, {});
      proposals.push_back(point[0]);
      AddTrial(history, space, point, TrialState::kRunning);
    }
    double sum = 0;
    for (const double a : proposals) {
      for (const double b : proposals) sum += std::abs(a - b);
    }
    return sum / static_cast<double>(proposals.size() * proposals.size());
  };
  EXPECT_GT(mean_distance("true"), 1.5 * mean_distance("false"));
}

double ConditionalLoss(const Point& point) {
  if (point[0] == 0) return 1.5 + std::abs(point[1] - 0.2);
  return std::abs(std::log10(point[2]) + 3) + 0.2 * std::abs(point[3] - 4);
}

// Bergstra et al., 2011, section 2: the space is a tree, and parameters below a choice are learnt
// where they count.
TEST(TpePaper, SearchesTreesBetterThanRandom) {
  const Space space =
      MakeSpace({Choice("model", 2), When(Float("width", 0, 1), "model", {std::string("a")}),
                 When(LogFloat("rate", 1e-6, 1), "model", {std::string("b")}),
                 When(Int("layers", 1, 9), "model", {std::string("b")})});
  const double random = MedianBest("random", {}, space, ConditionalLoss, 80);
  EXPECT_LT(MedianBest("tpe", {}, space, ConditionalLoss, 80), random / 2);
  EXPECT_LT(MedianBest("tpe", {{"group", "true"}}, space, ConditionalLoss, 80), random / 2);
}

// Ozaki et al., "Multiobjective tree-structured Parzen estimator", 2022: good points are near the
// Pareto front.
TEST(TpePaper, ComesNearTheParetoFrontOfSeveralObjectives) {
  const Space space = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const auto mean_distance = [&](std::string_view sampler) {
    double sum = 0;
    for (uint64_t seed = 0; seed < 5; ++seed) {
      const std::unique_ptr<Sampler> made = *MakeSampler(sampler, {});
      History history({Direction::kMinimize, Direction::kMaximize});
      while (history.size() < 120) {
        const Point point = *made->Propose({history, seed, history.size()}, space, {});
        // The front is y = 0, along which both objectives trade x.
        AddTrial(history, space, point, TrialState::kComplete,
                 {point[0] + point[1], point[0] - point[1]});
        if (history.size() > 60) sum += point[1];
      }
    }
    return sum / (5 * 60);
  };
  EXPECT_LT(mean_distance("tpe"), 0.5 * mean_distance("random"));
}

}  // namespace
}  // namespace hpod
