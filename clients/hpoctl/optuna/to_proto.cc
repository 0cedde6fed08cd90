#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/optuna/convert.h"
#include "clients/hpoctl/optuna/distribution.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod::optuna {
namespace {

using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

std::string Dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// All but those that hpoctl has written itself.
Json SystemAttributesJson(const Attributes& attributes) {
  Json json = Json::object();
  for (const auto& [key, text] : attributes) {
    if (key != kDaemonStudy && key != kDaemonTrial) json[key] = text;
  }
  return json;
}

std::optional<Timestamp> ParseTime(const std::optional<std::string>& text) {
  Timestamp time;
  if (!text || text->find(' ') == std::string::npos) return std::nullopt;
  std::string rfc3339 = *text + "Z";
  rfc3339[rfc3339.find(' ')] = 'T';
  if (!TimeUtil::FromString(rfc3339, &time)) return std::nullopt;
  return time;
}

// Sets `time`, or notes in `record` what the daemon would not give back. Returns whether it is set.
bool SetTime(const std::optional<std::string>& text, bool must_have, const char* key, Json& record,
             Timestamp& time) {
  const auto parsed = ParseTime(text);
  if (parsed) time = *parsed;
  const bool is_exact = text ? parsed && must_have && TimeText(*parsed) == *text : !must_have;
  if (!is_exact) record[key] = text ? Json(*text) : Json();
  return parsed.has_value();
}

void SetTimes(const Trial& trial, Json& record, hpo::v1::Trial& message) {
  const bool is_finished = trial.state != "RUNNING" && trial.state != "WAITING";
  Timestamp time;
  if (SetTime(trial.start, trial.state != "WAITING", "start", record, time)) {
    *message.mutable_start_time() = time;
  }
  if (SetTime(trial.complete, is_finished, "complete", record, time)) {
    *message.mutable_complete_time() = time;
  }
}

// A number of values that the daemon refuses is kept aside; a COMPLETE trial without values, which
// Optuna's storages allow, is FAIL for the daemon.
void SetValues(const Trial& trial, int objectives, Json& record, hpo::v1::Trial& message) {
  const bool may_have = trial.state == "COMPLETE" || trial.state == "PRUNED";
  const bool fits = static_cast<int>(trial.values.size()) == objectives &&
                    std::none_of(trial.values.begin(), trial.values.end(),
                                 [](double value) { return std::isnan(value); });
  if (may_have && fits) {
    for (const double value : trial.values) message.add_values(value);
    return;
  }
  if (trial.state == "COMPLETE") {
    message.set_state(hpo::v1::TRIAL_STATE_FAIL);
    record["state"] = trial.state;
  }
  if (trial.values.empty() && trial.state != "COMPLETE") return;
  record["values"] = Json::array();
  for (const double value : trial.values) record["values"].push_back(DoubleJson(value));
}

void AddParam(const Param& param, Json& record, hpo::v1::Trial& message) {
  const auto mapped = Map(param);
  if (!mapped) {
    record["params"][param.name] = {{"value", DoubleJson(param.value)},
                                    {"distribution", param.distribution}};
    return;
  }
  auto& assignment = *message.add_params();
  assignment.set_name(param.name);
  *assignment.mutable_value() = mapped->value;
  *message.add_distributions() = mapped->parameter;
  if (!mapped->is_exact) record["distributions"][param.name] = param.distribution;
}

// Enqueued values of the kinds that the daemon has.
void SetFixedParams(const Attributes& attributes, hpo::v1::Trial& message) {
  const auto text = attributes.find(kFixedParams);
  if (text == attributes.end()) return;
  const auto json = ParsePython(text->second);
  if (!json || !json->is_object()) return;
  for (const auto& [name, given] : json->items()) {
    const auto value = ValueFromJson(given, name);
    if (!value.ok()) continue;
    auto& assignment = *message.add_fixed_params();
    assignment.set_name(name);
    *assignment.mutable_value() = *value;
  }
}

absl::Status SetDaemonFields(const Attributes& attributes, hpo::v1::Trial& message) {
  const auto text = attributes.find(kDaemonTrial);
  if (text == attributes.end()) return absl::OkStatus();
  const auto json = ParseJson(text->second, kDaemonTrial);
  if (!json.ok()) return json.status();
  Json whole = *json;
  whole["state"] = "COMPLETE";  // a trial's JSON always has one
  const auto read = TrialFromJson(whole);
  if (!read.ok()) return read.status();
  message.set_worker(read->worker());
  message.set_failure(read->failure());
  message.set_retry_count(read->retry_count());
  if (read->has_retry_of()) message.set_retry_of(read->retry_of());
  return absl::OkStatus();
}

}  // namespace

