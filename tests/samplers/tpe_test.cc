// How the TPE sampler puts its parts together.

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <thread>

#include "samplers/registry.h"
#include "samplers/rng.h"
#include "samplers/tpe/parzen.h"
#include "samplers/tpe/search_space.h"
#include "samplers/tpe/split.h"
#include "samplers/uniform.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint64_t kSeed = 3;

std::unique_ptr<Sampler> MakeTpe(const Options& options = {}) {
  return *MakeSampler("tpe", options);
}

Point Propose(const Sampler& sampler, const History& history, const Space& space) {
  const absl::StatusOr<Point> point = sampler.Propose({history, kSeed, history.size()}, space, {});
  EXPECT_TRUE(point.ok()) << point.status();
  return point.value_or(Point(space.size(), kNoValue));
}

// `n` complete trials at random points with random values.
History RandomHistory(const Space& space, size_t n,
                      std::vector<Direction> directions = {Direction::kMinimize}) {
  History history(std::move(directions));
  const std::unique_ptr<Sampler> random = *MakeSampler("random", {});
  Rng rng = Rng::ForTrial(kSeed, 0, "values");
  while (history.size() < n) {
    std::vector<double> values;
    for (size_t k = 0; k < history.Directions().size(); ++k) values.push_back(rng.Uniform());
    AddTrial(history, space, *random->Propose({history, kSeed + 1, history.size()}, space, {}),
             TrialState::kComplete, values);
  }
  return history;
}

// The value that a model of one stream comes to, from the parts.
std::vector<double> Expected(const History& history, const std::vector<Domain>& domains,
                             const std::vector<std::string>& names, std::string_view stream) {
  std::vector<size_t> ids;
  for (const std::string& name : names) ids.push_back(history.FindName(name));
  const Split split = SplitTrials(history, true, history.size());
  const ParzenEstimator l(domains, CollectObservations(history, ids, split.below),
                          Weighting::kForgetting);
  const ParzenEstimator g(domains, CollectObservations(history, ids, split.above),
                          Weighting::kForgetting);
  Rng rng = Rng::ForTrial(kSeed, history.size(), stream);
  const std::pmr::vector<double> candidates = l.Sample(24, rng);
  const std::vector<double> log_l = l.LogDensity(candidates);
  const std::vector<double> log_g = g.LogDensity(candidates);
  size_t best = 0;
  for (size_t i = 1; i < 24; ++i) {
    if (log_l[i] - log_g[i] > log_l[best] - log_g[best]) best = i;
  }
  const auto row = candidates.begin() + static_cast<std::ptrdiff_t>(best * domains.size());
  return {row, row + static_cast<std::ptrdiff_t>(domains.size())};
}

TEST(TpeSampler, DrawsAtRandomUntilEnoughTrialsAreFinished) {
  const Space space = MakeSpace({Float("x", 0, 1), Choice("c", 3)});
  History history = RandomHistory(space, 8);
  AddTrial(history, space, Point{0.5, 1}, TrialState::kFail);
  AddTrial(history, space, Point{0.5, 1}, TrialState::kRunning);
  AddTrial(history, space, Point{0.5, 1}, TrialState::kWaiting);
  const std::unique_ptr<Sampler> random = *MakeSampler("random", {});
  const std::unique_ptr<Sampler> tpe = MakeTpe();
  AddTrial(history, space, Point{0.5, 1}, TrialState::kPruned);
  EXPECT_EQ(Propose(*tpe, history, space), Propose(*random, history, space));
  EXPECT_THAT(tpe->Foresee({history, kSeed, history.size()}), IsEmpty());
  AddTrial(history, space, Point{0.5, 1}, TrialState::kPruned);
  EXPECT_NE(Propose(*tpe, history, space), Propose(*random, history, space));
  EXPECT_THAT(tpe->Foresee({history, kSeed, history.size()}), SizeIs(2));
  EXPECT_EQ(Propose(*MakeTpe({{"n_startup_trials", "11"}}), history, space),
            Propose(*random, history, space));
}

TEST(TpeSampler, ProposesTheCandidateWithTheGreatestRatio) {
  // Declared in another order than that of the names, in which the model has them.
  const Space space =
      MakeSpace({Float("y", -1, 1), Choice("c", 3), LogInt("n", 1, 50), Float("one", 2, 2)});
  const History history = RandomHistory(space, 40);
  const std::vector<double> expected = Expected(
      history, {space[1].domain, space[2].domain, space[0].domain}, {"c", "n", "y"}, "joint");
  EXPECT_EQ(Propose(*MakeTpe(), history, space), (Point{expected[2], expected[0], expected[1], 2}));
}

TEST(TpeSampler, DrawsParametersAloneIfToldTo) {
  const Space space = MakeSpace({Float("y", -1, 1), Choice("c", 3)});
  const History history = RandomHistory(space, 40);
  const std::unique_ptr<Sampler> alone = MakeTpe({{"multivariate", "false"}});
  EXPECT_THAT(alone->Foresee({history, kSeed, history.size()}), IsEmpty());
  const Point point = Propose(*alone, history, space);
  EXPECT_EQ(point[0], Expected(history, {space[0].domain}, {"y"}, "parameter:y")[0]);
  EXPECT_EQ(point[1], Expected(history, {space[1].domain}, {"c"}, "parameter:c")[0]);
}

