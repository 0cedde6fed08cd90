// Studies::Recover: the same studies, or the same error, with any number of threads.

#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/core/core_harness.h"
#include "tests/support/live_study.h"
#include "tests/support/random_life.h"
#include "tests/support/sqlite_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

constexpr size_t kThreads[] = {1, 2, 3, 5};
constexpr int kRounds = 300;

// Commands for studies in turn, so that their trials lie between each other in the file.
void LiveInTurn(CoreHarness& hpod, const std::vector<std::string>& studies) {
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& study : studies) {
      const auto suggest = hpod.Suggest(1, {fmt::format("s{}", round), 1}, study);
      const HandedOut trial = suggest->result->trials.at(0);
      const double value = 1.0 / (1 + round);
      hpod.Do(ReportAt(KeyOf(trial), 1, value), study);
      if (round % 7 == 0) hpod.Do(SetAttributes(KeyOf(trial), {{"a", "1"}}), study);
      if (round % 5 == 0) hpod.Do(SetConstraints(KeyOf(trial), {{"c", value}}), study);
      if (round % 5 == 1) hpod.Do(Fail(KeyOf(trial), "why"), study);
      if (round % 5 < 1 || round % 5 > 2) hpod.Do(Complete(KeyOf(trial), {value}), study);
    }
    hpod.core().Flush();
  }
}

class Recovery : public testing::Test {
 protected:
  Recovery() {
    hpod_.Create(ASpec().Name("a").Over(PlainSpace()), false, {"create", 1});
    hpod_.Create(ASpec().Name("gone"));
    hpod_.Create(ASpec().Name("empty"));
    hpod_.Create(ASpec().Name("b").Sampler("tpe").Pruner("median").Over(ConditionalSpace()));
    hpod_.Create(ASpec().Name("c").Sampler("tpe").Over(SpaceOf({{"x", Real(0, 1), {}}})));
    LiveInTurn(hpod_, {"a", "gone", "b", "c"});
    hpod_.Delete("gone");
    hpod_.core().Flush();
  }

  // What another program does to the file, or a storage that is no daemon's, while none has it.
  void Damage(const std::string& sql) {
    hpod_.Close();
    SqliteFile(path_).Run(sql);
  }
  std::unique_ptr<Storage> Open() { return OpenStorage("sqlite:///" + path_, "test").value(); }

  std::string DumpAfterRecovery(size_t threads) {
    hpod_.recovery_threads = threads;
    hpod_.Restart();
    return hpod_.recovered.ok() ? hpod_.DumpAll() : hpod_.recovered.ToString();
  }

  void ExpectErrorWithAnyThreads(const std::string& text) {
    for (const size_t threads : kThreads) {
      // Threads do not run alike each time.
      for (int i = 0; i < 3; ++i) {
        Studies studies;
        const absl::Status status = studies.Recover(*Open(), threads);
        EXPECT_THAT(status, HasCode(absl::StatusCode::kDataLoss)) << threads;
        EXPECT_EQ(status.message(), text) << threads;
      }
    }
  }

  TempDir folder_;
  const std::string path_ = folder_.File("studies.db");
  CoreHarness hpod_{CoreHarness::kInline, "sqlite:///" + path_};
};

TEST_F(Recovery, GivesTheStudiesAsTheyWereWithAnyNumberOfThreads) {
  const std::string before = hpod_.DumpAll();
  for (const size_t threads : kThreads)
    EXPECT_EQ(DumpAfterRecovery(threads), before) << threads << " threads";
}

TEST_F(Recovery, GivesStudiesOfEveryKindOfLifeWithAnyNumberOfThreads) {
  hpod_.Close();
  auto storage = Open();
  std::string before;
  for (const StudyId id : {11, 12, 15, 16}) {
    LiveStudy study(ASpec().Name(fmt::format("life {}", id)).Sampler("tpe").MaxRetries(2), id);
    RandomLife life(study, static_cast<uint64_t>(id));
    for (int step = 0; step < 300; ++step) life.Step();
    ASSERT_THAT(storage->Commit(study.Log()), IsOk());
    before += Dump(study.State(), hpod_.clock.Read()) + "\n";
  }
  storage.reset();
  for (const size_t threads : kThreads)
    EXPECT_THAT(DumpAfterRecovery(threads), testing::EndsWith(before)) << threads << " threads";
}

