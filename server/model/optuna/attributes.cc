#include "server/model/optuna/attributes.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "server/model/errors.h"
#include "server/model/optuna/excerpt.h"
#include "server/model/optuna/python_json.h"

namespace hpod {
namespace {

double ToConstraint(const PythonJson& json) {
  return std::isnan(json.number) ? std::numeric_limits<double>::infinity() : json.number;
}

bool HasConstraints(const Attributes& attributes) {
  return std::any_of(attributes.begin(), attributes.end(),
                     [](const auto& entry) { return IsConstraintKey(entry.first); });
}

std::string ListOfTexts(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + ToString(Value(text));
  return "[" + list + "]";
}

}  // namespace

absl::Status CheckOptunaAttribute(std::string_view key, std::string_view value) {
  const absl::Status status = CheckPythonJson(value);
  if (status.ok()) return status;
  return InvalidField("value", fmt::format("the value of attribute '{}' is not JSON: {}",
                                           Excerpt(key), std::string(status.message())));
}

bool IsConstraintKey(std::string_view key) {
  return key == kConstraintsKey || key.starts_with(kConstraintPrefix);
}

Constraints ConstraintsOf(const Attributes& system_attributes) {
  Constraints constraints;
  if (const auto it = system_attributes.find(std::string(kConstraintsKey));
      it != system_attributes.end()) {
    const auto list = ParsePythonJson(it->second);
    for (size_t i = 0; list.ok() && i < list->items.size(); ++i) {
      if (list->items[i].IsNumber()) constraints[std::to_string(i)] = ToConstraint(list->items[i]);
    }
  }
  for (auto it = system_attributes.lower_bound(std::string(kConstraintPrefix));
       it != system_attributes.end() && it->first.starts_with(kConstraintPrefix); ++it) {
    const auto number = ParsePythonJson(it->second);
    if (number.ok() && number->IsNumber())
      constraints[it->first.substr(kConstraintPrefix.size())] = ToConstraint(*number);
  }
  return constraints;
}

FixedParams FixedParamsOf(const Attributes& system_attributes) {
  FixedParams fixed;
  const auto it = system_attributes.find(std::string(kFixedParamsKey));
  if (it == system_attributes.end()) return fixed;
  const auto object = ParsePythonJson(it->second);
  for (size_t i = 0; object.ok() && i < object->keys.size(); ++i) {
    const bool is_last = &object->items[i] == object->Find(object->keys[i]);
    std::optional<Value> value = ToValue(object->items[i]);
    if (is_last && value.has_value()) fixed.emplace_back(object->keys[i], *std::move(value));
  }
  return fixed;
}

std::vector<std::string> MetricNamesOf(std::string_view text) {
  const auto list = ParsePythonJson(text);
  if (!list.ok() || list->kind != PythonJson::Kind::kArray) return {};
  std::vector<std::string> names;
  for (const PythonJson& name : list->items) {
    if (name.kind != PythonJson::Kind::kString || name.has_lone_surrogate) return {};
    names.push_back(name.text);
  }
  return names;
}

Attributes SystemAttributesWith(const Attributes& own, const Constraints& constraints,
                                const FixedParams& fixed) {
  Attributes attributes = own;
  if (!constraints.empty() && !HasConstraints(own)) {
    for (const auto& [name, value] : constraints)
      attributes[std::string(kConstraintPrefix) + name] = ToString(Value(value));
  }
  if (!fixed.empty() && !own.contains(std::string(kFixedParamsKey))) {
    std::string object;
    for (const auto& [name, value] : fixed) {
      object += fmt::format("{}{}: {}", object.empty() ? "" : ", ", ToString(Value(name)),
                            ToString(value));
    }
    attributes[std::string(kFixedParamsKey)] = "{" + object + "}";
  }
  return attributes;
}

Attributes StudySystemAttributes(const StudySpec& spec) {
  Attributes attributes = spec.system_attributes;
  if (!spec.metric_names.empty())
    attributes.try_emplace(std::string(kMetricNamesKey), ListOfTexts(spec.metric_names));
  return attributes;
}

}  // namespace hpod
