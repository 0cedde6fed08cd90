// StudyState's reads: records, best trials, fronts, curves, what changed.

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "server/model/errors.h"
#include "server/model/params_of.h"
#include "server/model/study_state.h"

namespace hpod {
namespace {

// Smaller is better, whatever the direction.
double Loss(const History& history, size_t number, size_t objective) {
  const double value = history.ObjectiveValue(number, objective);
  return history.Directions()[objective] == Direction::kMinimize ? value : -value;
}

std::vector<size_t> FeasibleComplete(const History& history) {
  std::vector<size_t> numbers;
  for (size_t number = 0; number < history.size(); ++number) {
    if (history.State(number) == TrialState::kComplete && history.HasValues(number) &&
        history.IsFeasible(number))
      numbers.push_back(number);
  }
  return numbers;
}

bool Dominates(const History& history, size_t a, size_t b) {
  bool better = false;
  for (size_t objective = 0; objective < history.Directions().size(); ++objective) {
    const double loss_a = Loss(history, a, objective);
    const double loss_b = Loss(history, b, objective);
    if (loss_a > loss_b) return false;
    better = better || loss_a < loss_b;
  }
  return better;
}

bool LexicographicallyLess(const History& history, size_t a, size_t b) {
  for (size_t objective = 0; objective < history.Directions().size(); ++objective) {
    const double loss_a = Loss(history, a, objective);
    const double loss_b = Loss(history, b, objective);
    if (loss_a != loss_b) return loss_a < loss_b;
  }
  return a < b;
}

}  // namespace

std::string StudyState::TrialName(int64_t number) const {
  return fmt::format("studies/{}/trials/{}", spec_.name, number);
}

absl::Status StudyState::CheckExists(int64_t number) const {
  if (number >= 0 && static_cast<size_t>(number) < history_.size()) return absl::OkStatus();
  return Refuse(
      Reason::kTrialNotFound,
      fmt::format("{} does not exist: the study has {} trials", TrialName(number), history_.size()),
      {{"study", spec_.name}, {"trial", std::to_string(number)}});
}

const StudyState::Extra* StudyState::FindExtra(size_t number) const {
  const auto it = extras_.find(number);
  return it == extras_.end() ? nullptr : &it->second;
}

const StudyState::Extra& StudyState::ExtraOf(size_t number) const {
  static const Extra kNone;
  const Extra* extra = FindExtra(number);
  return extra == nullptr ? kNone : *extra;
}

const Attributes& StudyState::UserAttributes(size_t number) const {
  return ExtraOf(number).attributes;
}

const Attributes& StudyState::SystemAttributes(size_t number) const {
  return ExtraOf(number).system_attributes;
}

const Constraints& StudyState::TrialConstraints(size_t number) const {
  return ExtraOf(number).constraints;
}

const FixedParams& StudyState::Fixed(size_t number) const { return ExtraOf(number).fixed; }

const OptunaFacts& StudyState::Optuna(size_t number) const { return ExtraOf(number).optuna; }

size_t StudyState::FirstTrialAfter(int64_t trial_id) const {
  const auto it = std::upper_bound(meta_.begin(), meta_.end(), trial_id,
                                   [](int64_t id, const Meta& meta) { return id < meta.id; });
  return static_cast<size_t>(it - meta_.begin());
}

std::optional<size_t> StudyState::FindTrial(int64_t trial_id) const {
  const size_t after = FirstTrialAfter(trial_id);
  if (after == 0 || meta_[after - 1].id != trial_id) return std::nullopt;
  return after - 1;
}

TrialRecord StudyState::Record(size_t number, bool with_reports) const {
  TrialRecord record;
  const Meta& meta = meta_[number];
  record.id = meta.id;
  record.number = number;
  record.state = history_.State(number);
  record.params = ParamsOf(history_, number);
  const auto foreseen = history_.Foreseen(number);
  record.foreseen.assign(foreseen.begin(), foreseen.end());
  for (size_t objective = 0; history_.HasValues(number) && objective < spec_.directions.size();
       ++objective) {
    record.values.push_back(history_.ObjectiveValue(number, objective));
  }
  if (with_reports) {
    const auto reports = history_.Reports(number);
    record.reports.assign(reports.begin(), reports.end());
  }
  record.started_us = meta.started_us;
  record.completed_us = meta.completed_us;
  record.worker = workers_[worker_ids_[number]];
  record.lease_token = meta.lease_token;
  record.revision = meta.revision;
  if (const Extra* extra = FindExtra(number)) {
    record.attributes = extra->attributes;
    record.system_attributes = extra->system_attributes;
    record.optuna = extra->optuna;
    record.constraints = extra->constraints;
    record.fixed = extra->fixed;
    record.retry_of = extra->retry_of;
    record.retry_count = extra->retry_count;
    record.lost = extra->lost;
    record.failure = extra->failure;
  }
  return record;
}

std::vector<size_t> StudyState::BestTrials(size_t limit) const {
  std::vector<size_t> numbers = FeasibleComplete(history_);
  limit = std::min(limit, numbers.size());
  std::partial_sort(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(limit),
                    numbers.end(),
                    [&](size_t a, size_t b) { return LexicographicallyLess(history_, a, b); });
  numbers.resize(limit);
  return numbers;
}

std::vector<size_t> StudyState::ParetoFront() const {
  std::vector<size_t> numbers = FeasibleComplete(history_);
  // Sorted like this, nothing is dominated by a later one: comparing with the front so far is
  // enough.
  std::sort(numbers.begin(), numbers.end(),
            [&](size_t a, size_t b) { return LexicographicallyLess(history_, a, b); });
  std::vector<size_t> front;
  for (size_t number : numbers) {
    const bool dominated = std::any_of(front.begin(), front.end(), [&](size_t other) {
      return Dominates(history_, other, number);
    });
    if (!dominated) front.push_back(number);
  }
  std::sort(front.begin(), front.end());
  return front;
}

std::vector<size_t> StudyState::Improvements() const {
  std::vector<size_t> numbers = FeasibleComplete(history_);
  std::stable_sort(numbers.begin(), numbers.end(), [&](size_t a, size_t b) {
    return meta_[a].completed_us < meta_[b].completed_us;
  });
  std::vector<size_t> improvements;
  double best = std::numeric_limits<double>::infinity();
  for (size_t number : numbers) {
    const double loss = Loss(history_, number, 0);
    if (!improvements.empty() && loss >= best) continue;
    best = loss;
    improvements.push_back(number);
  }
  return improvements;
}

std::vector<size_t> StudyState::ChangedSince(int64_t revision) const {
  std::vector<size_t> numbers;
  if (const auto entries = change_log_.Since(revision)) {
    for (const ChangeLog::Entry& entry : *entries) {
      if (meta_[entry.number].revision == entry.revision) numbers.push_back(entry.number);
    }
    // A group of changes may touch a trial more than once at one revision.
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  }
  for (size_t number = 0; number < meta_.size(); ++number) {
    if (meta_[number].revision > revision) numbers.push_back(number);
  }
  std::stable_sort(numbers.begin(), numbers.end(),
                   [&](size_t a, size_t b) { return meta_[a].revision < meta_[b].revision; });
  return numbers;
}

size_t StudyState::MemoryBytes() const {
  constexpr size_t kMapNodeBytes = 64;  // per entry, on top of the entry itself
  return history_.MemoryBytes() + meta_.capacity() * sizeof(Meta) +
         worker_ids_.capacity() * sizeof(uint32_t) +
         extras_.size() * (sizeof(Extra) + kMapNodeBytes);
}

}  // namespace hpod
