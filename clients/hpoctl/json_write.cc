#include "clients/hpoctl/json_write.h"

#include <cmath>
#include <map>

#include "clients/hpoctl/table.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

// Maps of protobuf have no order of their own; the output has: by key.
template <class Map>
auto Sorted(const Map& map) {
  return std::map(map.begin(), map.end());
}

Json StringsJson(const google::protobuf::Map<std::string, std::string>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : Sorted(map)) json[key] = value;
  return json;
}

// Whole milliseconds as an integer.
Json MillisecondsJson(const google::protobuf::Duration& duration) {
  constexpr int64_t kNanosPerMilli = 1'000'000;
  const int64_t nanos = FromProto(duration).count();
  if (nanos % kNanosPerMilli == 0) return nanos / kNanosPerMilli;
  return static_cast<double>(nanos) / static_cast<double>(kNanosPerMilli);
}

Json DomainJson(const hpo::v1::Parameter& parameter) {
  Json json;
  if (parameter.has_float_domain()) {
    const auto& domain = parameter.float_domain();
    json = {{"type", "float"}, {"low", domain.low()}, {"high", domain.high()}};
    if (domain.log()) json["log"] = true;
    if (domain.step() != 0) json["step"] = domain.step();
  } else if (parameter.has_int_domain()) {
    const auto& domain = parameter.int_domain();
    json = {{"type", "int"}, {"low", domain.low()}, {"high", domain.high()}};
    if (domain.log()) json["log"] = true;
    if (domain.step() > 1) json["step"] = domain.step();
  } else {
    json = {{"type", "categorical"}, {"choices", Json::array()}};
    for (const auto& choice : parameter.categorical_domain().choices()) {
      json["choices"].push_back(ValueJson(choice));
    }
  }
  return json;
}

// An object of parent to values; a list of such objects when a parent has several conditions.
Json WhenJson(const hpo::v1::Parameter& parameter) {
  Json object = Json::object();
  Json list = Json::array();
  for (const auto& condition : parameter.conditions()) {
    Json values = Json::array();
    for (const auto& value : condition.values()) values.push_back(ValueJson(value));
    object[condition.parent()] = values;
    list.push_back(Json::object({{condition.parent(), values}}));
  }
  return object.size() == list.size() ? object : list;
}

Json AlgorithmJson(const hpo::v1::Algorithm& algorithm) {
  return {{"name", algorithm.name()}, {"options", StringsJson(algorithm.options())}};
}

Json BudgetJson(const hpo::v1::Budget& budget) {
  Json json = {{"max_trials", budget.max_trials()}, {"max_running", budget.max_running()}};
  json["max_duration_ms"] =
      budget.has_max_duration() ? MillisecondsJson(budget.max_duration()) : Json();
  return json;
}

Json TimeJson(bool is_set, const google::protobuf::Timestamp& time) {
  return is_set ? Json(Rfc3339(FromProto(time))) : Json();
}

Json NamesJson(const hpo::v1::Study& study) {
  Json names = Json::array();
  for (const int direction : study.directions()) {
    names.push_back(NameOf(static_cast<hpo::v1::Direction>(direction)));
  }
  return names;
}

Json IntermediateValuesJson(const hpo::v1::Trial& trial) {
  Json json = Json::array();
  for (const auto& entry : trial.intermediate_values()) {
    json.push_back({{"step", entry.step()}, {"value", DoubleJson(entry.value())}});
  }
  return json;
}

}  // namespace

Json DoubleJson(double value) {
  return std::isfinite(value) ? Json(value) : Json(ExactNumber(value));
}

Json ValueJson(const hpo::v1::Value& value) {
  switch (value.kind_case()) {
    case hpo::v1::Value::kBoolValue:
      return value.bool_value();
    case hpo::v1::Value::kIntValue:
      return value.int_value();
    case hpo::v1::Value::kDoubleValue:
      if (std::isfinite(value.double_value())) return value.double_value();
      return Json::object({{"double", DoubleJson(value.double_value())}});
    case hpo::v1::Value::kStringValue:
      return value.string_value();
    case hpo::v1::Value::kNullValue:
    case hpo::v1::Value::KIND_NOT_SET:
      break;
  }
  return nullptr;
}