TEST(TpeSampler, ProposesOnSeveralThreadsAtOnce) {
  const Space space = MakeSpace({Float("y", -1, 1), Choice("c", 3), Int("n", 1, 50)});
  const History history = RandomHistory(space, 200);
  for (const char* multivariate : {"true", "false"}) {
    const std::unique_ptr<Sampler> tpe = MakeTpe({{"multivariate", multivariate}});
    for (size_t number = 0; number < history.size(); ++number) tpe->Observe(history, number);
    std::vector<Point> points(4);
    {
      std::vector<std::jthread> threads;
      for (Point& point : points) {
        threads.emplace_back([&] { point = Propose(*tpe, history, space); });
      }
    }
    const Point expected = Propose(*MakeTpe({{"multivariate", multivariate}}), history, space);
    EXPECT_THAT(points, Each(expected)) << multivariate;
  }
}

TEST(TpeSampler, DrawsAloneForSeveralObjectivesUnlessToldOtherwise) {
  const Space space = MakeSpace({Float("y", -1, 1), Float("x", 0, 1)});
  const History history = RandomHistory(space, 30, {Direction::kMinimize, Direction::kMaximize});
  const StudyView view{history, kSeed, history.size()};
  EXPECT_THAT(MakeTpe()->Foresee(view), IsEmpty());
  EXPECT_THAT(MakeTpe({{"multivariate", "true"}})->Foresee(view), SizeIs(2));
  EXPECT_THAT(MakeTpe({{"group", "true"}})->Foresee(view), SizeIs(2));
}

TEST(TpeSampler, ForeseesWhatItWouldPropose) {
  const Space space = MakeSpace({Float("y", -1, 1), Choice("c", 3), Int("n", 1, 50)});
  const History history = RandomHistory(space, 40);
  const std::unique_ptr<Sampler> tpe = MakeTpe();
  const Point point = Propose(*tpe, history, space);
  const std::vector<DistributionValue> foreseen = tpe->Foresee({history, kSeed, history.size()});
  ASSERT_THAT(foreseen, SizeIs(3));
  for (const DistributionValue& value : foreseen) {
    const Distribution& distribution = history.GetDistribution(value.distribution);
    EXPECT_EQ(value.value, point[space.IndexOf(history.Name(distribution.name))]);
  }
}

TEST(TpeSampler, DrawsAloneWhatTheJointModelDoesNotHave) {
  const Space before = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const History history = RandomHistory(before, 30);
  // "y" has another domain now, of which no joint value can be a part, and "z" is new.
  const Space now = MakeSpace({Float("x", 0, 1), Float("y", 2, 3), Float("z", 0, 1)});
  const Point point = Propose(*MakeTpe(), history, now);
  EXPECT_EQ(point[0],
            Expected(history, {before[0].domain, before[1].domain}, {"x", "y"}, "joint")[0]);
  EXPECT_EQ(point[1], Expected(history, {now[1].domain}, {"y"}, "parameter:y")[0]);
  EXPECT_EQ(point[2], Expected(history, {now[2].domain}, {"unknown"}, "parameter:z")[0]);
}

TEST(TpeSampler, DrawsOneParameterAloneForDefineByRunCode) {
  const Space both = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const History history = RandomHistory(both, 30);
  const Space one = MakeSpace({Float("y", 0, 1)});
  EXPECT_EQ(Propose(*MakeTpe(), history, one)[0],
            Expected(history, {one[0].domain}, {"y"}, "parameter:y")[0]);
}

TEST(TpeSampler, DrawsGroupsTogether) {
  const Space space = MakeSpace({Choice("m", 2), When(Float("a1", 0, 1), "m", {std::string("a")}),
                                 When(Float("a2", 0, 1), "m", {std::string("a")}),
                                 When(Float("b", 0, 1), "m", {std::string("b")})});
  const History history = RandomHistory(space, 40);
  const StudyView view{history, kSeed, history.size()};
  EXPECT_THAT(MakeTpe()->Foresee(view), SizeIs(1)) << "all trials have only m";
  EXPECT_THAT(MakeTpe({{"group", "true"}})->Foresee(view), SizeIs(4));
  const std::vector<double> together =
      Expected(history, {space[1].domain, space[2].domain}, {"a1", "a2"}, "group:a1");
  const absl::StatusOr<Point> point =
      MakeTpe({{"group", "true"}})->Propose(view, space, Point{0, kNoValue, kNoValue, kNoValue});
  ASSERT_TRUE(point.ok());
  EXPECT_EQ((*point)[1], together[0]);
  EXPECT_EQ((*point)[2], together[1]);
}

