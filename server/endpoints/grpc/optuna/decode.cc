#include <fmt/format.h>

#include "server/endpoints/grpc/optuna/convert.h"
#include "server/endpoints/grpc/optuna/local_time.h"
#include "server/model/errors.h"
#include "server/model/optuna/excerpt.h"

namespace hpod {
namespace {

Attributes ToAttributes(const google::protobuf::RepeatedPtrField<optuna::TextEntry>& entries) {
  Attributes attributes;
  for (const optuna::TextEntry& entry : entries) attributes[entry.key()] = entry.value();
  return attributes;
}

absl::Status DecodeTimes(const optuna::Trial& trial, OptunaTemplate& made_up) {
  const auto started = FromLocalTime(trial.datetime_start());
  if (!started.ok()) return AboutField("template_trial.datetime_start", started.status());
  const auto completed = FromLocalTime(trial.datetime_complete());
  if (!completed.ok()) return AboutField("template_trial.datetime_complete", completed.status());
  made_up.started_us = *started;
  made_up.completed_us = *completed;
  made_up.started = trial.datetime_start();
  made_up.completed = trial.datetime_complete();
  return absl::OkStatus();
}

// A distribution without a parameter says nothing, and is left out.
absl::Status DecodeParams(const optuna::Trial& trial, OptunaTemplate& made_up) {
  const Attributes distributions = ToAttributes(trial.distributions());
  for (const optuna::NumberEntry& param : trial.params()) {
    const auto distribution = distributions.find(param.key());
    if (distribution == distributions.end()) {
      return InvalidField("template_trial.distributions",
                          fmt::format("parameter '{}' has no distribution", Excerpt(param.key())));
    }
    made_up.params[param.key()] = {distribution->second, param.value()};
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StudySpec> DecodeStudy(const optuna::CreateNewStudyRequest& request) {
  if (request.directions().empty())
    return InvalidField("directions", "directions is empty, a study has one per objective");
  StudySpec spec;
  spec.name = request.study_name();
  for (const int direction : request.directions()) {
    spec.directions.push_back(direction == optuna::MINIMIZE ? Direction::kMinimize
                                                            : Direction::kMaximize);
  }
  return spec;
}

absl::StatusOr<TrialState> DecodeState(optuna::TrialState state) {
  switch (state) {
    case optuna::RUNNING:
      return TrialState::kRunning;
    case optuna::COMPLETE:
      return TrialState::kComplete;
    case optuna::PRUNED:
      return TrialState::kPruned;
    case optuna::FAIL:
      return TrialState::kFail;
    case optuna::WAITING:
      return TrialState::kWaiting;
    default:
      return InvalidField("state", fmt::format("state {} is none of RUNNING (0), COMPLETE (1), "
                                               "PRUNED (2), FAIL (3), WAITING (4)",
                                               static_cast<int>(state)));
  }
}

absl::StatusOr<OptunaTemplate> DecodeTemplate(const optuna::Trial& trial) {
  OptunaTemplate made_up;
  const auto state = DecodeState(trial.state());
  if (!state.ok()) return state.status();
  made_up.state = *state;
  if (absl::Status status = DecodeTimes(trial, made_up); !status.ok()) return status;
  if (absl::Status status = DecodeParams(trial, made_up); !status.ok()) return status;
  made_up.values.assign(trial.values().begin(), trial.values().end());
  made_up.user_attributes = ToAttributes(trial.user_attributes());
  made_up.system_attributes = ToAttributes(trial.system_attributes());
  for (const optuna::StepEntry& entry : trial.intermediate_values())
    made_up.intermediate_values[entry.key()] = entry.value();
  return made_up;
}

}  // namespace hpod
