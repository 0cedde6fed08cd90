// Leases, tokens, and what becomes of trials whose worker is gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Lease, EndsExactlyOneLeaseAfterTheHandOut) {
  LiveStudy study(ASpec());
  study.Suggest();
  study.TickAfterMs(9'999);
  EXPECT_EQ(study.StateOf(0), TrialState::kRunning);
  study.TickAfterMs(1);
  EXPECT_EQ(study.StateOf(0), TrialState::kFail);
}

TEST(Lease, DoesNotFollowTheWallClock) {
  LiveStudy study(ASpec());
  study.Suggest();
  study.time.JumpWallMs(3'600'000);
  study.TickAfterMs(0);
  EXPECT_EQ(study.StateOf(0), TrialState::kRunning);
}

TEST(Lease, IsRenewedByEveryCallForTheTrial) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto expires_in = [&] {
    return study.State().LeaseExpiresSteadyUs(0) - study.time.Now().steady_us;
  };
  const auto expect_renewal = [&](const auto& command) {
    study.time.AdvanceMs(6'000);
    ASSERT_EQ(expires_in(), 4'000'000);
    ASSERT_THAT(study.Do(command), IsOk());
    EXPECT_EQ(expires_in(), 10'000'000);
  };
  expect_renewal(HeartbeatTrial{trial});
  expect_renewal(ReportAt(trial, 0, 0.5));
  expect_renewal(ReportAt(trial, 0, 0.7));
  expect_renewal(Ask(trial, "x", Real(0, 1)));
  expect_renewal(Ask(trial, "x", Real(0, 1)));
  expect_renewal(SetAttributes(trial, {{"a", "1"}}));
}

TEST(Lease, HasTheLengthOfTheStudyAtTheRenewal) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  UpdateStudy update;
  update.lease_ms = 30'000;
  ASSERT_THAT(study.Do(update), IsOk());
  ASSERT_THAT(study.Do(HeartbeatTrial{trial}), IsOk());
  EXPECT_EQ(study.State().LeaseExpiresSteadyUs(0), study.time.Now().steady_us + 30'000'000);
}

TEST(GrantLeases, GivesEveryRunningTrialAFullLease) {
  LiveStudy study(ASpec());
  study.Suggest(2);
  study.time.AdvanceMs(60'000);
  study.ReplaceBy(study.Log());
  study.TickAfterMs(9'999);
  EXPECT_EQ(study.State().Trials().Count(TrialState::kRunning), 2u);
  study.TickAfterMs(1);
  EXPECT_EQ(study.State().Trials().Count(TrialState::kRunning), 0u);
}

TEST(ExpiredLease, FailsTheTrialAsLostAndEnqueuesItsParametersAgain) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  const TrialKey lost_key = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(SetAttributes(lost_key, {{"team", "\"a\""}})), IsOk());
  study.TickAfterMs(10'000);

  const TrialRecord lost = study.Record(0);
  EXPECT_EQ(lost.state, TrialState::kFail);
  EXPECT_TRUE(lost.lost);
  EXPECT_EQ(lost.failure, "lease expired");
  EXPECT_EQ(lost.completed_us, study.time.Now().wall_us);
  EXPECT_GT(lost.lease_token, lost_key.lease_token);

  const TrialRecord retry = study.Record(1);
  EXPECT_EQ(retry.state, TrialState::kWaiting);
  EXPECT_EQ(retry.retry_of, 0);
  EXPECT_EQ(retry.retry_count, 1);
  EXPECT_FALSE(retry.lost);
  EXPECT_EQ(retry.params, lost.params);
  EXPECT_THAT(retry.attributes, ElementsAre(Pair("team", "\"a\"")));
  EXPECT_EQ(study.Suggest().number, 1u);
  EXPECT_EQ(study.Record(1).params, lost.params);
}

TEST(ExpiredLease, KeepsTheParametersThatADefineByRunTrialHadAskedFor) {
  LiveStudy study(ASpec());
  const TrialKey first = KeyOf(study.Suggest());
  const double x = study.Do(Ask(first, "x", Real(0, 1))).value().value;
  study.TickAfterMs(10'000);
  const HandedOut retry = study.Suggest();
  ASSERT_EQ(retry.number, 1u);
  EXPECT_EQ(study.Do(Ask(KeyOf(retry), "x", Real(0, 1))).value().value, x);
}

TEST(ExpiredLease, KeepsFixedValuesThatTheTrialHadNotAskedForYet) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Enqueue({{"x", 0.25}, {"y", 0.75}})), IsOk());
  const TrialKey first = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(Ask(first, "x", Real(0, 1))), IsOk());
  study.TickAfterMs(10'000);
  const TrialKey retry = KeyOf(study.Suggest());
  EXPECT_EQ(study.Do(Ask(retry, "y", Real(0, 1))).value().value, 0.75);
  EXPECT_EQ(study.Do(Ask(retry, "x", Real(0, 1))).value().value, 0.25);
}

