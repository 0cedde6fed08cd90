#include "server/storage/sqlite_writer.h"

#include <array>
#include <cmath>

#include "server/storage/json_codec.h"

namespace hpod {

enum SqliteWriter::Sql : size_t {
  kInsertStudy,
  kUpdateStudy,
  kKeepIds,
  kDeleteReports,
  kDeleteTrialAttributes,
  kDeleteTrialSystemAttributes,
  kDeleteTrials,
  kDeleteShapes,
  kDeleteDistributions,
  kDeleteStudyAttributes,
  kDeleteStudySystemAttributes,
  kDeleteRequests,
  kDeleteStudy,
  kSetStudyAttribute,
  kSetStudySystemAttribute,
  kTouchStudy,
  kInsertDistribution,
  kInsertShape,
  kInsertTrial,
  kStartWaiting,
  kSetParams,
  kDeleteReport,
  kInsertReport,
  kFinishTrial,
  kPatchExtra,
  kSetConstraints,
  kSetOptunaFacts,
  kRequeueTrial,
  kClearTrialAttributes,
  kSetTrialAttribute,
  kSetTrialSystemAttribute,
  kTouchTrial,
  kInsertRequest,
  kForgetRequests,
  kSetIdsUsed,
  kSqlCount,
};

namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 35> kTexts = {
    "INSERT INTO studies VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
    "UPDATE studies SET max_trials=?2, max_running=?3, max_duration_us=?4, lease_ms=?5, "
    "max_retries=?6, metric_names=?7,"
    " stopped=?8, revision=?9 WHERE id=?1",
    "UPDATE ids_used SET study_id=max(study_id, (SELECT max(id) FROM studies)),"
    " trial_id=max(trial_id, (SELECT coalesce(max(id),0) FROM trials))",
    "DELETE FROM reports WHERE trial_id IN (SELECT id FROM trials WHERE study_id=?1)",
    "DELETE FROM trial_attributes WHERE trial_id IN (SELECT id FROM trials WHERE study_id=?1)",
    "DELETE FROM trial_system_attributes WHERE trial_id IN (SELECT id FROM trials WHERE "
    "study_id=?1)",
    "DELETE FROM trials WHERE study_id=?1",
    "DELETE FROM shapes WHERE study_id=?1",
    "DELETE FROM distributions WHERE study_id=?1",
    "DELETE FROM study_attributes WHERE study_id=?1",
    "DELETE FROM study_system_attributes WHERE study_id=?1",
    "DELETE FROM requests WHERE study_id=?1",
    "DELETE FROM studies WHERE id=?1",
    "INSERT INTO study_attributes VALUES (?1,?2,?3)"
    " ON CONFLICT DO UPDATE SET value=excluded.value",
    "INSERT INTO study_system_attributes VALUES (?1,?2,?3)"
    " ON CONFLICT DO UPDATE SET value=excluded.value",
    "UPDATE studies SET revision=?2 WHERE id=?1",
    "INSERT INTO distributions VALUES (?1,?2,?3,?4,?5)",
    "INSERT INTO shapes(study_id, distributions) VALUES (?1,?2)"
    " ON CONFLICT DO UPDATE SET study_id=excluded.study_id RETURNING id",
    "INSERT INTO trials VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
    "UPDATE trials SET state='RUNNING', shape_id=?2, params=?3, started_us=?4, worker=?5, "
    "lease_token=?6, revision=?7,"
    " extra=CASE WHEN extra IS NULL THEN NULL ELSE json_remove(extra,'$.optuna.started') END"
    " WHERE id=?1",
    "UPDATE trials SET shape_id=?2, params=?3, revision=?4 WHERE id=?1",
    "DELETE FROM reports WHERE trial_id=?1 AND step=?2",
    "INSERT INTO reports VALUES (?1,?2,?3,?4)",
    "UPDATE trials SET state=?2, value=?3, other_values=?4, completed_us=?5, lease_token=?6, "
    "revision=?7,"
    " extra=CASE WHEN extra IS NULL THEN NULL ELSE"
    " nullif(json_remove(extra,'$.foreseen','$.optuna.completed','$.optuna.values'),'{}') "
    "END WHERE id=?1",
    "UPDATE trials SET extra=json_patch(coalesce(extra,'{}'),?2), revision=?3 WHERE id=?1",
    "UPDATE trials SET extra=json_set(coalesce(extra,'{}'),'$.constraints',json(?2)) WHERE id=?1",
    "UPDATE trials SET extra=json_set(coalesce(extra,'{}'),'$.optuna',json(?2)), revision=?3"
    " WHERE id=?1",
    "UPDATE trials SET state='WAITING', lease_token=-abs(lease_token), revision=?2 WHERE id=?1",
    "DELETE FROM trial_attributes WHERE trial_id=?1",
    "INSERT INTO trial_attributes VALUES (?1,?2,?3)"
    " ON CONFLICT DO UPDATE SET value=excluded.value",
    "INSERT INTO trial_system_attributes VALUES (?1,?2,?3)"
    " ON CONFLICT DO UPDATE SET value=excluded.value",
    "UPDATE trials SET revision=?2 WHERE id=?1",
    "INSERT INTO requests(study_id, request_id, fingerprint, answer, at_us) VALUES "
    "(?1,?2,?3,?4,?5)",
    "DELETE FROM requests WHERE seq IN (SELECT seq FROM requests WHERE study_id=?1 ORDER BY seq "
    "LIMIT ?2)",
    "UPDATE ids_used SET study_id=?1, trial_id=?2",
};

Statement& BindMicroseconds(Statement& statement, int index, int64_t microseconds) {
  return microseconds == 0 ? statement.BindNull(index) : statement.Bind(index, microseconds);
}

// First objective and, in `others`, the rest, which must live as long as the statement runs.
void BindValues(Statement& statement, int index, const std::vector<double>& values,
                std::string& others) {
  if (values.empty()) {
    statement.BindNull(index).BindNull(index + 1);
    return;
  }
  statement.BindDouble(index, values[0]).BindNull(index + 1);
  if (values.size() == 1) return;
  others = EncodeDoubles(std::span(values).subspan(1));
  statement.Bind(index + 1, std::string_view(others));
}

std::string ParamsText(const std::vector<DistributionValue>& params) {
  std::vector<double> numbers;
  numbers.reserve(params.size());
  for (const DistributionValue& param : params) numbers.push_back(param.value);
  std::string text;
  AppendNumbers(numbers, text);
  return text;
}

}  // namespace

