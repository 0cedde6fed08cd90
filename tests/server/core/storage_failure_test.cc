// A full disk, and a disk that has failed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/core/core_harness.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

absl::Status Full() { return Refuse(Reason::kStorageFull, "the disk is full"); }
absl::Status Broken() { return Refuse(Reason::kStorageFailed, "fsync failed"); }

class StorageFailure : public testing::Test {
 protected:
  StorageFailure() {
    hpod_.Create(ASpec(), false, {"create", 1});
    hpod_.Create(ASpec().Name("other"));
    trial_ = KeyOf(hpod_.Suggest()->result->trials[0]);
    hpod_.core().Flush();
    stored_ = hpod_.DumpAll();
  }

  void FlushInto(absl::Status status) {
    hpod_.storage().next_commit = std::move(status);
    hpod_.core().Flush();
  }

  CoreHarness hpod_;
  TrialKey trial_;
  std::string stored_;
};

using FullDisk = StorageFailure;
using FailedDisk = StorageFailure;

TEST_F(FullDisk, RefusesTheWholeGroupAndTakesMemoryBack) {
  const auto suggestion = hpod_.Suggest(3);
  const auto report = hpod_.Do(ReportAt(trial_, 0, 1));
  const auto enqueue = hpod_.Do(Enqueue({{"x", 1.0}}), "other");
  FlushInto(Full());
  EXPECT_THAT(suggestion->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(report->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(enqueue->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(report->status, HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(hpod_.DumpAll(), stored_);
  EXPECT_THAT(hpod_.core().Failure(), IsOk());
}

TEST_F(FullDisk, DoesNotStopReadsAndWritingResumes) {
  hpod_.Suggest();
  FlushInto(Full());
  EXPECT_THAT(hpod_.Read()->status, IsOk());
  const auto beat = hpod_.Do(HeartbeatTrial{trial_});
  hpod_.core().Flush();
  EXPECT_THAT(beat->status, IsOk());
  const auto again = hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_THAT(again->status, IsOk());
  EXPECT_EQ(again->result->trials[0].number, 1u);
  const std::string before = hpod_.DumpAll();
  hpod_.RestartCore();
  EXPECT_EQ(hpod_.DumpAll(), before);
}

TEST_F(FullDisk, KeepsTheAnswersThatNeededNoRoomAndCameFirst) {
  const auto beat = hpod_.Do(HeartbeatTrial{trial_});
  const auto unknown = hpod_.Do(HeartbeatTrial{Unfenced(9)});
  hpod_.Suggest();
  FlushInto(Full());
  EXPECT_THAT(beat->status, IsOk());
  EXPECT_THAT(unknown->status, IsRefused(Reason::kTrialNotFound));
}

// The retry found the first call in memory; neither may be told a trial that is taken back.
TEST_F(FullDisk, AcknowledgesNoAnswerThatRestsOnWhatWasTakenBack) {
  const auto first = hpod_.Suggest(1, {"r", 1});
  const auto retry = hpod_.Suggest(1, {"r", 1});
  const auto finish = hpod_.Do(Complete(trial_, {1}));
  const auto late = hpod_.Do(HeartbeatTrial{trial_});
  FlushInto(Full());
  EXPECT_THAT(first->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(retry->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(finish->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(late->status, IsRefused(Reason::kStorageFull));
  EXPECT_EQ(hpod_.DumpAll(), stored_);
}

TEST_F(FullDisk, LetsARetryOfTheSameRequestThroughLater) {
  const auto command = WithRequest(Complete(trial_, {1}), "c", 1);
  hpod_.Do(command);
  FlushInto(Full());
  const auto retry = hpod_.Do(command);
  hpod_.core().Flush();
  EXPECT_THAT(retry->status, IsOk());
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kComplete);
}

TEST_F(FullDisk, MakesNoStudyAndRemembersNoRequest) {
  const auto create = hpod_.Create(ASpec().Name("new"), false, {"n", 1});
  FlushInto(Full());
  EXPECT_THAT(create->status, IsRefused(Reason::kStorageFull));
  EXPECT_EQ(hpod_.DumpAll(), stored_);
  const auto unrelated = hpod_.Create(ASpec().Name("unrelated"), false, {"n", 2});
  hpod_.core().Flush();
  EXPECT_THAT(unrelated->status, IsOk());
}

TEST_F(FullDisk, DeletesNoStudy) {
  const auto gone = hpod_.Delete("study", {"d", 1});
  FlushInto(Full());
  EXPECT_THAT(gone->status, IsRefused(Reason::kStorageFull));
  EXPECT_EQ(hpod_.DumpAll(), stored_);
  const auto again = hpod_.Delete("study", {"d", 1});
  const auto retry = hpod_.Delete("study", {"d", 1});
  hpod_.core().Flush();
  EXPECT_THAT(again->status, IsOk());
  EXPECT_THAT(retry->status, IsOk());
  EXPECT_EQ(hpod_.Find(), nullptr);
}

TEST_F(FullDisk, TakesBackAStudyThatWasDeletedAndMadeAgain) {
  hpod_.Delete("study");
  hpod_.Create(ASpec().Seed(1));
  FlushInto(Full());
  EXPECT_EQ(hpod_.DumpAll(), stored_);
  const auto beat = hpod_.Do(HeartbeatTrial{trial_});
  hpod_.core().Flush();
  EXPECT_THAT(beat->status, IsOk());
}

TEST_F(FullDisk, TakesBackATick) {
  hpod_.clock.AdvanceMs(10'000);
  hpod_.core().Tick();
  FlushInto(Full());
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kRunning);
  hpod_.clock.AdvanceMs(10'000);
  hpod_.core().Tick();
  hpod_.core().Flush();
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kFail);
}

TEST_F(FailedDisk, RefusesTheGroupAndEverythingLater) {
  const auto suggestion = hpod_.Suggest();
  const auto beat = hpod_.Do(HeartbeatTrial{trial_});
  FlushInto(Broken());
  EXPECT_THAT(suggestion->status, IsRefused(Reason::kStorageFailed));
  EXPECT_THAT(suggestion->status, HasCode(absl::StatusCode::kUnavailable));
  EXPECT_THAT(beat->status, IsRefused(Reason::kStorageFailed));
  EXPECT_THAT(hpod_.core().Failure(), SaysThat("fsync failed"));

  const int commits = hpod_.storage().commits;
  const auto failed = IsRefused(Reason::kStorageFailed);
  EXPECT_THAT(hpod_.Suggest()->status, failed);
  EXPECT_THAT(hpod_.Do(ReportAt(trial_, 0, 1))->status, failed);
  EXPECT_THAT(hpod_.Create(ASpec().Name("new"))->status, failed);
  EXPECT_THAT(hpod_.Delete()->status, failed);
  EXPECT_THAT(hpod_.Read()->status, failed);
  hpod_.core().Tick();
  hpod_.core().Flush();
  EXPECT_EQ(hpod_.storage().commits, commits);
}

TEST_F(FailedDisk, HoldsAfterARestartWhatWasAcknowledged) {
  hpod_.Suggest();
  FlushInto(Broken());
  hpod_.RestartCore();
  ASSERT_THAT(hpod_.recovered, IsOk());
  EXPECT_EQ(hpod_.DumpAll(), stored_);
}

TEST_F(FailedDisk, IsAlsoOneThatCannotBeReadBackAfterItWasFull) {
  const auto suggestion = hpod_.Suggest();
  hpod_.storage().load_result = absl::UnavailableError("cannot read");
  FlushInto(Full());
  EXPECT_THAT(suggestion->status, testing::Not(IsOk()));
  EXPECT_THAT(hpod_.core().Failure(), IsRefused(Reason::kStorageFailed));
}

TEST_F(FailedDisk, IsReportedByRecover) {
  hpod_.storage().load_result = absl::DataLossError("damaged");
  hpod_.RestartCore();
  EXPECT_THAT(hpod_.recovered, HasCode(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace hpod
