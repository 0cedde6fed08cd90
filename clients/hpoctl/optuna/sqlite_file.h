// A SQLite file of another program, for hpoctl to read or to write: the only file of the clients
// that calls sqlite3_*.

#ifndef HPOD_CLIENTS_HPOCTL_OPTUNA_SQLITE_FILE_H_
#define HPOD_CLIENTS_HPOCTL_OPTUNA_SQLITE_FILE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hpod {

// A statement. Parameters are numbered from 1, columns from 0.
class SqliteQuery {
 public:
  SqliteQuery& Bind(int index, int64_t value);
  SqliteQuery& Bind(int index, double value);
  SqliteQuery& Bind(int index, const std::string& value);
  SqliteQuery& BindNull(int index);

  // Advances: true if there is a row. After false the query may be bound and run again.
  absl::StatusOr<bool> Step();
  // Step for a statement that has no rows.
  absl::Status Run();

  bool IsNull(int column) const;
  int64_t Int(int column) const;
  double Double(int column) const;
  std::string Text(int column) const;

 private:
  friend class SqliteFile;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// A connection. What is not committed when it ends is undone.
class SqliteFile {
 public:
  // INVALID_ARGUMENT: the file cannot be opened; the message names it.
  static absl::StatusOr<SqliteFile> OpenToRead(const std::string& path);
  // Creates the file if it is missing.
  static absl::StatusOr<SqliteFile> OpenToWrite(const std::string& path);

  absl::StatusOr<SqliteQuery> Prepare(const std::string& sql);
  // One or more statements without parameters.
  absl::Status Execute(const std::string& sql);
  // Of the row that was inserted last.
  int64_t LastRowId() const;

 private:
  static absl::StatusOr<SqliteFile> Open(const std::string& path, int flags);
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_OPTUNA_SQLITE_FILE_H_
