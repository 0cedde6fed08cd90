#include "samplers/tpe/split.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "samplers/tpe/pareto.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double Sign(Direction direction) { return direction == Direction::kMaximize ? -1.0 : 1.0; }

// Lower is better. A value that is missing counts as the worst.
double Loss(const History& history, size_t number, size_t objective) {
  const double value = history.ObjectiveValue(number, objective);
  return HasValue(value) ? Sign(history.Directions()[objective]) * value : kInfinity;
}

// Order of pruned trials: the furthest first, then by loss; those without reports after all others.
using PrunedKey = std::pair<double, double>;
PrunedKey KeyOfPruned(const History& history, size_t number) {
  const std::span<const Report> reports = history.Reports(number);
  if (reports.empty()) return {1.0, 0.0};
  const Report& last = reports.back();
  const double loss =
      std::isnan(last.value) ? kInfinity : Sign(history.Directions()[0]) * last.value;
  return {-static_cast<double>(last.step), loss};
}

// NaN counts as the worst.
double BoundedViolation(const History& history, size_t number) {
  return std::fmin(history.Violation(number), kInfinity);
}

// Moves the `count` numbers with the lowest keys, ties to the lower number, to `below` and the
// others to `above`.
template <class KeyOf>
void DivideByKey(std::span<const size_t> numbers, size_t count, const KeyOf& key_of, Split& split) {
  using Key = decltype(key_of(size_t{0}));
  std::vector<std::pair<Key, size_t>> keyed;
  keyed.reserve(numbers.size());
  for (const size_t number : numbers) keyed.emplace_back(key_of(number), number);
  if (count < keyed.size()) {
    std::nth_element(keyed.begin(), keyed.begin() + static_cast<std::ptrdiff_t>(count),
                     keyed.end());
  }
  for (size_t i = 0; i < keyed.size(); ++i) {
    (i < count ? split.below : split.above).push_back(keyed[i].second);
  }
}

// Whole fronts while they fit; the one that does not is cut by hypervolume.
void DivideByFronts(const History& history, std::span<const size_t> numbers, size_t count,
                    Split& split) {
  const size_t objectives = history.Directions().size();
  std::vector<double> losses;
  losses.reserve(numbers.size() * objectives);
  for (const size_t number : numbers) {
    for (size_t k = 0; k < objectives; ++k) losses.push_back(Loss(history, number, k));
  }
  const std::vector<size_t> ranks = NondominationRanks(losses, objectives, count);

  std::vector<size_t> by_rank(numbers.size());
  std::iota(by_rank.begin(), by_rank.end(), size_t{0});
  std::stable_sort(by_rank.begin(), by_rank.end(),
                   [&](size_t i, size_t j) { return ranks[i] < ranks[j]; });
  std::vector<bool> is_below(numbers.size(), false);
  for (size_t first = 0; first < count;) {
    const size_t rank = ranks[by_rank[first]];
    size_t last = first;
    while (last < by_rank.size() && ranks[by_rank[last]] == rank) ++last;
    const std::span<const size_t> front(by_rank.data() + first, last - first);
    std::vector<double> front_losses;
    for (const size_t i : front) {
      const auto row = losses.begin() + static_cast<std::ptrdiff_t>(i * objectives);
      front_losses.insert(front_losses.end(), row, row + static_cast<std::ptrdiff_t>(objectives));
    }
    const size_t wanted = std::min(count - first, front.size());
    for (const size_t i : SelectByHypervolume(front_losses, objectives, wanted)) {
      is_below[front[i]] = true;
    }
    first = last;
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    (is_below[i] ? split.below : split.above).push_back(numbers[i]);
  }
}

void DivideComplete(const History& history, std::span<const size_t> numbers, size_t count,
                    Split& split) {
  if (history.Directions().size() == 1) {
    DivideByKey(
        numbers, count, [&](size_t number) { return Loss(history, number, 0); }, split);
  } else if (count == 0 || count == numbers.size()) {
    std::vector<size_t>& side = count == 0 ? split.above : split.below;
    side.insert(side.end(), numbers.begin(), numbers.end());
  } else {
    DivideByFronts(history, numbers, count, split);
  }
}

}  // namespace

size_t BelowCount(size_t finished, size_t objectives) {
  constexpr size_t kMost = 25;
  // In floating point, as the reference has it: 0.1 * 30 is a little more than 3.
  const auto tenth = static_cast<size_t>(std::ceil(0.1 * static_cast<double>(finished)));
  return objectives == 1 ? std::min(tenth, kMost) : tenth;
}

TrialRank RankOf(const History& history, size_t number) {
  if (!history.IsFeasible(number)) return {2, BoundedViolation(history, number), 0.0, number};
  if (history.State(number) == TrialState::kPruned) {
    const auto [steps, loss] = KeyOfPruned(history, number);
    return {1, steps, loss, number};
  }
  return {0, Loss(history, number, 0), 0.0, number};
}

Split SplitTrials(const History& history, bool constant_liar, size_t exclude) {
  std::vector<size_t> complete;
  std::vector<size_t> pruned;
  std::vector<size_t> infeasible;
  for (size_t number = 0; number < history.size(); ++number) {
    const TrialState state = history.State(number);
    if (number == exclude || !IsModelled(state)) continue;
    if (!history.IsFeasible(number)) {
      infeasible.push_back(number);
    } else {
      (state == TrialState::kComplete ? complete : pruned).push_back(number);
    }
  }
  const size_t finished = complete.size() + pruned.size() + infeasible.size();
  size_t free = BelowCount(finished, history.Directions().size());

  Split split;
  const auto take = [&](const std::vector<size_t>& numbers) {
    const size_t taken = std::min(free, numbers.size());
    free -= taken;
    return taken;
  };
  DivideComplete(history, complete, take(complete), split);
  DivideByKey(
      pruned, take(pruned), [&](size_t n) { return KeyOfPruned(history, n); }, split);
  DivideByKey(
      infeasible, take(infeasible), [&](size_t n) { return BoundedViolation(history, n); }, split);
  if (constant_liar) {
    for (const size_t number : history.Running()) {
      if (number != exclude) split.above.push_back(number);
    }
  }
  std::sort(split.below.begin(), split.below.end());
  std::sort(split.above.begin(), split.above.end());
  return split;
}

}  // namespace hpod
