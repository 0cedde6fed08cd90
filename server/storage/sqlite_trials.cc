#include "server/storage/sqlite_trials.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "server/storage/json_codec.h"

namespace hpod {
namespace {

constexpr size_t kRowsMax = 256;
constexpr size_t kTextBytesMax = 65'536;

absl::StatusOr<TrialState> StateOf(std::string_view text) {
  for (TrialState state : {TrialState::kComplete, TrialState::kPruned, TrialState::kFail,
                           TrialState::kRunning, TrialState::kWaiting}) {
    if (ToString(state) == text) return state;
  }
  return absl::DataLossError(
      fmt::format("the database holds a trial in an unknown state: {}", text));
}

}  // namespace

SqliteTrials::SqliteTrials(std::shared_ptr<TrialParts> parts) : parts_(std::move(parts)) {}

void SqliteTrials::Add(const Statement& row) {
  keys_.push_back({row.Int(1), row.Int(0)});
  Row& kept = rows_.emplace_back();
  kept.number = static_cast<size_t>(row.Int(2));
  kept.state = Keep(row.Text(3));
  kept.shape_id = row.Int(4);
  kept.params = Keep(row.Text(5));
  if (!row.IsNull(6)) kept.value = row.Double(6);
  if (!row.IsNull(7)) kept.other_values = Keep(row.Text(7));
  kept.started_us = row.Int(8);
  kept.completed_us = row.Int(9);
  kept.worker = Keep(row.Text(10));
  kept.lease_token = row.Int(11);
  kept.revision = row.Int(12);
  kept.extra = Keep(row.Text(13));
}

bool SqliteTrials::IsFull() const {
  return rows_.size() >= kRowsMax || texts_.size() >= kTextBytesMax;
}

absl::StatusOr<Mutation> SqliteTrials::Decode(size_t i) {
  const Row& row = rows_[i];
  Mutation mutation{keys_[i].study, row.revision, TrialAdded{}};
  TrialRecord& trial = std::get<TrialAdded>(mutation.change).trial;
  trial.id = keys_[i].trial_id;
  trial.number = row.number;
  const auto state = StateOf(Read(row.state));
  if (!state.ok()) return state.status();
  trial.state = *state;
  if (absl::Status status = DecodeParams(row, trial); !status.ok()) return status;
  if (absl::Status status = DecodeValues(row, trial); !status.ok()) return status;
  trial.started_us = row.started_us;
  trial.completed_us = row.completed_us;
  trial.worker = Read(row.worker);
  trial.lease_token = row.lease_token;
  if (absl::Status status = DecodeExtra(Read(row.extra), trial); !status.ok()) return status;
  TakeParts(mutation, trial);
  return mutation;
}

SqliteTrials::Text SqliteTrials::Keep(std::string_view text) {
  texts_ += text;
  return {texts_.size() - text.size(), text.size()};
}

std::string_view SqliteTrials::Read(Text text) const {
  return std::string_view(texts_).substr(text.begin, text.size);
}

absl::Status SqliteTrials::DecodeParams(const Row& row, TrialRecord& trial) const {
  std::vector<double> numbers;
  const auto shape = parts_->shapes.find(row.shape_id);
  if (shape != parts_->shapes.end()) numbers.reserve(shape->second.size());
  if (absl::Status status = ParseNumbers(Read(row.params), numbers); !status.ok()) return status;
  if (shape == parts_->shapes.end() || shape->second.size() != numbers.size()) {
    return absl::DataLossError(
        fmt::format("trial {} of the database does not fit its shape {}", trial.id, row.shape_id));
  }
  trial.params.reserve(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i)
    trial.params.push_back({shape->second[i], numbers[i]});
  return absl::OkStatus();
}

absl::Status SqliteTrials::DecodeValues(const Row& row, TrialRecord& trial) const {
  if (!row.value.has_value()) return absl::OkStatus();
  trial.values.push_back(*row.value);
  if (!row.other_values.has_value()) return absl::OkStatus();
  const auto others = DecodeDoubles(Read(*row.other_values));
  if (others.ok()) trial.values.insert(trial.values.end(), others->begin(), others->end());
  return others.status();
}

void SqliteTrials::TakeParts(Mutation& mutation, TrialRecord& trial) {
  if (const auto it = parts_->attributes.find(trial.id); it != parts_->attributes.end()) {
    trial.attributes = std::move(it->second);
  }
  if (const auto it = parts_->system_attributes.find(trial.id);
      it != parts_->system_attributes.end()) {
    trial.system_attributes = std::move(it->second);
  }
  if (const auto it = parts_->reports.find(trial.id); it != parts_->reports.end()) {
    trial.reports = std::move(it->second.reports);
    mutation.revision = std::max(mutation.revision, it->second.revision);
  }
}

}  // namespace hpod