absl::StatusOr<SqliteWriter> SqliteWriter::Make(Database& db) {
  static_assert(kTexts.size() == kSqlCount);
  SqliteWriter writer;
  for (std::string_view text : kTexts) {
    auto statement = db.Prepare(text);
    if (!statement.ok()) return statement.status();
    writer.statements_.push_back(*std::move(statement));
  }
  return writer;
}

absl::Status SqliteWriter::Write(const Mutation& mutation) {
  return std::visit([&](const auto& change) { return WriteChange(mutation, change); },
                    mutation.change);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const StudyCreated& change) {
  const StudySpec& spec = change.spec;
  const std::string directions = EncodeDirections(spec.directions);
  const std::string sampler_options = EncodeOptions(spec.sampler.options);
  const std::string pruner_options = EncodeOptions(spec.pruner.options);
  const std::string space = EncodeSpace(spec.space);
  const std::string metric_names = EncodeStrings(spec.metric_names);
  Statement& insert = Use(kInsertStudy);
  insert.Bind(1, mutation.study)
      .Bind(2, std::string_view(spec.name))
      .Bind(3, std::string_view(directions));
  insert.Bind(4, std::string_view(spec.sampler.name)).Bind(5, std::string_view(sampler_options));
  insert.Bind(6, std::string_view(spec.pruner.name)).Bind(7, std::string_view(pruner_options));
  insert.Bind(8, static_cast<int64_t>(spec.seed)).Bind(9, std::string_view(space));
  insert.Bind(10, spec.budget.max_trials)
      .Bind(11, spec.budget.max_running)
      .Bind(12, spec.budget.max_duration_us);
  insert.Bind(13, spec.lease_ms)
      .Bind(14, int64_t{spec.max_retries})
      .Bind(15, std::string_view(metric_names));
  insert.Bind(16, int64_t{spec.stopped}).Bind(17, spec.created_us).Bind(18, mutation.revision);
  if (absl::Status status = insert.Run(); !status.ok()) return status;
  for (size_t i = 0; i < spec.space.size(); ++i) {
    const DistributionAdded distribution{static_cast<uint32_t>(i), spec.space[i].name,
                                         spec.space[i].domain};
    if (absl::Status status = WriteChange(mutation, distribution); !status.ok()) return status;
  }
  absl::Status status = WriteAttributes(kSetStudyAttribute, mutation.study, spec.attributes);
  if (!status.ok()) return status;
  return WriteAttributes(kSetStudySystemAttribute, mutation.study, spec.system_attributes);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const StudyDeleted& /*change*/) {
  if (absl::Status status = Use(kKeepIds).Run(); !status.ok()) return status;
  for (size_t sql = kDeleteReports; sql <= kDeleteStudy; ++sql) {
    if (absl::Status status = statements_[sql].Bind(1, mutation.study).Run(); !status.ok())
      return status;
  }
  ForgetShapes();
  return absl::OkStatus();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const StudyUpdated& change) {
  const std::string metric_names = EncodeStrings(change.metric_names);
  Statement& update = Use(kUpdateStudy);
  update.Bind(1, mutation.study)
      .Bind(2, change.budget.max_trials)
      .Bind(3, change.budget.max_running);
  update.Bind(4, change.budget.max_duration_us)
      .Bind(5, change.lease_ms)
      .Bind(6, int64_t{change.max_retries});
  update.Bind(7, std::string_view(metric_names))
      .Bind(8, int64_t{change.stopped})
      .Bind(9, mutation.revision);
  if (absl::Status status = update.Run(); !status.ok()) return status;
  if (absl::Status status = Use(kDeleteStudyAttributes).Bind(1, mutation.study).Run(); !status.ok())
    return status;
  return WriteAttributes(kSetStudyAttribute, mutation.study, change.attributes);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const DistributionAdded& change) {
  const std::string domain = EncodeDomain(change.domain);
  Statement& insert = Use(kInsertDistribution);
  insert.Bind(1, mutation.study).Bind(2, int64_t{change.index});
  insert.Bind(3, std::string_view(change.name)).Bind(4, std::string_view(domain));
  change.optuna_text.empty() ? insert.BindNull(5)
                             : insert.Bind(5, std::string_view(change.optuna_text));
  return insert.Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialAdded& change) {
  return WriteTrial(mutation, change.trial);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialStarted& change) {
  if (!change.was_waiting) {
    TrialRecord trial;
    trial.id = change.trial_id;
    trial.number = change.number;
    trial.params = change.params;
    trial.foreseen = change.foreseen;
    trial.started_us = change.started_us;
    trial.worker = change.worker;
    trial.lease_token = change.lease_token;
    return WriteTrial(mutation, trial);
  }
  const auto shape = ShapeId(mutation.study, change.params);
  if (!shape.ok()) return shape.status();
  const std::string params = ParamsText(change.params);
  Statement& start = Use(kStartWaiting);
  start.Bind(1, change.trial_id)
      .Bind(2, *shape)
      .Bind(3, std::string_view(params))
      .Bind(4, change.started_us);
  start.Bind(5, std::string_view(change.worker))
      .Bind(6, change.lease_token)
      .Bind(7, mutation.revision);
  if (absl::Status status = start.Run(); !status.ok()) return status;
  if (change.foreseen.empty()) return absl::OkStatus();
  TrialRecord patch;
  patch.foreseen = change.foreseen;
  return PatchExtra(change.trial_id, patch, mutation.revision);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const ParamsSet& change) {
  const auto shape = ShapeId(mutation.study, change.params);
  if (!shape.ok()) return shape.status();
  const std::string params = ParamsText(change.params);
  Statement& set = Use(kSetParams);
  return set.Bind(1, change.trial_id)
      .Bind(2, *shape)
      .Bind(3, std::string_view(params))
      .Bind(4, mutation.revision)
      .Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const ValueReported& change) {
  // Without an index this reads the whole table. It is rare: Optuna's trials refuse a step twice.
  if (change.replaces) {
    absl::Status status =
        Use(kDeleteReport).Bind(1, change.trial_id).Bind(2, change.report.step).Run();
    if (!status.ok()) return status;
  }
  Statement& insert = Use(kInsertReport);
  insert.Bind(1, change.trial_id).Bind(2, change.report.step).BindDouble(3, change.report.value);
  return insert.Bind(4, mutation.revision).Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialFinished& change) {
  std::string others;
  Statement& finish = Use(kFinishTrial);
  finish.Bind(1, change.trial_id).Bind(2, ToString(change.state));
  BindValues(finish, 3, change.values, others);
  BindMicroseconds(finish, 5, change.completed_us)
      .Bind(6, change.lease_token)
      .Bind(7, mutation.revision);
  if (absl::Status status = finish.Run(); !status.ok()) return status;
  if (!change.lost && change.failure.empty()) return absl::OkStatus();
  TrialRecord patch;
  patch.lost = change.lost;
  patch.failure = change.failure;
  return PatchExtra(change.trial_id, patch, mutation.revision);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialAttributesSet& change) {
  TrialRecord patch;
  patch.constraints = change.constraints;
  absl::Status status = PatchExtra(change.trial_id, patch, mutation.revision);
  if (status.ok()) status = Use(kClearTrialAttributes).Bind(1, change.trial_id).Run();
  if (!status.ok()) return status;
  return WriteAttributes(kSetTrialAttribute, change.trial_id, change.attributes);
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialRequeued& change) {
  return Use(kRequeueTrial).Bind(1, change.trial_id).Bind(2, mutation.revision).Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const StudyAttributeSet& change) {
  const bool is_user = change.scope == AttributeScope::kUser;
  Statement& set = Use(is_user ? kSetStudyAttribute : kSetStudySystemAttribute);
  set.Bind(1, mutation.study).Bind(2, std::string_view(change.key));
  absl::Status status = set.Bind(3, std::string_view(change.value)).Run();
  if (!status.ok()) return status;
  return Use(kTouchStudy).Bind(1, mutation.study).Bind(2, mutation.revision).Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const TrialAttributeSet& change) {
  const bool is_user = change.scope == AttributeScope::kUser;
  Statement& set = Use(is_user ? kSetTrialAttribute : kSetTrialSystemAttribute);
  set.Bind(1, change.trial_id).Bind(2, std::string_view(change.key));
  absl::Status status = set.Bind(3, std::string_view(change.value)).Run();
  if (status.ok() && change.constraints.has_value()) {
    const std::string constraints = EncodeConstraints(*change.constraints);
    status =
        Use(kSetConstraints).Bind(1, change.trial_id).Bind(2, std::string_view(constraints)).Run();
  }
  if (!status.ok()) return status;
  return Use(kTouchTrial).Bind(1, change.trial_id).Bind(2, mutation.revision).Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const OptunaFactsSet& change) {
  const std::string facts = EncodeOptunaFacts(change.facts);
  return Use(kSetOptunaFacts)
      .Bind(1, change.trial_id)
      .Bind(2, std::string_view(facts))
      .Bind(3, mutation.revision)
      .Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& /*mutation*/,
                                       const LeaseRenewed& /*change*/) {
  return absl::OkStatus();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const RequestRemembered& change) {
  const std::string answer = EncodeIntegers(change.answer);
  Statement& insert = Use(kInsertRequest);
  insert.Bind(1, mutation.study).Bind(2, std::string_view(change.request_id));
  insert.Bind(3, static_cast<int64_t>(change.fingerprint))
      .Bind(4, std::string_view(answer))
      .Bind(5, change.at_us);
  return insert.Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& mutation, const RequestsForgotten& change) {
  return Use(kForgetRequests)
      .Bind(1, mutation.study)
      .Bind(2, static_cast<int64_t>(change.count))
      .Run();
}

