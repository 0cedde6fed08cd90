// A thin, owning layer over SQLite's C interface: the only files that call sqlite3_*.

#ifndef HPOD_SERVER_STORAGE_SQLITE_DB_H_
#define HPOD_SERVER_STORAGE_SQLITE_DB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hpod {

// A prepared statement. Parameters are numbered from 1, columns from 0. Binding cannot fail but for
// lack of memory, which Step then reports. Borrowed text must live until Run, or the last Step,
// returns.
class Statement {
 public:
  Statement& Bind(int index, int64_t value);
  // Doubles that SQLite would change (NaN, -0.0) or print oddly (infinities) are bound as text.
  Statement& BindDouble(int index, double value);
  Statement& Bind(int index, std::string_view value);
  Statement& BindNull(int index);

  // Runs a statement that returns no rows, and makes it ready for the next use.
  absl::Status Run();
  // Advances: true if there is a row. After false or an error, the statement is ready for the next
  // use.
  absl::StatusOr<bool> Step();

  int64_t Int(int column) const;
  double Double(int column) const;  // NULL: NaN
  // Valid until the next Step.
  std::string_view Text(int column) const;
  bool IsNull(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection that reads and writes: WAL, synchronous=FULL, defensive, no extensions, no
// automatic checkpoints.
class Database {
 public:
  // `vfs`: name of the SQLite VFS; null: the default. Creates the file if it is missing.
  // DATA_LOSS: not a database or damaged. UNAVAILABLE: cannot be opened; the message names the
  // path.
  static absl::StatusOr<Database> Open(const std::string& path, const char* vfs);

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // Runs one or more statements without parameters or rows.
  absl::Status Execute(const std::string& sql);
  // First column of the first row of a query; 0 if there is none.
  absl::StatusOr<int64_t> QueryInt(std::string_view sql);

  // Rolls back if a transaction is open; a transaction that SQLite has rolled back by itself is
  // fine.
  absl::Status Rollback();
  // Moves what the WAL holds into the database file; `truncate` also empties the WAL file. A reader
  // in the way is no error: the rest is moved next time.
  absl::Status Checkpoint(bool truncate);
  // Pages that the WAL held after the last commit.
  int WalPages() const { return *wal_pages_; }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  std::unique_ptr<int> wal_pages_;  // on the heap: SQLite's hook holds the address
  std::unique_ptr<sqlite3, Close> db_;
};

// The version of SQLite that is linked.
std::string_view SqliteVersion();

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_DB_H_
