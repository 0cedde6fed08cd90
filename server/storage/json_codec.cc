#include "server/storage/json_codec.h"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace hpod {
namespace {

using Json = nlohmann::ordered_json;

absl::Status Unreadable(std::string_view text) {
  return absl::DataLossError(
      fmt::format("the database holds a text that cannot be read: {}", text.substr(0, 80)));
}

// Runs `read` on the parsed text; whatever is wrong with the text or its shape is DATA_LOSS.
template <class Read>
auto ReadJson(std::string_view text, Read read) -> absl::StatusOr<decltype(read(Json()))> {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Unreadable(text);
  try {
    return read(json);
  } catch (const Json::exception&) {
    return Unreadable(text);
  }
}

// JSON has no NaN and no infinities: they become {"double": "NaN"}.
Json DoubleToJson(double value) {
  if (std::isfinite(value)) return value;
  return {{"double", std::isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity"}};
}

double DoubleFromJson(const Json& json) {
  if (!json.is_object()) return json.get<double>();
  const std::string text = json.at("double");
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return text == "Infinity" ? std::numeric_limits<double>::infinity()
                            : -std::numeric_limits<double>::infinity();
}

Json ValueToJson(const Value& value) {
  return std::visit(
      [](const auto& content) -> Json {
        using Content = std::decay_t<decltype(content)>;
        if constexpr (std::is_same_v<Content, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<Content, double>) {
          return DoubleToJson(content);
        } else {
          return content;
        }
      },
      value);
}

Value ValueFromJson(const Json& json) {
  if (json.is_null()) return std::monostate();
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_integer()) return json.get<int64_t>();
  if (json.is_string()) return json.get<std::string>();
  return DoubleFromJson(json);
}

Json DomainToJson(const Domain& domain) {
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    return {{"type", "float"},
            {"low", real->low},
            {"high", real->high},
            {"log", real->log},
            {"step", real->step}};
  }
  if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    return {{"type", "int"},
            {"low", whole->low},
            {"high", whole->high},
            {"log", whole->log},
            {"step", whole->step}};
  }
  Json choices = Json::array();
  for (const Value& choice : std::get<CategoricalDomain>(domain).choices)
    choices.push_back(ValueToJson(choice));
  return {{"type", "categorical"}, {"choices", std::move(choices)}};
}

Domain DomainFromJson(const Json& json) {
  const std::string type = json.at("type");
  if (type == "float")
    return FloatDomain{json.at("low"), json.at("high"), json.at("log"), json.at("step")};
  if (type == "int")
    return IntDomain{json.at("low"), json.at("high"), json.at("log"), json.at("step")};
  CategoricalDomain domain;
  for (const Json& choice : json.at("choices")) domain.choices.push_back(ValueFromJson(choice));
  return domain;
}

Json ForeseenToJson(const std::vector<DistributionValue>& foreseen) {
  Json json = Json::array();
  for (const DistributionValue& value : foreseen)
    json.push_back(Json::array({value.distribution, value.value}));
  return json;
}

Json ConstraintsToJson(const Constraints& constraints) {
  Json json = Json::object();
  for (const auto& [name, value] : constraints) json[name] = DoubleToJson(value);
  return json;
}

Json DoublesToJson(std::span<const double> values) {
  Json json = Json::array();
  for (double value : values) json.push_back(DoubleToJson(value));
  return json;
}

Json OptunaFactsToJson(const OptunaFacts& facts) {
  Json json = Json::object();
  for (const auto& [name, param] : facts.params)
    json["params"][name] = Json::array({param.distribution, DoubleToJson(param.value)});
  if (!facts.values.empty()) json["values"] = DoublesToJson(facts.values);
  if (!facts.started.empty()) json["started"] = facts.started;
  if (!facts.completed.empty()) json["completed"] = facts.completed;
  return json;
}

OptunaFacts OptunaFactsFromJson(const Json& json) {
  OptunaFacts facts;
  const Json params = json.value("params", Json::object());
  for (const auto& [name, param] : params.items())
    facts.params[name] = {param.at(0), DoubleFromJson(param.at(1))};
  for (const Json& value : json.value("values", Json::array()))
    facts.values.push_back(DoubleFromJson(value));
  facts.started = json.value("started", "");
  facts.completed = json.value("completed", "");
  return facts;
}

// Text that is not UTF-8 (a worker may send any bytes as its failure) is mended rather than thrown
// at.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void AppendNumbers(std::span<const double> numbers, std::string& text) {
  text += '[';
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ',';
    char buffer[32];
    char* const end = std::to_chars(buffer, buffer + sizeof buffer, numbers[i]).ptr;
    text.append(buffer, end);
  }
  text += ']';
}

absl::Status ParseNumbers(std::string_view text, std::vector<double>& numbers) {
  numbers.clear();
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return Unreadable(text);
  const char* at = text.data() + 1;
  const char* end = text.data() + text.size() - 1;
  while (at < end) {
    double number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc() || (next != end && *next != ',')) return Unreadable(text);
    numbers.push_back(number);
    at = next == end ? end : next + 1;
  }
  return absl::OkStatus();
}

std::string EncodeIntegers(std::span<const int64_t> numbers) {
  std::string text = "[";
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(numbers[i]);
  }
  return text + "]";
}

absl::StatusOr<std::vector<int64_t>> DecodeIntegers(std::string_view text) {
  return ReadJson(text, [](const Json& json) { return json.get<std::vector<int64_t>>(); });
}

std::string EncodeDomain(const Domain& domain) { return Dump(DomainToJson(domain)); }

