// Intermediate values and results.

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(Report, CountsOnceForEachStep) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_FALSE(study.Do(ReportAt(trial, 5, 0.5)).value().step_was_reported);
  EXPECT_TRUE(study.Do(ReportAt(trial, 5, 0.9)).value().step_was_reported);
  EXPECT_THAT(study.Record(0).reports, ElementsAre(Report{5, 0.5}));
}

TEST(Report, AreKeptByStepInWhateverOrderTheyCome) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  for (int64_t step : {7, 0, 3}) {
    ASSERT_THAT(study.Do(ReportAt(trial, step, static_cast<double>(step))), IsOk());
  }
  EXPECT_THAT(study.Record(0).reports, ElementsAre(Report{0, 0}, Report{3, 3}, Report{7, 7}));
}

TEST(Report, MayBeNanOrInfinite) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(ReportAt(trial, 0, kNan)), IsOk());
  ASSERT_THAT(study.Do(ReportAt(trial, 1, -kInfinity)), IsOk());
  EXPECT_TRUE(std::isnan(study.Record(0).reports[0].value));
  EXPECT_EQ(study.Record(0).reports[1].value, -kInfinity);
}

TEST(Report, IsRefusedForANegativeStep) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_THAT(study.Do(ReportAt(trial, -1, 1)), IsInvalidField("step"));
  EXPECT_THAT(study.Record(0).reports, IsEmpty());
}

TEST(Report, IsRefusedInAStudyWithSeveralObjectives) {
  LiveStudy study(TwoObjectives());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_THAT(study.Do(ReportAt(trial, 0, 1)), IsRefused(Reason::kSeveralObjectives));
}

TEST(Report, IsRefusedBeyondTheLimitOfATrial) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  for (size_t step = 0; step < kMaxReportsPerTrial; ++step) {
    ASSERT_TRUE(study.Do(ReportAt(trial, static_cast<int64_t>(step), 1)).ok());
  }
  EXPECT_THAT(study.Do(ReportAt(trial, int64_t{kMaxReportsPerTrial}, 1)),
              IsRefused(Reason::kLimitExceeded));
}

TEST(Report, CarriesThePrunersDecisionOnTheValueJustReported) {
  LiveStudy study(ASpec().Pruner("median", {{"n_startup_trials", "1"}, {"n_warmup_steps", "0"}}));
  const TrialKey good = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(ReportAt(good, 0, 1.0)), IsOk());
  ASSERT_THAT(study.Do(Complete(good, {1})), IsOk());
  EXPECT_TRUE(study.Do(ReportAt(KeyOf(study.Suggest()), 0, 2.0)).value().should_prune);
  EXPECT_FALSE(study.Do(ReportAt(KeyOf(study.Suggest()), 0, 0.5)).value().should_prune);
}

TEST(Complete, StoresValueTimeAndState) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  study.time.AdvanceMs(1'500);
  ASSERT_THAT(study.Do(Complete(trial, {0.25})), IsOk());
  const TrialRecord record = study.Record(0);
  EXPECT_EQ(record.state, TrialState::kComplete);
  EXPECT_THAT(record.values, ElementsAre(0.25));
  EXPECT_EQ(record.completed_us - record.started_us, 1'500'000);
  EXPECT_EQ(record.lease_token, trial.lease_token);
}

TEST(Complete, TakesInfiniteValuesButNoNan) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  EXPECT_THAT(study.Do(Complete(KeyOf(trials[0]), {kInfinity})), IsOk());
  EXPECT_THAT(study.Do(Complete(KeyOf(trials[1]), {kNan})), IsInvalidField("values"));
  EXPECT_EQ(study.StateOf(1), TrialState::kRunning);
}

TEST(Complete, TakesOneValuePerObjective) {
  LiveStudy study(TwoObjectives());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_THAT(study.Do(Complete(trial, {})), IsInvalidField("values"));
  EXPECT_THAT(study.Do(Complete(trial, {1})), IsInvalidField("values"));
  EXPECT_THAT(study.Do(Complete(trial, {1, 2, 3})), IsInvalidField("values"));
  EXPECT_THAT(study.Do(Complete(trial, {1, kNan})), IsInvalidField("values"));
  EXPECT_THAT(study.Do(Complete(trial, {1, 2})), IsOk());
  EXPECT_THAT(study.Record(0).values, ElementsAre(1, 2));
}

