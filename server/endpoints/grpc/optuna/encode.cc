#include "server/endpoints/grpc/optuna/convert.h"
#include "server/endpoints/grpc/optuna/local_time.h"
#include "server/model/optuna/attributes.h"
#include "server/model/optuna/python_json.h"

namespace hpod {
namespace {

optuna::TrialState EncodeState(TrialState state) {
  switch (state) {
    case TrialState::kRunning:
      return optuna::RUNNING;
    case TrialState::kComplete:
      return optuna::COMPLETE;
    case TrialState::kPruned:
      return optuna::PRUNED;
    case TrialState::kFail:
      return optuna::FAIL;
    case TrialState::kWaiting:
      return optuna::WAITING;
  }
  return optuna::FAIL;
}

void AddParam(const std::string& name, double value, const std::string& distribution,
              optuna::Trial& message) {
  optuna::NumberEntry& param = *message.add_params();
  param.set_key(name);
  param.set_value(value);
  optuna::TextEntry& text = *message.add_distributions();
  text.set_key(name);
  text.set_value(distribution);
}

}  // namespace

void EncodeDirections(const StudySpec& spec, google::protobuf::RepeatedField<int>& directions) {
  for (Direction direction : spec.directions)
    directions.Add(direction == Direction::kMinimize ? optuna::MINIMIZE : optuna::MAXIMIZE);
}

void EncodeAttributes(const Attributes& attributes,
                      google::protobuf::RepeatedPtrField<optuna::TextEntry>& entries) {
  for (const auto& [key, value] : attributes) {
    optuna::TextEntry& entry = *entries.Add();
    entry.set_key(key);
    entry.set_value(value);
  }
}

void EncodeUserAttributes(const Attributes& attributes,
                          google::protobuf::RepeatedPtrField<optuna::TextEntry>& entries) {
  for (const auto& [key, value] : attributes) {
    optuna::TextEntry& entry = *entries.Add();
    entry.set_key(key);
    entry.set_value(CheckPythonJson(value).ok() ? value : ToString(Value(value)));
  }
}

const std::string& TrialEncoder::TextOf(uint32_t distribution) {
  if (texts_.size() <= distribution) texts_.resize(distribution + 1);
  std::string& text = texts_[distribution];
  if (text.empty()) text = study_.OptunaTexts().TextOf(study_.Trials(), distribution);
  return text;
}

void TrialEncoder::EncodeParams(size_t number, optuna::Trial& message) {
  const History& history = study_.Trials();
  const auto& exact = study_.Optuna(number).params;
  for (const uint32_t id : history.ShapeOf(number)) {
    const size_t name_id = history.GetDistribution(id).name;
    const std::string& name = history.Name(name_id);
    if (!exact.empty() && exact.contains(name)) continue;
    AddParam(name, history.Param(number, name_id), TextOf(id), message);
  }
  for (const auto& [name, param] : exact) AddParam(name, param.value, param.distribution, message);
}

void TrialEncoder::EncodeValues(size_t number, optuna::Trial& message) const {
  const History& history = study_.Trials();
  const OptunaFacts& facts = study_.Optuna(number);
  message.mutable_values()->Add(facts.values.begin(), facts.values.end());
  if (!facts.values.empty() || !history.HasValues(number)) return;
  for (size_t objective = 0; objective < history.Directions().size(); ++objective)
    message.add_values(history.ObjectiveValue(number, objective));
}

void TrialEncoder::EncodeTimes(size_t number, optuna::Trial& message) const {
  const OptunaFacts& facts = study_.Optuna(number);
  message.set_datetime_start(facts.started.empty() ? ToLocalTime(study_.StartedUs(number))
                                                   : facts.started);
  message.set_datetime_complete(facts.completed.empty() ? ToLocalTime(study_.CompletedUs(number))
                                                        : facts.completed);
}

void TrialEncoder::Encode(size_t number, optuna::Trial& message) {
  const History& history = study_.Trials();
  message.set_trial_id(study_.TrialId(number));
  message.set_number(static_cast<int64_t>(number));
  message.set_state(EncodeState(history.State(number)));
  EncodeValues(number, message);
  EncodeTimes(number, message);
  EncodeParams(number, message);
  EncodeUserAttributes(study_.UserAttributes(number), *message.mutable_user_attributes());
  EncodeAttributes(SystemAttributesWith(study_.SystemAttributes(number),
                                        study_.TrialConstraints(number), study_.Fixed(number)),
                   *message.mutable_system_attributes());
  for (const Report& report : history.Reports(number)) {
    optuna::StepEntry& entry = *message.add_intermediate_values();
    entry.set_key(report.step);
    entry.set_value(report.value);
  }
}

}  // namespace hpod
