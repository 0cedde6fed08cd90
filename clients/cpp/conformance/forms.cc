#include "clients/cpp/conformance/forms.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cinttypes>
#include <cstdio>

namespace conformance {
namespace {

Json DoubleJson(double value) {
  constexpr size_t kDigits = 16;
  char text[kDigits + 1];
  std::snprintf(text, sizeof text, "%016" PRIx64, std::bit_cast<uint64_t>(value));
  return text;
}

std::string WithoutPrefix(const std::string& name, std::string_view prefix) {
  return name.substr(prefix.size());
}

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

hpod::Domain ToDomain(const Json& json) {
  const std::string type = json.at("type");
  const bool log = json.value("log", false);
  if (type == "float") {
    const double step = json.contains("step") ? ToDouble(json.at("step")) : 0;
    return hpod::Float{ToDouble(json.at("low")), ToDouble(json.at("high")), log, step};
  }
  if (type == "int") {
    return hpod::Int{json.at("low"), json.at("high"), log, json.value("step", int64_t{0})};
  }
  hpod::Choice choice;
  for (const Json& value : json.at("choices")) choice.choices.push_back(ToValue(value));
  return choice;
}

hpod::Algorithm ToAlgorithm(const Json& json) {
  return {json.at("name"), json.value("options", std::map<std::string, std::string>())};
}

template <class Attributes>
Json AttributesJson(const Attributes& texts) {
  Json json = Json::object();
  for (const auto& [name, text] : texts) json[name] = Json::parse(text);
  return json;
}

}  // namespace

double ToDouble(const Json& json) {
  constexpr int kHexadecimal = 16;
  return std::bit_cast<double>(std::stoull(json.get<std::string>(), nullptr, kHexadecimal));
}

hpod::Value ToValue(const Json& json) {
  const std::string& kind = json.begin().key();
  const Json& content = json.begin().value();
  if (kind == "float") return ToDouble(content);
  if (kind == "int") return int64_t{std::stoll(content.get<std::string>())};
  if (kind == "bool") return content.get<bool>();
  if (kind == "string") return content.get<std::string>();
  return std::monostate();
}

Json ToJson(const hpod::Value& value) {
  if (const auto* real = std::get_if<double>(&value)) return {{"float", DoubleJson(*real)}};
  if (const auto* whole = std::get_if<int64_t>(&value)) return {{"int", std::to_string(*whole)}};
  if (const auto* truth = std::get_if<bool>(&value)) return {{"bool", *truth}};
  if (const auto* text = std::get_if<std::string>(&value)) return {{"string", *text}};
  return {{"null", true}};
}

hpod::Parameter ToParameter(const Json& json) {
  hpod::Parameter parameter{json.at("name"), ToDomain(json)};
  for (const Json& condition : json.value("conditions", Json::array())) {
    hpod::When when{condition.at("parent"), {}};
    for (const Json& value : condition.at("values")) when.values.push_back(ToValue(value));
    parameter.conditions.push_back(std::move(when));
  }
  return parameter;
}

hpod::StudySpec ToSpec(const Json& step) {
  hpod::StudySpec spec{.name = step.at("study")};
  for (const std::string direction : step.value("directions", Json::array())) {
    spec.directions.push_back(direction == "maximize" ? hpod::Direction::kMaximize
                                                      : hpod::Direction::kMinimize);
  }
  for (const Json& parameter : step.value("space", Json::array())) {
    spec.space.push_back(ToParameter(parameter));
  }
  if (step.contains("sampler")) spec.sampler = ToAlgorithm(step.at("sampler"));
  if (step.contains("pruner")) spec.pruner = ToAlgorithm(step.at("pruner"));
  spec.seed = step.value("seed", uint64_t{0});
  spec.max_trials = step.value("max_trials", int64_t{0});
  spec.max_running = step.value("max_running", int64_t{0});
  spec.lease = std::chrono::milliseconds(step.value("lease_ms", int64_t{0}));
  if (step.contains("max_retries")) spec.max_retries = step.at("max_retries").get<int32_t>();
  spec.metric_names = step.value("metric_names", std::vector<std::string>());
  spec.user_attributes = JsonTexts(step);
  return spec;
}

hpo::v1::TrialState ToState(const Json& json) {
  hpo::v1::TrialState state = hpo::v1::TRIAL_STATE_UNSPECIFIED;
  hpo::v1::TrialState_Parse("TRIAL_STATE_" + json.get<std::string>(), &state);
  return state;
}

std::map<std::string, std::string> JsonTexts(const Json& step) {
  std::map<std::string, std::string> texts;
  const Json attributes = step.value("user_attributes", Json::object());
  for (const auto& [name, json] : attributes.items()) {
    texts[name] = json.dump();
  }
  return texts;
}

std::map<std::string, double> Constraints(const Json& step) {
  std::map<std::string, double> constraints;
  const Json given = step.value("constraints", Json::object());
  for (const auto& [name, value] : given.items()) {
    constraints[name] = ToDouble(value);
  }
  return constraints;
}

Json ToJson(const absl::Status& error) {
  const hpod::ErrorInfo info = hpod::ErrorInfoOf(error);
  return {{"code", absl::StatusCodeToString(error.code())},
          {"reason", info.reason},
          {"metadata", info.metadata}};
}

std::string NameOf(hpo::v1::StopReason reason) {
  return WithoutPrefix(hpo::v1::StopReason_Name(reason), "STOP_REASON_");
}

Json ToJson(const hpo::v1::Study& study) {
  Json directions = Json::array();
  for (int i = 0; i < study.directions_size(); ++i) {
    const std::string name = hpo::v1::Direction_Name(study.directions(i));
    directions.push_back(LowerCase(WithoutPrefix(name, "DIRECTION_")));
  }
  const auto& counts = study.counts();
  const bool has_stopped = study.stop_reason() != hpo::v1::STOP_REASON_UNSPECIFIED;
  return {{"name", study.name()},
          {"directions", directions},
          {"metric_names",
           std::vector<std::string>(study.metric_names().begin(), study.metric_names().end())},
          {"user_attributes", AttributesJson(study.user_attributes())},
          {"counts",
           {{"running", counts.running()},
            {"complete", counts.complete()},
            {"pruned", counts.pruned()},
            {"failed", counts.failed()},
            {"waiting", counts.waiting()}}},
          {"stop_reason", has_stopped ? Json(NameOf(study.stop_reason())) : Json(nullptr)}};
}

Json ToJson(const hpo::v1::Trial& trial) {
  Json params = Json::object();
  for (const auto& param : trial.params()) {
    params[param.name()] = ToJson(hpod::FromProto(param.value()));
  }
  Json values = Json::array();
  for (const double value : trial.values()) values.push_back(DoubleJson(value));
  Json reports = Json::object();
  for (const auto& report : trial.intermediate_values()) {
    reports[std::to_string(report.step())] = DoubleJson(report.value());
  }
  Json constraints = Json::object();
  for (const auto& [name, value] : trial.constraints()) constraints[name] = DoubleJson(value);
  return {{"number", trial.number()},
          {"state", WithoutPrefix(hpo::v1::TrialState_Name(trial.state()), "TRIAL_STATE_")},
          {"params", params},
          {"values", values},
          {"intermediate_values", reports},
          {"user_attributes", AttributesJson(trial.user_attributes())},
          {"constraints", constraints},
          {"failure", trial.failure()},
          {"retry_of", trial.has_retry_of() ? Json(trial.retry_of()) : Json(nullptr)}};
}

}  // namespace conformance
