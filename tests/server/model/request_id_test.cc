// Retries: the same request id gets the same answer and changes nothing.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

// Runs `command` once more and expects that nothing changes, leases apart.
template <class Command>
typename Command::Result Retry(LiveStudy& study, const Command& command) {
  const std::string before = Dump(study.State(), study.time.Now());
  auto again = study.Do(command);
  EXPECT_THAT(again, IsOk());
  EXPECT_EQ(Dump(study.State(), study.time.Now()), before);
  return again.value();
}

TEST(RequestId, OfAReportGetsTheFirstAnswerEvenWhenTheStudyHasMovedOn) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto command = WithRequest(ReportAt(trial, 3, 0.5), "r1");
  const auto first = study.Do(command).value();
  EXPECT_FALSE(first.study_stopped);
  ASSERT_THAT(study.Do(Stop()), IsOk());
  ASSERT_THAT(study.Do(Complete(trial, {1})), IsOk());
  const auto again = Retry(study, command);
  EXPECT_FALSE(again.study_stopped);
  EXPECT_FALSE(again.step_was_reported);
}

TEST(RequestId, OfACompletionGetsTheFirstAnswerAfterTheTrialIsFinished) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  auto command = WithRequest(Complete(trial, {1}), "c1");
  command.attributes = {{"a", "1"}};
  ASSERT_THAT(study.Do(command), IsOk());
  EXPECT_FALSE(Retry(study, command).study_stopped);
}

TEST(RequestId, OfAnEnqueuedTrialMakesOneTrial) {
  LiveStudy study(ASpec());
  const auto command = WithRequest(Enqueue({{"x", 1.0}}), "e1");
  ASSERT_EQ(study.Do(command).value().number, 0u);
  const auto again = Retry(study, command);
  EXPECT_EQ(again.number, 0u);
  EXPECT_TRUE(again.created);
}

TEST(RequestId, OfAddedTrialsAddsThemOnce) {
  LiveStudy study(ASpec());
  AddTrials command;
  command.trials = {Foreign(TrialState::kComplete, {{"x", Real(0, 1), 0.5}}, {1}),
                    Foreign(TrialState::kFail, {}, {})};
  command.request = {"a1", 1};
  const auto first = study.Do(command).value();
  EXPECT_EQ(Retry(study, command).numbers, first.numbers);
}

TEST(RequestId, OfAnAskedParameterGivesTheSameValue) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto command = WithRequest(Ask(trial, "x", Real(0, 1)), "p1");
  const auto first = study.Do(command).value();
  EXPECT_EQ(Retry(study, command).value, first.value);
}

TEST(RequestId, OfAttributesAndUpdatesIsAnsweredOnce) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto set = WithRequest(SetAttributes(trial, {{"a", "1"}}), "s1");
  ASSERT_THAT(study.Do(set), IsOk());
  ASSERT_THAT(study.Do(SetAttributes(trial, {{"a", "2"}})), IsOk());
  Retry(study, set);
  const auto stop = WithRequest(Stop(), "u1");
  ASSERT_THAT(study.Do(stop), IsOk());
  ASSERT_THAT(study.Do(Stop(false)), IsOk());
  Retry(study, stop);
  EXPECT_FALSE(study.State().Spec().stopped);
}

TEST(RequestId, OfASuggestionIsRecalledWithTrialsAndReason) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  RememberSuggestion remember{{"g1", 9}, trials, StopReason::kMaxRunning, true};
  ASSERT_THAT(study.Do(remember), IsOk());
  const auto recalled = study.State().RecallSuggestion({"g1", 9}).value().value();
  ASSERT_EQ(recalled.trials.size(), 2u);
  EXPECT_EQ(recalled.trials[1].number, trials[1].number);
  EXPECT_EQ(recalled.trials[1].lease_token, trials[1].lease_token);
  EXPECT_EQ(recalled.stop_reason, StopReason::kMaxRunning);
  EXPECT_TRUE(recalled.final);
  EXPECT_FALSE(study.State().RecallSuggestion({"other", 9}).value().has_value());
}

TEST(RequestId, WithOtherContentIsRefusedByEveryCommand) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(WithRequest(ReportAt(trial, 0, 1), "id", 1)), IsOk());
  const std::string before = DumpWithLeases(study.State(), study.time.Now());
  const auto reused = IsRefused(Reason::kRequestIdReused);
  EXPECT_THAT(study.Do(WithRequest(ReportAt(trial, 1, 1), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(Complete(trial, {1}), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(Ask(trial, "x", Real(0, 1)), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(Enqueue({{"x", 1.0}}), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(SetAttributes(trial, {}), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(Stop(), "id", 2)), reused);
  EXPECT_THAT(study.Do(WithRequest(AddTrials{}, "id", 2)), reused);
  EXPECT_THAT(study.State().RecallSuggestion({"id", 2}), reused);
  EXPECT_EQ(DumpWithLeases(study.State(), study.time.Now()), before);
}

TEST(RequestId, OfARefusedCommandIsNotRemembered) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(WithRequest(ReportAt(trial, -1, 1), "id", 1)), IsInvalidField("step"));
  EXPECT_THAT(study.Do(WithRequest(ReportAt(trial, 1, 1), "id", 2)), IsOk());
}

TEST(RequestId, LongerThanTheLimitIsRefused) {
  LiveStudy study(ASpec());
  EXPECT_THAT(study.Do(WithRequest(Stop(), std::string(kMaxRequestIdBytes, 'r'))), IsOk());
  EXPECT_THAT(study.Do(WithRequest(Stop(), std::string(kMaxRequestIdBytes + 1, 'r'))),
              IsInvalidField("request_id"));
}

TEST(RequestId, IsForgottenAfterADay) {
  LiveStudy study(ASpec());
  const auto command = WithRequest(Enqueue({{"x", 1.0}}), "e1");
  ASSERT_EQ(study.Do(command).value().number, 0u);
  study.TickAfterMs(kRememberedRequestUs / 1'000);
  ASSERT_EQ(study.Do(command).value().number, 0u);
  study.TickAfterMs(1);
  EXPECT_EQ(study.Do(command).value().number, 1u);
}

TEST(RequestMemory, KeepsTheNewestRequestsWithinItsLimitAndAPortion) {
  RequestMemory memory;
  for (int64_t i = 0; i < 50'000; ++i) {
    if (const size_t overdue = memory.Overdue(i); overdue > 0) memory.ForgetOldest(overdue);
    memory.Remember({fmt::format("r{}", i), 1, {i}, i});
    ASSERT_LE(memory.size(), kMaxRememberedRequests + 1'000);
  }
  EXPECT_EQ(memory.Recall({"r0", 1}).value(), nullptr);
  for (int64_t i = 50'000 - static_cast<int64_t>(kMaxRememberedRequests); i < 50'000; ++i) {
    const Answer* answer = memory.Recall({fmt::format("r{}", i), 1}).value();
    ASSERT_NE(answer, nullptr);
    ASSERT_EQ(*answer, Answer{i});
  }
}

}  // namespace
}  // namespace hpod
