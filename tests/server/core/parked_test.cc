// Proposals on worker threads: the study waits, the others go on.

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>

#include "tests/server/core/core_harness.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

absl::Status Full() { return Refuse(Reason::kStorageFull, "the disk is full"); }
absl::Status Broken() { return Refuse(Reason::kStorageFailed, "fsync failed"); }

class ParkedStudy : public testing::Test {
 protected:
  ParkedStudy() {
    hpod_.Create(ASpec().Over(PlainSpace()));
    hpod_.Create(ASpec().Name("other"));
    hpod_.core().Flush();
    hpod_.answered.clear();
  }

  // The worker threads' results, one after the other.
  void RunLoop(int tasks) {
    for (int i = 0; i < tasks; ++i) hpod_.loop.RunOne();
  }

  CoreHarness hpod_{CoreHarness::kElsewhere};
};

TEST_F(ParkedStudy, LetsOtherStudiesGoOn) {
  const auto parked = hpod_.Suggest();
  const auto enqueue = hpod_.Do(Enqueue({{"x", 1.0}}), "other");
  hpod_.core().Flush();
  EXPECT_THAT(enqueue->status, IsOk());
  EXPECT_TRUE(enqueue->IsAnswered());
  EXPECT_TRUE(hpod_.Read("other")->IsAnswered());
  EXPECT_FALSE(parked->IsAnswered());
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_THAT(parked->status, IsOk());
  EXPECT_THAT(parked->result->trials, SizeIs(1));
}

TEST_F(ParkedStudy, KeepsTheOrderOfItsCalls) {
  hpod_.Suggest();
  const auto beat = hpod_.Do(HeartbeatTrial{Unfenced(0)}, "study", "beat");
  const auto finish = hpod_.Do(Complete(Unfenced(0), {1}), "study", "finish");
  const auto late = hpod_.Do(HeartbeatTrial{Unfenced(0)}, "study", "late");
  const auto read = hpod_.Read();
  hpod_.Suggest();
  const auto last = hpod_.Do(HeartbeatTrial{Unfenced(1)}, "study", "last");
  EXPECT_THAT(hpod_.answered, IsEmpty());
  RunLoop(2);
  hpod_.core().Flush();
  EXPECT_THAT(hpod_.answered,
              ElementsAre("suggest", "beat", "finish", "late", "read", "suggest", "last"));
  EXPECT_THAT(beat->status, IsOk());
  EXPECT_THAT(finish->status, IsOk());
  EXPECT_THAT(late->status, IsRefused(Reason::kTrialFinished));
  EXPECT_THAT(*read->result, testing::HasSubstr("COMPLETE"));
  EXPECT_THAT(last->status, IsOk());
}

TEST_F(ParkedStudy, StoresABatchAsOneCommit) {
  const auto batch = hpod_.Suggest(5);
  const int commits = hpod_.storage().commits;
  for (int i = 0; i < 4; ++i) {
    RunLoop(1);
    hpod_.core().Flush();
  }
  EXPECT_EQ(hpod_.storage().commits, commits);
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_EQ(hpod_.storage().commits, commits + 1);
  EXPECT_THAT(batch->result->trials, SizeIs(5));
}

TEST_F(ParkedStudy, IsNotTicked) {
  hpod_.Suggest();
  RunLoop(1);
  hpod_.core().Flush();
  hpod_.Suggest();
  hpod_.clock.AdvanceMs(10'000);
  hpod_.core().Tick();
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kRunning);
  RunLoop(1);
  hpod_.core().Tick();
  EXPECT_EQ(hpod_.Find()->Trials().State(0), TrialState::kFail);
}

TEST_F(ParkedStudy, IsDeletedInTurnAndTellsThoseBehind) {
  const auto suggest = hpod_.Suggest();
  const auto gone = hpod_.Delete();
  const auto behind = hpod_.Do(HeartbeatTrial{Unfenced(0)});
  const auto read = hpod_.Read();
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_THAT(suggest->status, IsOk());
  EXPECT_THAT(gone->status, IsOk());
  EXPECT_EQ(hpod_.Find(), nullptr);
  EXPECT_EQ(behind->answers, 1);
  EXPECT_THAT(behind->status, IsRefused(Reason::kStudyNotFound));
  EXPECT_EQ(read->answers, 1);
  EXPECT_THAT(read->status, IsRefused(Reason::kStudyNotFound));
}