absl::Status SqliteWriter::WriteChange(const Mutation& /*mutation*/, const IdsUsed& change) {
  return Use(kSetIdsUsed).Bind(1, change.last_study_id).Bind(2, change.last_trial_id).Run();
}

absl::Status SqliteWriter::WriteTrial(const Mutation& mutation, const TrialRecord& trial) {
  const auto shape = ShapeId(mutation.study, trial.params);
  if (!shape.ok()) return shape.status();
  const std::string params = ParamsText(trial.params);
  const std::string extra = EncodeExtra(trial);
  std::string others;
  Statement& insert = Use(kInsertTrial);
  insert.Bind(1, trial.id).Bind(2, mutation.study).Bind(3, static_cast<int64_t>(trial.number));
  insert.Bind(4, ToString(trial.state)).Bind(5, *shape).Bind(6, std::string_view(params));
  BindValues(insert, 7, trial.values, others);
  BindMicroseconds(insert, 9, trial.started_us);
  BindMicroseconds(insert, 10, trial.completed_us);
  insert.Bind(11, std::string_view(trial.worker))
      .Bind(12, trial.lease_token)
      .Bind(13, mutation.revision);
  extra.empty() ? insert.BindNull(14) : insert.Bind(14, std::string_view(extra));
  if (absl::Status status = insert.Run(); !status.ok()) return status;
  for (const Report& report : trial.reports) {
    const absl::Status status =
        WriteChange(mutation, ValueReported{trial.number, trial.id, report});
    if (!status.ok()) return status;
  }
  absl::Status status = WriteAttributes(kSetTrialAttribute, trial.id, trial.attributes);
  if (!status.ok()) return status;
  return WriteAttributes(kSetTrialSystemAttribute, trial.id, trial.system_attributes);
}

