// Values and domains: text, validation, and the way between external and internal values. Space is
// in space.cc.

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "fmt/format.h"

#include "samplers/space.h"

namespace hpod {
namespace {

// How far, in steps, a value may be from the grid of its domain: users compute 3 * 0.1.
constexpr double kStepTolerance = 1e-8;
// Relative to the larger bound. Finer, and rounding would confuse neighbouring values.
constexpr double kFinestStep = 0x1p-48;

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::string DoubleToString(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string text = fmt::format("{}", value);
  // Keep the kind visible: 1.0 and 1 are different choices.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string QuoteJson(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  return out + "\"";
}

std::string_view KindOf(const Value& value) {
  constexpr std::string_view kKinds[] = {"null", "bool", "int", "double", "string"};
  return kKinds[value.index()];
}

std::string_view KindOf(const Domain& domain) {
  constexpr std::string_view kKinds[] = {"float", "int", "categorical"};
  return kKinds[domain.index()];
}

bool BothNan(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  return x != nullptr && y != nullptr && std::isnan(*x) && std::isnan(*y);
}

bool SameChoice(const Value& a, const Value& b) { return a == b || BothNan(a, b); }

// A strict weak order in which NaN comes before the other doubles.
bool ChoiceLess(const Value& a, const Value& b) {
  const auto* x = std::get_if<double>(&a);
  const auto* y = std::get_if<double>(&b);
  if (x != nullptr && y != nullptr && (std::isnan(*x) || std::isnan(*y))) {
    return std::isnan(*x) && !std::isnan(*y);
  }
  return a < b;
}

absl::Status Invalid(std::string_view field, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", field, problem));
}

absl::StatusOr<Domain> Normalize(FloatDomain domain, std::string_view field) {
  const auto& [low, high, log, step] = domain;
  if (!std::isfinite(low) || !std::isfinite(high) || !std::isfinite(high - low)) {
    return Invalid(
        field, fmt::format("low {} and high {} must be finite, and their distance too", low, high));
  }
  if (low > high) {
    return Invalid(field, fmt::format("low {} must be at most high {}", low, high));
  }
  if (!(std::isfinite(step) && step >= 0)) {
    return Invalid(field, fmt::format("step {} must be finite and at least 0", step));
  }
  if (log && low <= 0) {
    return Invalid(field, fmt::format("low {} must be above 0 for log", low));
  }
  if (log && step > 0) {
    return Invalid(field, fmt::format("step {} must be 0 for log", step));
  }
  if (step > 0) {
    const double largest = std::max(std::abs(low), std::abs(high));
    if (step < largest * kFinestStep) {
      return Invalid(field, fmt::format("step {} is too fine beside {}, at least {} is possible",
                                        step, largest, largest * kFinestStep));
    }
    const double count = (high - low) / step;
    if (std::abs(count - std::round(count)) > kStepTolerance) {
      domain.high = std::min(high, low + std::floor(count) * step);
    }
  }
  return domain;
}

absl::StatusOr<Domain> Normalize(IntDomain domain, std::string_view field) {
  if (domain.step == 0) domain.step = 1;
  const auto& [low, high, log, step] = domain;
  if (low < -kMaxInt || high > kMaxInt) {
    return Invalid(field,
                   fmt::format("low {} and high {} must be within -2^53 and 2^53", low, high));
  }
  if (low > high) {
    return Invalid(field, fmt::format("low {} must be at most high {}", low, high));
  }
  if (step < 0) {
    return Invalid(field, fmt::format("step {} must be at least 1", step));
  }
  if (log && low < 1) {
    return Invalid(field, fmt::format("low {} must be at least 1 for log", low));
  }
  if (log && step != 1) {
    return Invalid(field, fmt::format("step {} must be 1 for log", step));
  }
  domain.high = low + (high - low) / step * step;
  return domain;
}

absl::StatusOr<Domain> Normalize(CategoricalDomain domain, std::string_view field) {
  const std::vector<Value>& choices = domain.choices;
  if (choices.empty()) {
    return Invalid(field, "choices must not be empty");
  }
  if (choices.size() > kMaxChoices) {
    return Invalid(field,
                   fmt::format("{} choices, at most {} are possible", choices.size(), kMaxChoices));
  }
  std::vector<const Value*> sorted;
  sorted.reserve(choices.size());
  for (const Value& choice : choices) sorted.push_back(&choice);
  std::sort(sorted.begin(), sorted.end(),
            [](const Value* a, const Value* b) { return ChoiceLess(*a, *b); });
  const auto repeated =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const Value* a, const Value* b) { return SameChoice(*a, *b); });
  if (repeated != sorted.end()) {
    return Invalid(field, fmt::format("choice {} is there twice", ToString(**repeated)));
  }
  return domain;
}

