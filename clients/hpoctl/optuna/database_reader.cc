#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <limits>
#include <unordered_map>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/optuna/schema.h"
#include "clients/hpoctl/text.h"

namespace hpod::optuna {
namespace {

constexpr std::string_view kScheme = "sqlite:///";
// What each file of SQLite begins with.
constexpr std::string_view kMagic = "SQLite format 3";

using Visit = std::function<void(const SqliteQuery&)>;

absl::Status EachRow(SqliteFile& file, const std::string& sql, const std::string& study,
                     const Visit& visit) {
  auto query = file.Prepare(sql);
  if (!query.ok()) return query.status();
  query->Bind(1, study);
  while (true) {
    const auto row = query->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    visit(*query);
  }
}

// Rows of `table` that belong to trials of a study: the trial's id first, then `columns`.
std::string OfTrials(std::string_view table, std::string_view columns, std::string_view order) {
  return fmt::format(
      "SELECT t.trial_id, {} FROM {} x JOIN trials t USING (trial_id) JOIN studies s USING "
      "(study_id) WHERE s.study_name = ?1 ORDER BY {}",
      columns, table, order);
}

std::string OfStudy(std::string_view table, std::string_view columns, std::string_view order) {
  return fmt::format(
      "SELECT {} FROM {} x JOIN studies s USING (study_id) WHERE s.study_name = ?1 ORDER BY {}",
      columns, table, order);
}

// A number whose kind is in the next column: SQLite has no NaN.
double NumberAt(const SqliteQuery& row, int column) {
  const std::string kind = row.Text(column + 1);
  if (kind == "INF_POS") return std::numeric_limits<double>::infinity();
  if (kind == "INF_NEG") return -std::numeric_limits<double>::infinity();
  if (kind == "NAN") return std::numeric_limits<double>::quiet_NaN();
  return row.Double(column);
}

std::optional<std::string> TextAt(const SqliteQuery& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Text(column);
}

absl::Status CheckSchema(SqliteFile& file, const std::string& path) {
  auto query = file.Prepare("SELECT version_num FROM alembic_version");
  const auto row = query.ok() ? query->Step() : query.status();
  if (!row.ok() || !*row) {
    return UsageError(fmt::format("'{}' is no database of Optuna", Printable(path)));
  }
  if (query->Text(0) != kAlembicRevision) {
    return UsageError(
        fmt::format("'{}' has the schema {} of Optuna, not {}: upgrade it with `optuna storage "
                    "upgrade --storage sqlite:///{}`",
                    Printable(path), query->Text(0), kAlembicRevision, Printable(path)));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsDatabase(const std::string& file) {
  if (file.starts_with("sqlite:")) return true;
  std::array<char, kMagic.size()> head{};
  std::ifstream(file, std::ios::binary).read(head.data(), head.size());
  return std::equal(head.begin(), head.end(), kMagic.begin());
}

absl::StatusOr<std::string> PathOfUrl(const std::string& url) {
  if (url.starts_with(kScheme)) return url.substr(kScheme.size());
  if (url.find("://") == std::string::npos) return url;
  return UsageError(fmt::format(
      "'{}' is no SQLite file (known: sqlite:///PATH; copy other databases into one with "
      "optuna.copy_study)",
      Printable(url)));
}

absl::StatusOr<Reader> Reader::Open(const std::string& path) {
  auto file = SqliteFile::OpenToRead(path);
  if (!file.ok()) return file.status();
  const absl::Status status = CheckSchema(*file, path);
  if (!status.ok()) return status;
  return Reader(*std::move(file));
}

absl::StatusOr<std::vector<std::string>> Reader::StudyNames() {
  std::vector<std::string> names;
  const absl::Status status =
      EachRow(file_, "SELECT study_name FROM studies WHERE ?1 = '' ORDER BY study_id", "",
              [&](const SqliteQuery& row) { names.push_back(row.Text(0)); });
  if (!status.ok()) return status;
  return names;
}

absl::StatusOr<Study> Reader::ReadStudy(const std::string& name) {
  Study study;
  study.name = name;
  absl::Status status =
      EachRow(file_, OfStudy("study_directions", "direction", "objective"), name,
              [&](const SqliteQuery& row) { study.directions.push_back(row.Text(0)); });
  const auto read_attributes = [&](const char* table, Attributes& attributes) {
    if (!status.ok()) return;
    status = EachRow(file_, OfStudy(table, "\"key\", value_json", "1"), name,
                     [&](const SqliteQuery& row) { attributes[row.Text(0)] = row.Text(1); });
  };
  read_attributes("study_user_attributes", study.user_attributes);
  read_attributes("study_system_attributes", study.system_attributes);
  if (!status.ok()) return status;
  if (study.directions.empty()) {
    const auto names = StudyNames();
    if (!names.ok()) return names.status();
    return UsageError(fmt::format("no study '{}' in the file (known: {})", Printable(name),
                                  Printable(fmt::format("{}", fmt::join(*names, ", ")))));
  }
  return study;
}

absl::StatusOr<std::vector<Trial>> Reader::ReadTrials(const std::string& study) {
  std::vector<Trial> trials;
  std::unordered_map<int64_t, size_t> index_of;
  absl::Status status = EachRow(
      file_,
      OfStudy("trials", "trial_id, number, state, datetime_start, datetime_complete", "trial_id"),
      study, [&](const SqliteQuery& row) {
        index_of[row.Int(0)] = trials.size();
        Trial& trial = trials.emplace_back();
        trial.number = row.IsNull(1) ? static_cast<int64_t>(trials.size()) - 1 : row.Int(1);
        trial.state = row.Text(2);
        trial.start = TextAt(row, 3);
        trial.complete = TextAt(row, 4);
      });
  const auto read = [&](const char* table, const char* columns, const char* order,
                        const std::function<void(const SqliteQuery&, Trial&)>& visit) {
    if (!status.ok()) return;
    status = EachRow(file_, OfTrials(table, columns, order), study,
                     [&](const SqliteQuery& row) { visit(row, trials[index_of[row.Int(0)]]); });
  };
  read("trial_params", "param_name, param_value, distribution_json", "param_id",
       [](const SqliteQuery& row, Trial& trial) {
         trial.params.push_back({row.Text(1), row.Double(2), row.Text(3)});
       });
  read("trial_values", "value, value_type", "objective",
       [](const SqliteQuery& row, Trial& trial) { trial.values.push_back(NumberAt(row, 1)); });
  read("trial_intermediate_values", "step, intermediate_value, intermediate_value_type", "step",
       [](const SqliteQuery& row, Trial& trial) {
         trial.intermediate_values[row.Int(1)] = NumberAt(row, 2);
       });
  read("trial_user_attributes", "\"key\", value_json", "2",
       [](const SqliteQuery& row, Trial& trial) {
         trial.user_attributes[row.Text(1)] = row.Text(2);
       });
  read("trial_system_attributes", "\"key\", value_json", "2",
       [](const SqliteQuery& row, Trial& trial) {
         trial.system_attributes[row.Text(1)] = row.Text(2);
       });
  if (!status.ok()) return status;
  return trials;
}

}  // namespace hpod::optuna
