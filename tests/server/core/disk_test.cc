// The core over a real SQLite file whose disk fails: what clients are told is what a restart finds.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "server/storage/sqlite.h"
#include "tests/server/core/core_harness.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

class FaultyDisk : public testing::Test {
 protected:
  void Start(const char* vfs) {
    hpod_.Close();
    hpod_.Use(OpenSqliteStorageWithVfs(folder_.File("studies.db"), "test", vfs).value());
    ASSERT_THAT(hpod_.recovered, IsOk());
  }

  TempDir folder_;
  FaultyVfs vfs_;
  CoreHarness hpod_;
};

// A fault somewhere in a run of groups, at every place in turn.
TEST_F(FaultyDisk, NeverLosesWhatWasAcknowledged) {
  for (Fault fault : {Fault::kDiskFull, Fault::kIoError}) {
    for (int64_t after = 0; after < 60; after += 3) {
      SCOPED_TRACE(fmt::format("fault {} after {}", static_cast<int>(fault), after));
      Start(vfs_.Name());
      const std::string study = fmt::format("study{}_{}", static_cast<int>(fault), after);
      hpod_.Create(ASpec().Name(study));
      hpod_.core().Flush();
      vfs_.Arm(fault, after, Repeat::kOnce);
      std::set<size_t> acknowledged, refused;
      for (int group = 0; group < 8; ++group) {
        const auto a = hpod_.Suggest(2, {}, study);
        const auto b = hpod_.Suggest(1, {}, study);
        hpod_.core().Flush();
        for (const auto& call : {a, b}) {
          if (!call->status.ok()) continue;
          for (const HandedOut& trial : call->result->trials) acknowledged.insert(trial.number);
        }
      }
      const bool failed = !hpod_.core().Failure().ok();
      if (vfs_.HasStruck()) {
        EXPECT_EQ(failed, fault == Fault::kIoError);
      }
      const size_t in_memory = hpod_.Find(study)->Trials().size();
      Start(nullptr);
      ASSERT_NE(hpod_.Find(study), nullptr);
      const size_t stored = hpod_.Find(study)->Trials().size();
      if (!failed) {
        EXPECT_EQ(stored, in_memory);
      }
      for (size_t number : acknowledged) EXPECT_LT(number, stored);
      // A group that failed to sync may be there after all, but whole.
      EXPECT_LE(stored, acknowledged.size() + 3);
      EXPECT_EQ(stored % 3, 0u);
      vfs_.Disarm();
    }
  }
}

TEST_F(FaultyDisk, ThatIsFullForLongRefusesWritesAndServesReadsUntilThereIsRoom) {
  Start(vfs_.Name());
  hpod_.Create(ASpec());
  hpod_.core().Flush();
  vfs_.Arm(Fault::kShortWrite, 0, Repeat::kForEver);
  for (int i = 0; i < 5; ++i) {
    const auto suggest = hpod_.Suggest();
    hpod_.core().Flush();
    EXPECT_THAT(suggest->status, IsRefused(Reason::kStorageFull));
    EXPECT_THAT(hpod_.Read()->status, IsOk());
    EXPECT_EQ(hpod_.Find()->Trials().size(), 0u);
  }
  vfs_.Disarm();
  const auto suggest = hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_THAT(suggest->status, IsOk());
  EXPECT_EQ(suggest->result->trials[0].number, 0u);
  const std::string before = hpod_.DumpAll();
  Start(nullptr);
  EXPECT_EQ(hpod_.DumpAll(), before);
}

}  // namespace
}  // namespace hpod
