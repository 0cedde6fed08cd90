#include <cmath>
#include <fmt/format.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/optuna/schema.h"
#include "clients/hpoctl/text.h"

namespace hpod::optuna {
namespace {

std::string KindOf(double number) {
  if (std::isnan(number)) return "NAN";
  if (std::isinf(number)) return number > 0 ? "INF_POS" : "INF_NEG";
  return "FINITE";
}

void BindNumber(SqliteQuery& query, int index, double number) {
  std::isfinite(number) ? query.Bind(index, number) : query.BindNull(index);
  query.Bind(index + 1, KindOf(number));
}

void BindText(SqliteQuery& query, int index, const std::optional<std::string>& text) {
  text ? query.Bind(index, *text) : query.BindNull(index);
}

std::map<int64_t, double> Numbered(const std::vector<double>& values) {
  std::map<int64_t, double> numbered;
  for (size_t i = 0; i < values.size(); ++i) numbered[static_cast<int64_t>(i)] = values[i];
  return numbered;
}

}  // namespace

absl::StatusOr<Writer> Writer::Open(const std::string& path) {
  auto file = SqliteFile::OpenToWrite(path);
  if (!file.ok()) return file.status();
  Writer writer(*std::move(file));
  absl::Status status = writer.file_.Execute("BEGIN IMMEDIATE");
  if (status.ok()) status = writer.MakeSchema();
  if (!status.ok()) return status;
  return writer;
}

absl::Status Writer::MakeSchema() {
  auto tables = file_.Prepare("SELECT name = 'alembic_version' FROM sqlite_master ORDER BY 1 DESC");
  if (!tables.ok()) return tables.status();
  const auto row = tables->Step();
  if (!row.ok()) return row.status();
  if (!*row) {
    const std::string versions = fmt::format(
        "INSERT INTO version_info VALUES (1, {}, '{}'); INSERT INTO alembic_version VALUES ('{}');",
        kSchemaVersion, kLibraryVersion, kAlembicRevision);
    return file_.Execute(kSchema + versions);
  }
  if (tables->Int(0) == 0) return UsageError("the file has tables, but not those of Optuna");
  auto version = file_.Prepare("SELECT version_num FROM alembic_version");
  if (!version.ok()) return version.status();
  const auto first = version->Step();
  if (!first.ok()) return first.status();
  if (*first && version->Text(0) == kAlembicRevision) return absl::OkStatus();
  return UsageError("the file has an older schema of Optuna: see `optuna storage upgrade`");
}

absl::Status Writer::Add(const Study& study) {
  auto known = file_.Prepare("SELECT 1 FROM studies WHERE study_name = ?1");
  if (!known.ok()) return known.status();
  const auto row = known->Bind(1, study.name).Step();
  if (!row.ok()) return row.status();
  if (*row) {
    return UsageError(fmt::format("a study '{}' is in the file already", Printable(study.name)));
  }
  auto insert = file_.Prepare("INSERT INTO studies (study_name) VALUES (?1)");
  if (!insert.ok()) return insert.status();
  absl::Status status = insert->Bind(1, study.name).Run();
  study_id_ = file_.LastRowId();
  auto direction = file_.Prepare(
      "INSERT INTO study_directions (direction, study_id, objective) VALUES (?1, ?2, ?3)");
  if (!direction.ok()) return direction.status();
  for (size_t i = 0; status.ok() && i < study.directions.size(); ++i) {
    direction->Bind(1, study.directions[i]).Bind(2, study_id_);
    status = direction->Bind(3, static_cast<int64_t>(i)).Run();
  }
  if (status.ok()) {
    status = AddAttributes("study_user_attributes", "study_id", study_id_, study.user_attributes);
  }
  if (status.ok()) {
    status =
        AddAttributes("study_system_attributes", "study_id", study_id_, study.system_attributes);
  }
  return status;
}

absl::Status Writer::Add(const Trial& trial) {
  auto insert = file_.Prepare(
      "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES "
      "(?1, ?2, ?3, ?4, ?5)");
  if (!insert.ok()) return insert.status();
  insert->Bind(1, trial.number).Bind(2, study_id_).Bind(3, trial.state);
  BindText(*insert, 4, trial.start);
  BindText(*insert, 5, trial.complete);
  absl::Status status = insert->Run();
  const int64_t id = file_.LastRowId();
  auto param = file_.Prepare(
      "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES "
      "(?1, ?2, ?3, ?4)");
  if (!param.ok()) return param.status();
  for (const Param& one : trial.params) {
    param->Bind(1, id).Bind(2, one.name).Bind(3, one.value).Bind(4, one.distribution);
    if (status.ok()) status = param->Run();
  }
  if (status.ok()) {
    status = AddNumbers("trial_values", "objective", "value", id, Numbered(trial.values));
  }
  if (status.ok()) {
    status = AddNumbers("trial_intermediate_values", "step", "intermediate_value", id,
                        trial.intermediate_values);
  }
  if (status.ok()) {
    status = AddAttributes("trial_user_attributes", "trial_id", id, trial.user_attributes);
  }
  if (status.ok()) {
    status = AddAttributes("trial_system_attributes", "trial_id", id, trial.system_attributes);
  }
  return status;
}

absl::Status Writer::AddAttributes(const char* table, const char* owner, int64_t id,
                                   const Attributes& attributes) {
  auto insert = file_.Prepare(
      fmt::format("INSERT INTO {} ({}, \"key\", value_json) VALUES (?1, ?2, ?3)", table, owner));
  if (!insert.ok()) return insert.status();
  for (const auto& [key, text] : attributes) {
    const absl::Status status = insert->Bind(1, id).Bind(2, key).Bind(3, text).Run();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Writer::AddNumbers(const char* table, const char* key, const char* value,
                                int64_t trial, const std::map<int64_t, double>& numbers) {
  auto insert = file_.Prepare(fmt::format(
      "INSERT INTO {0} (trial_id, {1}, {2}, {2}_type) VALUES (?1, ?2, ?3, ?4)", table, key, value));
  if (!insert.ok()) return insert.status();
  for (const auto& [index, number] : numbers) {
    insert->Bind(1, trial).Bind(2, index);
    BindNumber(*insert, 3, number);
    const absl::Status status = insert->Run();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Writer::Commit() { return file_.Execute("COMMIT"); }

}  // namespace hpod::optuna
