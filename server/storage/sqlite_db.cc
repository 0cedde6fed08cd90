#include "server/storage/sqlite_db.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <sqlite3.h>

#include "server/model/errors.h"

namespace hpod {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

absl::Status ErrorOf(sqlite3* db, int code, std::string_view what) {
  const std::string message = fmt::format("{}: {} (SQLite {})", what,
                                          db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db),
                                          db == nullptr ? code : sqlite3_extended_errcode(db));
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Refuse(Reason::kStorageFull,
                    "the disk is full, nothing was changed; free some space (" + message + ")");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message);
    default:
      return Refuse(Reason::kStorageFailed, message);
  }
}

// The text forms of schema.sql.
std::string_view SpecialText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return "-0.0";
}

double SpecialValue(std::string_view text) {
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return text == "-0.0" ? -0.0 : std::numeric_limits<double>::quiet_NaN();
}

absl::Status Configure(sqlite3* db) {
  sqlite3_extended_result_codes(db, 1);
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // A commit waits for whoever writes with another tool.
  sqlite3_busy_timeout(db, kBusyTimeoutMs);
  constexpr char kPragmas[] =
      "PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;"
      "PRAGMA mmap_size=0; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;";
  const int code = sqlite3_exec(db, kPragmas, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(db, code, "cannot set up the database");
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::BindDouble(int index, double value) {
  if (std::isfinite(value) && !(value == 0 && std::signbit(value))) {
    sqlite3_bind_double(statement_.get(), index, value);
    return *this;
  }
  return Bind(index, SpecialText(value));
}

Statement& Statement::Bind(int index, std::string_view value) {
  // A null pointer would bind NULL, not an empty text.
  const char* text = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_.get(), index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindNull(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

absl::Status Statement::Run() { return Step().status(); }

absl::StatusOr<bool> Statement::Step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3* db = sqlite3_db_handle(statement_.get());
  absl::Status status =
      code == SQLITE_DONE ? absl::OkStatus() : ErrorOf(db, code, sqlite3_sql(statement_.get()));
  sqlite3_reset(statement_.get());
  if (!status.ok()) return status;
  return false;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::Double(int column) const {
  switch (sqlite3_column_type(statement_.get(), column)) {
    case SQLITE_NULL:
      return std::numeric_limits<double>::quiet_NaN();
    case SQLITE_TEXT:
      return SpecialValue(Text(column));
    default:
      return sqlite3_column_double(statement_.get(), column);
  }
}

std::string_view Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

absl::StatusOr<Database> Database::Open(const std::string& path, const char* vfs) {
  Database database;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, vfs);
  database.db_.reset(db);
  if (code != SQLITE_OK)
    return ErrorOf(db, code, fmt::format("cannot open the database '{}'", path));
  if (absl::Status status = Configure(db); !status.ok()) return status;
  database.wal_pages_ = std::make_unique<int>(0);
  sqlite3_wal_hook(
      db,
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
      },
      database.wal_pages_.get());
  return database;
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return ErrorOf(db_.get(), code, sql);
  Statement statement;
  statement.statement_.reset(raw);
  return statement;
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(db_.get(), code, sql.substr(0, 80));
}

absl::StatusOr<int64_t> Database::QueryInt(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

absl::Status Database::Rollback() {
  return sqlite3_get_autocommit(db_.get()) != 0 ? absl::OkStatus() : Execute("ROLLBACK");
}

absl::Status Database::Checkpoint(bool truncate) {
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  // Callers wait behind this: do not wait for readers.
  sqlite3_busy_timeout(db_.get(), 0);
  const int code = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, mode, nullptr, nullptr);
  sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return absl::OkStatus();
  return ErrorOf(db_.get(), code, "cannot move the WAL into the database");
}

std::string_view SqliteVersion() { return sqlite3_libversion(); }

}  // namespace hpod
