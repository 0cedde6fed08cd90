#include "samplers/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsNan;

const Domain kUnit = FloatDomain{0, 1, false, 0};

History Minimizing() { return History({Direction::kMinimize}); }

TEST(History, KeepsParametersInColumns) {
  History history = Minimizing();
  const uint32_t x = history.InternDistribution("x", kUnit);
  const uint32_t y = history.InternDistribution("y", kUnit);
  for (int i = 0; i < 3; ++i) history.Append(TrialState::kRunning);
  history.SetParam(1, x, 0.25);
  history.SetParam(2, y, 0.5);
  history.SetParam(2, x, 0.75);

  const size_t name = history.FindName("x");
  EXPECT_THAT(history.Column(name), ElementsAre(IsNan(), 0.25, 0.75));
  EXPECT_THAT(history.Param(0, history.FindName("y")), IsNan());
  EXPECT_EQ(history.Param(2, history.FindName("y")), 0.5);
  EXPECT_EQ(history.FindName("z"), history.NameCount());
  EXPECT_THAT(history.ShapeOf(2), ElementsAre(y, x));
  EXPECT_THAT(history.ShapeOf(0), IsEmpty());
}

TEST(History, FindsDistributionsAgain) {
  History history = Minimizing();
  const uint32_t x = history.InternDistribution("x", kUnit);
  const uint32_t wider = history.InternDistribution("x", FloatDomain{0, 2, false, 0});
  const uint32_t other = history.InternDistribution("y", kUnit);
  EXPECT_EQ(history.NewestDistribution(history.FindName("x")), wider);
  EXPECT_EQ(history.InternDistribution("x", kUnit), x);
  EXPECT_EQ(history.NewestDistribution(history.FindName("x")), x);
  EXPECT_NE(other, x);
  EXPECT_EQ(history.DistributionCount(), 3U);
  EXPECT_EQ(history.FindDistribution("y", kUnit), other);
  EXPECT_EQ(history.FindDistribution("y", IntDomain{0, 1, false, 1}), std::nullopt);
  EXPECT_EQ(history.FindDistribution("z", kUnit), std::nullopt);
  EXPECT_EQ(history.GetDistribution(wider).domain, Domain(FloatDomain{0, 2, false, 0}));
}

TEST(History, SharesShapesAndCountsTheirFinishedTrials) {
  History history = Minimizing();
  const uint32_t x = history.InternDistribution("x", kUnit);
  const TrialState states[] = {TrialState::kComplete, TrialState::kPruned, TrialState::kFail,
                               TrialState::kRunning};
  for (size_t number = 0; number < 4; ++number) {
    history.Append(TrialState::kRunning);
    history.SetParam(number, x, 0.5);
    if (IsFinished(states[number])) history.SetState(number, states[number]);
  }
  const uint32_t shape = history.ShapeId(0);
  EXPECT_EQ(history.ShapeId(3), shape);
  EXPECT_EQ(history.FinishedCount(shape), 2U);
  history.SetParam(3, history.InternDistribution("late", kUnit), 0.5);
  history.SetState(3, TrialState::kComplete);
  EXPECT_EQ(history.FinishedCount(shape), 2U);
  EXPECT_EQ(history.FinishedCount(history.ShapeId(3)), 1U);
}

TEST(History, ListsRunningAndWaitingTrials) {
  History history = Minimizing();
  for (int i = 0; i < 3; ++i) history.Append(TrialState::kWaiting);
  history.Append(TrialState::kRunning);
  history.SetState(1, TrialState::kRunning);
  EXPECT_THAT(history.Running(), ElementsAre(1, 3));
  EXPECT_THAT(history.Waiting(), ElementsAre(0, 2));
  history.SetState(1, TrialState::kWaiting);
  EXPECT_THAT(history.Waiting(), ElementsAre(0, 1, 2));
  history.SetState(3, TrialState::kFail);
  EXPECT_THAT(history.Running(), IsEmpty());
  EXPECT_EQ(history.Count(TrialState::kWaiting), 3U);
  EXPECT_EQ(history.Count(TrialState::kFail), 1U);
  EXPECT_EQ(history.Count(TrialState::kRunning), 0U);
}

TEST(History, KeepsObjectiveValuesByDirection) {
  History history({Direction::kMinimize, Direction::kMaximize});
  history.Append(TrialState::kRunning);
  EXPECT_FALSE(history.HasValues(0));
  history.SetState(0, TrialState::kComplete, std::vector<double>{1.0, 2.0});
  EXPECT_TRUE(history.HasValues(0));
  EXPECT_EQ(history.ObjectiveValue(0), 1.0);
  EXPECT_EQ(history.ObjectiveValue(0, 1), 2.0);
}

TEST(History, KeepsReportsByStepAndTheFirstOfEach) {
  History history = Minimizing();
  history.Append(TrialState::kRunning);
  history.Append(TrialState::kRunning);
  EXPECT_TRUE(history.AddReport(1, {5, 0.5}));
  EXPECT_TRUE(history.AddReport(1, {2, 0.2}));
  EXPECT_FALSE(history.AddReport(1, {5, 9.0}));
  EXPECT_THAT(history.Reports(1), ElementsAre(Report{2, 0.2}, Report{5, 0.5}));
  EXPECT_THAT(history.Reports(0), IsEmpty());
}

TEST(History, TellsInfeasibleTrials) {
  History history = Minimizing();
  history.Append(TrialState::kRunning);
  EXPECT_TRUE(history.IsFeasible(0));
  history.SetViolation(0, 0.5);
  history.Append(TrialState::kRunning);
  EXPECT_FALSE(history.IsFeasible(0));
  EXPECT_EQ(history.Violation(0), 0.5);
  EXPECT_TRUE(history.IsFeasible(1));
}

TEST(History, ForgetsWhatWasForeseenOnceATrialEnds) {
  History history = Minimizing();
  const uint32_t x = history.InternDistribution("x", kUnit);
  history.Append(TrialState::kRunning);
  history.SetForeseen(0, {{x, 0.5}});
  EXPECT_THAT(history.Foreseen(0), ElementsAre(DistributionValue{x, 0.5}));
  history.SetState(0, TrialState::kFail);
  EXPECT_THAT(history.Foreseen(0), IsEmpty());
}

TEST(History, NamesStates) {
  EXPECT_EQ(ToString(TrialState::kRunning), "RUNNING");
  EXPECT_EQ(ToString(TrialState::kComplete), "COMPLETE");
  EXPECT_EQ(ToString(TrialState::kPruned), "PRUNED");
  EXPECT_EQ(ToString(TrialState::kFail), "FAIL");
  EXPECT_EQ(ToString(TrialState::kWaiting), "WAITING");
}

TEST(History, TakesFewBytesPerTrial) {
  History history = Minimizing();
  std::vector<uint32_t> ids;
  for (int i = 0; i < 10; ++i)
    ids.push_back(history.InternDistribution("p" + std::to_string(i), kUnit));
  constexpr size_t kTrials = 10'000;
  for (size_t number = 0; number < kTrials; ++number) {
    history.Append(TrialState::kRunning);
    for (const uint32_t id : ids) history.SetParam(number, id, 0.5);
    history.SetState(number, TrialState::kComplete, std::vector<double>{1.0});
  }
  EXPECT_LT(history.MemoryBytes(), 250 * kTrials);
  EXPECT_GT(history.MemoryBytes(), 90 * kTrials);
}

}  // namespace
}  // namespace hpod
