#include "clients/hpoctl/optuna/sqlite_file.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr int kBusyTimeoutMs = 5000;  // another program may be writing

absl::Status ErrorOf(sqlite3* db, int code) {
  if (code == SQLITE_NOTADB) return UsageError("the file is no SQLite database");
  return UsageError(fmt::format("SQLite: {}", sqlite3_errmsg(db)));
}

}  // namespace

void SqliteQuery::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteQuery& SqliteQuery::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

SqliteQuery& SqliteQuery::Bind(int index, double value) {
  sqlite3_bind_double(statement_.get(), index, value);
  return *this;
}

SqliteQuery& SqliteQuery::Bind(int index, const std::string& value) {
  sqlite3_bind_text(statement_.get(), index, value.data(), static_cast<int>(value.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

SqliteQuery& SqliteQuery::BindNull(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

absl::StatusOr<bool> SqliteQuery::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  absl::Status status;
  if (code != SQLITE_DONE) status = ErrorOf(sqlite3_db_handle(statement_.get()), code);
  sqlite3_reset(statement_.get());
  if (!status.ok()) return status;
  return false;
}

absl::Status SqliteQuery::Run() { return Step().status(); }

bool SqliteQuery::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

int64_t SqliteQuery::Int(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double SqliteQuery::Double(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string SqliteQuery::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return "";
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void SqliteFile::Close::operator()(sqlite3* db) const { sqlite3_close(db); }

absl::StatusOr<SqliteFile> SqliteFile::Open(const std::string& path, int flags) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  SqliteFile file;
  file.db_.reset(db);
  if (code != SQLITE_OK) {
    return UsageError(fmt::format("cannot open '{}': {}", Printable(path), sqlite3_errstr(code)));
  }
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  return file;
}

absl::StatusOr<SqliteFile> SqliteFile::OpenToRead(const std::string& path) {
  return Open(path, SQLITE_OPEN_READONLY);
}

absl::StatusOr<SqliteFile> SqliteFile::OpenToWrite(const std::string& path) {
  return Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

absl::StatusOr<SqliteQuery> SqliteFile::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(db_.get(), code);
  SqliteQuery query;
  query.statement_.reset(statement);
  return query;
}

absl::Status SqliteFile::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(db_.get(), code);
}

int64_t SqliteFile::LastRowId() const { return sqlite3_last_insert_rowid(db_.get()); }

}  // namespace hpod
