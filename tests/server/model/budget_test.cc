// How many trials are handed out, and what is said when there are no more.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/live_study.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

SuggestTrial::Result Next(LiveStudy& study) { return study.Do(SuggestTrial{"worker"}).value(); }

TEST(MaxTrials, HandsOutExactlyThatMany) {
  LiveStudy study(ASpec().MaxTrials(5));
  const auto trials = study.Suggest(5);
  EXPECT_EQ(trials.back().number, 4u);
  const auto refused = Next(study);
  EXPECT_FALSE(refused.trial.has_value());
  EXPECT_EQ(refused.stop_reason, StopReason::kMaxTrials);
  EXPECT_EQ(study.State().Trials().size(), 5u);
}

TEST(MaxTrials, CountsRunningFinishedPrunedAndFailedTrialsAlike) {
  LiveStudy study(ASpec().MaxTrials(4));
  const auto trials = study.Suggest(4);
  ASSERT_THAT(study.Do(Complete(KeyOf(trials[0]), {1})), IsOk());
  ASSERT_THAT(study.Do(Prune(KeyOf(trials[1]))), IsOk());
  ASSERT_THAT(study.Do(Fail(KeyOf(trials[2]))), IsOk());
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxTrials);
}

TEST(MaxTrials, IsNotUsedUpByALostTrialWhoseRetryTakesItsPlace) {
  LiveStudy study(ASpec().MaxTrials(2).Over(PlainSpace()));
  study.Suggest(2);
  study.TickAfterMs(10'000);
  EXPECT_EQ(Next(study).trial.value().number, 2u);
  EXPECT_EQ(Next(study).trial.value().number, 3u);
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxTrials);
}

TEST(MaxTrials, IsReplacedByAFreshTrialIfALostOneMayNotBeRetried) {
  LiveStudy study(ASpec().MaxTrials(1).MaxRetries(0));
  study.Suggest();
  study.TickAfterMs(10'000);
  EXPECT_EQ(Next(study).trial.value().number, 1u);
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxTrials);
}

TEST(MaxTrials, IsFinalOnlyWhenNoRunningTrialCanBeLost) {
  LiveStudy study(ASpec().MaxTrials(1));
  const HandedOut trial = study.Suggest();
  EXPECT_FALSE(Next(study).final);
  ASSERT_THAT(study.Do(Complete(KeyOf(trial), {1})), IsOk());
  EXPECT_TRUE(Next(study).final);
}

TEST(MaxTrials, HoldsForEnqueuedTrialsToo) {
  LiveStudy study(ASpec().MaxTrials(1));
  ASSERT_THAT(study.Do(Enqueue({{"x", 1.0}})), IsOk());
  ASSERT_THAT(study.Do(Enqueue({{"x", 2.0}})), IsOk());
  EXPECT_EQ(study.Suggest().number, 0u);
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxTrials);
  EXPECT_EQ(study.StateOf(1), TrialState::kWaiting);
}

TEST(MaxTrials, DoesNotCountWaitingTrials) {
  LiveStudy study(ASpec().MaxTrials(2));
  for (double x : {1.0, 2.0, 3.0}) ASSERT_THAT(study.Do(Enqueue({{"x", x}})), IsOk());
  EXPECT_EQ(study.Suggest(2).back().number, 1u);
}

TEST(MaxTrials, CanBeRaisedWhenItIsReached) {
  LiveStudy study(ASpec().MaxTrials(1));
  study.Suggest();
  UpdateStudy update;
  update.budget = Budget{2, 0, 0};
  ASSERT_THAT(study.Do(update), IsOk());
  EXPECT_EQ(study.Suggest().number, 1u);
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxTrials);
}

TEST(MaxRunning, HoldsBackUntilATrialEnds) {
  LiveStudy study(ASpec().MaxRunning(2));
  const auto trials = study.Suggest(2);
  const auto refused = Next(study);
  EXPECT_EQ(refused.stop_reason, StopReason::kMaxRunning);
  EXPECT_FALSE(refused.final);
  ASSERT_THAT(study.Do(Complete(KeyOf(trials[0]), {1})), IsOk());
  EXPECT_EQ(study.Suggest().number, 2u);
  EXPECT_EQ(Next(study).stop_reason, StopReason::kMaxRunning);
}

TEST(MaxRunning, IsFreedByAnExpiredLease) {
  LiveStudy study(ASpec().MaxRunning(1));
  study.Suggest();
  study.TickAfterMs(10'000);
  EXPECT_EQ(study.Suggest().number, 1u);
}

TEST(MaxDuration, RunsFromTheFirstStart) {
  LiveStudy study(ASpec().MaxDurationMs(60'000));
  study.time.AdvanceMs(1'000'000);
  study.Suggest();
  study.time.AdvanceMs(59'999);
  study.Suggest();
  study.time.AdvanceMs(1);
  const auto refused = Next(study);
  EXPECT_EQ(refused.stop_reason, StopReason::kMaxDuration);
  EXPECT_TRUE(refused.final);
}

TEST(Stop, HandsOutNothingAndTellsWorkersAtTheirNextReport) {
  LiveStudy study(ASpec());
  const HandedOut trial = study.Suggest();
  ASSERT_THAT(study.Do(Stop()), IsOk());
  const auto refused = Next(study);
  EXPECT_EQ(refused.stop_reason, StopReason::kStopped);
  EXPECT_TRUE(refused.final);
  EXPECT_TRUE(study.Do(ReportAt(KeyOf(trial), 0, 1)).value().study_stopped);
  EXPECT_TRUE(study.Do(HeartbeatTrial{KeyOf(trial)}).value().study_stopped);
  EXPECT_TRUE(study.Do(Complete(KeyOf(trial), {1})).value().study_stopped);
}

TEST(Stop, CanBeTakenBack) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Stop()), IsOk());
  ASSERT_THAT(study.Do(Stop(false)), IsOk());
  const HandedOut trial = study.Suggest();
  EXPECT_EQ(trial.number, 0u);
  EXPECT_FALSE(study.Do(HeartbeatTrial{KeyOf(trial)}).value().study_stopped);
}

TEST(BudgetStop, NamesStoppedBeforeDurationBeforeTrialsBeforeRunning) {
  LiveStudy study(ASpec().MaxTrials(1).MaxRunning(1).MaxDurationMs(1'000));
  EXPECT_EQ(study.State().BudgetStop(study.time.Now()), StopReason::kNone);
  study.Suggest();
  EXPECT_EQ(study.State().BudgetStop(study.time.Now()), StopReason::kMaxTrials);
  study.time.AdvanceMs(1'000);
  EXPECT_EQ(study.State().BudgetStop(study.time.Now()), StopReason::kMaxDuration);
  ASSERT_THAT(study.Do(Stop()), IsOk());
  EXPECT_EQ(study.State().BudgetStop(study.time.Now()), StopReason::kStopped);
}

}  // namespace
}  // namespace hpod
