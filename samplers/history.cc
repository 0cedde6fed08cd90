#include "samplers/history.h"

#include <algorithm>
#include <cassert>
#include <functional>

namespace hpod {
namespace {

void InsertSorted(std::vector<size_t>& numbers, size_t number) {
  numbers.insert(std::lower_bound(numbers.begin(), numbers.end(), number), number);
}

void EraseSorted(std::vector<size_t>& numbers, size_t number) {
  const auto it = std::lower_bound(numbers.begin(), numbers.end(), number);
  assert(it != numbers.end() && *it == number);
  numbers.erase(it);
}

bool CountsAsFinished(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned;
}

size_t Combine(size_t hash, size_t part) { return (hash ^ part) * 0x9E3779B97F4A7C15U; }

struct DomainHash {
  size_t operator()(const FloatDomain& d) const {
    const std::hash<double> hash;
    return Combine(Combine(Combine(hash(d.low), hash(d.high)), hash(d.step)), d.log ? 1 : 0);
  }
  size_t operator()(const IntDomain& d) const {
    const std::hash<int64_t> hash;
    return Combine(Combine(Combine(hash(d.low), hash(d.high)), hash(d.step)), d.log ? 1 : 0);
  }
  // The choices of one name do not change (CheckCompatible), so their number is enough.
  size_t operator()(const CategoricalDomain& d) const { return d.choices.size(); }
};

size_t HashOf(size_t name, const Domain& domain) {
  return Combine(Combine(name, domain.index()), std::visit(DomainHash(), domain));
}

template <class T>
size_t CapacityBytes(const std::vector<T>& vector) {
  return vector.capacity() * sizeof(T);
}

// Bytes that the allocator and a tree or list node add to what a node holds.
constexpr size_t kNodeBytes = 48;

}  // namespace

std::string_view ToString(TrialState state) {
  switch (state) {
    case TrialState::kRunning:
      return "RUNNING";
    case TrialState::kComplete:
      return "COMPLETE";
    case TrialState::kPruned:
      return "PRUNED";
    case TrialState::kFail:
      return "FAIL";
    case TrialState::kWaiting:
      return "WAITING";
  }
  return "";
}

History::History(std::vector<Direction> directions)
    : directions_(std::move(directions)),
      values_(directions_.size()),
      shapes_(1),
      finished_by_shape_(1) {
  assert(!directions_.empty());
}

size_t History::FindName(std::string_view name) const {
  const auto it = name_index_.find(name);
  return it == name_index_.end() ? NameCount() : it->second;
}

std::optional<uint32_t> History::FindDistribution(std::string_view name,
                                                  const Domain& domain) const {
  const size_t name_id = FindName(name);
  if (name_id == NameCount()) return std::nullopt;
  const auto [first, last] = distribution_index_.equal_range(HashOf(name_id, domain));
  const auto known = std::find_if(first, last, [&](const auto& entry) {
    const Distribution& distribution = distributions_[entry.second];
    return distribution.name == name_id && distribution.domain == domain;
  });
  if (known == last) return std::nullopt;
  return known->second;
}

std::span<const DistributionValue> History::Foreseen(size_t number) const {
  const auto it = foreseen_.find(number);
  if (it == foreseen_.end()) return {};
  return it->second;
}

uint32_t History::InternDistribution(std::string_view name, const Domain& domain) {
  const size_t name_id = InternName(name);
  std::optional<uint32_t> id = FindDistribution(name, domain);
  if (!id.has_value()) {
    id = static_cast<uint32_t>(distributions_.size());
    distributions_.push_back({name_id, domain});
    distribution_index_.emplace(HashOf(name_id, domain), *id);
  }
  newest_distribution_[name_id] = *id;
  return *id;
}

void History::Append(TrialState state) {
  assert(!IsFinished(state));
  const size_t number = size();
  states_.push_back(state);
  shape_ids_.push_back(0);
  for (std::vector<double>& values : values_) values.push_back(kNoValue);
  if (!violations_.empty()) violations_.push_back(0.0);
  ++counts_[static_cast<size_t>(state)];
  (state == TrialState::kRunning ? running_ : waiting_).push_back(number);
}

void History::SetParam(size_t number, uint32_t distribution, double internal) {
  assert(!IsFinished(states_[number]));
  std::vector<double>& column = columns_[distributions_[distribution].name];
  if (column.size() <= number) column.resize(number + 1, kNoValue);
  const bool is_new = !HasValue(column[number]);
  column[number] = internal;
  uint32_t& shape = shape_ids_[number];
  shape = is_new ? ExtendShape(shape, distribution) : ReplaceInShape(shape, distribution);
}

void History::SetForeseen(size_t number, std::vector<DistributionValue> foreseen) {
  if (foreseen.empty()) {
    foreseen_.erase(number);
  } else {
    foreseen_[number] = std::move(foreseen);
  }
}

void History::SetViolation(size_t number, double violation) {
  if (violations_.empty()) violations_.resize(size(), 0.0);
  violations_[number] = violation;
}

void History::SetState(size_t number, TrialState state, std::span<const double> values) {
  const TrialState before = states_[number];
  assert(!IsFinished(before));
  assert(values.empty() || values.size() == values_.size());
  EraseSorted(before == TrialState::kRunning ? running_ : waiting_, number);
  if (state == TrialState::kRunning) InsertSorted(running_, number);
  if (state == TrialState::kWaiting) InsertSorted(waiting_, number);
  --counts_[static_cast<size_t>(before)];
  ++counts_[static_cast<size_t>(state)];
  states_[number] = state;
  for (size_t objective = 0; objective < values.size(); ++objective) {
    values_[objective][number] = values[objective];
  }
  if (CountsAsFinished(state)) ++finished_by_shape_[shape_ids_[number]];
  if (state != TrialState::kRunning) foreseen_.erase(number);
  if (IsFinished(state)) reports_.Close(number);
}

size_t History::MemoryBytes() const {
  size_t bytes = sizeof(*this) + CapacityBytes(states_) + CapacityBytes(shape_ids_) +
                 CapacityBytes(violations_) + reports_.MemoryBytes() + CapacityBytes(running_) +
                 CapacityBytes(waiting_) + CapacityBytes(distributions_) + CapacityBytes(shapes_) +
                 CapacityBytes(finished_by_shape_) + CapacityBytes(columns_) +
                 CapacityBytes(names_) + CapacityBytes(newest_distribution_);
  for (const std::vector<double>& values : values_) bytes += CapacityBytes(values);
  for (const std::vector<double>& column : columns_) bytes += CapacityBytes(column);
  for (const Shape& shape : shapes_) bytes += CapacityBytes(shape);
  for (const std::string& name : names_) bytes += 2 * name.capacity();
  for (const auto& [number, foreseen] : foreseen_) bytes += kNodeBytes + CapacityBytes(foreseen);
  bytes += (names_.size() + shape_extensions_.size() + distribution_index_.size()) * kNodeBytes;
  for (const Distribution& distribution : distributions_) {
    if (const auto* categorical = std::get_if<CategoricalDomain>(&distribution.domain)) {
      bytes += CapacityBytes(categorical->choices);
    }
  }
  return bytes;
}

uint32_t History::ExtendShape(uint32_t shape_id, uint32_t distribution) {
  const auto [it, inserted] = shape_extensions_.try_emplace({shape_id, distribution},
                                                            static_cast<uint32_t>(shapes_.size()));
  if (inserted) {
    Shape extended;
    extended.reserve(shapes_[shape_id].size() + 1);
    extended = shapes_[shape_id];
    extended.push_back(distribution);
    shapes_.push_back(std::move(extended));
    finished_by_shape_.push_back(0);
  }
  return it->second;
}

uint32_t History::ReplaceInShape(uint32_t shape_id, uint32_t distribution) {
  const Shape before = shapes_[shape_id];  // a copy: ExtendShape moves the shapes
  if (std::find(before.begin(), before.end(), distribution) != before.end()) return shape_id;
  uint32_t after = 0;
  for (const uint32_t other : before) {
    const bool same_name = distributions_[other].name == distributions_[distribution].name;
    after = ExtendShape(after, same_name ? distribution : other);
  }
  return after;
}

size_t History::InternName(std::string_view name) {
  if (const size_t known = FindName(name); known < NameCount()) return known;
  const size_t id = names_.size();
  names_.emplace_back(name);
  name_index_.emplace(name, id);
  columns_.emplace_back();
  newest_distribution_.push_back(0);
  return id;
}

}  // namespace hpod
