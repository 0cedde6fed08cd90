// Spaces from JSON: ParseSpace and SpaceFromJson of json_read.h.

#include <fmt/format.h>

#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/object_reader.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr std::string_view kNeedsBound = "is missing (a number)";

void ReadFloat(ObjectReader& reader, hpo::v1::FloatDomain& domain) {
  double low = 0;
  double high = 0;
  double step = 0;
  bool log = false;
  if (!reader.Read("low", low)) reader.FailAt("low", kNeedsBound);
  if (!reader.Read("high", high)) reader.FailAt("high", kNeedsBound);
  reader.Read("log", log);
  reader.Read("step", step);
  domain.set_low(low);
  domain.set_high(high);
  domain.set_log(log);
  domain.set_step(step);
}

void ReadInt(ObjectReader& reader, hpo::v1::IntDomain& domain) {
  int64_t low = 0;
  int64_t high = 0;
  int64_t step = 0;
  bool log = false;
  if (!reader.Read("low", low)) reader.FailAt("low", kNeedsBound);
  if (!reader.Read("high", high)) reader.FailAt("high", kNeedsBound);
  reader.Read("log", log);
  reader.Read("step", step);
  domain.set_low(low);
  domain.set_high(high);
  domain.set_log(log);
  domain.set_step(step);
}

void ReadCategorical(ObjectReader& reader, const std::string& where,
                     hpo::v1::CategoricalDomain& domain) {
  if (reader.Child("choices") == nullptr) reader.FailAt("choices", "is missing (an array)");
  reader.EachElement("choices", [&](const std::string&, const Json& element) {
    auto value = ValueFromJson(element, where + ": 'choices'");
    if (value.ok()) *domain.add_choices() = *std::move(value);
    return value.status();
  });
}

// One object of parent to values.
absl::Status ReadConditions(const Json& json, const std::string& where,
                            hpo::v1::Parameter& parameter) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        where + ": 'when' must be an object of a parameter's name to an array of its values");
  }
  for (const auto& [parent, values] : json.items()) {
    if (!values.is_array()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: 'when' '{}' must be an array of values", where, Printable(parent)));
    }
    hpo::v1::Condition& condition = *parameter.add_conditions();
    condition.set_parent(parent);
    for (const Json& element : values) {
      auto value = ValueFromJson(element, where + ": 'when'");
      if (!value.ok()) return value.status();
      *condition.add_values() = *std::move(value);
    }
  }
  return absl::OkStatus();
}

void ReadWhen(ObjectReader& reader, const std::string& where, hpo::v1::Parameter& parameter) {
  const Json* when = reader.Child("when");
  if (when == nullptr) return;
  if (!when->is_array()) return reader.Fail(ReadConditions(*when, where, parameter));
  for (const Json& element : *when) reader.Fail(ReadConditions(element, where, parameter));
}

absl::StatusOr<hpo::v1::Parameter> ReadParameter(const std::string& name, const Json& json) {
  const std::string where = fmt::format("parameter '{}'", Printable(name));
  hpo::v1::Parameter parameter;
  parameter.set_name(name);
  ObjectReader reader(json, where);
  std::string type;
  if (!reader.Read("type", type)) {
    reader.FailAt("type", "is missing (known: categorical, float, int)");
  } else if (type == "float") {
    ReadFloat(reader, *parameter.mutable_float_domain());
  } else if (type == "int") {
    ReadInt(reader, *parameter.mutable_int_domain());
  } else if (type == "categorical") {
    ReadCategorical(reader, where, *parameter.mutable_categorical_domain());
  } else {
    reader.Fail(absl::InvalidArgumentError(fmt::format(
        "{}: unknown type '{}' (known: categorical, float, int)", where, Printable(type))));
  }
  ReadWhen(reader, where, parameter);
  const absl::Status status = reader.Finish();
  if (!status.ok()) return status;
  return parameter;
}

}  // namespace

absl::StatusOr<Parameters> SpaceFromJson(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError(
        fmt::format("a space must be an object of name to domain, is {}", json.type_name()));
  }
  Parameters parameters;
  for (const auto& [name, domain] : json.items()) {
    auto parameter = ReadParameter(name, domain);
    if (!parameter.ok()) return parameter.status();
    *parameters.Add() = *std::move(parameter);
  }
  return parameters;
}

absl::StatusOr<Parameters> ParseSpace(std::string_view text, std::string_view what) {
  const auto json = ParseJson(text, what);
  if (!json.ok()) return json.status();
  return SpaceFromJson(*json);
}

}  // namespace hpod