// The number in a value, or nothing if it is of another kind.
std::optional<double> NumberIn(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  return std::nullopt;
}

std::string ListChoices(const std::vector<Value>& choices) {
  constexpr size_t kShown = 20;
  std::string out;
  for (size_t i = 0; i < std::min(choices.size(), kShown); ++i) {
    if (i > 0) out += ", ";
    out += ToString(choices[i]);
  }
  if (choices.size() > kShown) out += fmt::format(", ... {} more", choices.size() - kShown);
  return out;
}

absl::StatusOr<double> ChoiceIndex(const CategoricalDomain& domain, const Value& value,
                                   std::string_view field) {
  const auto it = std::find_if(domain.choices.begin(), domain.choices.end(),
                               [&](const Value& choice) { return SameChoice(choice, value); });
  if (it == domain.choices.end()) {
    return Invalid(field, fmt::format("{} is not one of the choices ({})", ToString(value),
                                      ListChoices(domain.choices)));
  }
  return static_cast<double>(it - domain.choices.begin());
}

bool IsOnGrid(double value, double low, double step) {
  const double steps = (value - low) / step;
  const double rounding = 0x1p-50 * (std::abs(value) + std::abs(low)) / step;
  return std::abs(steps - std::round(steps)) <= kStepTolerance + rounding;
}

// `has_step`: the step says something.
std::string RangeText(const Value& low, const Value& high, const Value& step, bool has_step) {
  const std::string range = fmt::format("[{}, {}]", ToString(low), ToString(high));
  return has_step ? fmt::format("{} in steps of {}", range, ToString(step)) : range;
}

}  // namespace

std::string ToString(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) { return std::string("null"); },
                               [](bool b) { return std::string(b ? "true" : "false"); },
                               [](int64_t i) { return fmt::format("{}", i); },
                               [](double d) { return DoubleToString(d); },
                               [](const std::string& s) { return QuoteJson(s); }},
                    value);
}

bool CategoricalDomain::operator==(const CategoricalDomain& other) const {
  return std::equal(choices.begin(), choices.end(), other.choices.begin(), other.choices.end(),
                    SameChoice);
}

absl::StatusOr<Domain> NormalizeDomain(Domain domain, std::string_view field) {
  return std::visit([&](auto alternative) { return Normalize(std::move(alternative), field); },
                    std::move(domain));
}

Value ToExternal(const Domain& domain, double internal) {
  return std::visit(
      Overloaded{[&](const FloatDomain&) { return Value(internal); },
                 [&](const IntDomain&) { return Value(static_cast<int64_t>(internal)); },
                 [&](const CategoricalDomain& categorical) {
                   return categorical.choices[static_cast<size_t>(internal)];
                 }},
      domain);
}

std::string ToString(const Domain& domain) {
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    return RangeText(real->low, real->high, real->step, real->step > 0);
  }
  if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    return RangeText(whole->low, whole->high, whole->step, whole->step > 1);
  }
  return fmt::format("of {} choices", Cardinality(domain));
}

absl::StatusOr<double> ToInternal(const Domain& domain, const Value& value,
                                  std::string_view field) {
  if (const auto* categorical = std::get_if<CategoricalDomain>(&domain)) {
    return ChoiceIndex(*categorical, value, field);
  }
  const std::optional<double> number = NumberIn(value);
  if (!number.has_value()) {
    return Invalid(field,
                   fmt::format("{} is a {}, expected a number", ToString(value), KindOf(value)));
  }
  if (!std::isfinite(*number)) {
    return Invalid(field, fmt::format("{} must be finite", ToString(value)));
  }
  if (std::holds_alternative<IntDomain>(domain)) {
    if (std::abs(*number) > static_cast<double>(kMaxInt)) {
      return Invalid(field, fmt::format("{} must be within -2^53 and 2^53", ToString(value)));
    }
    if (*number != std::trunc(*number)) {
      return Invalid(field, fmt::format("{} must be a whole number", ToString(value)));
    }
  }
  return *number;
}

