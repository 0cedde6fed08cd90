// Group commit: many calls, one commit, answers after it and in order.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/core/core_harness.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class GroupCommit : public testing::TestWithParam<std::string> {
 protected:
  GroupCommit() {
    hpod_.Create(ASpec());
    hpod_.core().Flush();
    hpod_.answered.clear();
    hpod_.storage().commits = 0;
  }

  TempDir folder_;
  CoreHarness hpod_{CoreHarness::kInline,
                    GetParam() == "memory" ? "memory://" : "sqlite:///" + folder_.File("a.db")};
};

TEST_P(GroupCommit, AnswersOnlyAfterTheCommitAndInOrder) {
  const auto suggestion = hpod_.Suggest();
  const TrialKey trial = KeyOf(suggestion->result.value().trials[0]);
  const auto report = hpod_.Do(ReportAt(trial, 0, 1), "study", "report");
  const auto refused = hpod_.Do(ReportAt(trial, -1, 1), "study", "refused");
  const auto unknown = hpod_.Do(HeartbeatTrial{trial}, "nobody", "unknown");
  const auto finish = hpod_.Do(Complete(trial, {1}), "study", "finish");
  EXPECT_THAT(hpod_.answered, IsEmpty());
  EXPECT_EQ(hpod_.storage().commits, 0);
  EXPECT_TRUE(hpod_.core().HasWork());
  EXPECT_EQ(hpod_.core().GroupSize(), 5u);

  hpod_.core().Flush();
  EXPECT_EQ(hpod_.storage().commits, 1);
  EXPECT_THAT(hpod_.answered, ElementsAre("suggest", "report", "refused", "unknown", "finish"));
  EXPECT_THAT(finish->status, IsOk());
  EXPECT_THAT(refused->status, IsInvalidField("step"));
  EXPECT_THAT(unknown->status, IsRefused(Reason::kStudyNotFound));
  EXPECT_FALSE(hpod_.core().HasWork());
}

