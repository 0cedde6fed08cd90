#include "clients/hpoctl/json_read.h"

#include <fmt/format.h>
#include <limits>
#include <set>
#include <vector>

#include "clients/hpoctl/object_reader.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

void ReadStrings(ObjectReader& reader, std::string_view key,
                 google::protobuf::Map<std::string, std::string>& map) {
  reader.EachMember(key, [&](const std::string& name, const Json& value) -> absl::Status {
    if (!value.is_string()) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' '{}' must be a string", key, Printable(name)));
    }
    map[name] = value.get<std::string>();
    return absl::OkStatus();
  });
}

void ReadAlgorithm(ObjectReader& parent, std::string_view key, hpo::v1::Algorithm& algorithm) {
  const Json* json = parent.Child(key);
  if (json == nullptr) return;
  ObjectReader reader(*json, fmt::format("'{}'", key));
  reader.Read("name", *algorithm.mutable_name());
  ReadStrings(reader, "options", *algorithm.mutable_options());
  parent.Fail(reader.Finish());
}

void ReadBudget(ObjectReader& parent, hpo::v1::Budget& budget) {
  const Json* json = parent.Child("budget");
  if (json == nullptr) return;
  ObjectReader reader(*json, "'budget'");
  int64_t count = 0;
  if (reader.Read("max_trials", count)) budget.set_max_trials(count);
  if (reader.Read("max_running", count)) budget.set_max_running(count);
  google::protobuf::Duration duration;
  if (reader.ReadMilliseconds("max_duration_ms", duration)) {
    *budget.mutable_max_duration() = duration;
  }
  parent.Fail(reader.Finish());
}

void ReadSpace(ObjectReader& reader, std::string_view key, Parameters& parameters) {
  const Json* json = reader.Child(key);
  if (json == nullptr) return;
  auto space = SpaceFromJson(*json);
  if (!space.ok()) return reader.Fail(space.status());
  parameters = *std::move(space);
}

void ReadDirections(ObjectReader& reader, hpo::v1::Study& study) {
  reader.EachElement("directions", [&](const std::string&, const Json& element) -> absl::Status {
    const auto direction = ParseDirection(element.is_string() ? element.get<std::string>() : "");
    if (direction.ok()) study.add_directions(*direction);
    return direction.status();
  });
}

void ReadAssignments(ObjectReader& reader, std::string_view key,
                     google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& assignments) {
  reader.EachMember(key, [&](const std::string& name, const Json& json) {
    auto value = ValueFromJson(json, fmt::format("'{}' '{}'", key, Printable(name)));
    if (!value.ok()) return value.status();
    hpo::v1::Assignment& assignment = *assignments.Add();
    assignment.set_name(name);
    *assignment.mutable_value() = *std::move(value);
    return absl::OkStatus();
  });
}

void ReadResults(ObjectReader& reader, hpo::v1::Trial& trial) {
  reader.EachElement("values", [&](const std::string&, const Json& element) {
    const auto value = DoubleFromJson(element, "'values'");
    if (value.ok()) trial.add_values(*value);
    return value.status();
  });
  reader.EachMember("constraints", [&](const std::string& name, const Json& json) {
    const auto value = DoubleFromJson(json, fmt::format("'constraints' '{}'", Printable(name)));
    if (value.ok()) (*trial.mutable_constraints())[name] = *value;
    return value.status();
  });
  reader.EachElement("intermediate_values", [&](const std::string&, const Json& element) {
    ObjectReader entry(element, "'intermediate_values'");
    int64_t step = 0;
    double value = 0;
    if (!entry.Read("step", step)) entry.FailAt("step", "is missing");
    if (!entry.Read("value", value)) entry.FailAt("value", "is missing");
    trial.add_intermediate_values()->set_step(step);
    trial.mutable_intermediate_values()->rbegin()->set_value(value);
    return entry.Finish();
  });
}

void ReadLife(ObjectReader& reader, hpo::v1::Trial& trial) {
  google::protobuf::Timestamp time;
  if (reader.Read("start_time", time)) *trial.mutable_start_time() = time;
  if (reader.Read("complete_time", time)) *trial.mutable_complete_time() = time;
  reader.Read("worker", *trial.mutable_worker());
  int64_t number = 0;
  if (reader.Read("retry_of", number)) trial.set_retry_of(number);
  int32_t count = 0;
  if (reader.Read("retry_count", count)) trial.set_retry_count(count);
  reader.Read("failure", *trial.mutable_failure());
}