TEST(ExpiredLease, IsNotRetriedIfNothingIsKnownOfTheTrial) {
  LiveStudy study(ASpec());
  study.Suggest();
  study.TickAfterMs(10'000);
  EXPECT_EQ(study.State().Trials().size(), 1u);
}

TEST(ExpiredLease, IsRetriedUpToMaxRetriesAndNamesTheOriginalEachTime) {
  LiveStudy study(ASpec().Over(PlainSpace()).MaxRetries(3));
  study.Suggest();
  for (int32_t retry = 1; retry <= 3; ++retry) {
    study.TickAfterMs(10'000);
    const HandedOut again = study.Suggest();
    const TrialRecord record = study.Record(again.number);
    EXPECT_EQ(record.retry_of, 0);
    EXPECT_EQ(record.retry_count, retry);
    EXPECT_EQ(record.params, study.Record(0).params);
  }
  study.TickAfterMs(10'000);
  EXPECT_EQ(study.State().Trials().size(), 4u);
  EXPECT_THAT(study.State().Trials().Waiting(), IsEmpty());
}

TEST(ExpiredLease, IsNotRetriedWhenMaxRetriesIsZero) {
  LiveStudy study(ASpec().Over(PlainSpace()).MaxRetries(0));
  study.Suggest();
  study.TickAfterMs(10'000);
  EXPECT_EQ(study.State().Trials().size(), 1u);
}

TEST(ExpiredLease, OfSeveralTrialsGivesEachItsRetryAndItsOwnToken) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  study.Suggest(3);
  study.TickAfterMs(10'000);
  EXPECT_THAT(study.State().Trials().Waiting(), ElementsAre(3, 4, 5));
  for (size_t number : {0, 1, 2}) {
    EXPECT_EQ(study.Record(number + 3).retry_of, static_cast<int64_t>(number));
  }
  EXPECT_NE(study.Record(0).lease_token, study.Record(1).lease_token);
  EXPECT_NE(study.Record(1).lease_token, study.Record(2).lease_token);
}

TEST(Token, OfAnExpiredLeaseIsRefusedAndChangesNothing) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  const TrialKey old = KeyOf(study.Suggest());
  study.TickAfterMs(10'000);
  const std::string before = DumpWithLeases(study.State(), study.time.Now());
  EXPECT_THAT(study.Do(HeartbeatTrial{old}), IsRefused(Reason::kLeaseLost));
  EXPECT_THAT(study.Do(ReportAt(old, 0, 1)), IsRefused(Reason::kLeaseLost));
  EXPECT_THAT(study.Do(Complete(old, {1})), IsRefused(Reason::kLeaseLost));
  EXPECT_THAT(study.Do(Ask(old, "x", Real(0, 1))), IsRefused(Reason::kLeaseLost));
  EXPECT_THAT(study.Do(SetAttributes(old, {{"a", "1"}})), IsRefused(Reason::kLeaseLost));
  EXPECT_THAT(study.Do(HeartbeatTrial{old}), HasCode(absl::StatusCode::kAborted));
  EXPECT_EQ(DumpWithLeases(study.State(), study.time.Now()), before);
}

TEST(Token, OfAnotherTrialIsRefused) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  const TrialKey mixed = {static_cast<int64_t>(trials[0].number), trials[1].lease_token};
  EXPECT_THAT(study.Do(Complete(mixed, {1})), IsRefused(Reason::kLeaseLost));
  EXPECT_EQ(study.StateOf(0), TrialState::kRunning);
}

TEST(Token, OfZeroIsNotFenced) {
  LiveStudy study(ASpec());
  study.Suggest();
  EXPECT_THAT(study.Do(HeartbeatTrial{Unfenced(0)}), IsOk());
  EXPECT_THAT(study.Do(Complete(Unfenced(0), {1})), IsOk());
}

TEST(Token, IsNeverGivenTwice) {
  LiveStudy study(ASpec().Over(PlainSpace()).MaxRetries(100));
  std::set<int64_t> tokens;
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(tokens.insert(study.Suggest().lease_token).second);
    study.TickAfterMs(10'000);
    study.ReplaceBy(study.Log());
  }
}

TEST(FinishedTrial, TakesNoMoreChanges) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(Complete(trial, {1})), IsOk());
  const std::string before = DumpWithLeases(study.State(), study.time.Now());
  for (const TrialKey& key : {trial, Unfenced(0)}) {
    EXPECT_THAT(study.Do(HeartbeatTrial{key}), IsRefused(Reason::kTrialFinished));
    EXPECT_THAT(study.Do(ReportAt(key, 0, 1)), IsRefused(Reason::kTrialFinished));
    EXPECT_THAT(study.Do(Fail(key)), IsRefused(Reason::kTrialFinished));
    EXPECT_THAT(study.Do(Ask(key, "x", Real(0, 1))), IsRefused(Reason::kTrialFinished));
    EXPECT_THAT(study.Do(SetAttributes(key, {{"a", "1"}})), IsRefused(Reason::kTrialFinished));
  }
  EXPECT_EQ(DumpWithLeases(study.State(), study.time.Now()), before);
}

TEST(WaitingTrial, CannotReportOrFinishButMayGetAttributes) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Enqueue({{"x", 1.0}})), IsOk());
  EXPECT_THAT(study.Do(HeartbeatTrial{Unfenced(0)}), IsRefused(Reason::kTrialWaiting));
  EXPECT_THAT(study.Do(ReportAt(Unfenced(0), 0, 1)), IsRefused(Reason::kTrialWaiting));
  EXPECT_THAT(study.Do(Complete(Unfenced(0), {1})), IsRefused(Reason::kTrialWaiting));
  EXPECT_THAT(study.Do(SetAttributes(Unfenced(0), {{"a", "1"}})), IsOk());
  EXPECT_THAT(study.Record(0).attributes, ElementsAre(Pair("a", "1")));
}

TEST(UnknownTrial, IsRefusedByNameAndCount) {
  LiveStudy study(ASpec());
  study.Suggest();
  for (int64_t number : {int64_t{1}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    const TrialKey key = {number, 0};
    EXPECT_THAT(study.Do(HeartbeatTrial{key}), IsRefused(Reason::kTrialNotFound));
    EXPECT_THAT(study.Do(WithRequest(ReportAt(key, 0, 1), "r")), IsRefused(Reason::kTrialNotFound));
    EXPECT_THAT(study.Do(Complete(key, {1})), IsRefused(Reason::kTrialNotFound));
    EXPECT_THAT(study.Do(SetAttributes(key, {})), IsRefused(Reason::kTrialNotFound));
  }
  EXPECT_THAT(study.Do(HeartbeatTrial{Unfenced(1)}), SaysThat("studies/study/trials/1"));
}

}  // namespace
}  // namespace hpod
