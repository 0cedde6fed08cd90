// Which of some points has the greatest l / g, without more of the densities g than that takes.
//
// A. Gray and A. Moore, "Nonparametric density estimation: toward computational tractability",
// 2003: bounds decide what is looked at more closely.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <utility>

#include "samplers/tpe/coded_sum.h"
#include "samplers/tpe/fine_steps.h"
#include "samplers/tpe/mixture.h"
#include "samplers/tpe/mixture_queries.h"
#include "samplers/tpe/scratch.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// More than ln of a density can be off by rounding.
constexpr double kRounding = 1e-8;

// How far apart bounds may be, relative to what is known of the sum, at first and at last, of coded
// kernels about as their terms are known; and which share of that is for kernels that are left out.
constexpr double kFirstTolerance = 0.3;
constexpr double kLeastTolerance = 1e-5;
constexpr double kLeastCodedTolerance = 1e-3;
constexpr double kLeftOut = 0.1;

}  // namespace

// What has been read of coded pages and of those that every query looks at.
struct Mixture::CodedSum {
  CodedReader reader;
  CodedPages::Point point;
  double error;
  bool is_tree_read = false;
  size_t everywhere = 0;
  RoughSum sum{};
};

// A point, and bounds of ln l / g there.
struct Mixture::Candidate {
  size_t index = 0;
  double log_l = 0;
  double prior = 0;  // at most its term
  double most = 0;
  double least = -kInfinity;
  size_t reads = 0;  // of runs of blocks, or of coded pages
  double tolerance = kFirstTolerance;
  double precision = -std::log(kLeftOut * kFirstTolerance);  // what is left out, of a sum
  bool is_complete = false;  // all that matters has been read, or taken
  bool is_known = false;     // the bounds are as close as they get
  std::optional<CodedSum> coded{};

  bool IsWiderThan(const Candidate& other) const {
    return other.is_complete && (!is_complete || tolerance > other.tolerance);
  }
};

size_t Mixture::GreatestRatio(std::span<const double> points, std::span<const double> log_l,
                              const Partition* near, TrialValues values) const {
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory(), /*by_page=*/near != nullptr);
  const bool is_plain =
      !has_special_interval_ && !queries.IsAnyOutside() &&
      std::all_of(log_l.begin(), log_l.end(), [](double l) { return std::isfinite(l); });
  std::vector<size_t> possible(queries.size());
  std::iota(possible.begin(), possible.end(), size_t{0});
  if (is_plain) {
    const bool has_cells =
        near != nullptr && !has_outsider_ && near->sums.has_value() && near->sums->AreWorthWhile();
    possible =
        has_cells ? GreatestByCells(queries, log_l, *near) : PossiblyGreatest(queries, log_l, near);
  }
  if (possible.size() == 1) return possible[0];
  const size_t d = dimensions_.size();
  std::vector<double> rows;
  for (const size_t i : possible) {
    rows.insert(rows.end(), points.begin() + static_cast<std::ptrdiff_t>(i * d),
                points.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
  }
  const std::vector<double> log_g =
      near == nullptr ? LogDensity(rows) : LogDensity(rows, *near, values);
  size_t best = 0;
  for (size_t i = 1; i < possible.size(); ++i) {
    if (log_l[possible[i]] - log_g[i] > log_l[possible[best]] - log_g[best]) best = i;
  }
  return possible[best];
}

// A density is at least what has been summed up of it, so a ratio is at most what follows from
// that. The point with the greatest bound is looked at more closely, until no other can be greater:
// best-first search.
std::vector<size_t> Mixture::PossiblyGreatest(Queries& queries, std::span<const double> log_l,
                                              const Partition* near) const {
  std::pmr::vector<Candidate> candidates(queries.Memory());
  candidates.reserve(queries.size());
  for (size_t i = 0; i < queries.size(); ++i) {
    const double prior = LeastPriorTerm(queries, i);
    candidates.push_back({.index = i,
                          .log_l = log_l[i],
                          .prior = prior,
                          .most = log_l[i] - (prior - log_total_weight_)});
  }
  std::pmr::vector<Candidate*> heap(queries.Memory());
  heap.reserve(candidates.size());
  for (Candidate& candidate : candidates) heap.push_back(&candidate);
  const auto is_less = [](const Candidate* a, const Candidate* b) { return a->most < b->most; };
  std::make_heap(heap.begin(), heap.end(), is_less);
  const auto pop = [&] {
    std::pop_heap(heap.begin(), heap.end(), is_less);
    Candidate* candidate = heap.back();
    heap.pop_back();
    return candidate;
  };
  const auto push = [&](Candidate* candidate) {
    heap.push_back(candidate);
    std::push_heap(heap.begin(), heap.end(), is_less);
  };
  std::vector<size_t> possible;
  double least = -kInfinity;  // of the greatest ratio
  while (!heap.empty() && heap.front()->most + kRounding >= least) {
    Candidate* first = pop();
    const double next = heap.empty() ? -kInfinity : heap.front()->most;
    if (first->is_known || (possible.empty() && first->least > next + kRounding)) {
      possible.push_back(first->index);
      continue;
    }
    // Of the two that are to be told apart, the one that is known less well.
    if (!heap.empty() && heap.front()->IsWiderThan(*first)) {
      Candidate* second = pop();
      LookCloser(*second, queries, std::max(first->least, least), near);
      least = std::max(least, second->least);
      push(second);
    } else {
      const bool is_second_close = !heap.empty() && heap.front()->is_complete;
      LookCloser(*first, queries, std::max(is_second_close ? heap.front()->least : next, least),
                 near);
      least = std::max(least, first->least);
    }
    push(first);
  }
  std::sort(possible.begin(), possible.end());
  return possible;
}

