// Reports and attributes are read first and kept by trial, so that each trial goes out whole, in
// one pass over `trials`.

#include "server/storage/sqlite_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <vector>

#include "server/storage/json_codec.h"

namespace hpod {
namespace {

using Apply = absl::FunctionRef<void(const Mutation&)>;

absl::StatusOr<TrialState> StateOf(std::string_view text) {
  for (TrialState state : {TrialState::kComplete, TrialState::kPruned, TrialState::kFail,
                           TrialState::kRunning, TrialState::kWaiting}) {
    if (ToString(state) == text) return state;
  }
  return absl::DataLossError(
      fmt::format("the database holds a trial in an unknown state: {}", text));
}

class Reader {
 public:
  Reader(Database& db, std::optional<StudyId> only, Apply apply)
      : db_(db), only_(only), apply_(apply) {}

  absl::Status Read() {
    for (auto pass : {&Reader::ReadIds, &Reader::ReadShapes, &Reader::ReadReports,
                      &Reader::ReadTrialAttributes, &Reader::ReadStudies,
                      &Reader::ReadDistributions, &Reader::ReadTrials, &Reader::ReadRequests}) {
      if (absl::Status status = (this->*pass)(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  // Runs `row` for each row of a query. `where`: how the query is restricted to one study, with ?1.
  template <class Row>
  absl::Status ForEach(std::string_view query, std::string_view where, std::string_view order,
                       Row row) {
    auto statement =
        db_.Prepare(fmt::format("{}{} {}", query, only_.has_value() ? where : "", order));
    if (!statement.ok()) return statement.status();
    if (only_.has_value()) statement->Bind(1, *only_);
    for (auto more = statement->Step();; more = statement->Step()) {
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      if (absl::Status status = row(*statement); !status.ok()) return status;
    }
  }

  absl::Status ReadIds() {
    if (only_.has_value()) return absl::OkStatus();
    return ForEach("SELECT study_id, trial_id FROM ids_used", "", "", [&](const Statement& row) {
      apply_({0, 0, IdsUsed{row.Int(0), row.Int(1)}});
      return absl::OkStatus();
    });
  }

  absl::Status ReadShapes() {
    return ForEach("SELECT id, distributions FROM shapes", " WHERE study_id=?1", "",
                   [&](const Statement& row) {
                     const auto distributions = DecodeIntegers(row.Text(1));
                     if (!distributions.ok()) return distributions.status();
                     std::vector<uint32_t>& shape = shapes_[row.Int(0)];
                     for (int64_t distribution : *distributions)
                       shape.push_back(static_cast<uint32_t>(distribution));
                     return absl::OkStatus();
                   });
  }

  absl::Status ReadReports() {
    return ForEach("SELECT trial_id, step, value, revision FROM reports",
                   " WHERE trial_id IN (SELECT id FROM trials WHERE study_id=?1)", "ORDER BY rowid",
                   [&](const Statement& row) {
                     TrialReports& trial = reports_[row.Int(0)];
                     trial.reports.push_back({row.Int(1), row.Double(2)});
                     trial.revision = std::max(trial.revision, row.Int(3));
                     return absl::OkStatus();
                   });
  }

  using AttributesByOwner = std::unordered_map<int64_t, Attributes>;

  // The attributes of all trials, or studies, by id.
  absl::Status ReadAttributes(std::string_view query, std::string_view where,
                              AttributesByOwner& attributes) {
    return ForEach(query, where, "", [&](const Statement& row) {
      attributes[row.Int(0)].emplace(row.Text(1), row.Text(2));
      return absl::OkStatus();
    });
  }

  absl::Status ReadTrialAttributes() {
    constexpr std::string_view kOfStudy =
        " WHERE trial_id IN (SELECT id FROM trials WHERE study_id=?1)";
    absl::Status status = ReadAttributes("SELECT trial_id, key, value FROM trial_attributes",
                                         kOfStudy, trial_attributes_);
    if (!status.ok()) return status;
    return ReadAttributes("SELECT trial_id, key, value FROM trial_system_attributes", kOfStudy,
                          trial_system_attributes_);
  }

  absl::Status ReadStudies() {
    AttributesByOwner attributes;
    AttributesByOwner system_attributes;
    absl::Status status = ReadAttributes("SELECT study_id, key, value FROM study_attributes",
                                         " WHERE study_id=?1", attributes);
    if (status.ok()) {
      status = ReadAttributes("SELECT study_id, key, value FROM study_system_attributes",
                              " WHERE study_id=?1", system_attributes);
    }
    if (!status.ok()) return status;
    return ForEach(
        "SELECT id, name, directions, sampler, sampler_options, pruner, pruner_options, seed, "
        "space, max_trials,"
        " max_running, max_duration_us, lease_ms, max_retries, metric_names, stopped, created_us, "
        "revision FROM studies",
        " WHERE id=?1", "ORDER BY id", [&](const Statement& row) {
          return ReadStudy(row, std::move(attributes[row.Int(0)]),
                           std::move(system_attributes[row.Int(0)]));
        });
  }

  absl::Status ReadStudy(const Statement& row, Attributes attributes,
                         Attributes system_attributes) {
    StudySpec spec;
    spec.name = row.Text(1);
    auto directions = DecodeDirections(row.Text(2));
    if (!directions.ok()) return directions.status();
    auto sampler_options = DecodeOptions(row.Text(4));
    if (!sampler_options.ok()) return sampler_options.status();
    auto pruner_options = DecodeOptions(row.Text(6));
    if (!pruner_options.ok()) return pruner_options.status();
    auto space = DecodeSpace(row.Text(8));
    if (!space.ok()) return space.status();
    auto metric_names = DecodeStrings(row.Text(14));
    if (!metric_names.ok()) return metric_names.status();
    spec.directions = *std::move(directions);
    spec.sampler = {std::string(row.Text(3)), *std::move(sampler_options)};
    spec.pruner = {std::string(row.Text(5)), *std::move(pruner_options)};
    spec.seed = static_cast<uint64_t>(row.Int(7));
    spec.space = *std::move(space);
    spec.budget = {row.Int(9), row.Int(10), row.Int(11)};
    spec.lease_ms = row.Int(12);
    spec.max_retries = static_cast<int32_t>(row.Int(13));
    spec.metric_names = *std::move(metric_names);
    spec.attributes = std::move(attributes);
    spec.system_attributes = std::move(system_attributes);
    spec.stopped = row.Int(15) != 0;
    spec.created_us = row.Int(16);
    apply_({row.Int(0), row.Int(17), StudyCreated{std::move(spec)}});
    return absl::OkStatus();
  }

  absl::Status ReadDistributions() {
    return ForEach(
        "SELECT study_id, number, name, domain, optuna_text FROM distributions",
        " WHERE study_id=?1", "ORDER BY study_id, number", [&](const Statement& row) {
          auto domain = DecodeDomain(row.Text(3));
          if (!domain.ok()) return domain.status();
          apply_({row.Int(0), 0,
                  DistributionAdded{static_cast<uint32_t>(row.Int(1)), std::string(row.Text(2)),
                                    *std::move(domain), std::string(row.Text(4))}});
          return absl::OkStatus();
        });
  }

  // Ids and numbers grow together within a study: by id is by number.
  absl::Status ReadTrials() {
    return ForEach(
        "SELECT id, study_id, number, state, shape_id, params, value, other_values, started_us, "
        "completed_us, worker,"
        " lease_token, revision, extra FROM trials",
        " WHERE study_id=?1", "ORDER BY id", [&](const Statement& row) { return ReadTrial(row); });
  }

  absl::Status ReadTrial(const Statement& row) {
    Mutation mutation{row.Int(1), row.Int(12), TrialAdded{}};
    TrialRecord& trial = std::get<TrialAdded>(mutation.change).trial;
    trial.id = row.Int(0);
    trial.number = static_cast<size_t>(row.Int(2));
    const auto state = StateOf(row.Text(3));
    if (!state.ok()) return state.status();
    trial.state = *state;
    if (absl::Status status = ReadParams(row.Int(4), row.Text(5), trial); !status.ok())
      return status;
    if (absl::Status status = ReadValues(row, trial); !status.ok()) return status;
    trial.started_us = row.Int(8);
    trial.completed_us = row.Int(9);
    trial.worker = row.Text(10);
    trial.lease_token = row.Int(11);
    if (absl::Status status = DecodeExtra(row.Text(13), trial); !status.ok()) return status;
    if (const auto it = trial_attributes_.find(trial.id); it != trial_attributes_.end()) {
      trial.attributes = std::move(it->second);
    }
    if (const auto it = trial_system_attributes_.find(trial.id);
        it != trial_system_attributes_.end()) {
      trial.system_attributes = std::move(it->second);
    }
    if (const auto it = reports_.find(trial.id); it != reports_.end()) {
      trial.reports = std::move(it->second.reports);
      mutation.revision = std::max(mutation.revision, it->second.revision);
    }
    apply_(mutation);
    return absl::OkStatus();
  }

  absl::Status ReadParams(int64_t shape_id, std::string_view text, TrialRecord& trial) {
    if (absl::Status status = ParseNumbers(text, numbers_); !status.ok()) return status;
    const auto shape = shapes_.find(shape_id);
    if (shape == shapes_.end() || shape->second.size() != numbers_.size()) {
      return absl::DataLossError(
          fmt::format("trial {} of the database does not fit its shape {}", trial.id, shape_id));
    }
    trial.params.reserve(numbers_.size());
    for (size_t i = 0; i < numbers_.size(); ++i)
      trial.params.push_back({shape->second[i], numbers_[i]});
    return absl::OkStatus();
  }

  static absl::Status ReadValues(const Statement& row, TrialRecord& trial) {
    if (row.IsNull(6)) return absl::OkStatus();
    trial.values.push_back(row.Double(6));
    if (row.IsNull(7)) return absl::OkStatus();
    const auto others = DecodeDoubles(row.Text(7));
    if (others.ok()) trial.values.insert(trial.values.end(), others->begin(), others->end());
    return others.status();
  }

  absl::Status ReadRequests() {
    return ForEach(
        "SELECT study_id, request_id, fingerprint, answer, at_us FROM requests",
        " WHERE study_id=?1", "ORDER BY seq", [&](const Statement& row) {
          auto answer = DecodeIntegers(row.Text(3));
          if (!answer.ok()) return answer.status();
          apply_({row.Int(0), 0,
                  RequestRemembered{std::string(row.Text(1)), static_cast<uint64_t>(row.Int(2)),
                                    *std::move(answer), row.Int(4)}});
          return absl::OkStatus();
        });
  }

  struct TrialReports {
    std::vector<Report> reports;
    int64_t revision = 0;
  };

  Database& db_;
  std::optional<StudyId> only_;
  Apply apply_;
  std::unordered_map<int64_t, std::vector<uint32_t>> shapes_;
  std::unordered_map<int64_t, TrialReports> reports_;
  AttributesByOwner trial_attributes_;
  AttributesByOwner trial_system_attributes_;
  std::vector<double> numbers_;
};

}  // namespace

absl::Status ReadMutations(Database& db, std::optional<StudyId> only, Apply apply) {
  return Reader(db, only, apply).Read();
}

}  // namespace hpod