TEST(Complete, NeedsAFinishedState) {
  LiveStudy study(ASpec());
  CompleteTrial command = Complete(KeyOf(study.Suggest()), {});
  for (TrialState state : {TrialState::kRunning, TrialState::kWaiting}) {
    command.state = state;
    EXPECT_THAT(study.Do(command), IsInvalidField("state"));
  }
}

TEST(Complete, TakesNoValuesForPrunedAndFailedTrials) {
  LiveStudy study(ASpec());
  CompleteTrial command = Complete(KeyOf(study.Suggest()), {1});
  for (TrialState state : {TrialState::kPruned, TrialState::kFail}) {
    command.state = state;
    EXPECT_THAT(study.Do(command), IsInvalidField("values"));
  }
}

TEST(Prune, TakesTheValueOfTheLastStepAsTheResult) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(ReportAt(trial, 9, 0.9)), IsOk());
  ASSERT_THAT(study.Do(ReportAt(trial, 2, 0.2)), IsOk());
  ASSERT_THAT(study.Do(Prune(trial)), IsOk());
  EXPECT_THAT(study.Record(0).values, ElementsAre(0.9));
  EXPECT_EQ(study.StateOf(0), TrialState::kPruned);
}

TEST(Prune, HasNoValueWithoutReportsOrAfterANan) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  ASSERT_THAT(study.Do(Prune(KeyOf(trials[0]))), IsOk());
  ASSERT_THAT(study.Do(ReportAt(KeyOf(trials[1]), 0, 1)), IsOk());
  ASSERT_THAT(study.Do(ReportAt(KeyOf(trials[1]), 1, kNan)), IsOk());
  ASSERT_THAT(study.Do(Prune(KeyOf(trials[1]))), IsOk());
  EXPECT_THAT(study.Record(0).values, IsEmpty());
  EXPECT_THAT(study.Record(1).values, IsEmpty());
}

TEST(Fail, KeepsTheReason) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Fail(KeyOf(study.Suggest()), "out of memory")), IsOk());
  const TrialRecord record = study.Record(0);
  EXPECT_EQ(record.state, TrialState::kFail);
  EXPECT_EQ(record.failure, "out of memory");
  EXPECT_FALSE(record.lost);
  EXPECT_THAT(study.Do(Fail(KeyOf(study.Suggest()), std::string(kMaxFailureBytes + 1, 'x'))),
              IsInvalidField("failure"));
}

TEST(Complete, MergesAttributesAndConstraintsFirst) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(SetAttributes(trial, {{"a", "1"}, {"b", "2"}})), IsOk());
  CompleteTrial command = Complete(trial, {1});
  command.attributes = {{"a", ""}, {"c", "3"}};
  command.constraints = {{"memory", 0.5}};
  ASSERT_THAT(study.Do(command), IsOk());
  const TrialRecord record = study.Record(0);
  EXPECT_THAT(record.attributes, ElementsAre(Pair("b", "2"), Pair("c", "3")));
  EXPECT_THAT(record.constraints, ElementsAre(Pair("memory", 0.5)));
  EXPECT_FALSE(study.State().Trials().IsFeasible(0));
}

TEST(Complete, ChangesNothingIfAnAttributeIsRefused) {
  LiveStudy study(ASpec());
  CompleteTrial command = Complete(KeyOf(study.Suggest()), {1});
  command.attributes = {{std::string(kMaxAttributeKeyBytes + 1, 'k'), "1"}};
  const std::string before = DumpWithLeases(study.State(), study.time.Now());
  EXPECT_THAT(study.Do(command), IsInvalidField("user_attributes"));
  EXPECT_EQ(DumpWithLeases(study.State(), study.time.Now()), before);
}

}  // namespace
}  // namespace hpod
