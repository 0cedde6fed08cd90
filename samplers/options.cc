#include "samplers/options.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "fmt/format.h"

namespace hpod {
namespace {

constexpr std::string_view kAuto = "auto";

// The number that is all of `text`, or nothing.
template <class Number>
std::optional<Number> Parse(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end) return std::nullopt;
  return number;
}

std::string KnownOptions(std::span<const OptionSpec> specs) {
  if (specs.empty()) return "it has none";
  std::string out = "known: ";
  for (const OptionSpec& spec : specs) {
    if (&spec != specs.data()) out += ", ";
    out += spec.name;
  }
  return out;
}

std::string Expected(const OptionSpec& spec) {
  if (spec.type == OptionSpec::Type::kBool) return "true or false";
  if (spec.type == OptionSpec::Type::kAutoBool) return "auto, true or false";
  std::string out = spec.type == OptionSpec::Type::kInt ? "a whole number" : "a number";
  if (!spec.minimum.empty()) out += fmt::format(", at least {}", spec.minimum);
  if (!spec.maximum.empty()) out += fmt::format(", at most {}", spec.maximum);
  return out;
}

template <class Number>
bool IsNumberInRange(const OptionSpec& spec, std::string_view text) {
  const std::optional<Number> number = Parse<Number>(text);
  if (!number.has_value()) return false;
  if constexpr (std::is_floating_point_v<Number>) {
    if (!std::isfinite(*number)) return false;
  }
  return (spec.minimum.empty() || *number >= *Parse<Number>(spec.minimum)) &&
         (spec.maximum.empty() || *number <= *Parse<Number>(spec.maximum));
}

bool IsValid(const OptionSpec& spec, std::string_view text) {
  const bool is_bool = text == "true" || text == "false";
  switch (spec.type) {
    case OptionSpec::Type::kInt:
      return IsNumberInRange<int64_t>(spec, text);
    case OptionSpec::Type::kFloat:
      return IsNumberInRange<double>(spec, text);
    case OptionSpec::Type::kBool:
      return is_bool;
    case OptionSpec::Type::kAutoBool:
      return is_bool || text == kAuto;
  }
  return false;
}

const OptionSpec* Find(std::span<const OptionSpec> specs, std::string_view name) {
  const auto it = std::find_if(specs.begin(), specs.end(),
                               [&](const OptionSpec& spec) { return spec.name == name; });
  return it == specs.end() ? nullptr : &*it;
}

}  // namespace

std::string_view ToString(OptionSpec::Type type) {
  switch (type) {
    case OptionSpec::Type::kInt:
      return "int";
    case OptionSpec::Type::kFloat:
      return "float";
    case OptionSpec::Type::kBool:
      return "bool";
    case OptionSpec::Type::kAutoBool:
      return "auto or bool";
  }
  return "";
}

absl::StatusOr<OptionReader> OptionReader::Make(std::span<const OptionSpec> specs,
                                                const Options& options) {
  for (const auto& [name, text] : options) {
    const OptionSpec* spec = Find(specs, name);
    if (spec == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("unknown option '{:.64}' ({})", name, KnownOptions(specs)));
    }
    if (!IsValid(*spec, text)) {
      return absl::InvalidArgumentError(fmt::format(
          "option '{}': '{:.64}' is not valid (expected {})", name, text, Expected(*spec)));
    }
  }
  OptionReader reader;
  reader.specs_ = specs;
  reader.options_ = options;
  return reader;
}

int64_t OptionReader::Int(std::string_view name) const {
  return Parse<int64_t>(Text(name)).value_or(0);
}

double OptionReader::Float(std::string_view name) const {
  return Parse<double>(Text(name)).value_or(0.0);
}

bool OptionReader::Bool(std::string_view name) const { return Text(name) == "true"; }

std::optional<bool> OptionReader::AutoBool(std::string_view name) const {
  const std::string_view text = Text(name);
  if (text == kAuto) return std::nullopt;
  return text == "true";
}

std::string_view OptionReader::Text(std::string_view name) const {
  if (const auto it = options_.find(name); it != options_.end()) return it->second;
  const OptionSpec* spec = Find(specs_, name);
  assert(spec != nullptr);
  return spec->default_value;
}

}  // namespace hpod