absl::StatusOr<Domain> DecodeDomain(std::string_view text) {
  return ReadJson(text, DomainFromJson);
}

std::string EncodeSpace(const Space& space) {
  Json json = Json::array();
  for (const Parameter& parameter : space) {
    Json conditions = Json::array();
    for (const Condition& condition : parameter.conditions) {
      Json values = Json::array();
      for (double value : condition.values)
        values.push_back(ValueToJson(ToExternal(space[condition.parent].domain, value)));
      conditions.push_back(
          {{"parent", space[condition.parent].name}, {"values", std::move(values)}});
    }
    json.push_back({{"name", parameter.name},
                    {"domain", DomainToJson(parameter.domain)},
                    {"conditions", std::move(conditions)}});
  }
  return Dump(json);
}

absl::StatusOr<Space> DecodeSpace(std::string_view text) {
  auto specs = ReadJson(text, [](const Json& json) {
    std::vector<ParameterSpec> result;
    for (const Json& parameter : json) {
      ParameterSpec spec{parameter.at("name"), DomainFromJson(parameter.at("domain")), {}};
      for (const Json& condition : parameter.at("conditions")) {
        NamedCondition named{condition.at("parent"), {}};
        for (const Json& value : condition.at("values"))
          named.values.push_back(ValueFromJson(value));
        spec.conditions.push_back(std::move(named));
      }
      result.push_back(std::move(spec));
    }
    return result;
  });
  if (!specs.ok()) return specs.status();
  auto space = Space::Make(*std::move(specs));
  if (!space.ok()) return Unreadable(text);
  return space;
}

std::string EncodeDirections(std::span<const Direction> directions) {
  Json json = Json::array();
  for (Direction direction : directions)
    json.push_back(direction == Direction::kMinimize ? "minimize" : "maximize");
  return Dump(json);
}

absl::StatusOr<std::vector<Direction>> DecodeDirections(std::string_view text) {
  const auto names = DecodeStrings(text);
  if (!names.ok()) return names.status();
  std::vector<Direction> directions;
  for (const std::string& name : *names) {
    if (name != "minimize" && name != "maximize") return Unreadable(text);
    directions.push_back(name == "minimize" ? Direction::kMinimize : Direction::kMaximize);
  }
  if (directions.empty()) return Unreadable(text);
  return directions;
}

std::string EncodeOptions(const Options& options) {
  Json json = Json::object();
  for (const auto& [name, value] : options) json[name] = value;
  return Dump(json);
}

absl::StatusOr<Options> DecodeOptions(std::string_view text) {
  return ReadJson(text, [](const Json& json) {
    Options options;
    for (const auto& [name, value] : json.items()) options[name] = value.get<std::string>();
    return options;
  });
}

std::string EncodeStrings(std::span<const std::string> strings) {
  Json json = Json::array();
  for (const std::string& text : strings) json.push_back(text);
  return Dump(json);
}

absl::StatusOr<std::vector<std::string>> DecodeStrings(std::string_view text) {
  return ReadJson(text, [](const Json& json) { return json.get<std::vector<std::string>>(); });
}

std::string EncodeDoubles(std::span<const double> values) { return Dump(DoublesToJson(values)); }

absl::StatusOr<std::vector<double>> DecodeDoubles(std::string_view text) {
  return ReadJson(text, [](const Json& json) {
    std::vector<double> values;
    for (const Json& value : json) values.push_back(DoubleFromJson(value));
    return values;
  });
}

std::string EncodeConstraints(const Constraints& constraints) {
  return Dump(ConstraintsToJson(constraints));
}

std::string EncodeOptunaFacts(const OptunaFacts& facts) { return Dump(OptunaFactsToJson(facts)); }

std::string EncodeExtra(const TrialRecord& trial) {
  Json json = Json::object();
  if (!trial.constraints.empty()) json["constraints"] = ConstraintsToJson(trial.constraints);
  for (const auto& [name, value] : trial.fixed)
    json["fixed"].push_back(Json::array({name, ValueToJson(value)}));
  if (!trial.foreseen.empty()) json["foreseen"] = ForeseenToJson(trial.foreseen);
  if (trial.retry_of.has_value()) json["retry_of"] = *trial.retry_of;
  if (trial.retry_count != 0) json["retry_count"] = trial.retry_count;
  if (trial.lost) json["lost"] = true;
  if (!trial.failure.empty()) json["failure"] = trial.failure;
  if (trial.optuna != OptunaFacts()) json["optuna"] = OptunaFactsToJson(trial.optuna);
  return json.empty() ? "" : Dump(json);
}

absl::Status DecodeExtra(std::string_view text, TrialRecord& trial) {
  if (text.empty()) return absl::OkStatus();
  const auto read = ReadJson(text, [&](const Json& json) {
    const Json constraints = json.value("constraints", Json::object());
    for (const auto& [name, value] : constraints.items()) {
      trial.constraints[name] = DoubleFromJson(value);
    }
    for (const Json& pair : json.value("fixed", Json::array()))
      trial.fixed.emplace_back(pair.at(0), ValueFromJson(pair.at(1)));
    for (const Json& pair : json.value("foreseen", Json::array()))
      trial.foreseen.push_back({pair.at(0), pair.at(1)});
    if (json.contains("retry_of")) trial.retry_of = json.at("retry_of").get<int64_t>();
    trial.retry_count = json.value("retry_count", 0);
    trial.lost = json.value("lost", false);
    trial.failure = json.value("failure", "");
    trial.optuna = OptunaFactsFromJson(json.value("optuna", Json::object()));
    return true;
  });
  return read.status();
}

}  // namespace hpod