TEST(TpeSampler, CountsRunningTrialsUnlessToldNotTo) {
  const Space space = MakeSpace({Float("x", 0, 1)});
  History history = RandomHistory(space, 20);
  const Point alone = Propose(*MakeTpe({{"constant_liar", "false"}}), history, space);
  EXPECT_EQ(Propose(*MakeTpe(), history, space), alone);
  AddTrial(history, space, alone, TrialState::kRunning);
  const StudyView view{history, kSeed, history.size() - 1};
  EXPECT_EQ(*MakeTpe()->Propose(view, space, {}), alone) << "the trial itself is not counted";
  AddTrial(history, space, alone, TrialState::kRunning);
  EXPECT_EQ(*MakeTpe({{"constant_liar", "false"}})->Propose(view, space, {}), alone);
  EXPECT_NE(*MakeTpe()->Propose(view, space, {}), alone);
}

TEST(TpeSampler, CountsWhatWasForeseenForRunningTrials) {
  const Space space = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  History history = RandomHistory(space, 20);
  const std::unique_ptr<Sampler> tpe = MakeTpe();
  const std::vector<DistributionValue> first = tpe->Foresee({history, kSeed, 21});
  history.Append(TrialState::kRunning);
  EXPECT_EQ(tpe->Foresee({history, kSeed, 21}), first);
  history.SetForeseen(20, first);
  EXPECT_NE(tpe->Foresee({history, kSeed, 21}), first);
}

TEST(TpeSampler, DrawsMoreCandidatesIfToldTo) {
  const Space space = MakeSpace({Float("x", 0, 1)});
  const History history = RandomHistory(space, 40);
  const Split split = SplitTrials(history, true, 40);
  const std::vector<size_t> name = {0};
  const std::vector<Domain> domains = {space[0].domain};
  const ParzenEstimator l(domains, CollectObservations(history, name, split.below),
                          Weighting::kForgetting);
  Rng rng = Rng::ForTrial(kSeed, 40, "parameter:x");
  EXPECT_THAT(Propose(*MakeTpe({{"n_ei_candidates", "1"}}), history, space),
              testing::ElementsAreArray(l.Sample(1, rng)));
  const ParzenEstimator g(domains, CollectObservations(history, name, split.above),
                          Weighting::kForgetting);
  const auto ratio = [&](const Point& x) { return l.LogDensity(x)[0] - g.LogDensity(x)[0]; };
  EXPECT_GT(ratio(Propose(*MakeTpe({{"n_ei_candidates", "2000"}}), history, space)),
            ratio(Propose(*MakeTpe({{"n_ei_candidates", "1"}}), history, space)));
}

TEST(TpeSampler, TellsTheWorkOfAProposal) {
  const Space space = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const std::span<const Parameter> both = space.Parameters();
  EXPECT_EQ(MakeTpe()->Work(RandomHistory(space, 9), both), 0) << "still drawn at random";
  const History history = RandomHistory(space, 100);
  const std::unique_ptr<Sampler> sampler = MakeTpe({{"n_ei_candidates", "5"}});
  for (size_t number = 0; number < 100; ++number) sampler->Observe(history, number);
  const int64_t with_building = sampler->Work(history, both);
  EXPECT_GT(with_building, 5 * 100 * 2);
  EXPECT_EQ(sampler->Work(history, {}), with_building) << "what Foresee would take";
  EXPECT_EQ(sampler->Work(history, both.first(1)), with_building / 2);
  (void)sampler->Propose({history, kSeed, 100}, space, {});
  EXPECT_EQ(sampler->Work(history, both), 5 * 100 * 2);
  EXPECT_EQ(sampler->Work(history, both.first(1)), with_building / 2) << "x alone has no model";
  (void)sampler->Propose({history, kSeed, 100}, MakeSpace({Float("x", 0, 1)}), {});
  EXPECT_EQ(sampler->Work(history, both.first(1)), 5 * 100);
}

TEST(TpeSampler, StaysInsideANarrowedRange) {
  const Space wide = MakeSpace({Float("x", 0, 1'000), LogInt("n", 1, 100'000), Choice("c", 5)});
  const History history = RandomHistory(wide, 60);
  const Space narrow = MakeSpace({Float("x", 0.5, 0.6), LogInt("n", 3, 5), Choice("c", 5)});
  for (size_t number = 60; number < 100; ++number) {
    const Point point = *MakeTpe()->Propose({history, kSeed, number}, narrow, {});
    for (size_t i = 0; i < narrow.size(); ++i)
      EXPECT_TRUE(Contains(narrow[i].domain, point[i])) << point[i];
  }
}

TEST(TpeSampler, LearnsFromInfiniteAndInfeasibleTrials) {
  const Space space = MakeSpace({Float("x", 0, 1)});
  History history({Direction::kMinimize});
  for (int i = 0; i < 40; ++i) {
    const double x = (i + 0.5) / 40;
    const double value = x < 0.5 ? (x < 0.25 ? -std::numeric_limits<double>::infinity() : x) : 0.0;
    AddTrial(history, space, Point{x}, TrialState::kComplete, {value});
    if (x < 0.25) history.SetViolation(history.size() - 1, x);
  }
  // The feasible ones with 0 are the best, all in the upper half.
  for (size_t number = 40; number < 60; ++number) {
    const Point point = *MakeTpe()->Propose({history, kSeed, number}, space, {});
    EXPECT_GT(point[0], 0.3);
  }
}

}  // namespace
}  // namespace hpod