std::map<std::string, double> ConstraintsOf(const Attributes& system_attributes) {
  std::map<std::string, double> constraints;
  const auto add = [&](const std::string& name, const Json& json) {
    const auto value = ValueFromJson(json, name);
    const auto number = json.is_number() ? absl::StatusOr<double>(json.get<double>())
                        : value.ok() && value->kind_case() == hpo::v1::Value::kDoubleValue
                            ? absl::StatusOr<double>(value->double_value())
                            : absl::StatusOr<double>(std::nan(""));
    if (!std::isnan(*number)) constraints[name] = *number;
  };
  for (const auto& [key, text] : system_attributes) {
    if (!key.starts_with(kConstraints)) continue;
    const auto json = ParsePython(text);
    if (!json) continue;
    if (key == kConstraints && json->is_array()) {
      for (size_t i = 0; i < json->size(); ++i) add(fmt::format("{}", i), (*json)[i]);
    } else if (key.starts_with(kConstraintPrefix)) {
      add(key.substr(std::string_view(kConstraintPrefix).size()), *json);
    }
  }
  return constraints;
}

std::string TimeText(const Timestamp& time) {
  Timestamp second = time;
  second.set_nanos(0);
  std::string text = TimeUtil::ToString(second);
  text.pop_back();  // Z
  text[text.find('T')] = ' ';
  return fmt::format("{}.{:06}", text, time.nanos() / 1000);
}

absl::StatusOr<hpo::v1::Study> ToProto(const Study& study) {
  hpo::v1::Study message;
  if (const auto text = study.system_attributes.find(kDaemonStudy);
      text != study.system_attributes.end()) {
    const auto json = ParseJson(text->second, kDaemonStudy);
    if (!json.ok()) return json.status();
    auto read = StudyFromJson(*json);
    if (!read.ok()) return read.status();
    message = *std::move(read);
  } else {
    message.mutable_user_attributes()->insert(
        {kStudyRecord,
         Dumped({{"system_attributes", SystemAttributesJson(study.system_attributes)}})});
  }
  message.set_name(study.name);
  for (const std::string& name : study.directions) {
    // NOT_SET was a direction in Optuna's beginnings; its studies minimize.
    const auto direction = ParseDirection(name == "NOT_SET" ? "MINIMIZE" : name);
    if (!direction.ok()) return direction.status();
    message.add_directions(*direction);
  }
  for (const auto& [key, text] : study.user_attributes) {
    (*message.mutable_user_attributes())[key] = text;
  }
  if (const auto text = study.system_attributes.find(kMetricNames);
      text != study.system_attributes.end()) {
    const auto names = ParsePython(text->second);
    for (const Json& name : names ? *names : Json::array()) {
      if (name.is_string()) message.add_metric_names(name.get<std::string>());
    }
  }
  return message;
}

absl::StatusOr<hpo::v1::Trial> ToProto(const Trial& trial, int64_t index, int objectives) {
  hpo::v1::Trial message;
  const auto state = ParseState(trial.state);
  if (!state.ok()) return state.status();
  message.set_state(*state);
  message.set_number(index);
  Json record = Json::object();
  if (trial.number != index) record["number"] = trial.number;
  SetTimes(trial, record, message);
  SetValues(trial, objectives, record, message);
  // What is noted so far is true only as long as the daemon has not gone on with the trial.
  if (!record.empty()) record["as"] = NameOf(message.state());
  for (const Param& param : trial.params) AddParam(param, record, message);
  for (const auto& [step, value] : trial.intermediate_values) {
    auto& entry = *message.add_intermediate_values();
    entry.set_step(step);
    entry.set_value(value);
  }
  for (const auto& [name, value] : ConstraintsOf(trial.system_attributes)) {
    (*message.mutable_constraints())[name] = value;
  }
  SetFixedParams(trial.system_attributes, message);
  const absl::Status status = SetDaemonFields(trial.system_attributes, message);
  if (!status.ok()) return status;
  Json attributes = SystemAttributesJson(trial.system_attributes);
  if (!attributes.empty()) record["system_attributes"] = std::move(attributes);
  for (const auto& [key, text] : trial.user_attributes) {
    (*message.mutable_user_attributes())[key] = text;
  }
  if (!record.empty()) (*message.mutable_user_attributes())[kTrialRecord] = Dumped(record);
  return message;
}

}  // namespace hpod::optuna