TEST_F(Recovery, FindsTheStudyOfEachTrialAndTheNextIds) {
  // Since the deletion, which has noted the ids before it.
  hpod_.Create(ASpec().Name("d"));
  hpod_.Suggest(1, {}, "d");
  hpod_.core().Flush();
  hpod_.Close();
  for (const size_t threads : kThreads) {
    Studies studies;
    ASSERT_THAT(studies.Recover(*Open(), threads), IsOk());
    ASSERT_EQ(studies.All().size(), 5u);
    for (const auto& [id, entry] : studies.All()) {
      for (size_t number = 0; number < entry.state->Trials().size(); ++number) {
        ASSERT_EQ(studies.FindByTrial(entry.state->TrialId(number)), &entry)
            << threads << " threads, study " << id << ", trial " << number;
      }
    }
    EXPECT_EQ(studies.NextStudyId(), 7);
    EXPECT_EQ(studies.NextTrialId(1), 4 * kRounds + 2);
  }
}

TEST_F(Recovery, RemembersRequestsWithAnyNumberOfThreads) {
  for (const size_t threads : kThreads) {
    DumpAfterRecovery(threads);
    const size_t trials = hpod_.Find("b")->Trials().size();
    const auto again = hpod_.Suggest(1, {"s7", 1}, "b");
    const auto create = hpod_.Create(ASpec().Name("a").Over(PlainSpace()), false, {"create", 1});
    hpod_.core().Flush();
    EXPECT_THAT(again->status, IsOk());
    EXPECT_EQ(again->result->trials.at(0).number, 7u);
    EXPECT_EQ(hpod_.Find("b")->Trials().size(), trials);
    EXPECT_THAT(create->status, IsOk());
  }
}

// Ids: 1 "a", 4 "b", 5 "c"; of the trials in turn: 1, 5, 9, ... of "a", 3, 7, ... of "b", and 4, 8,
// ... of "c".
TEST_F(Recovery, NamesTheTrialThatIsDamaged) {
  Damage("UPDATE trials SET shape_id=99 WHERE id=807");
  ExpectErrorWithAnyThreads("trial 807 of the database does not fit its shape 99");
}

TEST_F(Recovery, NamesTheTrialThatDoesNotFitItsStudy) {
  Damage("UPDATE trials SET number=1000 WHERE id=801");
  ExpectErrorWithAnyThreads("trial 1000 of study 'a' of the database does not fit the rest of it");
}

TEST_F(Recovery, NamesTheStudyThatDoesNotExist) {
  Damage("UPDATE trials SET study_id=77 WHERE id=804");
  ExpectErrorWithAnyThreads("the database has rows of study 77, which does not exist");
}

TEST_F(Recovery, TellsTheFirstOfTwoDamagedTrials) {
  Damage(
      "UPDATE trials SET state='LOST' WHERE id=401; UPDATE trials SET shape_id=99 WHERE id=404;"
      "UPDATE trials SET number=1000 WHERE id=1199");
  ExpectErrorWithAnyThreads("the database holds a trial in an unknown state: LOST");
}

TEST_F(Recovery, TellsTheFirstOfTwoDamagedTrialsAlsoTheOtherWayRound) {
  Damage(
      "UPDATE trials SET state='LOST' WHERE id=405; UPDATE trials SET shape_id=99 WHERE id=404;"
      "UPDATE trials SET params='[' WHERE id=1199");
  ExpectErrorWithAnyThreads("trial 404 of the database does not fit its shape 99");
}

TEST_F(Recovery, TellsOfAStudyBeforeTrials) {
  Damage(
      "UPDATE studies SET pruner='best' WHERE name='b'; UPDATE trials SET state='LOST' WHERE id=1");
  const absl::Status status = Studies().Recover(*Open(), 2);
  EXPECT_THAT(status, SaysThat("study 'b' of the database cannot be used: "));
  ExpectErrorWithAnyThreads(std::string(status.message()));
}

TEST_F(Recovery, TellsOfATrialBeforeWhatCannotBeReadAfterIt) {
  class CutOff final : public Storage {
   public:
    explicit CutOff(std::unique_ptr<Storage> whole) : whole_(std::move(whole)) {}
    absl::Status Load(std::optional<StudyId> only, Apply apply, Take take) override {
      const absl::Status status = whole_->Load(only, apply, take);
      return status.ok() ? absl::DataLossError("the rest is gone") : status;
    }
    absl::Status Commit(std::span<const Mutation> batch) override { return whole_->Commit(batch); }

   private:
    std::unique_ptr<Storage> whole_;
  };
  hpod_.Close();
  for (const size_t threads : kThreads) {
    CutOff storage(Open());
    EXPECT_EQ(Studies().Recover(storage, threads).message(), "the rest is gone") << threads;
  }
  Damage("UPDATE trials SET shape_id=99 WHERE id=1199");
  for (const size_t threads : kThreads) {
    CutOff storage(Open());
    EXPECT_THAT(Studies().Recover(storage, threads), SaysThat("trial 1199")) << threads;
  }
}

}  // namespace
}  // namespace hpod
