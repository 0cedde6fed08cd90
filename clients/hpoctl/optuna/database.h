// Optuna's SQLite database (schema 12, alembic revision v3.2.0.a: Optuna 3.2 to 5).

#ifndef HPOD_CLIENTS_HPOCTL_OPTUNA_DATABASE_H_
#define HPOD_CLIENTS_HPOCTL_OPTUNA_DATABASE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "clients/hpoctl/optuna/sqlite_file.h"
#include "clients/hpoctl/optuna/study.h"

namespace hpod::optuna {

// Whether `file` is SQLite's: its URL, or the path of a file with its content.
bool IsDatabase(const std::string& file);

// The path in `sqlite:///studies.db`, or `url` itself if it has no scheme. INVALID_ARGUMENT:
// another kind of database.
absl::StatusOr<std::string> PathOfUrl(const std::string& url);

// Reads studies. All errors are INVALID_ARGUMENT.
class Reader {
 public:
  // Also an error: no database of Optuna, or of an older schema.
  static absl::StatusOr<Reader> Open(const std::string& path);

  // In the order of their making.
  absl::StatusOr<std::vector<std::string>> StudyNames();
  // An error that lists the names if there is no study `name`.
  absl::StatusOr<Study> ReadStudy(const std::string& name);
  // By id, which is the order of their making.
  absl::StatusOr<std::vector<Trial>> ReadTrials(const std::string& study);

 private:
  explicit Reader(SqliteFile file) : file_(std::move(file)) {}
  SqliteFile file_;
};

// Writes studies into a file, which is made if it is missing. Nothing is there before Commit.
class Writer {
 public:
  static absl::StatusOr<Writer> Open(const std::string& path);

  // INVALID_ARGUMENT: a study of that name is there.
  absl::Status Add(const Study& study);
  // To the study that was added last.
  absl::Status Add(const Trial& trial);
  absl::Status Commit();

 private:
  explicit Writer(SqliteFile file) : file_(std::move(file)) {}
  absl::Status MakeSchema();
  absl::Status AddAttributes(const char* table, const char* owner, int64_t id,
                             const Attributes& attributes);
  absl::Status AddNumbers(const char* table, const char* key, const char* value, int64_t trial,
                          const std::map<int64_t, double>& numbers);
  SqliteFile file_;
  int64_t study_id_ = 0;
};

}  // namespace hpod::optuna

#endif  // HPOD_CLIENTS_HPOCTL_OPTUNA_DATABASE_H_
