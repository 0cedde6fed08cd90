#include "clients/hpoctl/value_text.h"

#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

using hpo::v1::Value;

bool ReadInt(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool SameBits(double a, double b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }

bool SameValue(const Value& a, const Value& b) {
  if (a.kind_case() != b.kind_case()) return false;
  if (a.kind_case() == Value::kDoubleValue) return SameBits(a.double_value(), b.double_value());
  return ValueText(a, false) == ValueText(b, false);
}

absl::StatusOr<Value> ParseChoice(const hpo::v1::CategoricalDomain& domain,
                                  const std::string& field, std::string_view text) {
  const Value guess = GuessValue(text);
  for (const Value& choice : domain.choices()) {
    if (SameValue(choice, guess)) return choice;
  }
  std::vector<std::string> known;
  for (const Value& choice : domain.choices()) {
    known.push_back(Printable(ValueText(choice, false)));
    if (ValueText(choice, false) == text) return choice;
  }
  return absl::InvalidArgumentError(fmt::format("{}: '{}' is not one of the choices (known: {})",
                                                field, Printable(text), fmt::join(known, ", ")));
}

absl::StatusOr<Value> ParseInDomain(const hpo::v1::Parameter& parameter, const std::string& field,
                                    std::string_view text) {
  if (parameter.has_categorical_domain()) {
    return ParseChoice(parameter.categorical_domain(), field, text);
  }
  Value value;
  if (parameter.has_int_domain()) {
    int64_t number = 0;
    if (!ReadInt(text, number)) {
      return absl::InvalidArgumentError(
          fmt::format("{}: '{}' is not a whole number", field, Printable(text)));
    }
    value.set_int_value(number);
    return value;
  }
  const auto number = ParseNumber(text, field + ":");
  if (!number.ok()) return number.status();
  value.set_double_value(*number);
  return value;
}

}  // namespace

Value GuessValue(std::string_view text) {
  if (const auto json = ParseJson(text, ""); json.ok() && !json->is_structured()) {
    const auto value = ValueFromJson(*json, "");
    if (value.ok()) return *value;
  }
  Value value;
  value.set_string_value(std::string(text));
  return value;
}

absl::StatusOr<Value> ParseValue(const hpo::v1::Study& study, const std::string& name,
                                 std::string_view text) {
  const std::string field = fmt::format("parameter '{}'", Printable(name));
  std::vector<std::string> known;
  for (const auto& parameter : study.space()) {
    if (parameter.name() == name) return ParseInDomain(parameter, field, text);
    known.push_back(Printable(parameter.name()));
  }
  if (known.empty()) return GuessValue(text);
  return absl::InvalidArgumentError(fmt::format("{} is not in the space of the study (known: {})",
                                                field, fmt::join(known, ", ")));
}

}  // namespace hpod
