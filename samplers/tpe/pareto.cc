#include "samplers/tpe/pareto.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <queue>

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

// The first row of each group of equal rows, in lexicographic order, in which all are in `order`.
std::vector<size_t> DistinctRows(const Losses& losses, std::vector<size_t> order) {
  order.erase(std::unique(order.begin(), order.end(),
                          [&](size_t i, size_t j) { return Equal(losses[i], losses[j]); }),
              order.end());
  return order;
}

std::vector<size_t> DistinctRows(const Losses& losses) {
  return DistinctRows(losses, LexicographicOrder(losses));
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

// What points in a plane dominate up to a corner, as they come.
class Staircase {
 public:
  explicit Staircase(std::span<const double> reference)
      : reference_x_(reference[0]), reference_y_(reference[1]) {}

  double Area() const { return area_; }
  void Add(double x, double y) {
    const auto right = std::upper_bound(steps_.begin(), steps_.end(), x,
                                        [](double a, const Step& step) { return a < step.x; });
    const bool is_first = right == steps_.begin();
    if (!is_first && std::prev(right)->y <= y) return;
    // What was dominated to the right of x is now from y on.
    auto left = right;
    double top = is_first ? reference_y_ : std::prev(right)->y;
    if (!is_first && std::prev(right)->x == x) {
      left = std::prev(right);
      top = left->y;
    }
    auto last = right;
    double from = x;
    for (; last != steps_.end() && last->y >= y; ++last) {
      area_ += (last->x - from) * (top - y);
      from = last->x;
      top = last->y;
    }
    area_ += ((last == steps_.end() ? reference_x_ : last->x) - from) * (top - y);
    if (left == last) {
      steps_.insert(left, {x, y});
    } else {
      *left = {x, y};
      steps_.erase(std::next(left), last);
    }
  }

 private:
  // Of those that no other dominates: ascending in x, descending in y.
  struct Step {
    double x;
    double y;
  };
  const double reference_x_;
  const double reference_y_;
  std::vector<Step> steps_;
  double area_ = 0;
};

// Vectors of three losses, ascending in the third.
using Triples = std::vector<std::array<double, 3>>;

// The volume of vectors that may dominate each other: by planes of the third loss. After Fonseca,
// Paquete and Lopez-Ibanez, "An improved dimension-sweep algorithm for the hypervolume indicator",
// 2006.
double VolumeInThreeDimensions(const Triples& losses, std::span<const double> reference) {
  Staircase staircase(reference);
  double volume = 0.0;
  for (size_t i = 0; i < losses.size(); ++i) {
    staircase.Add(losses[i][0], losses[i][1]);
    const double next = i + 1 < losses.size() ? losses[i + 1][2] : reference[2];
    volume += staircase.Area() * (next - losses[i][2]);
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

// Vectors of a front of which more are chosen, one after the other.
class Chosen {
 public:
  explicit Chosen(std::span<const double> reference) : reference_(reference) {}

  void Add(std::span<const double> loss) {
    if (loss.size() != 3) {
      losses_.insert(losses_.end(), loss.begin(), loss.end());
      return;
    }
    const std::array<double, 3> triple = {loss[0], loss[1], loss[2]};
    triples_.insert(std::upper_bound(triples_.begin(), triples_.end(), triple,
                                     [](const auto& a, const auto& b) { return a[2] < b[2]; }),
                    triple);
  }
  // What another one would add to their volume, if there are any.
  double Contribution(std::span<const double> loss) const {
    const double box = BoxVolume(loss, reference_);
    if (std::isinf(box)) return box;
    if (loss.size() != 3) {
      const std::vector<double> overlap = Limit({losses_, loss.size()}, loss);
      return box - FrontVolume({overlap, loss.size()}, reference_);
    }
    Triples overlap = triples_;
    for (std::array<double, 3>& triple : overlap) {
      for (size_t k = 0; k < 3; ++k) triple[k] = std::max(triple[k], loss[k]);
    }
    return box - VolumeInThreeDimensions(overlap, reference_);
  }

 private:
  const std::span<const double> reference_;
  std::vector<double> losses_;
  Triples triples_;  // in place of them if a vector has three
};

// Adds others of the rows, the first ones, until there are so many.
std::vector<size_t> FillUp(std::vector<size_t> selected, std::span<const size_t> rows,
                           size_t count) {
  std::vector<size_t> sorted = selected;
  std::sort(sorted.begin(), sorted.end());
  for (const size_t row : rows) {
    if (selected.size() == count) break;
    if (!std::binary_search(sorted.begin(), sorted.end(), row)) selected.push_back(row);
  }
  return selected;
}

// Lazy greedy choice: what a vector adds only shrinks as others are chosen, so an old contribution
// bounds the new one, and those whose bound is below the best found need no new computation
// (Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978). `rows`
// are in lexicographic order.
std::vector<size_t> SelectLazily(const Losses& losses, const std::vector<size_t>& rows,
                                 size_t count, const std::vector<double>& reference) {
  struct Bound {
    double added = 0;
    size_t index = 0;  // among the rows
    size_t of = 0;     // how many were chosen when it was computed
    bool operator<(const Bound& other) const {
      return added < other.added || (added == other.added && index > other.index);
    }
  };
  std::priority_queue<Bound> bounds;
  for (size_t i = 0; i < rows.size(); ++i) {
    bounds.push({.added = BoxVolume(losses[rows[i]], reference), .index = i});
  }
  std::vector<size_t> selected;
  Chosen chosen(reference);
  while (selected.size() < count) {
    const Bound best = bounds.top();
    const size_t row = rows[best.index];
    bounds.pop();
    if (best.of < selected.size()) {
      bounds.push(
          {.added = chosen.Contribution(losses[row]), .index = best.index, .of = selected.size()});
      continue;
    }
    selected.push_back(row);
    // Nothing adds to an infinite volume: the rest in order.
    if (std::isinf(best.added)) return FillUp(std::move(selected), rows, count);
    chosen.Add(losses[row]);
  }
  return selected;
}

}  // namespace

std::vector<size_t> NondominationRanks(std::span<const double> values, size_t dimensions,
                                       size_t enough) {
  const Losses losses{values, dimensions};
  const std::vector<size_t> order = LexicographicOrder(losses);
  std::vector<size_t> rest = DistinctRows(losses, order);
  const size_t distinct = rest.size();
  enough = std::min(enough, distinct);
  std::vector<size_t> ranks(losses.size(), 0);
  size_t rank = 0;
  for (; distinct - rest.size() < enough; ++rank) {
    for (const size_t row : PeelFront(losses, rest)) ranks[row] = rank;
  }
  for (const size_t row : rest) ranks[row] = rank;
  // Rows equal to their predecessor were left out above.
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
  std::vector<size_t> all(losses.size());
  std::iota(all.begin(), all.end(), size_t{0});
  if (count == losses.size()) return all;
  std::vector<size_t> rows = DistinctRows(losses);
  if (rows.size() <= count) return FillUp(std::move(rows), all, count);
  const std::vector<double> reference = ReferencePoint(losses);
  if (!std::all_of(reference.begin(), reference.end(), [](double r) { return std::isfinite(r); })) {
    rows.resize(count);
    return rows;
  }
  if (dimensions == 2) return SelectInTwoDimensions(losses, std::move(rows), count, reference);
  return SelectLazily(losses, rows, count, reference);
}

}  // namespace hpod
