#include "clients/hpoctl/optuna/distribution.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <vector>

#include "clients/hpoctl/json_read.h"

namespace hpod::optuna {
namespace {

constexpr size_t kNameBytesMax = 255;
constexpr int kChoicesMax = 10'000;
constexpr double kIntMax = 9007199254740992;              // 2^53: every int up to here is a double
constexpr double kFinestStep = 1.0 / (int64_t{1} << 48);  // of the larger bound

// Of the classes before Optuna 3, which are still read: which of today's they are.
struct Class {
  std::string_view name;
  bool is_int;
  bool log;
  const char* step;  // its name for the step
};
constexpr Class kNumeric[] = {
    {"FloatDistribution", false, false, "step"},
    {"IntDistribution", true, false, "step"},
    {"UniformDistribution", false, false, nullptr},
    {"LogUniformDistribution", false, true, nullptr},
    {"DiscreteUniformDistribution", false, false, "q"},
    {"IntUniformDistribution", true, false, "step"},
    {"IntLogUniformDistribution", true, true, nullptr},
};

struct Range {
  double low;
  double high;
  bool log;
  double step;  // 0: none
};

double NumberAt(const Json& attributes, const char* key) {
  return attributes.contains(key) && attributes[key].is_number() ? attributes[key].get<double>()
                                                                 : 0;
}

Range RangeOf(const Class& kind, const Json& attributes) {
  Range range{NumberAt(attributes, "low"), NumberAt(attributes, "high"), kind.log, 0};
  if (attributes.contains("log") && attributes["log"].is_boolean()) {
    range.log = attributes["log"].get<bool>();
  }
  if (kind.step != nullptr) range.step = NumberAt(attributes, kind.step);
  if (range.step == 1 && kind.is_int) range.step = 0;
  return range;
}

bool IsOnGrid(const Range& range, double value) {
  if (range.step == 0) return true;
  const double steps = (value - range.low) / range.step;
  return std::abs(steps - std::round(steps)) < 1e-8;
}

// The range, widened to the value where it has to be.
Range Containing(Range range, double value) {
  const bool is_inside = range.low <= value && value <= range.high && IsOnGrid(range, value);
  const bool is_too_fine =
      range.step < kFinestStep * std::max(std::abs(range.low), std::abs(range.high));
  if (is_inside && !is_too_fine) return range;
  if (!is_inside || is_too_fine) range.step = 0;
  range.low = std::min(range.low, value);
  range.high = std::max(range.high, value);
  return range;
}

std::optional<Mapped> MapNumber(const Param& param, const Class& kind, const Json& attributes) {
  const Range range = Containing(RangeOf(kind, attributes), param.value);
  if (!std::isfinite(range.low) || !std::isfinite(range.high)) return std::nullopt;
  if (range.log && range.low <= 0) return std::nullopt;
  Mapped mapped;
  if (kind.is_int) {
    if (std::max(std::abs(range.low), std::abs(range.high)) > kIntMax) return std::nullopt;
    auto& domain = *mapped.parameter.mutable_int_domain();
    domain.set_low(static_cast<int64_t>(range.low));
    domain.set_high(static_cast<int64_t>(range.high));
    domain.set_log(range.log);
    domain.set_step(static_cast<int64_t>(range.step));
    mapped.value.set_int_value(static_cast<int64_t>(param.value));
  } else {
    auto& domain = *mapped.parameter.mutable_float_domain();
    domain.set_low(range.low);
    domain.set_high(range.high);
    domain.set_log(range.log);
    domain.set_step(range.step);
    mapped.value.set_double_value(param.value);
  }
  // The daemon may move the upper end of a grid by a rounding error.
  mapped.is_exact = range.step == 0;
  return mapped;
}

// Each choice as it is; nothing if one is no scalar, or two are one.
std::optional<std::vector<hpo::v1::Value>> Scalars(const Json& choices) {
  std::vector<hpo::v1::Value> values;
  std::set<std::string> seen;
  for (const Json& choice : choices) {
    auto value = ValueFromJson(choice, "choice");
    if (!value.ok() || !seen.insert(value->SerializeAsString()).second) return std::nullopt;
    values.push_back(*std::move(value));
  }
  return values;
}

std::vector<hpo::v1::Value> Texts(const Json& choices) {
  std::vector<hpo::v1::Value> values;
  for (const Json& choice : choices) {
    values.emplace_back().set_string_value(fmt::format(
        "{}: {}", values.size() - 1, choice.dump(-1, ' ', false, Json::error_handler_t::replace)));
  }
  return values;
}

std::optional<Mapped> MapChoice(const Param& param, const Json& attributes) {
  if (!attributes.contains("choices") || !attributes["choices"].is_array()) return std::nullopt;
  const Json& choices = attributes["choices"];
  const auto index = static_cast<size_t>(param.value);
  if (choices.size() > kChoicesMax || index >= choices.size()) return std::nullopt;
  Mapped mapped;
  const auto scalars = Scalars(choices);
  for (const auto& value : scalars ? *scalars : Texts(choices)) {
    *mapped.parameter.mutable_categorical_domain()->add_choices() = value;
  }
  mapped.value = mapped.parameter.categorical_domain().choices(static_cast<int>(index));
  mapped.is_exact = true;
  return mapped;
}

std::optional<Mapped> MapAs(const Param& param, const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json.contains("attributes")) {
    return std::nullopt;
  }
  const Json& attributes = json["attributes"];
  if (json["name"] == "CategoricalDistribution") return MapChoice(param, attributes);
  const auto* kind = std::find_if(std::begin(kNumeric), std::end(kNumeric),
                                  [&](const Class& one) { return json["name"] == one.name; });
  if (kind == std::end(kNumeric)) return std::nullopt;
  return MapNumber(param, *kind, attributes);
}

}  // namespace

