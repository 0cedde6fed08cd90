// Reports and attributes are read first and kept by trial, so that each trial goes out whole, in
// one pass over `trials`, which comes last.

#include "server/storage/sqlite_reader.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <vector>

#include "server/storage/json_codec.h"
#include "server/storage/sqlite_trials.h"

namespace hpod {
namespace {

class Reader {
 public:
  Reader(Database& db, std::optional<StudyId> only, Storage::Apply apply, Storage::Take take)
      : db_(db), only_(only), apply_(apply), take_(take) {}

  absl::Status Read() {
    for (auto pass : {&Reader::ReadIds, &Reader::ReadShapes, &Reader::ReadReports,
                      &Reader::ReadTrialAttributes, &Reader::ReadStudies,
                      &Reader::ReadDistributions, &Reader::ReadRequests, &Reader::ReadTrials}) {
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
                     std::vector<uint32_t>& shape = parts_->shapes[row.Int(0)];
                     for (int64_t distribution : *distributions)
                       shape.push_back(static_cast<uint32_t>(distribution));
                     return absl::OkStatus();
                   });
  }

  absl::Status ReadReports() {
    return ForEach("SELECT trial_id, step, value, revision FROM reports",
                   " WHERE trial_id IN (SELECT id FROM trials WHERE study_id=?1)", "ORDER BY rowid",
                   [&](const Statement& row) {
                     TrialReports& trial = parts_->reports[row.Int(0)];
                     trial.reports.push_back({row.Int(1), row.Double(2)});
                     trial.revision = std::max(trial.revision, row.Int(3));
                     return absl::OkStatus();
                   });
  }

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
                                         kOfStudy, parts_->attributes);
    if (!status.ok()) return status;
    return ReadAttributes("SELECT trial_id, key, value FROM trial_system_attributes", kOfStudy,
                          parts_->system_attributes);
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

  // Ids and numbers grow together within a study: by id is by number.
  absl::Status ReadTrials() {
    auto trials = std::make_shared<SqliteTrials>(parts_);
    absl::Status status =
        ForEach(fmt::format("SELECT {} FROM trials", SqliteTrials::kColumns), " WHERE study_id=?1",
                "ORDER BY id", [&](const Statement& row) {
                  trials->Add(row);
                  if (trials->IsFull())
                    take_(std::exchange(trials, std::make_shared<SqliteTrials>(parts_)));
                  return absl::OkStatus();
                });
    take_(std::move(trials));
    return status;
  }

  Database& db_;
  std::optional<StudyId> only_;
  Storage::Apply apply_;
  Storage::Take take_;
  const std::shared_ptr<TrialParts> parts_ = std::make_shared<TrialParts>();
};

}  // namespace

absl::Status ReadMutations(Database& db, std::optional<StudyId> only, Storage::Apply apply,
                           Storage::Take take) {
  return Reader(db, only, apply, take).Read();
}

}  // namespace hpod