Json SpaceJson(const google::protobuf::RepeatedPtrField<hpo::v1::Parameter>& parameters) {
  Json json = Json::object();
  for (const auto& parameter : parameters) {
    Json entry = DomainJson(parameter);
    if (parameter.conditions_size() > 0) entry["when"] = WhenJson(parameter);
    json[parameter.name()] = std::move(entry);
  }
  return json;
}

Json AssignmentsJson(const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& assignments) {
  Json json = Json::object();
  for (const auto& assignment : assignments)
    json[assignment.name()] = ValueJson(assignment.value());
  return json;
}

Json StudyJson(const hpo::v1::Study& study) {
  const auto& counts = study.counts();
  Json json;
  json["name"] = study.name();
  json["directions"] = NamesJson(study);
  json["sampler"] = AlgorithmJson(study.sampler());
  json["pruner"] = AlgorithmJson(study.pruner());
  json["seed"] = study.seed();
  json["space"] = SpaceJson(study.space());
  json["budget"] = BudgetJson(study.budget());
  json["lease_ms"] = study.has_lease() ? MillisecondsJson(study.lease()) : Json();
  json["max_retries"] = study.has_max_retries() ? Json(study.max_retries()) : Json();
  json["metric_names"] = Json::array();
  for (const std::string& name : study.metric_names()) json["metric_names"].push_back(name);
  json["user_attributes"] = StringsJson(study.user_attributes());
  json["stopped"] = study.stopped();
  json["create_time"] = TimeJson(study.has_create_time(), study.create_time());
  json["counts"] = {{"running", counts.running()},
                    {"complete", counts.complete()},
                    {"pruned", counts.pruned()},
                    {"failed", counts.failed()},
                    {"waiting", counts.waiting()}};
  json["revision"] = study.revision();
  json["stop_reason"] = study.stop_reason() == hpo::v1::STOP_REASON_UNSPECIFIED
                            ? Json()
                            : Json(NameOf(study.stop_reason()));
  json["first_trial_time"] = TimeJson(study.has_first_trial_time(), study.first_trial_time());
  json["id"] = study.id();
  return json;
}

Json LeaseJson(const hpo::v1::Lease& lease) {
  return {{"token", lease.token()},
          {"expire_time", TimeJson(lease.has_expire_time(), lease.expire_time())},
          {"duration_ms", MillisecondsJson(lease.duration())}};
}

Json TrialJson(const hpo::v1::Trial& trial) {
  Json json;
  json["number"] = trial.number();
  json["state"] = NameOf(trial.state());
  json["params"] = AssignmentsJson(trial.params());
  json["values"] = Json::array();
  for (const double value : trial.values()) json["values"].push_back(DoubleJson(value));
  json["intermediate_values"] = IntermediateValuesJson(trial);
  json["start_time"] = TimeJson(trial.has_start_time(), trial.start_time());
  json["complete_time"] = TimeJson(trial.has_complete_time(), trial.complete_time());
  json["worker"] = trial.worker();
  json["lease"] = trial.has_lease() ? LeaseJson(trial.lease()) : Json();
  json["user_attributes"] = StringsJson(trial.user_attributes());
  json["constraints"] = Json::object();
  for (const auto& [name, value] : Sorted(trial.constraints())) {
    json["constraints"][name] = DoubleJson(value);
  }
  json["retry_of"] = trial.has_retry_of() ? Json(trial.retry_of()) : Json();
  json["retry_count"] = trial.retry_count();
  json["failure"] = trial.failure();
  json["revision"] = trial.revision();
  json["id"] = trial.id();
  json["fixed_params"] = AssignmentsJson(trial.fixed_params());
  return json;
}

Json FullTrialJson(const hpo::v1::Trial& trial) {
  Json json = TrialJson(trial);
  json["distributions"] = SpaceJson(trial.distributions());
  return json;
}

Json AlgorithmEntryJson(const hpo::v1::AlgorithmEntry& entry) {
  Json json = {{"name", entry.name()}, {"summary", entry.summary()}, {"options", Json::array()}};
  for (const auto& option : entry.options()) {
    json["options"].push_back({{"name", option.name()},
                               {"type", option.type()},
                               {"default_value", option.default_value()},
                               {"minimum", option.minimum()},
                               {"maximum", option.maximum()},
                               {"summary", option.summary()}});
  }
  return json;
}

}  // namespace hpod