std::optional<Mapped> Map(const Param& param) {
  if (param.name.empty() || param.name.size() > kNameBytesMax || !std::isfinite(param.value)) {
    return std::nullopt;
  }
  const auto json = ParsePython(param.distribution);
  auto mapped = json ? MapAs(param, *json) : std::nullopt;
  if (!mapped) return std::nullopt;
  mapped->parameter.set_name(param.name);
  mapped->is_exact = mapped->is_exact && DistributionText(mapped->parameter) == param.distribution;
  return mapped;
}

std::string DistributionText(const hpo::v1::Parameter& parameter) {
  constexpr const char* kForm = R"({{"name": "{}", "attributes": {{{}}}}})";
  if (parameter.has_float_domain()) {
    const auto& domain = parameter.float_domain();
    return fmt::format(
        kForm, "FloatDistribution",
        fmt::format(R"("step": {}, "low": {}, "high": {}, "log": {})",
                    domain.step() == 0 ? "null" : PythonNumber(domain.step()),
                    PythonNumber(domain.low()), PythonNumber(domain.high()), domain.log()));
  }
  if (parameter.has_int_domain()) {
    const auto& domain = parameter.int_domain();
    return fmt::format(
        kForm, "IntDistribution",
        fmt::format(R"("log": {}, "step": {}, "low": {}, "high": {})", domain.log(),
                    std::max<int64_t>(domain.step(), 1), domain.low(), domain.high()));
  }
  std::vector<std::string> choices;
  for (const auto& choice : parameter.categorical_domain().choices()) {
    choices.push_back(PythonText(choice));
  }
  return fmt::format(kForm, "CategoricalDistribution",
                     fmt::format(R"("choices": [{}])", fmt::join(choices, ", ")));
}

double InternalValue(const hpo::v1::Parameter& parameter, const hpo::v1::Value& value) {
  if (parameter.has_float_domain()) return value.double_value();
  if (parameter.has_int_domain()) return static_cast<double>(value.int_value());
  const auto& choices = parameter.categorical_domain().choices();
  const std::string wanted = value.SerializeAsString();
  const auto at = std::find_if(choices.begin(), choices.end(), [&](const hpo::v1::Value& choice) {
    return choice.SerializeAsString() == wanted;
  });
  return static_cast<double>(at - choices.begin());
}

}  // namespace hpod::optuna
