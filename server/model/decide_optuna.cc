// Rules for trials of Optuna's clients: what is made, set and finished. They hold no lease, and
// nothing but a finished trial refuses them; see server/model/optuna/commands.h.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "server/model/errors.h"
#include "server/model/optuna/attributes.h"
#include "server/model/params_of.h"
#include "server/model/study_state.h"

namespace hpod {
namespace {

absl::Status CheckValues(const std::vector<double>& values) {
  const bool nan =
      std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  if (!nan) return absl::OkStatus();
  return InvalidField("values", "an objective value is NaN; tell the trial as FAIL instead");
}

}  // namespace

absl::StatusOr<size_t> StudyState::CheckUnfinished(int64_t trial_id) const {
  const std::optional<size_t> number = FindTrial(trial_id);
  if (!number.has_value()) {
    return Refuse(Reason::kTrialNotFound, fmt::format("there is no trial with the id {}", trial_id),
                  {{"study", spec_.name}});
  }
  const TrialState state = history_.State(*number);
  if (!IsFinished(state)) return *number;
  return Refuse(Reason::kTrialFinished,
                fmt::format("{} is {}; a finished trial never changes",
                            TrialName(static_cast<int64_t>(*number)), ToString(state)),
                {{"state", std::string(ToString(state))}});
}

// The protocol has no word for a budget, and its clients no answer but to end: which is what a
// study that hands out nothing more asks for.
absl::Status StudyState::CheckBudget(const Now& now) const {
  switch (BudgetStop(now)) {
    case StopReason::kMaxTrials:
      return Refuse(Reason::kLimitExceeded,
                    fmt::format("studies/{} hands out no further trial: its {} trials have been "
                                "handed out",
                                spec_.name, spec_.budget.max_trials),
                    {{"limit", "max_trials"}});
    case StopReason::kMaxRunning:
      return Refuse(Reason::kLimitExceeded,
                    fmt::format("studies/{} hands out no further trial now: {} run, the most that "
                                "may at one time",
                                spec_.name, spec_.budget.max_running),
                    {{"limit", "max_running"}});
    case StopReason::kMaxDuration:
      return Refuse(
          Reason::kLimitExceeded,
          fmt::format("studies/{} hands out no further trial: its time is over", spec_.name),
          {{"limit", "max_duration"}});
    case StopReason::kStopped:
      return Refuse(Reason::kLimitExceeded,
                    fmt::format("studies/{} hands out no further trial: it was stopped (hpoctl "
                                "study resume {} lets it go on)",
                                spec_.name, spec_.name),
                    {{"limit", "stopped"}});
    default:
      return absl::OkStatus();
  }
}

bool StudyState::FitsObjectives(const std::vector<double>& values) const {
  return values.size() == spec_.directions.size();
}

absl::StatusOr<Decision<OptunaSetState::Result>> StudyState::Decide(const OptunaSetState& command,
                                                                    const Now& now) const {
  const auto number = CheckUnfinished(command.trial_id);
  if (!number.ok()) return number.status();
  if (absl::Status status = CheckValues(command.values); !status.ok()) return status;
  const TrialState before = history_.State(*number);
  Decision<OptunaSetState::Result> decision;
  if (command.state == TrialState::kRunning && before == TrialState::kRunning) {
    decision.result.updated = false;
    return decision;
  }
  OptunaFacts facts = ExtraOf(*number).optuna;
  if (!command.values.empty()) facts.values = command.values;
  if (IsFinished(command.state)) {
    TrialFinished finished = FinishWith(*number, command, now);
    facts.completed.clear();
    if (!finished.values.empty()) facts.values.clear();
    decision.changes.push_back(std::move(finished));
    if (!facts.values.empty())
      decision.changes.push_back(OptunaFactsSet{*number, command.trial_id, std::move(facts)});
    return decision;
  }
  if (command.state == TrialState::kRunning) {
    if (absl::Status status = CheckBudget(now); !status.ok()) return status;
    facts.started.clear();
    TrialStarted started;
    started.number = *number;
    started.trial_id = command.trial_id;
    started.was_waiting = true;
    started.params = ParamsOf(history_, *number);
    started.lease_token = meta_[*number].lease_token;
    started.started_us = now.wall_us;
    decision.changes.push_back(std::move(started));
  } else if (before == TrialState::kRunning) {
    decision.changes.push_back(TrialRequeued{*number, command.trial_id});
  }
  if (!command.values.empty())
    decision.changes.push_back(OptunaFactsSet{*number, command.trial_id, std::move(facts)});
  return decision;
}

// Values that do not fit the objectives stay among the facts.
TrialFinished StudyState::FinishWith(size_t number, const OptunaSetState& command,
                                     const Now& now) const {
  const std::vector<double>& values =
      command.values.empty() ? ExtraOf(number).optuna.values : command.values;
  TrialFinished finished;
  finished.number = number;
  finished.trial_id = command.trial_id;
  finished.state = command.state;
  if (FitsObjectives(values)) finished.values = values;
  finished.completed_us = now.wall_us;
  finished.lease_token = meta_[number].lease_token;
  return finished;
}

absl::StatusOr<Decision<OptunaReport::Result>> StudyState::Decide(const OptunaReport& command,
                                                                  const Now& now) const {
  const auto number = CheckUnfinished(command.trial_id);
  if (!number.ok()) return number.status();
  const auto reports = history_.Reports(*number);
  const auto at =
      std::lower_bound(reports.begin(), reports.end(), command.report.step,
                       [](const Report& report, int64_t step) { return report.step < step; });
  const bool replaces = at != reports.end() && at->step == command.report.step;
  if (!replaces && reports.size() >= kMaxReportsPerTrial) {
    return Refuse(Reason::kLimitExceeded,
                  fmt::format("{} has {} reports, the most allowed",
                              TrialName(static_cast<int64_t>(*number)), kMaxReportsPerTrial),
                  {{"limit", "reports"}});
  }
  Decision<OptunaReport::Result> decision;
  Renew(*number, now, decision.changes);
  decision.changes.push_back(ValueReported{*number, command.trial_id, command.report, replaces});
  return decision;
}

absl::StatusOr<Decision<OptunaSetTrialAttribute::Result>> StudyState::Decide(
    const OptunaSetTrialAttribute& command, const Now& now) const {
  const auto number = CheckUnfinished(command.trial_id);
  if (!number.ok()) return number.status();
  if (absl::Status status = CheckOptunaAttribute(command.key, command.value); !status.ok())
    return status;
  Decision<OptunaSetTrialAttribute::Result> decision;
  Renew(*number, now, decision.changes);
  TrialAttributeSet set{*number, command.trial_id, command.scope, command.key, command.value, {}};
  if (command.scope == AttributeScope::kSystem && IsConstraintKey(command.key)) {
    Attributes attributes = ExtraOf(*number).system_attributes;
    attributes[command.key] = command.value;
    set.constraints = ConstraintsOf(attributes);
  }
  decision.changes.push_back(std::move(set));
  return decision;
}

absl::StatusOr<Decision<OptunaSetStudyAttribute::Result>> StudyState::Decide(
    const OptunaSetStudyAttribute& command, const Now& /*now*/) const {
  if (absl::Status status = CheckOptunaAttribute(command.key, command.value); !status.ok())
    return status;
  Decision<OptunaSetStudyAttribute::Result> decision;
  decision.changes.push_back(StudyAttributeSet{command.scope, command.key, command.value});
  if (command.scope == AttributeScope::kSystem && command.key == kMetricNamesKey) {
    const std::vector<std::string> names = MetricNamesOf(command.value);
    if (names.size() == spec_.directions.size()) {
      decision.changes.push_back(StudyUpdated{spec_.budget, spec_.lease_ms, spec_.max_retries,
                                              names, spec_.attributes, spec_.stopped});
    }
  }
  return decision;
}

}  // namespace hpod
