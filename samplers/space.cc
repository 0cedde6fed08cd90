// Space: checked parameters and the order in which their conditions can be decided. Domains are in
// domain.cc.

#include "samplers/space.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "fmt/format.h"

namespace hpod {
namespace {

// Shown names are cut: a message must not carry a megabyte back.
std::string Field(std::string_view name) {
  constexpr size_t kShownBytes = 64;
  if (name.size() <= kShownBytes) return fmt::format("parameter '{}'", name);
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return fmt::format("parameter '{}...'", name.substr(0, end));
}

absl::Status CheckName(std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a parameter's name must not be empty");
  if (name.size() > kMaxNameBytes) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the name has {} bytes, at most {} are possible", Field(name), name.size(),
                    kMaxNameBytes));
  }
  return absl::OkStatus();
}

// How far a value may be from a condition's and still be the same: float grids are inexact.
double Tolerance(const Domain& domain) {
  const auto* number = std::get_if<FloatDomain>(&domain);
  return number == nullptr ? 0.0 : number->step * 1e-8;
}

absl::StatusOr<Condition> Resolve(const NamedCondition& named, size_t parent, const Domain& domain,
                                  const std::string& field) {
  if (named.values.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: the condition on '{}' has no values", field, named.parent));
  }
  Condition condition{.parent = parent, .values = {}};
  for (const Value& value : named.values) {
    absl::StatusOr<double> internal =
        ToInternal(domain, value, fmt::format("{}: the condition on '{}'", field, named.parent));
    if (!internal.ok()) return internal.status();
    if (!Contains(domain, *internal)) {
      return absl::InvalidArgumentError(
          fmt::format("{}: the condition on '{}' has the value {}, which is outside its domain",
                      field, named.parent, ToString(value)));
    }
    condition.values.push_back(*internal);
  }
  std::sort(condition.values.begin(), condition.values.end());
  condition.values.erase(std::unique(condition.values.begin(), condition.values.end()),
                         condition.values.end());
  return condition;
}

// Kahn's algorithm, the lowest position first. Shorter than `parameters` if there is a cycle.
std::vector<size_t> OrderParentsFirst(std::span<const Parameter> parameters) {
  std::vector<size_t> undecided(parameters.size());
  std::vector<std::vector<size_t>> children(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    undecided[i] = parameters[i].conditions.size();
    for (const Condition& condition : parameters[i].conditions) {
      children[condition.parent].push_back(i);
    }
  }
  std::set<size_t> ready;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (undecided[i] == 0) ready.insert(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    const size_t i = ready.extract(ready.begin()).value();
    order.push_back(i);
    for (const size_t child : children[i]) {
      if (--undecided[child] == 0) ready.insert(child);
    }
  }
  return order;
}

absl::Status CycleError(std::span<const Parameter> parameters, std::span<const size_t> order) {
  std::vector<bool> ordered(parameters.size(), false);
  for (const size_t i : order) ordered[i] = true;
  const auto first = std::find(ordered.begin(), ordered.end(), false) - ordered.begin();
  return absl::InvalidArgumentError(fmt::format(
      "{}: its conditions lead into a cycle", Field(parameters[static_cast<size_t>(first)].name)));
}

}  // namespace

absl::StatusOr<Space> Space::Make(std::vector<ParameterSpec> specs) {
  if (specs.size() > kMaxParameters) {
    return absl::InvalidArgumentError(fmt::format(
        "the space has {} parameters, at most {} are possible", specs.size(), kMaxParameters));
  }
  Space space;
  for (const ParameterSpec& spec : specs) {
    if (absl::Status status = CheckName(spec.name); !status.ok()) return status;
    absl::StatusOr<Domain> domain = NormalizeDomain(spec.domain, Field(spec.name));
    if (!domain.ok()) return domain.status();
    space.parameters_.push_back({spec.name, *std::move(domain), {}});
  }
  if (absl::Status status = space.IndexNames(); !status.ok()) return status;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (absl::Status status = space.AddConditions(i, specs[i].conditions); !status.ok())
      return status;
  }
  space.parents_first_ = OrderParentsFirst(space.parameters_);
  if (space.parents_first_.size() < space.size()) {
    return CycleError(space.parameters_, space.parents_first_);
  }
  return space;
}

absl::Status Space::IndexNames() {
  by_name_.resize(size());
  std::iota(by_name_.begin(), by_name_.end(), size_t{0});
  std::sort(by_name_.begin(), by_name_.end(),
            [&](size_t a, size_t b) { return parameters_[a].name < parameters_[b].name; });
  const auto repeated = std::adjacent_find(
      by_name_.begin(), by_name_.end(),
      [&](size_t a, size_t b) { return parameters_[a].name == parameters_[b].name; });
  if (repeated == by_name_.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is there twice", Field(parameters_[*repeated].name)));
}

absl::Status Space::AddConditions(size_t i, std::span<const NamedCondition> conditions) {
  const std::string field = Field(parameters_[i].name);
  for (const NamedCondition& named : conditions) {
    const size_t parent = IndexOf(named.parent);
    if (parent == size()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: its condition is on the unknown {}", field, Field(named.parent)));
    }
    absl::StatusOr<Condition> condition = Resolve(named, parent, parameters_[parent].domain, field);
    if (!condition.ok()) return condition.status();
    parameters_[i].conditions.push_back(*std::move(condition));
    conditional_ = true;
  }
  return absl::OkStatus();
}

size_t Space::IndexOf(std::string_view name) const {
  const auto it =
      std::lower_bound(by_name_.begin(), by_name_.end(), name,
                       [&](size_t i, std::string_view n) { return parameters_[i].name < n; });
  return it != by_name_.end() && parameters_[*it].name == name ? *it : size();
}

bool Space::IsActive(size_t i, std::span<const double> point) const {
  return std::all_of(
      parameters_[i].conditions.begin(), parameters_[i].conditions.end(), [&](const Condition& c) {
        const double value = point[c.parent];
        const double tolerance = Tolerance(parameters_[c.parent].domain);
        const auto it = std::lower_bound(c.values.begin(), c.values.end(), value - tolerance);
        // False for NaN.
        return it != c.values.end() && *it <= value + tolerance;
      });
}

}  // namespace hpod
