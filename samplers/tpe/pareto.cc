#include "samplers/tpe/pareto.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// n vectors of d losses.
struct Losses {
  std::span<const double> values;
  size_t dimensions;

  size_t size() const { return values.size() / dimensions; }
  std::span<const double> operator[](size_t i) const {
    return values.subspan(i * dimensions, dimensions);
  }
};

bool LexicographicallyLess(std::span<const double> a, std::span<const double> b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
}

bool Equal(std::span<const double> a, std::span<const double> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

bool WeaklyDominates(std::span<const double> a, std::span<const double> b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
  }
  return true;
}

// Rows in lexicographic order, equal ones by index.
std::vector<size_t> LexicographicOrder(const Losses& losses) {
  std::vector<size_t> order(losses.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t i, size_t j) { return LexicographicallyLess(losses[i], losses[j]); });
  return order;
}

// The first row of each group of equal rows, in lexicographic order.
std::vector<size_t> DistinctRows(const Losses& losses) {
  std::vector<size_t> order = LexicographicOrder(losses);
  order.erase(std::unique(order.begin(), order.end(),
                          [&](size_t i, size_t j) { return Equal(losses[i], losses[j]); }),
              order.end());
  return order;
}

// Moves the rows that no other of `rows` dominates into the result, and leaves the others. `rows`
// are distinct and in lexicographic order, in which only an earlier row can dominate a later one.
std::vector<size_t> PeelFront(const Losses& losses, std::vector<size_t>& rows) {
  std::vector<size_t> front;
  std::vector<size_t> rest;
  for (const size_t row : rows) {
    // In two dimensions the newest member of the front has its lowest second loss.
    const size_t first = losses.dimensions == 2 && !front.empty() ? front.size() - 1 : 0;
    const bool dominated =
        std::any_of(front.begin() + static_cast<std::ptrdiff_t>(first), front.end(),
                    [&](size_t member) { return WeaklyDominates(losses[member], losses[row]); });
    (dominated ? rest : front).push_back(row);
  }
  rows = std::move(rest);
  return front;
}

double BoxVolume(std::span<const double> loss, std::span<const double> reference) {
  double volume = 1.0;
  for (size_t i = 0; i < loss.size(); ++i) volume *= reference[i] - loss[i];
  return volume;
}

// Each of `losses` raised to at least `limit` in every loss, without dominated and repeated ones.
std::vector<double> Limit(const Losses& losses, std::span<const double> limit) {
  std::vector<double> raised(losses.values.begin(), losses.values.end());
  for (size_t i = 0; i < raised.size(); ++i) {
    raised[i] = std::max(raised[i], limit[i % losses.dimensions]);
  }
  const Losses all{raised, losses.dimensions};
  std::vector<size_t> rows = DistinctRows(all);
  std::vector<double> front;
  for (const size_t row : PeelFront(all, rows)) {
    front.insert(front.end(), all[row].begin(), all[row].end());
  }
  return front;
}

// Sum over the vectors of what each adds to those after it. `losses` do not dominate each other.
double FrontVolume(const Losses& losses, std::span<const double> reference) {
  double volume = 0.0;
  for (size_t i = 0; i < losses.size(); ++i) {
    const Losses later{losses.values.subspan((i + 1) * losses.dimensions), losses.dimensions};
    volume += BoxVolume(losses[i], reference);
    if (later.size() == 0) continue;
    const std::vector<double> overlap = Limit(later, losses[i]);
    volume -= FrontVolume({overlap, losses.dimensions}, reference);
  }
  return volume;
}

// A tenth beyond the worst loss, and never equal to it.
std::vector<double> ReferencePoint(const Losses& losses) {
  constexpr double kNotZero = 1e-12;
  std::vector<double> reference(losses.dimensions, -kInfinity);
  for (size_t i = 0; i < losses.values.size(); ++i) {
    double& worst = reference[i % losses.dimensions];
    worst = std::max(worst, losses.values[i]);
  }
  for (double& coordinate : reference) {
    coordinate = std::max(1.1 * coordinate, 0.9 * coordinate);
    if (coordinate == 0.0) coordinate = kNotZero;
  }
  return reference;
}

size_t FirstMaximum(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

template <class T>
void EraseAt(std::vector<T>& values, size_t i) {
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(i));
}

// In two dimensions a chosen vector cuts the boxes of those left of it in the first loss, and of
// those right of it in the second: each keeps the corner of its own box. `rows`: a front in
// lexicographic order.
std::vector<size_t> SelectInTwoDimensions(const Losses& losses, std::vector<size_t> rows,
                                          size_t count, const std::vector<double>& reference) {
  std::vector<double> corner_x(rows.size(), reference[0]);
  std::vector<double> corner_y(rows.size(), reference[1]);
  std::vector<size_t> selected;
  while (selected.size() < count) {
    std::vector<double> added(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      const std::span<const double> loss = losses[rows[i]];
      added[i] = (corner_x[i] - loss[0]) * (corner_y[i] - loss[1]);
    }
    const size_t best = FirstMaximum(added);
    const std::span<const double> chosen = losses[rows[best]];
    selected.push_back(rows[best]);
    EraseAt(rows, best);
    EraseAt(corner_x, best);
    EraseAt(corner_y, best);
    for (size_t i = 0; i < best; ++i) corner_x[i] = std::min(corner_x[i], chosen[0]);
    for (size_t i = best; i < rows.size(); ++i) corner_y[i] = std::min(corner_y[i], chosen[1]);
  }
  return selected;
}

