// The vocabulary of search spaces: values, domains, parameters, spaces, points.
//
// A value has two forms. *External*: what users see (`Value`). *Internal*: one double, as samplers
// see it. Float and int: the number itself (never its logarithm). Categorical: the index of the
// choice. NaN means "no value".

#ifndef HPOD_SAMPLERS_SPACE_H_
#define HPOD_SAMPLERS_SPACE_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hpod {

// null, bool, int, double or string.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string>;

// As JSON text: `null`, `true`, `3`, `0.1`, `"adam"`; doubles in the shortest form that reads back
// equal.
std::string ToString(const Value& value);

// Real numbers in [low, high]; with step > 0 only low + k * step (0: continuous).
struct FloatDomain {
  double low = 0;
  double high = 0;
  bool log = false;
  double step = 0;
  bool operator==(const FloatDomain&) const = default;
};

// Whole numbers low + k * step in [low, high]; |bounds| <= 2^53, step >= 1 (NormalizeDomain reads 0
// as 1).
struct IntDomain {
  int64_t low = 0;
  int64_t high = 0;
  bool log = false;
  int64_t step = 1;
  bool operator==(const IntDomain&) const = default;
};

// One of the choices, in order. Choices are distinct in kind and content (1, 1.0 and true are three
// choices).
struct CategoricalDomain {
  std::vector<Value> choices;
  bool operator==(const CategoricalDomain& other) const;  // NaN choices equal each other
};

using Domain = std::variant<FloatDomain, IntDomain, CategoricalDomain>;

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();
inline bool HasValue(double internal) { return !std::isnan(internal); }

// Limits, checked by NormalizeDomain and Space::Make.
inline constexpr int64_t kMaxInt = int64_t{1} << 53;
inline constexpr size_t kMaxChoices = 10'000;
inline constexpr size_t kMaxParameters = 1'000;
inline constexpr size_t kMaxNameBytes = 255;

// The domain with `high` lowered to the last value that the step reaches; or INVALID_ARGUMENT that
// names what is wrong (bounds not finite, low > high, log with low <= 0 or with a step, negative
// or too fine a step, no choices, choices that repeat, too many choices, |int| > 2^53). `field`
// starts the message, for example "parameter 'lr'".
absl::StatusOr<Domain> NormalizeDomain(Domain domain, std::string_view field);

// The external value of an internal one that lies in `domain`.
Value ToExternal(const Domain& domain, double internal);
// `[0.0001, 0.1]`, `[1, 9] in steps of 4`, `of 3 choices`.
std::string ToString(const Domain& domain);

// The internal value of an external one. An int is accepted for a float domain, and a whole double
// for an int domain. INVALID_ARGUMENT: wrong kind, not finite, or not one of the choices. A number
// outside [low, high] or off the step is NOT an error here: see Contains.
absl::StatusOr<double> ToInternal(const Domain& domain, const Value& value, std::string_view field);

// Whether an internal value lies in the domain: in [low, high] and, with a step, within 1e-8 steps
// of the grid; for a categorical, a whole number in [0, #choices).
bool Contains(const Domain& domain, double internal);

// Whether the domain has exactly one value, and which.
bool IsSingle(const Domain& domain);
double SingleValue(const Domain& domain);

// Number of values of a domain; 0 for a continuous one.
uint64_t Cardinality(const Domain& domain);

// Values of a discrete domain by index 0 .. Cardinality - 1, ascending. IndexOfValue takes a value
// that lies in it.
double ValueAt(const Domain& domain, uint64_t index);
uint64_t IndexOfValue(const Domain& domain, double internal);

// Optuna's rule for one name across the trials of a study: same kind, same `log`, same choices in
// the same order; bounds and steps may differ. INVALID_ARGUMENT that says what changed.
absl::Status CheckCompatible(const Domain& known, const Domain& asked, std::string_view field);

// The parameter is active when the one at index `parent` is active and has one of `values`
// (internal, sorted).
struct Condition {
  size_t parent = 0;
  std::vector<double> values;
  bool operator==(const Condition&) const = default;
};

struct Parameter {
  std::string name;
  Domain domain;
  std::vector<Condition> conditions;
  bool operator==(const Parameter&) const = default;
};

// As Condition, before the parent's index is known.
struct NamedCondition {
  std::string parent;
  std::vector<Value> values;
};
struct ParameterSpec {
  std::string name;
  Domain domain;
  std::vector<NamedCondition> conditions;
};

// One internal value per parameter, in the order of the space. NaN: inactive, or (in a request)
// free.
using Point = std::vector<double>;

// An ordered list of parameters with distinct names. Immutable.
class Space {
 public:
  Space() = default;

  // INVALID_ARGUMENT (the message names the parameter): too many parameters, a name that is empty,
  // too long or repeated, a bad domain, a condition on an unknown parameter, on a value outside the
  // parent's domain, without values, or in a cycle.
  static absl::StatusOr<Space> Make(std::vector<ParameterSpec> specs);

  size_t size() const { return parameters_.size(); }
  bool empty() const { return parameters_.empty(); }
  const Parameter& operator[](size_t i) const { return parameters_[i]; }
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }
  std::span<const Parameter> Parameters() const { return parameters_; }

  // Position of `name`, or size() if there is none. O(log n).
  size_t IndexOf(std::string_view name) const;

  // Positions so that every parent comes before its children; otherwise in the declared order.
  std::span<const size_t> ParentsFirst() const { return parents_first_; }

  // Whether parameter i is active in `point`, in which all its ancestors have been decided (NaN:
  // inactive).
  bool IsActive(size_t i, std::span<const double> point) const;

  bool IsConditional() const { return conditional_; }

  bool operator==(const Space& other) const { return parameters_ == other.parameters_; }

 private:
  // Parts of Make, in this order.
  absl::Status IndexNames();
  absl::Status AddConditions(size_t i, std::span<const NamedCondition> conditions);

  std::vector<Parameter> parameters_;
  std::vector<size_t> by_name_;
  std::vector<size_t> parents_first_;
  bool conditional_ = false;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_SPACE_H_
