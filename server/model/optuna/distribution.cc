#include "server/model/optuna/distribution.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <initializer_list>

#include "server/model/optuna/excerpt.h"

namespace hpod {
namespace {

struct ClassRow {
  std::string_view name;
  std::string_view abbreviation;  // of the short form; empty: it has none
};

// In the order of the enum.
constexpr std::array<ClassRow, 8> kClasses = {{
    {"FloatDistribution", "float"},
    {"IntDistribution", "int"},
    {"CategoricalDistribution", "categorical"},
    {"UniformDistribution", ""},
    {"LogUniformDistribution", ""},
    {"DiscreteUniformDistribution", ""},
    {"IntUniformDistribution", ""},
    {"IntLogUniformDistribution", ""},
}};

absl::Status Unreadable(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("distribution: {}", what));
}

bool IsInt(OptunaClass kind) {
  return kind == OptunaClass::kInt || kind == OptunaClass::kIntUniform ||
         kind == OptunaClass::kIntLogUniform;
}

// Reads the attributes of a class: those that it must have, those that it may have, no others.
class Attributes {
 public:
  explicit Attributes(const PythonJson& object) : object_(object) {}

  absl::Status Check(std::initializer_list<std::string_view> required,
                     std::initializer_list<std::string_view> optional) const {
    for (std::string_view name : required) {
      if (object_.Find(name) == nullptr) return Unreadable(fmt::format("'{}' is missing", name));
    }
    for (const std::string& key : object_.keys) {
      const auto is_key = [&](std::string_view name) { return name == key; };
      if (!std::any_of(required.begin(), required.end(), is_key) &&
          !std::any_of(optional.begin(), optional.end(), is_key)) {
        return Unreadable(fmt::format("there is no attribute '{}'", Excerpt(key)));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<double> Number(std::string_view name, double missing = 0) const {
    const PythonJson* json = object_.Find(name);
    if (json == nullptr) return missing;
    if (!json->IsNumber()) return Unreadable(fmt::format("'{}' is not a number", name));
    return json->number;
  }

  absl::StatusOr<bool> Flag(std::string_view name) const {
    const PythonJson* json = object_.Find(name);
    if (json == nullptr) return false;
    if (json->kind != PythonJson::Kind::kBool)
      return Unreadable(fmt::format("'{}' is not true or false", name));
    return json->boolean;
  }

  bool IsNull(std::string_view name) const {
    const PythonJson* json = object_.Find(name);
    return json == nullptr || json->kind == PythonJson::Kind::kNull;
  }

 private:
  const PythonJson& object_;
};

// What the numeric classes come to.
struct Range {
  double low = 0;
  double high = 0;
  bool log = false;
  std::optional<double> step;
};

absl::Status CheckRange(const Range& range, bool is_int) {
  if (range.low > range.high)
    return Unreadable(fmt::format("low {} is above high {}", range.low, range.high));
  if (range.log && (is_int ? range.low < 1 : range.low <= 0))
    return Unreadable(fmt::format("low {} is too small for log", range.low));
  if (range.step.has_value() && *range.step <= 0)
    return Unreadable(fmt::format("step {} must be above 0", *range.step));
  if (range.log && range.step.has_value() && !(is_int && *range.step == 1))
    return Unreadable("log and step do not go together");
  return absl::OkStatus();
}

absl::StatusOr<Range> ReadRange(OptunaClass kind, const PythonJson& object) {
  const Attributes attributes(object);
  absl::Status known;
  std::string_view step_name = "step";
  Range range;
  switch (kind) {
    case OptunaClass::kFloat:
    case OptunaClass::kInt:
      known = attributes.Check({"low", "high"}, {"log", "step"});
      break;
    case OptunaClass::kDiscreteUniform:
      known = attributes.Check({"low", "high", "q"}, {});
      step_name = "q";
      break;
    case OptunaClass::kIntUniform:
    case OptunaClass::kIntLogUniform:
      known = attributes.Check({"low", "high"}, {"step"});
      break;
    default:
      known = attributes.Check({"low", "high"}, {});
  }
  if (!known.ok()) return known;
  const auto low = attributes.Number("low");
  if (!low.ok()) return low.status();
  const auto high = attributes.Number("high");
  if (!high.ok()) return high.status();
  const auto log = attributes.Flag("log");
  if (!log.ok()) return log.status();
  range.low = *low;
  range.high = *high;
  range.log = *log || kind == OptunaClass::kLogUniform || kind == OptunaClass::kIntLogUniform;
  if (!attributes.IsNull(step_name)) {
    const auto step = attributes.Number(step_name);
    if (!step.ok()) return step.status();
    range.step = *step;
  } else if (IsInt(kind) && object.Find(step_name) != nullptr) {
    return Unreadable("the step of an int is null");
  }
  if (absl::Status status = CheckRange(range, IsInt(kind)); !status.ok()) return status;
  return range;
}

std::optional<Domain> ToDomain(const Range& range, bool is_int) {
  Domain domain = FloatDomain{range.low, range.high, range.log, range.step.value_or(0)};
  if (is_int) {
    const auto is_whole = [](double number) {
      return std::abs(number) <= static_cast<double>(kMaxInt) && number == std::trunc(number);
    };
    const double step = range.step.value_or(1);
    if (!is_whole(range.low) || !is_whole(range.high) || !is_whole(step)) return std::nullopt;
    domain = IntDomain{static_cast<int64_t>(range.low), static_cast<int64_t>(range.high), range.log,
                       static_cast<int64_t>(step)};
  }
  auto normal = NormalizeDomain(domain, "distribution");
  if (!normal.ok()) return std::nullopt;
  return *std::move(normal);
}

std::optional<Domain> ToDomain(const std::vector<PythonJson>& choices) {
  CategoricalDomain domain;
  for (const PythonJson& choice : choices) {
    std::optional<Value> value = ToValue(choice);
    if (!value.has_value()) return std::nullopt;
    domain.choices.push_back(*std::move(value));
  }
  auto normal = NormalizeDomain(std::move(domain), "distribution");
  if (!normal.ok()) return std::nullopt;
  return *std::move(normal);
}

// The class and its attributes, from either form of the text.
absl::StatusOr<std::pair<OptunaClass, PythonJson>> ReadClass(PythonJson json) {
  const bool is_long = json.Find("name") != nullptr;
  const PythonJson* const name = json.Find(is_long ? "name" : "type");
  if (name == nullptr) return Unreadable("it has no name");
  const auto* const row =
      std::find_if(kClasses.begin(), kClasses.end(), [&](const ClassRow& candidate) {
        return !name->text.empty() &&
               name->text == (is_long ? candidate.name : candidate.abbreviation);
      });
  if (row == kClasses.end())
    return Unreadable(fmt::format("there is no class '{}'", Excerpt(name->text)));
  const auto kind = static_cast<OptunaClass>(row - kClasses.begin());
  if (is_long) {
    const PythonJson* attributes = json.Find("attributes");
    if (attributes == nullptr) return Unreadable("'attributes' is missing");
    return std::pair(kind, *attributes);
  }
  // The short form has its attributes beside its type, and null for what is missing.
  PythonJson attributes;
  attributes.kind = PythonJson::Kind::kObject;
  for (size_t i = 0; i < json.keys.size(); ++i) {
    const bool is_missing = json.keys[i] == "step" && json.items[i].kind == PythonJson::Kind::kNull;
    if (json.keys[i] == "type" || is_missing) continue;
    attributes.keys.push_back(json.keys[i]);
    attributes.items.push_back(json.items[i]);
  }
  return std::pair(kind, std::move(attributes));
}

}  // namespace

absl::StatusOr<OptunaDistribution> ParseOptunaDistribution(std::string_view text) {
  auto json = ParsePythonJson(text);
  if (!json.ok()) return Unreadable(std::string(json.status().message()));
  if (json->kind != PythonJson::Kind::kObject) return Unreadable("it is not a JSON object");
  auto read = ReadClass(*std::move(json));
  if (!read.ok()) return read.status();
  auto& [kind, attributes] = *read;
  OptunaDistribution distribution;
  distribution.kind = kind;
  if (attributes.kind != PythonJson::Kind::kObject)
    return Unreadable("'attributes' is not a JSON object");
  if (kind != OptunaClass::kCategorical) {
    const auto range = ReadRange(kind, attributes);
    if (!range.ok()) return range.status();
    distribution.log = range->log;
    distribution.domain = ToDomain(*range, IsInt(kind));
    return distribution;
  }
  if (absl::Status status = Attributes(attributes).Check({"choices"}, {}); !status.ok())
    return status;
  const PythonJson& choices = *attributes.Find("choices");
  if (choices.kind != PythonJson::Kind::kArray || choices.items.empty())
    return Unreadable("'choices' is not a list with something in it");
  distribution.choices = choices.items;
  distribution.domain = ToDomain(distribution.choices);
  return distribution;
}

OptunaDistribution ToOptunaDistribution(const Domain& domain) {
  OptunaDistribution distribution;
  distribution.domain = domain;
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    distribution.log = real->log;
  } else if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    distribution.kind = OptunaClass::kInt;
    distribution.log = whole->log;
  } else {
    distribution.kind = OptunaClass::kCategorical;
    for (const Value& choice : std::get<CategoricalDomain>(domain).choices)
      distribution.choices.push_back(FromValue(choice));
  }
  return distribution;
}

std::string ToOptunaJson(const Domain& domain) {
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    return fmt::format(
        R"({{"name": "FloatDistribution", "attributes": {{"step": {}, "low": {}, "high": {}, "log": {}}}}})",
        real->step == 0 ? "null" : ToString(Value(real->step)), ToString(Value(real->low)),
        ToString(Value(real->high)), real->log);
  }
  if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    return fmt::format(
        R"({{"name": "IntDistribution", "attributes": {{"log": {}, "step": {}, "low": {}, "high": {}}}}})",
        whole->log, whole->step, whole->low, whole->high);
  }
  std::string choices;
  for (const Value& choice : std::get<CategoricalDomain>(domain).choices)
    choices += (choices.empty() ? "" : ", ") + ToString(choice);
  return fmt::format(R"({{"name": "CategoricalDistribution", "attributes": {{"choices": [{}]}}}})",
                     choices);
}

