// Rules for trials that Optuna's clients create, and for where their parameters go.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "server/model/distribution_draft.h"
#include "server/model/errors.h"
#include "server/model/optuna/attributes.h"
#include "server/model/params_of.h"
#include "server/model/study_state.h"

namespace hpod {

// What algorithms can use goes into the history, which makes it visible to all; the text as it came
// is kept beside it unless it is the one that the distribution has anyway.
absl::StatusOr<StudyState::PlacedParam> StudyState::PlaceParam(const std::string& name,
                                                               const OptunaParam& param,
                                                               DistributionDraft& draft) const {
  PlacedParam placed;
  if (const auto known = optuna_texts_.Find(name, param.distribution)) {
    const OptunaDistribution& parsed = optuna_texts_.Parsed(*known);
    if (absl::Status status = CheckInternalValue(parsed, param.value, name); !status.ok())
      return AboutField("param_value_internal", status);
    if (IsUsable(history_.GetDistribution(*known).domain, param.value)) {
      placed.column = DistributionValue{*known, param.value};
      return placed;
    }
  }
  auto parsed = ParseOptunaDistribution(param.distribution);
  if (!parsed.ok()) return AboutField("distribution", parsed.status());
  if (absl::Status status = CheckInternalValue(*parsed, param.value, name); !status.ok())
    return AboutField("param_value_internal", status);
  const bool is_usable = parsed->domain.has_value() && IsUsable(*parsed->domain, param.value) &&
                         draft.CheckCompatible(name, *parsed->domain).ok();
  if (!is_usable) {
    placed.exact = param;
    return placed;
  }
  const uint32_t index = draft.IndexOf(name, *parsed->domain, param.distribution);
  placed.column = DistributionValue{index, param.value};
  const bool is_new = index >= history_.DistributionCount();
  if (!is_new && optuna_texts_.TextOf(history_, index) != param.distribution) placed.exact = param;
  return placed;
}

absl::StatusOr<Decision<OptunaSetParameter::Result>> StudyState::Decide(
    const OptunaSetParameter& command, const Now& now) const {
  const auto number = CheckUnfinished(command.trial_id);
  if (!number.ok()) return number.status();
  DistributionDraft draft(history_);
  const auto placed = PlaceParam(command.name, command.param, draft);
  if (!placed.ok()) return placed.status();
  if (absl::Status status = CheckRegistered(command.name, command.param); !status.ok())
    return status;
  Decision<OptunaSetParameter::Result> decision;
  Renew(*number, now, decision.changes);
  decision.changes.insert(decision.changes.end(), draft.Added().begin(), draft.Added().end());
  if (placed->column.has_value()) {
    std::vector<DistributionValue> params = ParamsOf(history_, *number);
    const size_t name = history_.FindName(command.name);
    const auto same = std::find_if(params.begin(), params.end(), [&](const auto& param) {
      return history_.GetDistribution(param.distribution).name == name;
    });
    if (same != params.end()) {
      *same = *placed->column;
    } else {
      params.push_back(*placed->column);
    }
    decision.changes.push_back(ParamsSet{*number, command.trial_id, std::move(params)});
  }
  const OptunaFacts& before = ExtraOf(*number).optuna;
  if (placed->exact.has_value() || before.params.contains(command.name)) {
    OptunaFacts facts = before;
    facts.params.erase(command.name);
    if (placed->exact.has_value()) facts.params[command.name] = *placed->exact;
    decision.changes.push_back(OptunaFactsSet{*number, command.trial_id, std::move(facts)});
  }
  return decision;
}

absl::Status StudyState::CheckRegistered(const std::string& name, const OptunaParam& param) const {
  absl::Status status;
  if (const auto known = optuna_texts_.Find(name, param.distribution)) {
    status = optuna_texts_.CheckRegistered(history_, name, optuna_texts_.Parsed(*known));
  } else {
    status =
        optuna_texts_.CheckRegistered(history_, name, *ParseOptunaDistribution(param.distribution));
  }
  if (status.ok()) return status;
  const auto message = status.message();
  return Refuse(Reason::kParameterChanged, std::string_view(message.data(), message.size()),
                {{"field", name}});
}

absl::StatusOr<Decision<OptunaCreateTrial::Result>> StudyState::Decide(
    const OptunaCreateTrial& command, const Now& now) const {
  if (command.made_up.has_value()) return CopyTemplate(*command.made_up);
  if (absl::Status status = CheckBudget(now); !status.ok()) return status;
  TrialStarted started;
  started.number = history_.size();
  started.started_us = now.wall_us;
  Decision<OptunaCreateTrial::Result> decision;
  decision.result.number = started.number;
  decision.changes.push_back(std::move(started));
  return decision;
}

// Heterogeneous trials must be possible: copy_study brings what other storages let in. So
// parameters are not checked against those of other trials; what does not go with them stays with
// this trial.
absl::StatusOr<Decision<OptunaCreateTrial::Result>> StudyState::CopyTemplate(
    const OptunaTemplate& made_up) const {
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(made_up.values.begin(), made_up.values.end(), is_nan))
    return InvalidField("template_trial.values", "an objective value is NaN");
  if (made_up.intermediate_values.size() > kMaxReportsPerTrial) {
    return InvalidField("template_trial.intermediate_values",
                        fmt::format("{} intermediate values, at most {} are allowed",
                                    made_up.intermediate_values.size(), kMaxReportsPerTrial));
  }
  for (const Attributes* attributes : {&made_up.user_attributes, &made_up.system_attributes}) {
    for (const auto& [key, value] : *attributes) {
      if (absl::Status status = CheckOptunaAttribute(key, value); !status.ok()) return status;
    }
  }
  TrialRecord trial;
  trial.number = history_.size();
  trial.state = made_up.state;
  trial.started_us = made_up.started_us;
  trial.completed_us = made_up.completed_us;
  trial.attributes = made_up.user_attributes;
  trial.system_attributes = made_up.system_attributes;
  trial.constraints = ConstraintsOf(made_up.system_attributes);
  trial.optuna.started = made_up.started;
  trial.optuna.completed = made_up.completed;
  if (IsFinished(made_up.state) && FitsObjectives(made_up.values)) {
    trial.values = made_up.values;
  } else {
    trial.optuna.values = made_up.values;
  }
  for (const auto& [step, value] : made_up.intermediate_values)
    trial.reports.push_back({step, value});
  DistributionDraft draft(history_);
  for (const auto& [name, param] : made_up.params) {
    const auto placed = PlaceParam(name, param, draft);
    if (!placed.ok()) return placed.status();
    if (placed->column.has_value()) trial.params.push_back(*placed->column);
    if (placed->exact.has_value()) trial.optuna.params[name] = *placed->exact;
  }
  if (made_up.state == TrialState::kWaiting) {
    trial.fixed = FixedParamsOf(made_up.system_attributes);
    if (!CheckFixed(trial.fixed).ok()) trial.fixed.clear();
  }
  Decision<OptunaCreateTrial::Result> decision;
  decision.result.number = trial.number;
  decision.changes.insert(decision.changes.end(), draft.Added().begin(), draft.Added().end());
  decision.changes.push_back(TrialAdded{std::move(trial)});
  return decision;
}

}  // namespace hpod