bool Contains(const Domain& domain, double internal) {
  return std::visit(Overloaded{[&](const FloatDomain& d) {
                                 return d.low <= internal && internal <= d.high &&
                                        (d.step == 0 || IsOnGrid(internal, d.low, d.step));
                               },
                               [&](const IntDomain& d) {
                                 return static_cast<double>(d.low) <= internal &&
                                        internal <= static_cast<double>(d.high) &&
                                        internal == std::trunc(internal) &&
                                        (static_cast<int64_t>(internal) - d.low) % d.step == 0;
                               },
                               [&](const CategoricalDomain& d) {
                                 return internal >= 0 &&
                                        internal < static_cast<double>(d.choices.size()) &&
                                        internal == std::trunc(internal);
                               }},
                    domain);
}

bool IsSingle(const Domain& domain) { return Cardinality(domain) == 1; }

double SingleValue(const Domain& domain) {
  return std::visit(Overloaded{[](const FloatDomain& d) { return d.low; },
                               [](const IntDomain& d) { return static_cast<double>(d.low); },
                               [](const CategoricalDomain&) { return 0.0; }},
                    domain);
}

uint64_t Cardinality(const Domain& domain) {
  return std::visit(
      Overloaded{
          [](const FloatDomain& d) {
            if (d.low == d.high) return uint64_t{1};
            if (d.step == 0) return uint64_t{0};
            return static_cast<uint64_t>((d.high - d.low) / d.step + kStepTolerance) + 1;
          },
          [](const IntDomain& d) { return static_cast<uint64_t>((d.high - d.low) / d.step) + 1; },
          [](const CategoricalDomain& d) { return uint64_t{d.choices.size()}; }},
      domain);
}

double ValueAt(const Domain& domain, uint64_t index) {
  const auto k = static_cast<double>(index);
  return std::visit(
      Overloaded{[&](const FloatDomain& d) { return std::min(d.low + k * d.step, d.high); },
                 [&](const IntDomain& d) {
                   return static_cast<double>(d.low + static_cast<int64_t>(index) * d.step);
                 },
                 [&](const CategoricalDomain&) { return k; }},
      domain);
}

uint64_t IndexOfValue(const Domain& domain, double internal) {
  return std::visit(
      Overloaded{[&](const FloatDomain& d) {
                   return d.step == 0
                              ? uint64_t{0}
                              : static_cast<uint64_t>(std::llround((internal - d.low) / d.step));
                 },
                 [&](const IntDomain& d) {
                   return static_cast<uint64_t>((static_cast<int64_t>(internal) - d.low) / d.step);
                 },
                 [&](const CategoricalDomain&) { return static_cast<uint64_t>(internal); }},
      domain);
}

absl::Status CheckCompatible(const Domain& known, const Domain& asked, std::string_view field) {
  if (known.index() != asked.index()) {
    return Invalid(field, fmt::format("it was {} in earlier trials and must not become {}",
                                      KindOf(known), KindOf(asked)));
  }
  const auto log_of = Overloaded{[](const CategoricalDomain&) { return false; },
                                 [](const auto& d) { return d.log; }};
  if (std::visit(log_of, known) != std::visit(log_of, asked)) {
    return Invalid(field, fmt::format("log was {} in earlier trials and must not change",
                                      std::visit(log_of, known)));
  }
  const auto* choices = std::get_if<CategoricalDomain>(&known);
  if (choices != nullptr && *choices != std::get<CategoricalDomain>(asked)) {
    return Invalid(field, fmt::format("the choices were ({}) in earlier trials and must not change",
                                      ListChoices(choices->choices)));
  }
  return absl::OkStatus();
}

}  // namespace hpod
