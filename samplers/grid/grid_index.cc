#include "samplers/grid/grid_index.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "fmt/format.h"

namespace hpod {
namespace {

constexpr uint64_t kMostPoints = uint64_t{1} << 62U;
constexpr size_t kMostEdges = size_t{1} << 20U;

// Parents first, and children as soon as their parents are decided: the fewer decisions are
// pending, the smaller the diagram.
std::vector<size_t> DecisionOrder(const Space& space) {
  std::vector<std::vector<size_t>> children(space.size());
  std::vector<size_t> undecided(space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    undecided[i] = space[i].conditions.size();
    for (const Condition& condition : space[i].conditions) children[condition.parent].push_back(i);
  }
  std::vector<size_t> order;
  std::vector<size_t> stack;
  for (size_t root = 0; root < space.size(); ++root) {
    if (!space[root].conditions.empty()) continue;
    stack.push_back(root);
    while (!stack.empty()) {
      const size_t i = stack.back();
      stack.pop_back();
      order.push_back(i);
      for (const size_t child : children[i]) {
        if (--undecided[child] == 0) stack.push_back(child);
      }
    }
  }
  return order;
}

absl::Status CheckDiscrete(const Space& space) {
  for (const Parameter& parameter : space) {
    if (Cardinality(parameter.domain) == 0) {
      return absl::InvalidArgumentError(fmt::format(
          "parameter '{}': a grid needs a step for every float parameter", parameter.name));
    }
  }
  return absl::OkStatus();
}

// Conditions that are met once `decided` are no longer asked for and `added` are met too.
std::vector<uint32_t> Update(const std::vector<uint32_t>& met, const std::vector<uint32_t>& decided,
                             const std::vector<uint32_t>& added) {
  std::vector<uint32_t> kept;
  std::set_difference(met.begin(), met.end(), decided.begin(), decided.end(),
                      std::back_inserter(kept));
  std::vector<uint32_t> updated;
  std::set_union(kept.begin(), kept.end(), added.begin(), added.end(), std::back_inserter(updated));
  return updated;
}

}  // namespace

absl::StatusOr<GridIndex> GridIndex::Make(const Space& space) {
  if (absl::Status status = CheckDiscrete(space); !status.ok()) return status;
  GridIndex grid(space);
  grid.MakeLevels();
  if (absl::Status status = grid.MakeNodes(); !status.ok()) return status;
  if (absl::Status status = grid.CountPoints(); !status.ok()) return status;
  return grid;
}

Point GridIndex::At(uint64_t index) const {
  Point point(space_.size(), kNoValue);
  const Node* node = &nodes_.front();
  for (const Level& level : levels_) {
    size_t chosen = 0;
    if (node->is_active) {
      uint64_t below = nodes_[node->next[0]].count;
      while (index / below >= level.classes[chosen].count) {
        index -= level.classes[chosen].count * below;
        below = nodes_[node->next[++chosen]].count;
      }
      const uint64_t value = ValueIn(level, level.classes[chosen], index / below);
      point[level.parameter] = ValueAt(space_[level.parameter].domain, value);
      index %= below;
    }
    node = &nodes_[node->next[chosen]];
  }
  return point;
}

std::optional<uint64_t> GridIndex::IndexOf(std::span<const double> point) const {
  uint64_t index = 0;
  const Node* node = &nodes_.front();
  for (const Level& level : levels_) {
    const Domain& domain = space_[level.parameter].domain;
    const double value = point[level.parameter];
    size_t chosen = 0;
    if (node->is_active) {
      if (!Contains(domain, value)) return std::nullopt;
      const auto [value_class, rank] = Locate(level, IndexOfValue(domain, value));
      for (; chosen < value_class; ++chosen) {
        index += level.classes[chosen].count * nodes_[node->next[chosen]].count;
      }
      index += rank * nodes_[node->next[chosen]].count;
    } else if (HasValue(value)) {
      return std::nullopt;
    }
    node = &nodes_[node->next[chosen]];
  }
  return index;
}

void GridIndex::MakeLevels() {
  std::vector<ConditionId> first_condition(space_.size() + 1, 0);
  for (size_t i = 0; i < space_.size(); ++i) {
    first_condition[i + 1] =
        first_condition[i] + static_cast<ConditionId>(space_[i].conditions.size());
  }
  for (const size_t parameter : DecisionOrder(space_)) {
    levels_.push_back(MakeLevel(parameter, first_condition));
  }
}

GridIndex::Level GridIndex::MakeLevel(size_t parameter,
                                      std::span<const ConditionId> first_condition) const {
  const Domain& domain = space_[parameter].domain;
  // Which conditions each value that is named anywhere meets.
  std::map<uint64_t, std::vector<ConditionId>> met_by;
  for (size_t child = 0; child < space_.size(); ++child) {
    for (size_t c = 0; c < space_[child].conditions.size(); ++c) {
      const Condition& condition = space_[child].conditions[c];
      if (condition.parent != parameter) continue;
      for (const double value : condition.values) {
        std::vector<ConditionId>& met = met_by[IndexOfValue(domain, value)];
        const auto id = static_cast<ConditionId>(first_condition[child] + c);
        if (met.empty() || met.back() != id) met.push_back(id);
      }
    }
  }
  Level level;
  level.parameter = parameter;
  for (ConditionId id = first_condition[parameter]; id < first_condition[parameter + 1]; ++id) {
    level.needs.push_back(id);
  }
  std::map<std::vector<ConditionId>, std::vector<uint64_t>> values_by_met;
  for (const auto& [value, met] : met_by) {
    level.listed.push_back(value);
    values_by_met[met].push_back(value);
  }
  for (auto& [met, values] : values_by_met) {
    const uint64_t count = values.size();
    level.classes.push_back({met, std::move(values), count});
  }
  const uint64_t others = Cardinality(domain) - level.listed.size();
  if (others > 0) level.classes.push_back({{}, {}, others});
  return level;
}

absl::Status GridIndex::MakeNodes() {
  // Nodes of one level by the conditions that are met.
  using Layer = std::map<std::vector<ConditionId>, uint32_t>;
  Layer layer = {{{}, 0}};
  nodes_.emplace_back();
  size_t edges = 0;
  for (size_t depth = 0; depth < levels_.size(); ++depth) {
    const Level& level = levels_[depth];
    Layer next_layer;
    const auto node_after = [&](const std::vector<ConditionId>& met,
                                const std::vector<ConditionId>& added) {
      const auto [it, inserted] = next_layer.try_emplace(Update(met, level.needs, added),
                                                         static_cast<uint32_t>(nodes_.size()));
      if (inserted) nodes_.emplace_back();
      ++edges;
      return it->second;
    };
    for (const auto& [met, node] : layer) {
      const bool is_active =
          std::includes(met.begin(), met.end(), level.needs.begin(), level.needs.end());
      std::vector<uint32_t> next;
      if (is_active) {
        for (const ValueClass& c : level.classes) next.push_back(node_after(met, c.meets));
      } else {
        next.push_back(node_after(met, {}));
      }
      nodes_[node] = {depth, is_active, std::move(next), 0};
      if (edges > kMostEdges) {
        return absl::InvalidArgumentError(
            "the conditions of the space tie too many parameters together for a grid");
      }
    }
    layer = std::move(next_layer);
  }
  return absl::OkStatus();
}

absl::Status GridIndex::CountPoints() {
  nodes_.back().count = 1;
  // Edges lead to nodes made later.
  for (size_t i = nodes_.size() - 1; i-- > 0;) {
    Node& node = nodes_[i];
    for (size_t c = 0; c < node.next.size(); ++c) {
      const uint64_t values = node.is_active ? levels_[node.level].classes[c].count : 1;
      uint64_t points = 0;
      if (__builtin_mul_overflow(values, nodes_[node.next[c]].count, &points) ||
          points > kMostPoints - node.count) {
        return absl::InvalidArgumentError("the grid has more than 2^62 points");
      }
      node.count += points;
    }
  }
  return absl::OkStatus();
}

uint64_t GridIndex::ValueIn(const Level& level, const ValueClass& value_class, uint64_t rank) {
  if (!value_class.values.empty()) return value_class.values[rank];
  // The rank-th of the values that no condition names.
  for (const uint64_t listed : level.listed) {
    if (listed > rank) break;
    ++rank;
  }
  return rank;
}

std::pair<size_t, uint64_t> GridIndex::Locate(const Level& level, uint64_t value) {
  const auto rank_in = [&](const std::vector<uint64_t>& values) {
    return static_cast<uint64_t>(std::lower_bound(values.begin(), values.end(), value) -
                                 values.begin());
  };
  if (!std::binary_search(level.listed.begin(), level.listed.end(), value)) {
    return {level.classes.size() - 1, value - rank_in(level.listed)};
  }
  const auto it =
      std::find_if(level.classes.begin(), level.classes.end(), [&](const ValueClass& c) {
        return std::binary_search(c.values.begin(), c.values.end(), value);
      });
  return {static_cast<size_t>(it - level.classes.begin()), rank_in(it->values)};
}

}  // namespace hpod
