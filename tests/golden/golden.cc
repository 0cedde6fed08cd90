#include "tests/golden/golden.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fstream>
#include <limits>
#include <utility>

#include "fmt/format.h"

namespace hpod {
namespace {

using nlohmann::json;

constexpr double kRelativeTolerance = 1e-9;
constexpr double kAbsoluteTolerance = 1e-12;

// The name that an entry's line starts with, read without parsing the rest: every test lists all
// entries.
std::string NameOf(std::string_view line) {
  constexpr std::string_view kStart = R"({"name":")";
  if (!line.starts_with(kStart)) return "entry without a name";
  line.remove_prefix(kStart.size());
  return std::string(line.substr(0, line.find('"')));
}

void AppendEntries(std::string_view file, std::vector<GoldenEntry>& entries) {
  std::ifstream in(fmt::format("{}/golden/{}.json", HPOD_TEST_DATA, file));
  if (!in) entries.push_back({fmt::format("{}, missing", file), ""});
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('{')) continue;
    if (line.ends_with(',')) line.pop_back();
    entries.push_back({fmt::format("{}, {}", file, NameOf(line)), line});
  }
}

Value GoldenChoice(const json& choice) {
  if (choice.is_null()) return std::monostate();
  if (choice.is_boolean()) return choice.get<bool>();
  if (choice.is_number_integer()) return choice.get<int64_t>();
  if (choice.is_number()) return choice.get<double>();
  return choice.get<std::string>();
}

TrialState StateOf(const json& trial) {
  const std::string name = trial.at("state");
  for (const TrialState state : {TrialState::kRunning, TrialState::kComplete, TrialState::kPruned,
                                 TrialState::kFail, TrialState::kWaiting}) {
    if (ToString(state) == name) return state;
  }
  ADD_FAILURE() << "unknown state '" << name << "'";
  return TrialState::kFail;
}

// The [first, second] pairs of a trial's field; none if it lacks the field.
template <class First>
std::vector<std::pair<First, double>> Pairs(const json& trial, const char* field) {
  std::vector<std::pair<First, double>> pairs;
  for (const json& pair : trial.value(field, json::array())) {
    pairs.emplace_back(pair.at(0).get<First>(), GoldenNumber(pair.at(1)));
  }
  return pairs;
}

void AppendTrial(const json& trial, GoldenHistory& into) {
  History& history = into.history;
  const size_t number = history.size();
  const TrialState state = StateOf(trial);
  history.Append(state == TrialState::kWaiting ? state : TrialState::kRunning);
  for (const auto& [parameter, value] : Pairs<size_t>(trial, "params")) {
    history.SetParam(number, into.distributions.at(parameter), value);
  }
  std::vector<DistributionValue> foreseen;
  for (const auto& [parameter, value] : Pairs<size_t>(trial, "foreseen")) {
    foreseen.push_back({into.distributions.at(parameter), value});
  }
  if (!foreseen.empty()) history.SetForeseen(number, std::move(foreseen));
  for (const auto& [step, value] : Pairs<int64_t>(trial, "reports")) {
    history.AddReport(number, {step, value});
  }
  double violation = 0.0;
  for (const double constraint : GoldenNumbers(trial.value("constraints", json::array()))) {
    violation += std::max(constraint, 0.0);
  }
  if (violation > 0.0) history.SetViolation(number, violation);
  if (IsFinished(state)) {
    history.SetState(number, state, GoldenNumbers(trial.value("values", json::array())));
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const GoldenEntry& entry) { return out << entry.name; }

std::vector<GoldenEntry> GoldenEntries(std::span<const std::string_view> files) {
  std::vector<GoldenEntry> entries;
  for (const std::string_view file : files) AppendEntries(file, entries);
  return entries;
}

std::string GoldenTestName(const testing::TestParamInfo<GoldenEntry>& info) {
  std::string name = info.param.name;
  std::erase(name, ',');
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

double GoldenNumber(const json& json) {
  if (json.is_number()) return json.get<double>();
  const std::string text = json;
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  EXPECT_EQ(text, "nan");
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> GoldenNumbers(const json& json) {
  std::vector<double> numbers;
  for (const auto& number : json) numbers.push_back(GoldenNumber(number));
  return numbers;
}

Domain GoldenDomain(const json& json) {
  const std::string type = json.at("type");
  if (type == "categorical") {
    CategoricalDomain domain;
    for (const auto& choice : json.at("choices")) domain.choices.push_back(GoldenChoice(choice));
    return domain;
  }
  const bool log = json.value("log", false);
  if (type == "int") return IntDomain{json.at("low"), json.at("high"), log, json.at("step")};
  return FloatDomain{json.at("low"), json.at("high"), log, json.value("step", 0.0)};
}

GoldenHistory MakeGoldenHistory(const json& json) {
  std::vector<Direction> directions;
  for (const std::string direction : json.at("directions")) {
    directions.push_back(direction == "maximize" ? Direction::kMaximize : Direction::kMinimize);
  }
  GoldenHistory result{History(std::move(directions)), {}};
  for (const auto& parameter : json.at("parameters")) {
    const std::string name = parameter.at("name");
    result.distributions.push_back(
        result.history.InternDistribution(name, GoldenDomain(parameter)));
  }
  for (const auto& trial : json.at("trials")) AppendTrial(trial, result);
  return result;
}

testing::AssertionResult IsClose(double actual, double expected) {
  const bool equal = actual == expected || (std::isnan(actual) && std::isnan(expected));
  const double allowed = std::max(kAbsoluteTolerance, kRelativeTolerance * std::abs(expected));
  if (equal || (std::isfinite(expected) && std::abs(actual - expected) <= allowed)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure()
         << fmt::format("{} instead of {}, off by {}", actual, expected, actual - expected);
}

testing::AssertionResult AreClose(std::span<const double> actual,
                                  std::span<const double> expected) {
  if (actual.size() != expected.size()) {
    return testing::AssertionFailure()
           << fmt::format("{} numbers instead of {}", actual.size(), expected.size());
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    testing::AssertionResult result = IsClose(actual[i], expected[i]);
    if (!result) return result << fmt::format(" at index {}", i);
  }
  return testing::AssertionSuccess();
}

}  // namespace hpod
