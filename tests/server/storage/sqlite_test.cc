// The SQLite file: who may open it, what is refused, what stays after a reopening.

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sstream>

#include "server/storage/json_codec.h"
#include "server/storage/registry.h"
#include "tests/support/big_batch.h"
#include "tests/support/live_study.h"
#include "tests/support/replay.h"
#include "tests/support/sqlite_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

class SqliteStorage : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Storage>> Open(const std::string& holder = "pid 1") {
    return OpenStorage("sqlite:///" + path_, holder);
  }
  std::string Content() const {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }

  TempDir folder_;
  const std::string path_ = folder_.File("studies.db");
};

TEST_F(SqliteStorage, IsRefusedToASecondDaemonWithTheHolderNamed) {
  auto first = Open("hpod 0.1 (pid 17, 127.0.0.1:13000)");
  ASSERT_THAT(first, IsOk());
  const auto second = Open("pid 2");
  EXPECT_THAT(second, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(second, SaysThat("hpod 0.1 (pid 17, 127.0.0.1:13000)"));
  first->reset();
  EXPECT_THAT(Open("pid 2"), IsOk());
}

TEST_F(SqliteStorage, NamesTheNewHolderEvenIfTheOldOnesNameWasLonger) {
  ASSERT_THAT(Open(std::string(200, 'x')), IsOk());
  const auto holder = Open("pid 2");
  ASSERT_THAT(holder, IsOk());
  EXPECT_THAT(Open("pid 3").status().ToString(), testing::EndsWith("in use by pid 2"));
}

TEST_F(SqliteStorage, OfANewerSchemaIsRefusedAndLeftAlone) {
  ASSERT_THAT(Open(), IsOk());
  SqliteFile(path_).Run("PRAGMA user_version=99");
  const std::string before = Content();
  const auto opened = Open();
  EXPECT_THAT(opened, HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(opened, SaysThat("schema version 99"));
  EXPECT_EQ(Content(), before);
}

TEST_F(SqliteStorage, OfAnotherProgramIsRefusedAndLeftAlone) {
  SqliteFile(path_).Run("CREATE TABLE photos (id INTEGER); INSERT INTO photos VALUES (1)");
  const std::string before = Content();
  EXPECT_THAT(Open(), HasCode(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(Content(), before);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(SqliteStorage, ThatIsNoDatabaseIsRefusedAndLeftAlone) {
  std::ofstream(path_) << std::string(5'000, 'x');
  const std::string before = Content();
  EXPECT_THAT(Open(), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_EQ(Content(), before);
}

TEST_F(SqliteStorage, WithoutAFolderIsUnavailable) {
  EXPECT_THAT(OpenStorage("sqlite:///" + folder_.File("none/studies.db"), "me"),
              HasCode(absl::StatusCode::kUnavailable));
}

TEST(OpenStorage, RefusesAnUnknownSchemeAndAnEmptyPath) {
  for (const char* url : {"", "studies.db", "postgres://x", "://", "sqlite:///", "sqlite://"}) {
    EXPECT_THAT(OpenStorage(url, "me"), HasCode(absl::StatusCode::kInvalidArgument)) << url;
  }
  EXPECT_THAT(OpenStorage("postgres://x", "me"), SaysThat("sqlite:///hpod.db"));
}

TEST_F(SqliteStorage, NeverGivesIdsAgainThatDeletedStudiesAndTrialsHad) {
  LiveStudy study(ASpec(), 7);
  study.Suggest(3);
  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  ASSERT_THAT((*storage)->Commit(study.Log()), IsOk());
  ASSERT_THAT((*storage)->Commit(std::vector<Mutation>{{7, 0, StudyDeleted{}}}), IsOk());
  storage->reset();
  storage = Open();
  ASSERT_THAT(storage, IsOk());
  const auto mutations = LoadMutations(**storage);
  ASSERT_EQ(mutations.size(), 1u);
  const auto& ids = std::get<IdsUsed>(mutations[0].change);
  EXPECT_EQ(ids.last_study_id, 7);
  EXPECT_EQ(ids.last_trial_id, study.State().LastTrialId());
}

TEST_F(SqliteStorage, IsSoundAndReadableByOthersWhileItIsOpen) {
  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  LiveStudy study(ASpec().Over(PlainSpace()));
  study.Finish({0.25});
  ASSERT_THAT((*storage)->Commit(study.Log()), IsOk());
  SqliteFile other(path_);
  EXPECT_EQ(other.QueryText("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(other.QueryText("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(other.QueryText("SELECT value FROM trial_list"), "0.25");
  EXPECT_EQ(other.QueryText("SELECT count(*) FROM trial_params WHERE study='study'"), "3");
}

TEST_F(SqliteStorage, TidiesTheWalIntoTheDatabase) {
  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  ASSERT_THAT((*storage)->Commit(AMegabyteTimes(17)), IsOk());
  const auto size_before = std::filesystem::file_size(path_);
  ASSERT_THAT((*storage)->Tidy(), IsOk());
  EXPECT_GT(std::filesystem::file_size(path_), size_before + 10'000'000);
  EXPECT_EQ(SqliteFile(path_).QueryText("PRAGMA integrity_check"), "ok");
}

// Each text that the reader parses, made unreadable: Load says DATA_LOSS instead of guessing.
class DamagedText : public SqliteStorage, public testing::WithParamInterface<const char*> {};

TEST_P(DamagedText, IsDataLoss) {
  LiveStudy study(TwoObjectives().Over(PlainSpace()));
  ASSERT_THAT(study.Do(WithRequest(Enqueue({{"lr", 0.1}}), "e")), IsOk());
  study.Finish({1, 2});
  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  ASSERT_THAT((*storage)->Commit(study.Log()), IsOk());
  SqliteFile(path_).Run(GetParam());
  EXPECT_THAT(LoadDecoded(**storage, {}, [](const Mutation&) {}),
              HasCode(absl::StatusCode::kDataLoss));
}

INSTANTIATE_TEST_SUITE_P(
    Each, DamagedText,
    testing::Values(
        "UPDATE studies SET directions='[1'", "UPDATE studies SET directions='[1]'",
        "UPDATE studies SET directions='[]'", "UPDATE studies SET directions='[\"up\"]'",
        "UPDATE studies SET sampler_options='[1]x'",
        "UPDATE studies SET pruner_options='{\"a\": 1}'", "UPDATE studies SET space='[{}]'",
        "UPDATE studies SET metric_names='{\"a\":1}'",
        "UPDATE distributions SET domain='{\"type\":\"int\"}'",
        "UPDATE trials SET params='[1,x,2]'", "UPDATE trials SET params='[1]'",
        "UPDATE trials SET params=''", "UPDATE trials SET shape_id=99",
        "UPDATE trials SET state='LOST'", "UPDATE trials SET other_values='[\"a\"]'",
        "UPDATE trials SET extra='{\"fixed\": [1]}'", "UPDATE trials SET extra='{'",
        "UPDATE shapes SET distributions='[\"a\"]' WHERE id=1", "UPDATE requests SET answer='x'"));

// The trials that come before it have been handed out, so that an error among them comes first.
TEST_F(SqliteStorage, HandsOutWhatComesBeforeADamagedPage) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  for (int i = 0; i < 100; ++i)
    study.Do(SuggestTrial{fmt::format("worker number {:02}", i)}).value();
  auto storage = Open();
  ASSERT_THAT(storage, IsOk());
  ASSERT_THAT((*storage)->Commit(study.Log()), IsOk());
  storage->reset();
  const size_t page = Content().find("worker number 90") / 4'096 * 4'096;
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(page).put('\xff');
  storage = Open();
  ASSERT_THAT(storage, IsOk());
  size_t trials = 0;
  const auto count = [&](const Mutation& mutation) {
    if (std::holds_alternative<TrialAdded>(mutation.change)) ++trials;
  };
  EXPECT_THAT(LoadDecoded(**storage, {}, count), HasCode(absl::StatusCode::kDataLoss));
  EXPECT_GT(trials, 0u);
  EXPECT_LE(trials, 90u);
  SqliteFile(path_).Run("UPDATE trials SET state='LOST' WHERE id=1004");
  EXPECT_THAT(LoadDecoded(**storage, {}, count), SaysThat("LOST"));
}

TEST(Numbers, ReadBackBitForBit) {
  for (double value : {0.1, -0.0, 5e-324, 1.7976931348623157e308, 123456789.0, 1e21, 1e-7}) {
    std::string text;
    AppendNumbers(std::vector<double>{value, 1}, text);
    std::vector<double> numbers;
    ASSERT_THAT(ParseNumbers(text, numbers), IsOk());
    ASSERT_EQ(numbers.size(), 2u);
    EXPECT_EQ(fmt::format("{:a}", numbers[0]), fmt::format("{:a}", value));
  }
}

TEST(Numbers, AreRefusedInAnyOtherForm) {
  std::vector<double> numbers;
  for (const char* text : {"", "[", "]", "[1", "1]", "[1 2]", "[,1]", "[a]", "[1;2]", "[ 1]"}) {
    EXPECT_THAT(ParseNumbers(text, numbers), HasCode(absl::StatusCode::kDataLoss)) << text;
  }
  EXPECT_THAT(ParseNumbers("[]", numbers), IsOk());
  EXPECT_TRUE(numbers.empty());
}

}  // namespace
}  // namespace hpod
