// Faults of the disk at every operation of a commit, one after the other, until none is left to
// fail (the method of sqlite.org/testing.html, section 3.3).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/sqlite.h"
#include "tests/support/big_batch.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/live_study.h"
#include "tests/support/replay.h"
#include "tests/support/sqlite_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

using Batch = std::vector<Mutation>;

// Batches that follow each other: acknowledged, then at risk, then after the fault.
struct Batches {
  Batch stored, at_risk, later;
};

Batches ALifeInThreeParts() {
  LiveStudy study(ASpec().Over(PlainSpace()));
  Batches batches;
  auto cut = [&, start = size_t{0}]() mutable {
    const Batch batch(study.Log().begin() + static_cast<std::ptrdiff_t>(start), study.Log().end());
    start = study.Log().size();
    return batch;
  };
  const auto trials = study.Suggest(3);
  study.Do(WithRequest(ReportAt(KeyOf(trials[0]), 0, 0.5), "r1")).value();
  batches.stored = cut();
  study.Do(ReportAt(KeyOf(trials[0]), 1, 0.25)).value();
  study.Do(Complete(KeyOf(trials[0]), {0.25})).value();
  study.Do(SetAttributes(KeyOf(trials[1]), {{"big", std::string(20'000, 'b')}})).value();
  study.Do(WithRequest(Enqueue({{"lr", 0.01}}), "e1")).value();
  study.Suggest(2);
  batches.at_risk = cut();
  batches.later = {{2, 1, StudyCreated{ASpec().Name("later")}},
                   {0, 0, RequestRemembered{"c", 1, {2}, 1}}};
  return batches;
}

std::string DumpOf(Storage& storage) {
  const Now now = FakeTime().Now();
  std::string text = Dump(LoadStates(storage, now), now);
  for (const Mutation& mutation : LoadMutations(storage)) {
    const auto* request = std::get_if<RequestRemembered>(&mutation.change);
    if (request != nullptr) text += fmt::format("request {}\n", request->request_id);
  }
  return text;
}

std::string DumpOf(std::initializer_list<const Batch*> batches) {
  TempDir folder;
  auto storage = OpenSqliteStorageWithVfs(folder.File("expected.db"), "test", nullptr).value();
  for (const Batch* batch : batches) EXPECT_THAT(storage->Commit(*batch), IsOk());
  return DumpOf(*storage);
}

class CommitFault : public testing::TestWithParam<std::tuple<Fault, Repeat>> {
 protected:
  std::unique_ptr<Storage> Open(const std::string& path, const char* vfs) {
    return OpenSqliteStorageWithVfs(path, "test", vfs).value();
  }

  // What is in the file once everybody has let go of it.
  std::string DumpAfterReopening(const std::string& path) {
    EXPECT_EQ(SqliteFile(path).QueryText("PRAGMA integrity_check"), "ok");
    return DumpOf(*Open(path, nullptr));
  }

  const Batches batches_ = ALifeInThreeParts();
  const std::string stored_ = DumpOf({&batches_.stored});
  const std::string all_ = DumpOf({&batches_.stored, &batches_.at_risk});
  const std::string without_ = DumpOf({&batches_.stored, &batches_.later});
};

TEST_P(CommitFault, LosesNothingAcknowledgedAndStoresAllOrNothing) {
  const auto [fault, repeat] = GetParam();
  int faults = 0;
  for (int64_t after = 0;; ++after) {
    SCOPED_TRACE(fmt::format("operation {}", after));
    TempDir folder;
    const std::string path = folder.File("studies.db");
    FaultyVfs vfs;
    auto storage = Open(path, vfs.Name());
    ASSERT_THAT(storage->Commit(batches_.stored), IsOk());
    vfs.Arm(fault, after, repeat);
    const absl::Status status = storage->Commit(batches_.at_risk);
    if (!vfs.HasStruck()) {
      ASSERT_THAT(status, IsOk());
      break;
    }
    ++faults;
    ASSERT_FALSE(status.ok());
    if (absl::IsResourceExhausted(status)) {
      EXPECT_THAT(status, IsRefused(Reason::kStorageFull));
      EXPECT_EQ(DumpOf(*storage), stored_);
      if (repeat == Repeat::kForEver) {
        EXPECT_THAT(storage->Commit(batches_.at_risk), IsRefused(Reason::kStorageFull));
      }
      vfs.Disarm();
      EXPECT_THAT(storage->Commit(batches_.later), IsOk());
      storage.reset();
      EXPECT_EQ(DumpAfterReopening(path), without_);
    } else {
      EXPECT_THAT(status, IsRefused(Reason::kStorageFailed));
      storage.reset();
      vfs.Disarm();
      EXPECT_THAT(DumpAfterReopening(path), testing::AnyOf(stored_, all_));
    }
  }
  EXPECT_GT(faults, fault == Fault::kSyncError ? 0 : 5);
}

TEST_P(CommitFault, WhileTheFileIsMadeLeavesNothingThatStopsTheNextStart) {
  const auto [fault, repeat] = GetParam();
  for (int64_t after = 0;; ++after) {
    SCOPED_TRACE(fmt::format("operation {}", after));
    TempDir folder;
    const std::string path = folder.File("studies.db");
    FaultyVfs vfs;
    vfs.Arm(fault, after, repeat);
    const auto opened = OpenSqliteStorageWithVfs(path, "test", vfs.Name());
    const bool struck = vfs.HasStruck();
    if (opened.ok()) vfs.Disarm();
    const std::string content = opened.ok() ? DumpOf(**opened) : "";
    EXPECT_EQ(content, "");
    if (!struck) break;
    vfs.Disarm();
    if (!opened.ok()) {
      EXPECT_EQ(DumpOf(*Open(path, nullptr)), "");
    }
  }
}

TEST_P(CommitFault, DuringTidyingLosesNothing) {
  const auto [fault, repeat] = GetParam();
  const Batch big = AMegabyteTimes(17);
  const std::string expected = DumpOf({&big});
  // Every operation of some thousand would take minutes: two of the first and one of the last.
  for (int64_t after : {0, 1, 4'300}) {
    TempDir folder;
    const std::string path = folder.File("studies.db");
    FaultyVfs vfs;
    auto storage = Open(path, vfs.Name());
    ASSERT_THAT(storage->Commit(big), IsOk());
    vfs.Arm(fault, after, repeat);
    const absl::Status status = storage->Tidy();
    if (fault == Fault::kDiskFull || fault == Fault::kShortWrite) {
      EXPECT_THAT(status, IsOk());
    }
    vfs.Disarm();
    storage.reset();
    EXPECT_TRUE(DumpAfterReopening(path) == expected) << "operation " << after;
  }
}

TEST(Commit, SyncsOnceAndOnlyThenReturns) {
  const Batches batches = ALifeInThreeParts();
  TempDir folder;
  FaultyVfs vfs;
  auto storage = OpenSqliteStorageWithVfs(folder.File("studies.db"), "test", vfs.Name()).value();
  ASSERT_THAT(storage->Commit(batches.stored), IsOk());
  const int64_t before = vfs.Syncs();
  ASSERT_THAT(storage->Commit(batches.at_risk), IsOk());
  EXPECT_EQ(vfs.Syncs() - before, 1);
}

std::string NameOf(const testing::TestParamInfo<std::tuple<Fault, Repeat>>& test) {
  constexpr const char* kFaults[] = {"DiskFull", "ShortWrite", "IoError", "SyncError"};
  const auto [fault, repeat] = test.param;
  return fmt::format("{}{}", kFaults[static_cast<int>(fault)],
                     repeat == Repeat::kOnce ? "Once" : "ForEver");
}

INSTANTIATE_TEST_SUITE_P(Each, CommitFault,
                         testing::Combine(testing::Values(Fault::kDiskFull, Fault::kShortWrite,
                                                          Fault::kIoError, Fault::kSyncError),
                                          testing::Values(Repeat::kOnce, Repeat::kForEver)),
                         NameOf);

}  // namespace
}  // namespace hpod
