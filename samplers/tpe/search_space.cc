#include "samplers/tpe/search_space.h"

#include <algorithm>
#include <map>
#include <utility>

#include "samplers/tpe/split.h"

namespace hpod {
namespace {

void FinishSpace(const History& history, JointSpace& space) {
  std::erase_if(space, [&](uint32_t id) { return IsSingle(history.GetDistribution(id).domain); });
  std::sort(space.begin(), space.end(), [&](uint32_t a, uint32_t b) {
    return history.Name(history.GetDistribution(a).name) <
           history.Name(history.GetDistribution(b).name);
  });
}

// The shapes of COMPLETE and PRUNED trials, in the order of the first trial that has each. Not in
// the order of their ids, which depends on how trials were interleaved.
std::vector<uint32_t> ShapesByFirstTrial(const History& history) {
  size_t live = 0;
  for (uint32_t id = 0; id < history.ShapeCount(); ++id)
    live += history.FinishedCount(id) > 0 ? 1 : 0;
  std::vector<bool> seen(history.ShapeCount(), false);
  std::vector<uint32_t> shapes;
  for (size_t number = 0; shapes.size() < live; ++number) {
    const uint32_t id = history.ShapeId(number);
    if (seen[id] || !IsModelled(history.State(number))) continue;
    seen[id] = true;
    shapes.push_back(id);
  }
  return shapes;
}

double ValueOrForeseen(const History& history, size_t number, size_t name) {
  const double value = history.Param(number, name);
  if (HasValue(value)) return value;
  for (const DistributionValue& foreseen : history.Foreseen(number)) {
    if (history.GetDistribution(foreseen.distribution).name == name) return foreseen.value;
  }
  return kNoValue;
}

}  // namespace

std::vector<Domain> DomainsOf(const History& history, const JointSpace& space) {
  std::vector<Domain> domains;
  domains.reserve(space.size());
  for (const uint32_t id : space) domains.push_back(history.GetDistribution(id).domain);
  return domains;
}

std::vector<size_t> NamesOf(const History& history, const JointSpace& space) {
  std::vector<size_t> names;
  names.reserve(space.size());
  for (const uint32_t id : space) names.push_back(history.GetDistribution(id).name);
  return names;
}

JointSpace IntersectionSpace(const History& history) {
  std::vector<size_t> shapes_with(history.DistributionCount(), 0);
  size_t live = 0;
  for (uint32_t shape = 0; shape < history.ShapeCount(); ++shape) {
    if (history.FinishedCount(shape) == 0) continue;
    ++live;
    for (const uint32_t distribution : history.GetShape(shape)) ++shapes_with[distribution];
  }
  JointSpace space;
  space.reserve(shapes_with.size());
  for (uint32_t distribution = 0; live > 0 && distribution < shapes_with.size(); ++distribution) {
    if (shapes_with[distribution] == live) space.push_back(distribution);
  }
  FinishSpace(history, space);
  return space;
}

std::vector<JointSpace> GroupedSpaces(const History& history) {
  constexpr size_t kNoGroup = 0;
  std::vector<size_t> group_of(history.NameCount(), kNoGroup);
  std::vector<uint32_t> first_distribution(history.NameCount(), 0);
  size_t last_group = kNoGroup;
  for (const uint32_t shape : ShapesByFirstTrial(history)) {
    // What the shape has of each group becomes a group of its own.
    std::map<size_t, size_t> split_off;
    for (const uint32_t distribution : history.GetShape(shape)) {
      const size_t name = history.GetDistribution(distribution).name;
      if (group_of[name] == kNoGroup) first_distribution[name] = distribution;
      const auto [it, inserted] = split_off.try_emplace(group_of[name], last_group + 1);
      if (inserted) ++last_group;
      group_of[name] = it->second;
    }
  }
  std::map<size_t, JointSpace> members;
  for (size_t name = 0; name < group_of.size(); ++name) {
    if (group_of[name] != kNoGroup) members[group_of[name]].push_back(first_distribution[name]);
  }
  std::vector<JointSpace> spaces;
  for (auto& [group, space] : members) {
    FinishSpace(history, space);
    if (!space.empty()) spaces.push_back(std::move(space));
  }
  std::sort(spaces.begin(), spaces.end(), [&](const JointSpace& a, const JointSpace& b) {
    return history.Name(history.GetDistribution(a[0]).name) <
           history.Name(history.GetDistribution(b[0]).name);
  });
  return spaces;
}

Columns CollectObservations(const History& history, std::span<const size_t> names,
                            std::span<const size_t> numbers) {
  Columns columns;
  CollectObservations(history, names, numbers, columns);
  return columns;
}

void CollectObservations(const History& history, std::span<const size_t> names,
                         std::span<const size_t> numbers, Columns& columns) {
  columns.resize(names.size());
  for (std::vector<double>& column : columns) column.clear();
  if (std::find(names.begin(), names.end(), history.NameCount()) != names.end()) return;
  for (std::vector<double>& column : columns) column.reserve(numbers.size());
  std::vector<double> row(names.size());
  for (const size_t number : numbers) {
    if (!ReadObservedValues(history, names, number, row)) continue;
    for (size_t i = 0; i < row.size(); ++i) columns[i].push_back(row[i]);
  }
}

bool ReadObservedValues(const History& history, std::span<const size_t> names, size_t number,
                        std::span<double> row) {
  const bool is_running = history.State(number) == TrialState::kRunning;
  for (size_t i = 0; i < names.size(); ++i) {
    row[i] =
        is_running ? ValueOrForeseen(history, number, names[i]) : history.Param(number, names[i]);
    if (!HasValue(row[i])) return false;
  }
  return true;
}

}  // namespace hpod