TEST_P(GroupCommit, SaysWhenItIsDoneAndAnswersFollow) {
  hpod_.Suggest();
  int calls = 0;
  hpod_.core().Flush([&] {
    ++calls;
    EXPECT_EQ(hpod_.storage().commits, 1);
    EXPECT_THAT(hpod_.answered, IsEmpty());
    EXPECT_EQ(hpod_.core().GroupSize(), 1u);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(hpod_.answered, SizeIs(1));
}

TEST_P(GroupCommit, IsLeftOutWhenNothingIsToBeStored) {
  const auto suggestion = hpod_.Suggest();
  hpod_.core().Flush();
  const int commits = hpod_.storage().commits;
  const auto beat = hpod_.Do(HeartbeatTrial{KeyOf(suggestion->result->trials[0])});
  hpod_.core().Flush();
  EXPECT_THAT(beat->status, IsOk());
  EXPECT_EQ(hpod_.storage().commits, commits);
}

TEST_P(GroupCommit, StoresABatchOfSuggestionsAtOnce) {
  const auto batch = hpod_.Suggest(50, {"r", 1});
  hpod_.core().Flush();
  EXPECT_EQ(hpod_.storage().commits, 1);
  EXPECT_THAT(batch->result->trials, SizeIs(50));
  EXPECT_EQ(batch->answers, 1);
}

TEST_P(GroupCommit, OfATickAloneIsWork) {
  hpod_.Do(Enqueue({{"x", 1.0}}));
  hpod_.Suggest();
  hpod_.core().Flush();
  hpod_.clock.AdvanceMs(10'000);
  EXPECT_FALSE(hpod_.core().HasWork());
  hpod_.core().Tick();
  EXPECT_TRUE(hpod_.core().HasWork());
  hpod_.core().Flush();
  EXPECT_FALSE(hpod_.core().HasWork());
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kFail);
  EXPECT_THAT(hpod_.Find()->Trials().Waiting(), ElementsAre(1));
  const std::string before = hpod_.DumpAll();
  hpod_.RestartCore();
  EXPECT_EQ(hpod_.DumpAll(), before);
}

TEST_P(GroupCommit, TellsWatchersOnceItIsDurable) {
  struct Counter final : Watcher {
    void OnChange() override { ++changes; }
    int changes = 0;
  } watcher, other;
  hpod_.Create(ASpec().Name("other"));
  hpod_.core().Flush();
  const StudyId id = hpod_.Find()->Id();
  hpod_.core().Watchers().Add(id, &watcher);
  hpod_.core().Watchers().Add(hpod_.Find("other")->Id(), &other);
  hpod_.Suggest();
  hpod_.Suggest();
  EXPECT_EQ(watcher.changes, 0);
  hpod_.core().Flush();
  EXPECT_EQ(watcher.changes, 1);
  EXPECT_EQ(other.changes, 0);
  hpod_.core().Watchers().Remove(id, &watcher);
  hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_EQ(watcher.changes, 1);
}

TEST_P(GroupCommit, TidiesTheStorageAfterTheAnswers) {
  hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_GE(hpod_.storage().tidies, 1);
  hpod_.storage().tidy_result = absl::UnavailableError("broken");
  const auto last = hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_THAT(last->status, IsOk());
  EXPECT_THAT(hpod_.core().Failure(), IsRefused(Reason::kStorageFailed));
}

TEST_P(GroupCommit, HoldsMaxTrialsExactlyWithinABatchAndAcrossCalls) {
  UpdateStudy update;
  update.budget = Budget{7, 0, 0};
  hpod_.Do(update);
  const auto first = hpod_.Suggest(5);
  const auto second = hpod_.Suggest(5);
  const auto third = hpod_.Suggest(5);
  hpod_.core().Flush();
  EXPECT_THAT(first->result->trials, SizeIs(5));
  EXPECT_EQ(first->result->stop_reason, StopReason::kNone);
  EXPECT_THAT(second->result->trials, SizeIs(2));
  EXPECT_EQ(second->result->stop_reason, StopReason::kMaxTrials);
  EXPECT_THAT(third->result->trials, IsEmpty());
}

TEST_P(GroupCommit, GivesARetriedBatchItsFirstAnswer) {
  const auto first = hpod_.Suggest(3, {"r", 1});
  hpod_.core().Flush();
  const auto again = hpod_.Suggest(3, {"r", 1});
  const auto reused = hpod_.Suggest(2, {"r", 2});
  hpod_.core().Flush();
  EXPECT_EQ(again->result->trials[2].lease_token, first->result->trials[2].lease_token);
  EXPECT_THAT(reused->status, IsRefused(Reason::kRequestIdReused));
  EXPECT_EQ(hpod_.Find()->Trials().size(), 3u);
}

TEST_P(GroupCommit, BeforeAReadConcernsOnlyTheStudyThatIsRead) {
  hpod_.Create(ASpec().Name("other"));
  hpod_.core().Flush();
  const int commits = hpod_.storage().commits;
  const auto suggestion = hpod_.Suggest();
  const auto other = hpod_.Read("other");
  EXPECT_TRUE(other->IsAnswered());
  EXPECT_FALSE(suggestion->IsAnswered());
  EXPECT_EQ(hpod_.storage().commits, commits);
  const auto same = hpod_.Read("study");
  EXPECT_TRUE(same->IsAnswered());
  EXPECT_TRUE(suggestion->IsAnswered());
  EXPECT_EQ(hpod_.storage().commits, commits + 1);
  EXPECT_THAT(*same->result, testing::HasSubstr("trial 0"));
}

TEST_P(GroupCommit, ComesBeforeAReadOfAllStudies) {
  hpod_.Suggest();
  Call<int> all(hpod_.answered);
  size_t trials = 0;
  hpod_.core().ReadAll(
      [&](const std::map<StudyId, StudyEntry>& studies) {
        trials = studies.begin()->second.state->Trials().size();
        return absl::OkStatus();
      },
      all);
  EXPECT_THAT(all.status, IsOk());
  EXPECT_EQ(trials, 1u);
  EXPECT_EQ(hpod_.storage().commits, 1);
}

INSTANTIATE_TEST_SUITE_P(Each, GroupCommit, testing::Values("memory", "sqlite"),
                         [](const auto& test) { return test.param; });

class GroupCommitOnDisk : public testing::Test {
 protected:
  GroupCommitOnDisk() {
    hpod_.Create(ASpec());
    hpod_.core().Flush();
  }

  TempDir folder_;
  CoreHarness hpod_{CoreHarness::kInline, "sqlite:///" + folder_.File("a.db")};
};

TEST_F(GroupCommitOnDisk, SurvivesARestartWithEverythingAcknowledged) {
  const auto batch = hpod_.Suggest(3, {"r", 1});
  hpod_.core().Flush();
  hpod_.Do(WithRequest(Complete(KeyOf(batch->result->trials[1]), {0.5}), "c"));
  hpod_.core().Flush();
  const std::string before = hpod_.DumpAll();
  hpod_.Restart();
  ASSERT_THAT(hpod_.recovered, IsOk());
  EXPECT_EQ(hpod_.DumpAll(), before);
  const auto again = hpod_.Suggest(3, {"r", 1});
  hpod_.core().Flush();
  EXPECT_EQ(again->result->trials[2].lease_token, batch->result->trials[2].lease_token);
  EXPECT_EQ(hpod_.Find()->Trials().size(), 3u);
}

TEST_F(GroupCommitOnDisk, ForgetsWhatWasNotCommittedWhenTheProcessEnds) {
  const std::string before = hpod_.DumpAll();
  hpod_.Suggest(3);
  hpod_.Restart();
  EXPECT_EQ(hpod_.DumpAll(), before);
}

}  // namespace
}  // namespace hpod
