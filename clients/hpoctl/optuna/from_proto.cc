#include <fmt/format.h>
#include <fmt/ranges.h>

#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/optuna/convert.h"
#include "clients/hpoctl/optuna/distribution.h"
#include "clients/hpoctl/wire.h"

namespace hpod::optuna {
namespace {

using Texts = google::protobuf::Map<std::string, std::string>;

std::string Dumped(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

// The object that convert.h describes; an empty one if there is none.
Json RecordIn(const Texts& attributes, const char* key) {
  const auto text = attributes.find(key);
  if (text == attributes.end()) return Json::object();
  const auto json = ParsePython(text->second);
  return json && json->is_object() ? *json : Json::object();
}

Attributes StringsIn(const Json& record, const char* key) {
  Attributes strings;
  if (!record.contains(key) || !record[key].is_object()) return strings;
  for (const auto& [name, text] : record[key].items()) {
    if (text.is_string()) strings[name] = text.get<std::string>();
  }
  return strings;
}

std::optional<std::string> TextIn(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

Attributes Without(const Texts& attributes, const char* key) {
  Attributes rest(attributes.begin(), attributes.end());
  rest.erase(key);
  return rest;
}

std::string ListText(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> texts;
  for (const std::string& name : names) texts.push_back(Dumped(Json(name)));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::string ObjectText(const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& assignments) {
  std::vector<std::string> texts;
  for (const auto& assignment : assignments) {
    texts.push_back(
        fmt::format("{}: {}", Dumped(Json(assignment.name())), PythonText(assignment.value())));
  }
  return fmt::format("{{{}}}", fmt::join(texts, ", "));
}

void AddParams(const hpo::v1::Trial& message, const Json& record, Trial& trial) {
  Attributes texts = StringsIn(record, "distributions");
  for (int i = 0; i < std::min(message.params_size(), message.distributions_size()); ++i) {
    const auto& [assignment, parameter] = std::tie(message.params(i), message.distributions(i));
    const auto text = texts.find(assignment.name());
    trial.params.push_back({assignment.name(), InternalValue(parameter, assignment.value()),
                            text == texts.end() ? DistributionText(parameter) : text->second});
  }
  if (!record.contains("params") || !record["params"].is_object()) return;
  for (const auto& [name, param] : record["params"].items()) {
    if (!param.is_object() || !param.contains("value") || !param.contains("distribution")) continue;
    const auto value = DoubleFromJson(param["value"], name);
    const auto text = TextIn(param["distribution"]);
    if (value.ok() && text) trial.params.push_back({name, *value, *text});
  }
}

// System attributes that say in Optuna's words what the daemon knows besides.
void AddSystemAttributes(const hpo::v1::Trial& message, Trial& trial) {
  const auto known = ConstraintsOf(trial.system_attributes);
  for (const auto& [name, value] : message.constraints()) {
    const auto at = known.find(name);
    if (at == known.end() || at->second != value) {
      trial.system_attributes[kConstraintPrefix + name] = PythonNumber(value);
    }
  }
  if (message.fixed_params_size() > 0) {
    trial.system_attributes.insert({kFixedParams, ObjectText(message.fixed_params())});
  }
  Json rest = Json::object();
  if (!message.worker().empty()) rest["worker"] = message.worker();
  if (!message.failure().empty()) rest["failure"] = message.failure();
  if (message.has_retry_of()) rest["retry_of"] = message.retry_of();
  if (message.retry_count() != 0) rest["retry_count"] = message.retry_count();
  if (!rest.empty()) trial.system_attributes[kDaemonTrial] = Dumped(rest);
}

void ApplyRecord(const Json& record, const hpo::v1::Trial& message, Trial& trial) {
  if (!record.contains("as") || record["as"] != NameOf(message.state())) return;
  if (record.contains("number") && record["number"].is_number_integer()) {
    trial.number = record["number"].get<int64_t>();
  }
  if (record.contains("state")) trial.state = TextIn(record["state"]).value_or(trial.state);
  if (record.contains("start")) trial.start = TextIn(record["start"]);
  if (record.contains("complete")) trial.complete = TextIn(record["complete"]);
  if (!record.contains("values")) return;
  trial.values.clear();
  for (const Json& json : record["values"]) {
    const auto value = DoubleFromJson(json, "values");
    if (value.ok()) trial.values.push_back(*value);
  }
}

}  // namespace

Study FromProto(const hpo::v1::Study& message) {
  Study study;
  study.name = message.name();
  for (const int direction : message.directions()) {
    study.directions.push_back(NameOf(static_cast<hpo::v1::Direction>(direction)));
  }
  study.user_attributes = Without(message.user_attributes(), kStudyRecord);
  study.system_attributes =
      StringsIn(RecordIn(message.user_attributes(), kStudyRecord), "system_attributes");
  const std::string names = ListText(message.metric_names());
  if (message.metric_names_size() > 0) study.system_attributes[kMetricNames] = names;
  if (!message.user_attributes().contains(kStudyRecord)) {
    Json json = StudyJson(message);
    for (const char* key : {"name", "directions", "metric_names", "user_attributes", "counts",
                            "create_time", "revision", "stop_reason", "first_trial_time", "id"}) {
      json.erase(key);
    }
    study.system_attributes[kDaemonStudy] = Dumped(json);
  }
  return study;
}

Trial FromProto(const hpo::v1::Trial& message) {
  Trial trial;
  const Json record = RecordIn(message.user_attributes(), kTrialRecord);
  trial.number = message.number();
  trial.state = NameOf(message.state());
  if (message.has_start_time()) trial.start = TimeText(message.start_time());
  if (message.has_complete_time()) trial.complete = TimeText(message.complete_time());
  trial.values.assign(message.values().begin(), message.values().end());
  AddParams(message, record, trial);
  for (const auto& entry : message.intermediate_values()) {
    trial.intermediate_values[entry.step()] = entry.value();
  }
  trial.user_attributes = Without(message.user_attributes(), kTrialRecord);
  trial.system_attributes = StringsIn(record, "system_attributes");
  AddSystemAttributes(message, trial);
  ApplyRecord(record, message, trial);
  return trial;
}

}  // namespace hpod::optuna
