// Storage in one SQLite file: the connection, the schema and the transactions. Rows are written by
// SqliteWriter and read by ReadMutations.

#include "server/storage/sqlite.h"

#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <string>
#include <unistd.h>

#include "schema_sql.h"

#include "server/storage/lock_file.h"
#include "server/storage/registry.h"
#include "server/storage/sqlite_db.h"
#include "server/storage/sqlite_reader.h"
#include "server/storage/sqlite_writer.h"

namespace hpod {
namespace {

// Each entry of kMigrationsSql takes a file from one version to the next, beginning with 1.
constexpr int64_t kSchemaVersion = 1 + std::size(kMigrationsSql);
// "hpod" in ASCII: file(1) and others recognise the file by it.
constexpr int64_t kApplicationId = 0x68706f64;
// With pages of 4 KiB: move the WAL into the database from 16 MiB on, and cut the file from 64 MiB
// on.
constexpr int kCheckpointPages = 4'096;
constexpr int kTruncatePages = 16'384;

// The version of a database that is this program's.
absl::StatusOr<int64_t> CheckOwner(Database& db) {
  const auto version = db.QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const auto application = db.QueryInt("PRAGMA application_id");
  if (!application.ok()) return application.status();
  if (*application != kApplicationId) {
    return absl::FailedPreconditionError("the file is a SQLite database of another program");
  }
  if (*version < 1 || *version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        fmt::format("the database has schema version {}, this program knows version {}", *version,
                    kSchemaVersion));
  }
  return *version;
}

// Step by step to the newest version, in one transaction: a crash leaves the old or the new.
absl::Status Migrate(Database& db, int64_t version) {
  if (version == kSchemaVersion) return absl::OkStatus();
  std::string steps;
  for (int64_t from = version; from < kSchemaVersion; ++from) steps += kMigrationsSql[from - 1];
  absl::Status status = db.Execute(
      fmt::format("BEGIN IMMEDIATE;{}PRAGMA user_version={};COMMIT", steps, kSchemaVersion));
  if (status.ok()) return status;
  absl::Status rolled_back = db.Rollback();
  return rolled_back.ok() ? status : rolled_back;
}

// Makes the schema in a new file; checks it in one that is there, before anything in it changes.
absl::Status PrepareSchema(Database& db) {
  const auto tables = db.QueryInt("SELECT count(*) FROM sqlite_master");
  if (!tables.ok()) return tables.status();
  const bool is_new = *tables == 0;
  int64_t version = 0;
  if (!is_new) {
    const auto found = CheckOwner(db);
    if (!found.ok()) return found.status();
    version = *found;
  }
  if (absl::Status status = db.Execute("PRAGMA journal_mode=WAL"); !status.ok()) return status;
  if (!is_new) return Migrate(db, version);
  return db.Execute(
      fmt::format("BEGIN IMMEDIATE;{}PRAGMA application_id={};PRAGMA user_version={};COMMIT",
                  kSchemaSql, kApplicationId, kSchemaVersion));
}

class SqliteStorage final : public Storage {
 public:
  static absl::StatusOr<std::unique_ptr<Storage>> Open(const std::string& path,
                                                       const std::string& holder, const char* vfs) {
    auto lock = LockFile::Acquire(path + ".lock", holder);
    if (!lock.ok()) return lock.status();
    auto db = Database::Open(path, vfs);
    if (!db.ok()) return db.status();
    if (absl::Status status = PrepareSchema(*db); !status.ok()) return status;
    std::unique_ptr<SqliteStorage> storage(new SqliteStorage(*std::move(lock), *std::move(db)));
    auto writer = SqliteWriter::Make(storage->db_);
    if (!writer.ok()) return writer.status();
    auto begin = storage->db_.Prepare("BEGIN IMMEDIATE");
    if (!begin.ok()) return begin.status();
    auto commit = storage->db_.Prepare("COMMIT");
    if (!commit.ok()) return commit.status();
    storage->writer_ = *std::move(writer);
    storage->begin_ = *std::move(begin);
    storage->commit_ = *std::move(commit);
    return storage;
  }

  absl::Status Load(std::optional<StudyId> only, Apply apply, Take take) override {
    return ReadMutations(db_, only, apply, take);
  }

  absl::Status Commit(std::span<const Mutation> batch) override {
    absl::Status status = Write(batch);
    if (status.ok()) return status;
    writer_->ForgetShapes();
    if (absl::Status rolled_back = db_.Rollback(); !rolled_back.ok())
      return absl::UnavailableError(rolled_back.message());
    return status;
  }

  absl::Status Tidy() override {
    if (db_.WalPages() < kCheckpointPages || db_.WalPages() < checkpoint_again_at_)
      return absl::OkStatus();
    // If a reader keeps pages in the WAL, try again only after as many more.
    checkpoint_again_at_ = db_.WalPages() + kCheckpointPages;
    absl::Status status = db_.Checkpoint(db_.WalPages() >= kTruncatePages);
    if (absl::IsResourceExhausted(status)) return absl::OkStatus();
    return status;
  }

 private:
  SqliteStorage(LockFile lock, Database db) : lock_(std::move(lock)), db_(std::move(db)) {}

  absl::Status Write(std::span<const Mutation> batch) {
    if (absl::Status status = begin_.Run(); !status.ok()) return status;
    for (const Mutation& mutation : batch) {
      if (absl::Status status = writer_->Write(mutation); !status.ok()) return status;
    }
    const int pages_before = db_.WalPages();
    absl::Status status = commit_.Run();
    // The WAL has started anew.
    if (db_.WalPages() < pages_before) checkpoint_again_at_ = 0;
    return status;
  }

  LockFile lock_;
  Database db_;
  std::optional<SqliteWriter> writer_;
  Statement begin_;
  Statement commit_;
  int checkpoint_again_at_ = 0;
};

}  // namespace

// As SQLAlchemy and Optuna have it: sqlite:///name is relative to the working directory,
// sqlite:////name absolute.
absl::StatusOr<std::unique_ptr<Storage>> OpenSqliteStorage(const std::string& rest,
                                                           const std::string& holder) {
  const std::filesystem::path path = rest.starts_with('/') ? rest.substr(1) : rest;
  // The lock is beside the file: each file needs one name.
  std::error_code error;
  if (const auto links = std::filesystem::hard_link_count(path, error); !error && links > 1) {
    return absl::FailedPreconditionError(fmt::format(
        "the database '{}' has {} hard links, it must have one name", path.string(), links));
  }
  const std::filesystem::path resolved = std::filesystem::weakly_canonical(path, error);
  return OpenSqliteStorageWithVfs(error ? path.string() : resolved.string(), holder, nullptr);
}

absl::StatusOr<std::unique_ptr<Storage>> OpenSqliteStorageWithVfs(const std::string& path,
                                                                  const std::string& holder,
                                                                  const char* vfs) {
  if (path.empty())
    return absl::InvalidArgumentError(
        "the storage URL has no path; for example: sqlite:///hpod.db");
  return SqliteStorage::Open(path, holder, vfs);
}

}  // namespace hpod