absl::Status SqliteWriter::PatchExtra(int64_t trial_id, const TrialRecord& patch,
                                      int64_t revision) {
  std::string extra = EncodeExtra(patch);
  if (extra.empty()) extra = "{}";
  return Use(kPatchExtra)
      .Bind(1, trial_id)
      .Bind(2, std::string_view(extra))
      .Bind(3, revision)
      .Run();
}

absl::Status SqliteWriter::WriteAttributes(Sql set, int64_t owner, const Attributes& attributes) {
  Statement& statement = Use(set);
  for (const auto& [key, value] : attributes) {
    statement.Bind(1, owner).Bind(2, std::string_view(key)).Bind(3, std::string_view(value));
    if (absl::Status status = statement.Run(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteWriter::ShapeId(StudyId study,
                                              const std::vector<DistributionValue>& params) {
  ShapeKey key{study, {}};
  std::vector<int64_t> distributions;
  for (const DistributionValue& param : params) {
    key.second.push_back(param.distribution);
    distributions.push_back(param.distribution);
  }
  const auto [it, is_new] = shape_ids_.emplace(std::move(key), 0);
  if (!is_new) return it->second;
  const std::string text = EncodeIntegers(distributions);
  Statement& insert = Use(kInsertShape);
  insert.Bind(1, study).Bind(2, std::string_view(text));
  absl::StatusOr<bool> row = insert.Step();
  if (row.ok()) it->second = insert.Int(0);
  while (row.ok() && *row) row = insert.Step();
  if (row.ok()) return it->second;
  shape_ids_.erase(it);
  return row.status();
}

}  // namespace hpod