void Mixture::LookCloser(Candidate& c, Queries& queries, double to_beat,
                         const Partition* near) const {
  const bool are_coded = near != nullptr && near->HasCoded();
  const double least_tolerance = are_coded ? kLeastCodedTolerance : kLeastTolerance;
  if (c.is_complete) {
    c.tolerance = std::max(0.1 * c.tolerance, least_tolerance);
    c.precision = -std::log(kLeftOut * c.tolerance);
    c.coded.reset();
  }
  if (are_coded) {
    ReadCoded(c, queries, to_beat, *near);
  } else {
    ReadTree(c, queries, to_beat, near);
  }
  c.is_known = c.is_complete && c.tolerance <= least_tolerance;
}

void Mixture::Bound(Candidate& c, const RoughSum& sum, double log_sum, double error) const {
  const double ratio = c.log_l - (log_sum - log_total_weight_);
  c.most = std::min(c.most, ratio + error);
  if (!c.is_complete || !(sum.factor > 0.0)) return;
  const double unknown = kLeftOut * c.tolerance + sum.slack / sum.factor;
  c.least = std::max(c.least, ratio - std::log1p(unknown) - error - kRounding);
}

double Mixture::FloorOf(const Candidate& c, double log_sum) const {
  return LeastTerm(std::max(c.prior, log_sum), c.precision);
}

void Mixture::ReadCoded(Candidate& c, Queries& queries, double to_beat,
                        const Partition& near) const {
  double floor = FloorOf(c, c.coded.has_value() ? c.coded->sum.Log() : -kInfinity);
  if (!c.coded.has_value()) {
    const TreePoint in_tree = queries.InTree(c.index);
    CodedPages::Point point(*near.codes, in_tree, queries.Memory());
    const double error = CodedError(point, near.greatest_term - floor);
    c.coded.emplace(CodedSum{.reader = CodedReader(*this, near, in_tree, queries.Memory()),
                             .point = std::move(point),
                             .error = error});
  }
  CodedSum& read = *c.coded;
  c.is_complete = false;
  do {
    if (!read.is_tree_read) {
      const auto found = read.reader.Next(floor);
      read.is_tree_read = !found.has_value();
      if (!found.has_value()) continue;
      std::array<float, kPageSlots> terms;
      read.point.GetTerms(found->page, found->slots, near.greatest_term - floor, terms);
      queries.SubtractCosts(c.index, found->page, floor - read.point.Base(), terms);
      AddCodedRoughly(blocks_, FirstBlock(found->page),
                      {terms, read.point.Base(), queries.RoughCosts(c.index)}, floor, weights_,
                      read.sum);
    } else if (read.everywhere < near.everywhere.size()) {
      const auto [first, last] = BlockRange(near, near.everywhere[read.everywhere++]);
      const KernelQuery query = queries.ForBlocks(c.index, first, last);
      AddRoughly(blocks_, queries.ConstantsFor(first, last, query, floor), first, last, query,
                 floor, weights_, read.sum);
    } else {
      c.is_complete = true;
    }
    const double log_sum = read.sum.Log();
    Bound(c, read.sum, log_sum, read.error);
    floor = FloorOf(c, log_sum);
  } while (!c.is_complete && c.most >= to_beat);
}

NumberWeights Mixture::WeightsInTree(const Partition& near) const {
  const RankBounds& ranks = blocks_.ranks.Bounds();
  const auto greatest_rank = static_cast<double>(blocks_.ranks.CountUpTo(near.newest)) - 1.0;
  return {.first = weights_.first + weights_.slope * ranks.least,
          .slope = weights_.slope * ranks.per_number,
          .gap = weights_.slope * ranks.Gap(),
          .excess = std::max(weights_.first + weights_.slope * greatest_rank - 1.0, 0.0)};
}

void Mixture::ReadTree(Candidate& c, Queries& queries, double to_beat,
                       const Partition* near) const {
  // So many times as closely as before, so that what is done again is little.
  constexpr size_t kTimes = 4;
  size_t until = c.is_complete ? c.reads + 1 : std::max<size_t>(kTimes * c.reads, 1);
  c.reads = 0;
  RoughSum sum;
  double floor = FloorOf(c, -kInfinity);
  const auto visit = [&](size_t first, size_t last) {
    const KernelQuery query = queries.ForBlocks(c.index, first, last);
    const KernelConstants* constants = queries.ConstantsFor(first, last, query, floor);
    AddRoughly(blocks_, constants, first, last, query, floor, weights_, sum);
    const double log_sum = sum.Log();
    floor = std::max(floor, FloorOf(c, log_sum));
    if (++c.reads < until) return true;
    until *= 2;
    c.is_complete = false;
    Bound(c, sum, log_sum, 0.0);
    return c.most >= to_beat;
  };
  c.is_complete = VisitNear(
      queries.InTree(c.index), near, [&] { return floor; }, visit);
  Bound(c, sum, sum.Log(), 0.0);
}

// Costs in tabulated dimensions are rounded, too, and so are sums.
double Mixture::CodedError(const CodedPages::Point& point, double reach) const {
  return point.ErrorWithin(reach) + FineError(fine_fourth_powers_, reach) +
         static_cast<double>(blocks_.tabulated) * std::max(reach, 0.0) * 0x1p-23 + 1e-5;
}

}  // namespace hpod