// Fields that the server gives anew, so that they are known but not read.
void SkipOutputOnly(ObjectReader& reader, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) reader.Child(key);
}

}  // namespace

absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what) {
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const auto note = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second && repeated.empty()) repeated = key;
    }
    return true;
  };
  try {
    Json json = Json::parse(text, note);
    if (repeated.empty()) return json;
    return absl::InvalidArgumentError(
        fmt::format("{}: '{}' appears twice", what, Printable(repeated)));
  } catch (const Json::parse_error& error) {
    return absl::InvalidArgumentError(
        fmt::format("{} is not JSON: error at byte {}", what, error.byte));
  }
}

absl::StatusOr<double> DoubleFromJson(const Json& json, std::string_view field) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  return absl::InvalidArgumentError(fmt::format("{} must be a number", field));
}

absl::StatusOr<hpo::v1::Value> ValueFromJson(const Json& json, std::string_view field) {
  hpo::v1::Value value;
  if (json.is_null()) {
    value.set_null_value(google::protobuf::NULL_VALUE);
  } else if (json.is_boolean()) {
    value.set_bool_value(json.get<bool>());
  } else if (json.is_string()) {
    value.set_string_value(json.get<std::string>());
  } else if (json.is_number_float()) {
    value.set_double_value(json.get<double>());
  } else if (json.is_number_unsigned() &&
             json.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
    return absl::InvalidArgumentError(fmt::format("{} has an int of more than 64 bits", field));
  } else if (json.is_number_integer()) {
    value.set_int_value(json.get<int64_t>());
  } else if (json.is_object() && json.size() == 1 && json.contains("double")) {
    const auto number = DoubleFromJson(json["double"], field);
    if (!number.ok()) return number.status();
    value.set_double_value(*number);
  } else {
    return absl::InvalidArgumentError(
        fmt::format("{} must hold null, booleans, numbers or strings", field));
  }
  return value;
}

absl::StatusOr<hpo::v1::Study> StudyFromJson(const Json& json) {
  hpo::v1::Study study;
  ObjectReader reader(json, "study");
  reader.Read("name", *study.mutable_name());
  ReadDirections(reader, study);
  ReadAlgorithm(reader, "sampler", *study.mutable_sampler());
  ReadAlgorithm(reader, "pruner", *study.mutable_pruner());
  uint64_t seed = 0;
  if (reader.Read("seed", seed)) study.set_seed(seed);
  ReadSpace(reader, "space", *study.mutable_space());
  ReadBudget(reader, *study.mutable_budget());
  google::protobuf::Duration lease;
  if (reader.ReadMilliseconds("lease_ms", lease)) *study.mutable_lease() = lease;
  int32_t retries = 0;
  if (reader.Read("max_retries", retries)) study.set_max_retries(retries);
  reader.EachElement("metric_names", [&](const std::string&, const Json& name) -> absl::Status {
    if (!name.is_string()) return absl::InvalidArgumentError("'metric_names' must be strings");
    study.add_metric_names(name.get<std::string>());
    return absl::OkStatus();
  });
  ReadStrings(reader, "user_attributes", *study.mutable_user_attributes());
  bool stopped = false;
  if (reader.Read("stopped", stopped)) study.set_stopped(stopped);
  SkipOutputOnly(reader,
                 {"create_time", "counts", "revision", "stop_reason", "first_trial_time", "id"});
  const absl::Status status = reader.Finish();
  if (!status.ok()) return status;
  return study;
}

absl::StatusOr<hpo::v1::Trial> TrialFromJson(const Json& json) {
  hpo::v1::Trial trial;
  ObjectReader reader(json, "trial");
  int64_t number = 0;
  if (reader.Read("number", number)) trial.set_number(number);
  std::string state;
  reader.Read("state", state);
  const auto parsed_state = ParseState(state);
  if (parsed_state.ok()) trial.set_state(*parsed_state);
  reader.Fail(parsed_state.status());
  ReadAssignments(reader, "params", *trial.mutable_params());
  ReadResults(reader, trial);
  ReadLife(reader, trial);
  ReadStrings(reader, "user_attributes", *trial.mutable_user_attributes());
  ReadAssignments(reader, "fixed_params", *trial.mutable_fixed_params());
  ReadSpace(reader, "distributions", *trial.mutable_distributions());
  SkipOutputOnly(reader, {"lease", "revision", "id"});
  const absl::Status status = reader.Finish();
  if (!status.ok()) return status;
  return trial;
}

}  // namespace hpod