// The enqueued trial is gathered, the study parks, the disk is full: what was proposed rests on a
// state that is gone.
TEST_F(ParkedStudy, GoesBackToStorageIfTheDiskFillsUpMeanwhile) {
  const std::string stored = hpod_.DumpAll();
  const auto enqueue = hpod_.Do(Enqueue({{"layers", int64_t{3}}}));
  const auto suggest = hpod_.Suggest(3);
  const auto behind = hpod_.Suggest();
  hpod_.storage().next_commit = Full();
  hpod_.core().Flush();
  EXPECT_THAT(enqueue->status, IsRefused(Reason::kStorageFull));
  EXPECT_FALSE(suggest->IsAnswered());
  RunLoop(1);
  EXPECT_EQ(hpod_.DumpAll(), stored);
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_THAT(suggest->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(behind->status, IsOk());
  EXPECT_EQ(behind->result->trials[0].number, 0u);
  const std::string before = hpod_.DumpAll();
  hpod_.RestartCore();
  EXPECT_EQ(hpod_.DumpAll(), before);
}

TEST_F(ParkedStudy, TellsThoseBehindIfTheDiskIsFullAndItWasNeverStored) {
  hpod_.Create(ASpec().Name("new"));
  const auto suggest = hpod_.Suggest(1, {}, "new");
  const auto behind = hpod_.Do(HeartbeatTrial{Unfenced(0)}, "new");
  hpod_.storage().next_commit = Full();
  hpod_.core().Flush();
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_THAT(suggest->status, IsRefused(Reason::kStorageFull));
  EXPECT_THAT(behind->status, IsRefused(Reason::kStudyNotFound));
  EXPECT_EQ(behind->answers, 1);
}

TEST_F(ParkedStudy, AnswersEverybodyIfTheDiskFailsMeanwhile) {
  const auto suggest = hpod_.Suggest(3);
  const auto behind = hpod_.Do(HeartbeatTrial{Unfenced(0)});
  const auto read = hpod_.Read();
  hpod_.Do(Enqueue({{"x", 1.0}}), "other");
  hpod_.storage().next_commit = Broken();
  hpod_.core().Flush();
  RunLoop(1);
  hpod_.core().Flush();
  for (const absl::Status& status : {suggest->status, behind->status, read->status}) {
    EXPECT_THAT(status, IsRefused(Reason::kStorageFailed));
  }
  EXPECT_EQ(suggest->answers + behind->answers + read->answers, 3);
}

TEST_F(ParkedStudy, AnswersEverybodyIfStorageCannotBeReadBack) {
  hpod_.Do(Enqueue({{"layers", int64_t{3}}}));
  const auto suggest = hpod_.Suggest();
  const auto behind = hpod_.Do(HeartbeatTrial{Unfenced(0)});
  hpod_.storage().next_commit = Full();
  hpod_.core().Flush();
  hpod_.storage().load_result = absl::UnavailableError("cannot read");
  RunLoop(1);
  hpod_.core().Flush();
  EXPECT_EQ(suggest->answers, 1);
  EXPECT_EQ(behind->answers, 1);
  EXPECT_THAT(behind->status, IsRefused(Reason::kStorageFailed));
}

TEST_F(ParkedStudy, MayBeLeftBehindWhenTheCoreEnds) {
  hpod_.Suggest();
  hpod_.Restart();
  EXPECT_THAT(hpod_.recovered, IsOk());
}

// Parameters of a define-by-run study, which are proposed one by one.
TEST_F(ParkedStudy, ProposesSingleParametersElsewhereToo) {
  hpod_.Suggest(1, {}, "other");
  RunLoop(1);
  const auto ask = hpod_.Do(Ask(Unfenced(0), "x", Real(0, 1)), "other");
  const auto again = hpod_.Do(Ask(Unfenced(0), "x", Real(0, 1)), "other");
  RunLoop(2);
  hpod_.core().Flush();
  EXPECT_THAT(ask->status, IsOk());
  EXPECT_EQ(ask->result->value, again->result->value);
}

// A long history has come at once, by an import here or by a restart, and nobody has asked for a
// trial yet.
class ImportedStudy : public testing::Test {
 protected:
  static void Import(CoreHarness& hpod) {
    hpod.Create(ASpec().Sampler("tpe").Over(PlainSpace()));
    hpod.Create(ASpec().Name("other"));
    AddTrials import;
    for (int i = 0; i < 200; ++i) {
      import.trials.push_back(Foreign(TrialState::kComplete,
                                      {{"lr", LogReal(1e-5, 0.1), 1e-4 * (i + 1)},
                                       { "layers",
                                         Whole(1, 8),
                                         1.0 + i % 8 }},
                                      {static_cast<double>(i * 7 % 11)}));
    }
    EXPECT_THAT(hpod.Do(std::move(import))->status, IsOk());
    hpod.core().Flush();
  }
  static int64_t CostOf(const CoreHarness& hpod) {
    return hpod.Find()->Cost(SuggestTrial{"worker"});
  }
};

TEST_F(ImportedStudy, HasItsModelBuiltElsewhereWhileOthersAreAnswered) {
  CoreHarness hpod(CoreHarness::kElsewhere);
  Import(hpod);
  const int64_t cost_with_building = CostOf(hpod);
  const auto first = hpod.Suggest();
  const auto enqueue = hpod.Do(Enqueue({{"x", 1.0}}), "other");
  hpod.core().Flush();
  EXPECT_TRUE(enqueue->IsAnswered());
  EXPECT_FALSE(first->IsAnswered());
  hpod.loop.Wait();
  EXPECT_LT(CostOf(hpod), cost_with_building) << "it is built before the loop has the proposal";
  hpod.loop.RunOne();
  hpod.core().Flush();
  EXPECT_TRUE(first->IsAnswered());
  EXPECT_LT(CostOf(hpod), cost_with_building) << "and kept";
}

TEST_F(ImportedStudy, DoesNotHoldUpProposalsOfOthersThatAreShort) {
  CoreHarness hpod(CoreHarness::kElsewhere);
  Import(hpod);
  hpod.short_cost_max = CostOf(hpod) - 1;
  hpod.RestartCore();
  TaskQueue arrived;
  std::mutex gate;
  std::unique_lock closed(gate);
  std::atomic<bool> is_first = true;
  hpod.loop.before_post = [&] {
    if (!is_first.exchange(false)) return;
    arrived.Post([] {});
    const std::lock_guard through(gate);
  };
  const auto long_one = hpod.Suggest();
  arrived.Wait();
  const auto short_one = hpod.Suggest(1, {}, "other");
  hpod.loop.RunOne();
  hpod.core().Flush();
  EXPECT_TRUE(short_one->IsAnswered());
  EXPECT_FALSE(long_one->IsAnswered());
  closed.unlock();
  hpod.loop.RunOne();
  hpod.core().Flush();
  EXPECT_TRUE(long_one->IsAnswered());
}

TEST_F(ImportedStudy, GetsTheSameTrialsWhereverItsModelIsBuilt) {
  CoreHarness inline_core(CoreHarness::kInline), elsewhere(CoreHarness::kElsewhere);
  for (CoreHarness* hpod : {&inline_core, &elsewhere}) {
    Import(*hpod);
    for (int i = 0; i < 3; ++i) {
      hpod->Suggest();
      if (hpod == &elsewhere) hpod->loop.RunOne();
      hpod->core().Flush();
    }
  }
  EXPECT_EQ(elsewhere.DumpAll(), inline_core.DumpAll());
  const std::string kept = elsewhere.DumpAll();  // with the next suggestion
  elsewhere.RestartCore();
  EXPECT_EQ(elsewhere.DumpAll(), kept);
}

TEST_F(ImportedStudy, IsRecoveredWithoutItsModelThoughTrialsRun) {
  CoreHarness hpod;
  Import(hpod);
  hpod.Suggest(2);
  hpod.core().Flush();
  const int64_t cost = CostOf(hpod);
  hpod.RestartCore();
  EXPECT_GT(CostOf(hpod), cost) << "built at every start, it would hold the start up";
}

TEST(ProposalsElsewhere, EqualThoseOnTheLoop) {
  for (const char* sampler : {"random", "tpe"}) {
    CoreHarness inline_core(CoreHarness::kInline), elsewhere(CoreHarness::kElsewhere);
    for (CoreHarness* hpod : {&inline_core, &elsewhere}) {
      hpod->Create(ASpec().Sampler(sampler).Over(PlainSpace()));
      for (size_t round = 0; round < 20; ++round) {
        hpod->Suggest(2);
        if (hpod == &elsewhere) {
          hpod->loop.RunOne();
          hpod->loop.RunOne();
        }
        const double value = static_cast<double>((round * 7) % 11);
        hpod->Do(Complete(Unfenced(2 * round), {value}));
        hpod->core().Flush();
      }
    }
    EXPECT_EQ(elsewhere.storage().commits, inline_core.storage().commits);
    // The dump's next suggestion too.
    EXPECT_EQ(elsewhere.DumpAll(), inline_core.DumpAll());
  }
}

}  // namespace
}  // namespace hpod
