#include "clients/hpoctl/run/attempt.h"

#include <cmath>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hpod {
namespace {

using hpo::v1::TRIAL_STATE_COMPLETE;
using hpo::v1::TRIAL_STATE_FAIL;
using hpo::v1::TRIAL_STATE_PRUNED;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr Exit kDone = {.code = 0, .signal = 0};
constexpr Exit kTerminated = {.code = 0, .signal = SIGTERM};

Attempt OneObjective() { return Attempt(1, false); }

// Sends what waits; no report is told to prune.
void SendAll(Attempt& attempt) {
  while (attempt.NextReport()) EXPECT_EQ(attempt.OnReported(false), Order::kNone);
}

TEST(Attempt, CompletesWithTheResultRatherThanTheLastReport) {
  Attempt attempt = OneObjective();
  attempt.Take(Result{{3}});
  attempt.Take(Report{1, 4});
  SendAll(attempt);
  attempt.OnExit(kDone, "");
  ASSERT_TRUE(attempt.IsOver());
  EXPECT_EQ(attempt.Outcome().state(), TRIAL_STATE_COMPLETE);
  EXPECT_THAT(attempt.Outcome().values(), ElementsAre(3));
}

TEST(Attempt, CompletesWithTheLastReportWithoutAResult) {
  Attempt attempt = OneObjective();
  attempt.Take(Report{1, 4});
  attempt.Take(Report{2, 5});
  SendAll(attempt);
  attempt.OnExit(kDone, "");
  EXPECT_THAT(attempt.Outcome().values(), ElementsAre(5));
}

TEST(Attempt, SendsReportsInOrderAndOneAtATime) {
  Attempt attempt = OneObjective();
  attempt.Take(Report{1, 4});
  attempt.Take(Report{2, 5});
  EXPECT_EQ(attempt.NextReport()->step, 1);
  EXPECT_EQ(attempt.NextReport(), std::nullopt);
  attempt.OnReported(false);
  EXPECT_EQ(attempt.NextReport()->step, 2);
}

TEST(Attempt, IsOverOnlyWhenItsReportsAreSent) {
  Attempt attempt = OneObjective();
  attempt.Take(Report{1, 4});
  attempt.OnExit(kDone, "");
  EXPECT_FALSE(attempt.IsOver());
  ASSERT_TRUE(attempt.NextReport());
  EXPECT_FALSE(attempt.IsOver());
  attempt.OnReported(false);
  EXPECT_TRUE(attempt.IsOver());
}

TEST(Attempt, IsPrunedHoweverTheCommandEndsAfterTheDecision) {
  for (const Exit& exit : {kDone, kTerminated, Exit{.code = 5, .signal = 0}}) {
    Attempt attempt = OneObjective();
    attempt.Take(Report{1, 4});
    ASSERT_TRUE(attempt.NextReport());
    EXPECT_EQ(attempt.OnReported(true), Order::kTerminate);
    attempt.OnExit(exit, "terminated");
    EXPECT_EQ(attempt.Outcome().state(), TRIAL_STATE_PRUNED);
    EXPECT_TRUE(attempt.Outcome().values().empty());
  }
}

TEST(Attempt, TellsACommandWithThePipeToPruneItself) {
  Attempt attempt(1, true);
  attempt.Take(Report{1, 4});
  ASSERT_TRUE(attempt.NextReport());
  EXPECT_EQ(attempt.OnReported(true), Order::kTellPrune);
  EXPECT_EQ(attempt.Stop(StopCause::kInterrupted, ""), Order::kTerminate);
}

TEST(Attempt, CompletesIfTheDecisionComesAfterTheEnd) {
  Attempt attempt = OneObjective();
  attempt.Take(Report{1, 4});
  ASSERT_TRUE(attempt.NextReport());
  attempt.OnExit(kDone, "");
  EXPECT_EQ(attempt.OnReported(true), Order::kNone);
  EXPECT_EQ(attempt.Outcome().state(), TRIAL_STATE_COMPLETE);
}

TEST(Attempt, KeepsTheFirstCauseOfItsEnd) {
  Attempt attempt = OneObjective();
  EXPECT_EQ(attempt.Stop(StopCause::kFailed, "too slow"), Order::kTerminate);
  EXPECT_EQ(attempt.Stop(StopCause::kFailed, "refused"), Order::kNone);
  attempt.OnExit(kTerminated, "");
  EXPECT_EQ(attempt.Outcome().state(), TRIAL_STATE_FAIL);
  EXPECT_EQ(attempt.Outcome().failure(), "too slow");
}

TEST(Attempt, IsDroppedWithItsReportsWhenTheLeaseIsLost) {
  Attempt attempt = OneObjective();
  attempt.Take(Report{1, 4});
  attempt.Take(Report{2, 4});
  ASSERT_TRUE(attempt.NextReport());
  attempt.OnReported(false);
  attempt.Stop(StopCause::kFailed, "too slow");
  EXPECT_EQ(attempt.Stop(StopCause::kLeaseLost, ""), Order::kTerminate);
  EXPECT_EQ(attempt.NextReport(), std::nullopt);
  attempt.OnExit(kTerminated, "");
  EXPECT_TRUE(attempt.IsOver());
  EXPECT_TRUE(attempt.IsDropped());
}

TEST(Attempt, FailsWithTheExitCodeAndTheLastLines) {
  Attempt attempt = OneObjective();
  attempt.Take(Result{{3}});
  attempt.OnExit({.code = 3, .signal = 0}, "no such file");
  EXPECT_EQ(attempt.Outcome().failure(), "exit code 3:\nno such file");
  Attempt killed = OneObjective();
  killed.OnExit({.code = 0, .signal = SIGKILL}, "");
  EXPECT_EQ(killed.Outcome().failure(), "killed by SIGKILL");
}

TEST(Attempt, IsPrunedByItsOwnExitCode) {
  Attempt attempt = OneObjective();
  attempt.OnExit({.code = kPrunedExitCode, .signal = 0}, "");
  EXPECT_EQ(attempt.Outcome().state(), TRIAL_STATE_PRUNED);
}

TEST(Attempt, FailsWithoutAValueAndQuotesTheFirstBadLine) {
  Attempt silent = OneObjective();
  silent.OnExit(kDone, "");
  EXPECT_THAT(silent.Outcome().failure(), HasSubstr("no value: print a line 'hpod: value V'"));
  Attempt garbled = OneObjective();
  garbled.TakeBadLine("first");
  garbled.TakeBadLine("second");
  garbled.OnExit(kDone, "");
  EXPECT_EQ(garbled.Outcome().failure(), "exit code 0, but no value; not understood: first");
}

TEST(Attempt, FailsWithNaN) {
  Attempt attempt = OneObjective();
  attempt.Take(Result{{std::nan("")}});
  attempt.OnExit(kDone, "");
  EXPECT_EQ(attempt.Outcome().failure(), "the value is NaN");
}

TEST(Attempt, WantsAValueForEachObjectiveAndSendsNoReports) {
  Attempt attempt(2, false);
  attempt.Take(Report{1, 4});
  EXPECT_EQ(attempt.NextReport(), std::nullopt);
  attempt.Take(Result{{1, 2}});
  attempt.OnExit(kDone, "");
  EXPECT_THAT(attempt.Outcome().values(), ElementsAre(1, 2));
  attempt.Take(Result{{1}});
  EXPECT_THAT(attempt.Outcome().failure(),
              HasSubstr("gave 1 value, but the study has 2 objectives"));
  Attempt silent(2, false);
  silent.Take(Report{1, 4});
  silent.OnExit(kDone, "");
  EXPECT_THAT(silent.Outcome().failure(), HasSubstr("gave 0 values, but the study has 2"));
}

TEST(Attempt, PassesOnAttributesAndConstraintsWhateverTheEnd) {
  Attempt attempt = OneObjective();
  attempt.Take(Attributes{{{"a", "1"}, {"b", "2"}}});
  attempt.Take(Attributes{{{"b", "3"}}});
  attempt.Take(Constraints{{{"c", -1}}});
  attempt.OnExit({.code = 1, .signal = 0}, "");
  EXPECT_EQ(attempt.Outcome().user_attributes().at("b"), "3");
  EXPECT_EQ(attempt.Outcome().user_attributes().at("a"), "1");
  EXPECT_EQ(attempt.Outcome().constraints().at("c"), -1);
}

}  // namespace
}  // namespace hpod