// What `loss` adds to the volume of `selected`.
double Contribution(std::span<const double> loss, const Losses& selected,
                    std::span<const double> reference) {
  const double box = BoxVolume(loss, reference);
  if (selected.size() == 0 || std::isinf(box)) return box;
  const std::vector<double> overlap = Limit(selected, loss);
  return box - FrontVolume({overlap, selected.dimensions}, reference);
}

// Lazy greedy choice: what a vector adds only shrinks as others are chosen, so an old contribution
// bounds the new one, and those whose bound is below the best found need no new computation.
std::vector<size_t> SelectLazily(const Losses& losses, std::vector<size_t> rows, size_t count,
                                 const std::vector<double>& reference) {
  std::vector<double> added;
  added.reserve(rows.size());
  for (const size_t row : rows) added.push_back(BoxVolume(losses[row], reference));
  std::vector<size_t> selected;
  std::vector<double> selected_losses;
  while (true) {
    const size_t best = FirstMaximum(added);
    selected.push_back(rows[best]);
    if (selected.size() == count) return selected;
    if (std::isinf(added[best])) {
      // Nothing adds to an infinite volume: the rest in order.
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(best));
      rows.resize(count - selected.size());
      selected.insert(selected.end(), rows.begin(), rows.end());
      return selected;
    }
    selected_losses.insert(selected_losses.end(), losses[rows[best]].begin(),
                           losses[rows[best]].end());
    EraseAt(rows, best);
    EraseAt(added, best);

    std::vector<size_t> by_bound(rows.size());
    std::iota(by_bound.begin(), by_bound.end(), size_t{0});
    std::stable_sort(by_bound.begin(), by_bound.end(),
                     [&](size_t i, size_t j) { return added[i] > added[j]; });
    double most = -kInfinity;
    for (const size_t i : by_bound) {
      if (added[i] < most) break;
      added[i] = Contribution(losses[rows[i]], {selected_losses, losses.dimensions}, reference);
      most = std::max(most, added[i]);
    }
  }
}

// Fewer distinct vectors than wanted: all of them, then repetitions in the order of the rows.
std::vector<size_t> FillWithRepetitions(std::vector<size_t> distinct, size_t n, size_t count) {
  std::vector<bool> chosen(n, false);
  for (const size_t row : distinct) chosen[row] = true;
  for (size_t row = 0; row < n && distinct.size() < count; ++row) {
    if (!chosen[row]) distinct.push_back(row);
  }
  return distinct;
}

}  // namespace

std::vector<size_t> NondominationRanks(std::span<const double> values, size_t dimensions,
                                       size_t enough) {
  const Losses losses{values, dimensions};
  std::vector<size_t> rest = DistinctRows(losses);
  const size_t distinct = rest.size();
  enough = std::min(enough, distinct);
  std::vector<size_t> ranks(losses.size(), 0);
  size_t rank = 0;
  for (; distinct - rest.size() < enough; ++rank) {
    for (const size_t row : PeelFront(losses, rest)) ranks[row] = rank;
  }
  for (const size_t row : rest) ranks[row] = rank;
  // Rows equal to their predecessor were left out above.
  const std::vector<size_t> order = LexicographicOrder(losses);
  for (size_t i = 1; i < order.size(); ++i) {
    if (Equal(losses[order[i]], losses[order[i - 1]])) ranks[order[i]] = ranks[order[i - 1]];
  }
  return ranks;
}

double Hypervolume(std::span<const double> losses, std::span<const double> reference) {
  if (losses.empty()) return 0.0;
  std::vector<double> no_limit(reference.size());
  std::fill(no_limit.begin(), no_limit.end(), -kInfinity);
  const std::vector<double> front = Limit({losses, reference.size()}, no_limit);
  const double volume = FrontVolume({front, reference.size()}, reference);
  if (!std::isfinite(volume)) return kInfinity;
  return volume;
}

std::vector<size_t> SelectByHypervolume(std::span<const double> values, size_t dimensions,
                                        size_t count) {
  const Losses losses{values, dimensions};
  if (count == 0) return {};
  if (count == losses.size()) {
    std::vector<size_t> all(count);
    std::iota(all.begin(), all.end(), size_t{0});
    return all;
  }
  std::vector<size_t> rows = DistinctRows(losses);
  if (rows.size() <= count) return FillWithRepetitions(std::move(rows), losses.size(), count);
  const std::vector<double> reference = ReferencePoint(losses);
  if (!std::all_of(reference.begin(), reference.end(), [](double r) { return std::isfinite(r); })) {
    rows.resize(count);
    return rows;
  }
  if (dimensions == 2) return SelectInTwoDimensions(losses, std::move(rows), count, reference);
  return SelectLazily(losses, std::move(rows), count, reference);
}

}  // namespace hpod
