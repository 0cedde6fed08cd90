// A SQLite file as another program sees it.

#ifndef HPOD_TESTS_SUPPORT_SQLITE_FILE_H_
#define HPOD_TESTS_SUPPORT_SQLITE_FILE_H_

#include <sqlite3.h>
#include <stdexcept>
#include <string>

namespace hpod {

// Throws std::runtime_error where SQLite fails.
class SqliteFile {
 public:
  explicit SqliteFile(const std::string& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(db_));
  }
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;
  ~SqliteFile() { sqlite3_close(db_); }

  void Run(const std::string& sql) {
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(db_));
    }
  }

  // First column of the last row.
  std::string QueryText(const std::string& sql) {
    std::string text;
    const auto keep = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    if (sqlite3_exec(db_, sql.c_str(), keep, &text, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(db_));
    }
    return text;
  }

 private:
  sqlite3* db_ = nullptr;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_SQLITE_FILE_H_
