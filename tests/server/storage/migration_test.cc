// Files of earlier versions: opened, brought to the newest version, and nothing lost.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/registry.h"
#include "tests/support/live_study.h"
#include "tests/support/replay.h"
#include "tests/support/sqlite_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

constexpr char kBackToVersion1[] =
    "DROP TABLE study_system_attributes;"
    "DROP TABLE trial_system_attributes;"
    "ALTER TABLE distributions DROP COLUMN optuna_text;"
    "PRAGMA user_version=1";

class Migration : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Storage>> Open() {
    return OpenStorage("sqlite:///" + path_, "test");
  }
  std::string Schema() {
    return SqliteFile(path_).QueryText(
        "SELECT group_concat(name || coalesce((SELECT group_concat(c.name || c.type || c.pk) FROM "
        "pragma_table_info(m.name) c), '')) FROM (SELECT name FROM sqlite_master ORDER BY name) m");
  }

  TempDir folder_;
  const std::string path_ = folder_.File("studies.db");
};

TEST_F(Migration, OfAFileOfVersion1KeepsItsStudies) {
  LiveStudy study(TwoObjectives().Over(PlainSpace()));
  ASSERT_THAT(study.Do(WithRequest(Enqueue({{"lr", 0.1}}), "e")), IsOk());
  study.Finish({1, 2});
  study.Suggest();
  ASSERT_THAT(Open().value()->Commit(study.Log()), IsOk());
  const std::string schema = Schema();
  SqliteFile(path_).Run(kBackToVersion1);
  ASSERT_NE(Schema(), schema);

  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  EXPECT_EQ(Schema(), schema);
  EXPECT_EQ(SqliteFile(path_).QueryText("PRAGMA user_version"), "2");
  const Now now = study.time.Now();
  EXPECT_EQ(Dump(*LoadStates(**storage, now).at(1), now), Dump(study.State(), now));
}

TEST_F(Migration, ThatFailsLeavesTheFileAsItWas) {
  ASSERT_THAT(Open(), IsOk());
  SqliteFile(path_).Run(std::string(kBackToVersion1) +
                        "; CREATE TABLE trial_system_attributes (x)");
  EXPECT_FALSE(Open().ok());
  EXPECT_EQ(SqliteFile(path_).QueryText("PRAGMA user_version"), "1");
  EXPECT_EQ(SqliteFile(path_).QueryText(
                "SELECT count(*) FROM sqlite_master WHERE name='study_system_attributes'"),
            "0");
}

}  // namespace
}  // namespace hpod