absl::Status CheckCompatible(const OptunaDistribution& known, const OptunaDistribution& asked,
                             std::string_view name) {
  const auto refuse = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        fmt::format("parameter '{}': the study has it with {}", Excerpt(name), what));
  };
  if (known.kind != asked.kind) {
    return refuse(fmt::format("{}, not {}", kClasses[static_cast<size_t>(known.kind)].name,
                              kClasses[static_cast<size_t>(asked.kind)].name));
  }
  const bool has_log = known.kind == OptunaClass::kFloat || known.kind == OptunaClass::kInt;
  if (has_log && known.log != asked.log) return refuse(fmt::format("log {}", known.log));
  if (!std::equal(known.choices.begin(), known.choices.end(), asked.choices.begin(),
                  asked.choices.end(), EqualInPython)) {
    return refuse("other choices");
  }
  return absl::OkStatus();
}

absl::Status CheckInternalValue(const OptunaDistribution& distribution, double value,
                                std::string_view name) {
  const auto refuse = [&](std::string_view what) {
    return absl::InvalidArgumentError(
        fmt::format("parameter '{}': the internal value {} {}", Excerpt(name), value, what));
  };
  if (distribution.kind == OptunaClass::kCategorical) {
    const auto count = static_cast<double>(distribution.choices.size());
    if (!(value >= 0 && value < count && value == std::trunc(value)))
      return refuse(fmt::format("is not the index of one of its {} choices", count));
  }
  if (std::isnan(value)) return refuse("is not a number");
  if (IsInt(distribution.kind) && std::isinf(value)) return refuse("is not finite");
  return absl::OkStatus();
}

bool IsUsable(const Domain& domain, double value) {
  if (!std::isfinite(value)) return false;
  if (const auto* real = std::get_if<FloatDomain>(&domain)) return !real->log || value > 0;
  if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    return value == std::trunc(value) && std::abs(value) <= static_cast<double>(kMaxInt) &&
           (!whole->log || value >= 1);
  }
  return Contains(domain, value);
}

}  // namespace hpod
