#include "clients/hpoctl/run/message.h"

#include <charconv>
#include <fmt/format.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/object_reader.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr std::string_view kMark = "hpod:";
constexpr std::string_view kForms = "hpod: report STEP VALUE, or hpod: value VALUE [VALUE2 ...]";
constexpr std::string_view kJsonForms =
    R"({"step": 1, "value": 0.5}, {"value": 0.5}, {"values": [0.5, 2]}, {"attribute": {"key": 1}} or {"constraint": {"name": 0.5}})";

std::vector<std::string_view> Words(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::string_view> words;
  while (true) {
    const size_t start = text.find_first_not_of(kBlanks);
    if (start == std::string_view::npos) return words;
    const size_t end = text.find_first_of(kBlanks, start);
    words.push_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return words;
    text.remove_prefix(end);
  }
}

absl::Status BadLine(std::string_view line, absl::string_view why, std::string_view forms) {
  return UsageError(
      fmt::format("'{}': {} (write {})", Ellipsize(Printable(line), 100), std::string(why), forms));
}

absl::StatusOr<int64_t> ParseStep(std::string_view text) {
  int64_t step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error == std::errc() && end == text.data() + text.size() && step >= 0) return step;
  return UsageError(fmt::format("STEP '{}' is not a whole number of 0 or more", Printable(text)));
}

absl::StatusOr<Message> ParseReport(const std::vector<std::string_view>& words) {
  if (words.size() != 3) return UsageError("a report has a step and a value");
  const auto step = ParseStep(words[1]);
  if (!step.ok()) return step.status();
  const auto value = ParseNumber(words[2], "VALUE");
  if (!value.ok()) return value.status();
  return Report{*step, *value};
}

absl::StatusOr<Message> ParseResult(const std::vector<std::string_view>& words) {
  if (words.size() < 2) return UsageError("the value is missing");
  Result result;
  for (size_t i = 1; i < words.size(); ++i) {
    const auto value = ParseNumber(words[i], "VALUE");
    if (!value.ok()) return value.status();
    result.values.push_back(*value);
  }
  return result;
}

absl::StatusOr<Message> ParseWords(const std::vector<std::string_view>& words) {
  if (!words.empty() && words[0] == "report") return ParseReport(words);
  if (!words.empty() && words[0] == "value") return ParseResult(words);
  return UsageError(words.empty() ? std::string("nothing follows")
                                  : fmt::format("unknown word '{}'", Printable(words[0])));
}

absl::StatusOr<Message> FromJson(const Json& json) {
  ObjectReader reader(json, "it");
  double value = 0;
  Report report{};
  Result result;
  Attributes attributes;
  Constraints constraints;
  const bool has_step = reader.Read("step", report.step);
  const bool has_value = reader.Read("value", value);
  const bool has_values = reader.Child("values") != nullptr;
  const bool has_attribute = reader.Child("attribute") != nullptr;
  const bool has_constraint = reader.Child("constraint") != nullptr;
  reader.EachElement("values", [&](const std::string&, const Json& element) {
    const auto number = DoubleFromJson(element, "values");
    if (number.ok()) result.values.push_back(*number);
    return number.status();
  });
  reader.EachMember("attribute", [&](const std::string& key, const Json& member) {
    attributes.values[key] = Dump(member, -1);
    return absl::OkStatus();
  });
  reader.EachMember("constraint", [&](const std::string& name, const Json& member) {
    const auto number = DoubleFromJson(member, name);
    if (number.ok()) constraints.values[name] = *number;
    return number.status();
  });
  if (const absl::Status status = reader.Finish(); !status.ok()) return status;
  if (has_value + has_values + has_attribute + has_constraint != 1 || (has_step && !has_value)) {
    return UsageError("one thing a line");
  }
  if (report.step < 0) return UsageError("'step' must be 0 or more");
  report.value = value;
  if (has_step) return report;
  if (has_value) return Result{{value}};
  if (has_values) return result;
  if (has_attribute) return attributes;
  return constraints;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::optional<Message>> ParseOutputLine(std::string_view line) {
  if (!line.starts_with(kMark)) return std::nullopt;
  auto message = ParseWords(Words(line.substr(kMark.size())));
  if (!message.ok()) return BadLine(line, message.status().message(), kForms);
  return *std::move(message);
}

absl::StatusOr<std::optional<Message>> ParseJsonLine(std::string_view line) {
  if (IsBlank(line)) return std::nullopt;
  const auto json = ParseJson(line, "the line");
  if (!json.ok()) return BadLine(line, json.status().message(), kJsonForms);
  if (!json->is_object()) return BadLine(line, "not an object", kJsonForms);
  auto message = FromJson(*json);
  if (!message.ok()) return BadLine(line, message.status().message(), kJsonForms);
  return *std::move(message);
}

}  // namespace hpod
