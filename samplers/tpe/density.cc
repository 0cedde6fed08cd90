// What a mixture says of points. Its kernels are kept in mixture.cc.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory_resource>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <utility>

#include "samplers/tpe/mixture.h"
#include "samplers/tpe/scratch.h"
#include "samplers/tpe/sorted_centres.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ln of the inverse of a relative error of the density.
constexpr double kExact = 23.02585092994045684;  // 1e-10

// More than ln of a density can be off by rounding.
constexpr double kRounding = 1e-8;

// How far apart bounds may be, relative to what is known of the sum, at first and at last; and
// which share of that is for kernels that are left out.
constexpr double kFirstTolerance = 0.3;
constexpr double kLeastTolerance = 1e-5;
constexpr double kLeftOut = 0.1;

// Of the sum so far, this share may be unknown, times the tolerance, for each cell however few
// kernels it has: some such number of cells is what most of a sum comes from.
constexpr double kLeastShare = 1.0 / 16.0;

// Ends of the cell around the grid value `x`, in the model's numbers.
Interval CellAround(double x, const NumericDomain& domain) {
  const double left = x - 0.5 * domain.step;
  const double right = x + 0.5 * domain.step;
  return domain.log ? Interval{std::log(left), std::log(right)} : Interval{left, right};
}

// Blocks of pages.
constexpr size_t kPageBlocks = kPageSlots / kLanes;
size_t FirstBlock(size_t page) { return page * kPageBlocks; }

// Which blocks of pages in the tree a point has to look at.
class NearBlocks {
 public:
  NearBlocks(const Partition& near, const double* point, std::pmr::memory_resource* memory)
      : near_(near), point_(point), memory_(memory) {}

  // Calls visit(first, last) for runs of blocks of the page with kernels whose costs may be up to
  // `reach`, which does not grow, until it returns false. Whether it never did.
  template <class Visit>
  bool VisitPage(uint32_t page, double reach, const Visit& visit) {
    const size_t first = FirstBlock(page);
    if (!UsesCodes(reach)) return visit(first, first + near_.BlockCount(page));
    uint64_t slots = codes_->Near(page, reach) & near_.used[page];
    while (slots != 0) {
      // The run of blocks from the first that has a bit.
      const auto block = static_cast<size_t>(std::countr_zero(slots)) / kLanes;
      size_t last = block + 1;
      while (last < kPageBlocks && (slots >> (last * kLanes) & 0xff) != 0) ++last;
      if (!visit(first + block, first + last)) return false;
      if (last == kPageBlocks) return true;
      slots &= ~uint64_t{0} << (last * kLanes);
    }
    return true;
  }

 private:
  // Making tables takes as long as looking at some pages.
  static constexpr size_t kPagesBefore = 8;

  bool UsesCodes(double reach) {
    if (codes_.has_value()) return true;
    if (!near_.codes.has_value() || ++pages_ <= kPagesBefore || !(reach > 0.0)) return false;
    codes_.emplace(*near_.codes, point_, reach, memory_);
    return true;
  }

  const Partition& near_;
  const double* point_;
  std::pmr::memory_resource* memory_;
  size_t pages_ = 0;
  std::optional<PageCodes::Query> codes_;
};

}  // namespace

// A point, and bounds of ln l / g there.
struct Mixture::Candidate {
  size_t index = 0;
  double log_l = 0;
  double prior = 0;  // at most its term
  double most = 0;
  double least = -kInfinity;
  size_t pages = 0;  // that have been read
  double tolerance = kFirstTolerance;
  bool is_complete = false;  // all that matters has been read, or taken
  bool is_known = false;     // the bounds are as close as they get

  bool IsWiderThan(const Candidate& other) const {
    return other.is_complete && (!is_complete || tolerance > other.tolerance);
  }
};

// The kernels' constants as one call needs them: those that the mixture keeps, or else made for
// blocks whose terms matter even with the greatest constants that there can be.
class Mixture::Constants {
 public:
  Constants(const Mixture& mixture, std::pmr::memory_resource* memory)
      : mixture_(mixture), made_(memory), is_made_(memory) {
    if (mixture_.has_constants_) return;
    const size_t count = mixture_.blocks_.size();
    made_.resize(count);
    const bool are_bounded = !mixture_.has_special_interval_ && !mixture_.has_outsider_;
    is_made_.assign(count, !are_bounded);
    for (size_t block = 0; block < count; ++block) {
      are_bounded ? SetGreatest(block) : Make(block);
    }
  }

  // Of the blocks that Prepare has been called for.
  const KernelConstants* Data() const {
    return mixture_.has_constants_ ? mixture_.constants_.data() : made_.data();
  }
  // Makes those of the blocks [first, last) that may have terms of at least `floor`.
  void Prepare(size_t first, size_t last, const KernelQuery& query, double floor) {
    if (mixture_.has_constants_) return;
    for (size_t block = first; block < last; ++block) {
      if (is_made_[block] || !HasTerm(mixture_.blocks_, made_.data(), block, query, floor))
        continue;
      Make(block);
      is_made_[block] = true;
    }
  }

 private:
  void Make(size_t block) {
    const auto index = static_cast<uint32_t>(block);
    mixture_.MakeConstants({&index, 1}, nullptr, made_.data());
  }
  void SetGreatest(size_t block) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const bool is_empty = mixture_.blocks_.numbers[block].lane[lane] == KernelBlocks::kNoTrial;
      made_[block].lane[lane] = is_empty ? -kInfinity : mixture_.greatest_constant_;
    }
  }

  const Mixture& mixture_;
  std::pmr::vector<KernelConstants> made_;  // by block
  std::pmr::vector<bool> is_made_;          // by block
};

// The points of one call as kernels need them; tables are made for those that are asked for.
class Mixture::Queries {
 public:
  Queries(const Mixture& mixture, std::span<const double> points, std::pmr::memory_resource* memory)
      : mixture_(mixture),
        points_(points),
        count_(points.size() / mixture.dimensions_.size()),
        reach_(mixture.ReachInWidths()),
        coordinates_(mixture.are_points_coordinates_ ? 0 : count_ * mixture.blocks_.continuous,
                     memory),
        tables_(count_ * mixture.blocks_.tabulated, memory),
        queries_(count_, memory),
        is_outside_(count_, false, memory),
        costs_(mixture.blocks_.tabulated, memory),
        constants_(mixture, memory) {
    const size_t continuous = mixture_.blocks_.continuous;
    if (!mixture_.are_points_coordinates_) SetCoordinates();
    const double* x = mixture_.are_points_coordinates_ ? points_.data() : coordinates_.data();
    for (size_t i = 0; i < count_; ++i, x += continuous) {
      queries_[i].point = x;
      is_outside_[i] = !IsInside(x);
    }
  }

  size_t size() const { return count_; }
  std::pmr::memory_resource* Memory() const { return coordinates_.get_allocator().resource(); }
  // A coordinate is outside its interval.
  bool IsOutside(size_t i) const { return is_outside_[i]; }
  bool IsAnyOutside() const {
    return std::find(is_outside_.begin(), is_outside_.end(), true) != is_outside_.end();
  }
  const double* Coordinates(size_t i) const { return queries_[i].point; }
  double Value(size_t i, size_t j) const { return points_[i * mixture_.dimensions_.size() + j]; }

  std::span<const KernelQuery> Some(size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) Tabulate(i);
    return std::span(queries_).subspan(first, count);
  }
  const KernelQuery& One(size_t i) { return Some(i, 1)[0]; }
  // Of the blocks [first, last) as far as terms of at least `floor` need them.
  const KernelConstants* ConstantsFor(size_t first, size_t last, const KernelQuery& query,
                                      double floor) {
    constants_.Prepare(first, last, query, floor);
    return constants_.Data();
  }

 private:
  void SetCoordinates() {
    const double* value = points_.data();
    double* x = coordinates_.data();
    for (size_t i = 0; i < count_; ++i) {
      for (const Dimension& dimension : mixture_.dimensions_) {
        if (dimension.kind == Kind::kContinuous) *x++ = ToModel(*value, dimension.numeric.log);
        ++value;
      }
    }
  }

  bool IsInside(const double* x) const {
    int inside = 1;
    // Without branches.
    for (const auto& [low, high] : mixture_.intervals_) {
      inside &= static_cast<int>(low <= *x) & static_cast<int>(*x <= high);
      ++x;
    }
    return inside != 0;
  }

  void Tabulate(size_t i) {
    if (tables_.empty() || queries_[i].costs != nullptr) return;
    const double** tables = tables_.data() + i * mixture_.blocks_.tabulated;
    queries_[i].costs = tables;
    for (size_t j = 0; j < mixture_.dimensions_.size(); ++j) {
      const Dimension& dimension = mixture_.dimensions_[j];
      if (dimension.kind == Kind::kContinuous) continue;
      const double value = Value(i, j);
      const auto [entry, is_new] = costs_[dimension.position].try_emplace(value);
      if (is_new && dimension.kind == Kind::kStepped) {
        mixture_.SetCellCosts(dimension, value, reach_, entry->second);
      } else if (is_new) {
        mixture_.SetChoiceCosts(dimension, value, entry->second);
      }
      tables[dimension.position] = entry->second.data();
    }
  }

  const Mixture& mixture_;
  const std::span<const double> points_;
  const size_t count_;
  const double reach_;
  std::pmr::vector<double> coordinates_;    // [point][continuous]
  std::pmr::vector<const double*> tables_;  // [point][tabulated]
  std::pmr::vector<KernelQuery> queries_;
  std::pmr::vector<bool> is_outside_;
  // By tabulated dimension, -ln f by row for each value that has been asked for.
  std::pmr::vector<std::pmr::unordered_map<double, std::pmr::vector<double>>> costs_;
  Constants constants_;
};

std::vector<double> Mixture::LogDensity(std::span<const double> points) const {
  // So many at once share the reading of the kernels.
  constexpr size_t kAtOnce = 8;
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory());
  const double gap = GapFor(kExact);
  std::pmr::vector<ScaledSum> sums(queries.size(), scratch.Memory());
  std::pmr::vector<KernelTerms> terms(scratch.Memory());
  terms.reserve(kAtOnce);
  while (terms.size() < kAtOnce) terms.emplace_back(scratch.Memory());
  for (size_t first = 0; first < sums.size(); first += kAtOnce) {
    const size_t count = std::min(kAtOnce, sums.size() - first);
    const std::span<const KernelQuery> some = queries.Some(first, count);
    for (size_t i = 0; i < count; ++i) terms[i].Restart(LeastTerm(LeastPriorTerm(some[i]), kExact));
    CollectTerms(blocks_, constants_.data(), 0, blocks_.size(), some, gap,
                 std::span(terms).first(count));
    for (size_t i = 0; i < count; ++i) sums[first + i] = Sum(terms[i], gap);
  }
  std::vector<double> logs(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) logs[i] = sums[i].factor;
  PortableLogs(logs, logs);
  for (size_t i = 0; i < sums.size(); ++i) {
    logs[i] = queries.IsOutside(i) ? -kInfinity : sums[i].log_scale + logs[i] - log_total_weight_;
  }
  return logs;
}

std::vector<double> Mixture::LogDensity(std::span<const double> points,
                                        const Partition& near) const {
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory());
  const double gap = GapFor(kExact);
  std::vector<double> logs(queries.size(), -kInfinity);
  KernelTerms terms(scratch.Memory());
  for (size_t i = 0; i < logs.size(); ++i) {
    if (queries.IsOutside(i)) continue;
    const KernelQuery& query = queries.One(i);
    terms.Restart(LeastTerm(LeastPriorTerm(query), kExact));
    VisitNear(
        query, &near, scratch.Memory(), [&] { return terms.Floor(gap); },
        [](KernelTree::Cell) { return false; },
        [&](size_t first_block, size_t last) {
          const KernelConstants* constants =
              queries.ConstantsFor(first_block, last, query, terms.Floor(gap));
          CollectTerms(blocks_, constants, first_block, last, {&query, 1}, gap, {&terms, 1});
          return true;
        });
    const ScaledSum sum = Sum(terms, gap);
    logs[i] = sum.log_scale + PortableLog(sum.factor) - log_total_weight_;
  }
  return logs;
}

size_t Mixture::GreatestRatio(std::span<const double> points, std::span<const double> log_l,
                              const Partition* near) const {
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory());
  const bool is_plain =
      !has_special_interval_ && !queries.IsAnyOutside() &&
      std::all_of(log_l.begin(), log_l.end(), [](double l) { return std::isfinite(l); });
  std::vector<size_t> possible(queries.size());
  std::iota(possible.begin(), possible.end(), size_t{0});
  if (is_plain) possible = PossiblyGreatest(queries, log_l, near);
  if (possible.size() == 1) return possible[0];
  const size_t d = dimensions_.size();
  std::vector<double> rows;
  for (const size_t i : possible) {
    rows.insert(rows.end(), points.begin() + static_cast<std::ptrdiff_t>(i * d),
                points.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
  }
  const std::vector<double> log_g = near == nullptr ? LogDensity(rows) : LogDensity(rows, *near);
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
  // So many times as closely as before, so that what is done again is little.
  constexpr size_t kTimes = 4;
  const KernelQuery& query = queries.One(c.index);
  size_t until = c.is_complete ? c.pages + 1 : std::max<size_t>(kTimes * c.pages, 1);
  if (c.is_complete) c.tolerance = std::max(0.1 * c.tolerance, kLeastTolerance);
  c.pages = 0;
  const double precision = -std::log(kLeftOut * c.tolerance);
  RoughSum sum;
  double floor = LeastTerm(c.prior, precision);
  const auto ratio = [&](double factor) {
    return c.log_l - (sum.largest + std::log(factor) - log_total_weight_);
  };
  const auto update = [&] {
    if (sum.factor > 0.0) c.most = std::min(c.most, ratio(sum.factor));
  };
  const auto take = [&](KernelTree::Cell cell) {
    return TakeCell(cell, c.tolerance, query, *near, sum);
  };
  const auto visit = [&](size_t first, size_t last) {
    const KernelConstants* constants = queries.ConstantsFor(first, last, query, floor);
    AddRoughly(blocks_, constants, first, last, query, floor, weights_, sum);
    if (sum.factor > 0.0) {
      floor = std::max(floor, LeastTerm(sum.largest + std::log(sum.factor), precision));
    }
    if (++c.pages < until) return true;
    until *= 2;
    update();
    return c.most >= to_beat;
  };
  c.is_complete = VisitNear(
      query, near, queries.Memory(), [&] { return floor; }, take, visit);
  update();
  if (!c.is_complete) return;
  const double most = (1.0 + kLeftOut * c.tolerance) * sum.factor + sum.slack;
  if (sum.factor > 0.0) c.least = std::max(c.least, ratio(most) - kRounding);
  c.is_known = c.tolerance <= kLeastTolerance;
}

bool Mixture::TakeCell(KernelTree::Cell cell, double tolerance, const KernelQuery& query,
                       const Partition& near, RoughSum& sum) const {
  // Until there is a term to compare with, cells are looked into.
  if (!near.sums.has_value() || sum.largest == -kInfinity) return false;
  const auto [least, most] =
      near.sums->BoundsAt(cell, query.point, weights_, near.missing, sum.largest);
  const double share = near.sums->Count(cell) / static_cast<double>(observation_count_ + 1);
  const double known = std::max(least, std::max(share, kLeastShare) * sum.factor);
  if (!(most - least <= tolerance * known)) return false;
  sum.factor += least;
  sum.slack += most - least;
  return true;
}

template <class Floor, class Take, class Visit>
bool Mixture::VisitNear(const KernelQuery& query, const Partition* near,
                        std::pmr::memory_resource* memory, const Floor& floor, const Take& take,
                        const Visit& visit) const {
  if (near == nullptr) {
    for (size_t block = 0; block < blocks_.size(); block += kPageBlocks) {
      if (!visit(block, std::min(block + kPageBlocks, blocks_.size()))) return false;
    }
    return true;
  }
  const auto reach = [&] { return near->greatest_constant - floor(); };
  NearBlocks blocks(*near, query.point, memory);
  bool goes_on = true;
  near->tree.Walk(query.point, least_width_scales_, reach, take,
                  [&](uint32_t page) { return goes_on = blocks.VisitPage(page, reach(), visit); });
  return goes_on &&
         std::all_of(near->everywhere.begin(), near->everywhere.end(), [&](uint32_t page) {
           return visit(FirstBlock(page), FirstBlock(page) + near->BlockCount(page));
         });
}

// A ramp's mean is that of its ends.
void Mixture::SetObservationCount(size_t count) {
  observation_count_ = count;
  blocks_.has_greater_scales = count < kSettled;
  greatest_constant_ = 0.0;
  for (size_t i = 0; i < intervals_.size(); ++i) {
    const double scale = ScaleOf(LimitsOf(intervals_[i], count).least);
    blocks_.greatest_scales[i] = scale;
    // ln of scale / sqrt(pi), and -ln 0.34: at least that is the mass of a kernel whose centre is
    // in the interval and whose width is no more than its length.
    greatest_constant_ += std::log(scale) - 0.572 + 1.08;
  }
  log_kernel_count_ = PortableLog(static_cast<double>(count + 1));
  weights_ = MakeRampWeights(count, forgetting_);
  const auto m = static_cast<double>(count);
  const double ramp = weights_.first < 1 ? m - static_cast<double>(kNewest) : 0.0;
  const double mean = ramp > 1 ? 0.5 * (weights_.first + 1.0) : weights_.first;
  log_total_weight_ = PortableLog(ramp * mean + (m - ramp) + 1.0);
}

ScaledSum Mixture::Sum(const KernelTerms& terms, double gap) const {
  return SumTerms(blocks_, terms, gap, weights_, observation_count_ + 1);
}

// With n kernels whose weights are between 1 / n and 1, what is left out is at most
// n e^-gap = e^-precision / n of the largest term, and the sum is at least 1 / n of it.
double Mixture::GapFor(double precision) const { return precision + 2.0 * log_kernel_count_; }

// Weights are at most 1.
double Mixture::LeastTerm(double log_sum, double precision) const {
  return log_sum - (precision + log_kernel_count_);
}

// A point in an interval is at most half a width from the prior's centre: ((x - mu) / sigma)^2 / 2
// is at most 1/8, and a little for rounding.
double Mixture::LeastPriorTerm(const KernelQuery& query) const {
  double sum = 0.126 * static_cast<double>(blocks_.continuous);
  const IndexLanes* rows = blocks_.rows.data() + (prior_slot_ / kLanes) * blocks_.tabulated;
  for (size_t j = 0; j < blocks_.tabulated; ++j) {
    sum += query.costs[j][rows[j].lane[prior_slot_ % kLanes]];
  }
  return prior_constant_ - sum;
}

// The prior's density in a stepped dimension is least at the ends of the interval, half a width
// from its centre: 0.919 / range.
double Mixture::LeastPriorTerm(const Queries& queries, size_t i) const {
  double sum = prior_constant_;
  const double* x = queries.Coordinates(i);
  for (size_t j = 0; j < blocks_.continuous; ++j) {
    const double z = (x[j] - prior_centres_[j]) * prior_scales_[j];
    sum -= z * z;
  }
  if (blocks_.tabulated == 0) return std::isnan(sum) ? -kInfinity : sum;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (d.kind == Kind::kContinuous) continue;
    if (d.kind == Kind::kCategorical) {
      sum -= std::log(static_cast<double>(d.choice_count));
      continue;
    }
    const Interval cell = CellAround(queries.Value(i, j), d.numeric);
    const double range = d.interval.high - d.interval.low;
    sum += std::log(0.919 * (cell.high - cell.low) / range);
  }
  // Of a range that is no double.
  return std::isnan(sum) ? -kInfinity : sum;
}

// A kernel whose centre is more than a widths from a cell has a cost of at least a^2 / 2 - 0.4
// there: P(Z > a) <= e^(-a^2/2) / 2, and its mass in the interval is at least that of one at an
// end, of a width as great as the interval, 0.34. With the greatest constants that the least widths
// allow, its term is below that of the prior by more than the gap if a^2 / 2 exceeds what is added
// up here.
double Mixture::ReachInWidths() const {
  if (has_special_interval_ || has_outsider_) return kInfinity;
  const double least_share = std::log(std::min(100.0, static_cast<double>(observation_count_) + 2));
  double sum = kExact + log_kernel_count_ + 0.4;
  for (const Dimension& d : dimensions_) {
    switch (d.kind) {
      case Kind::kContinuous:
        // ln of range / least width, -ln 0.34, and 1/8 for a point at an end of the interval.
        sum += least_share + 1.1 + 0.125;
        break;
      case Kind::kStepped: {
        // The prior's density is at least 1 / (range sqrt(2 pi)) e^(-1/8).
        const Interval last = CellAround(d.numeric.high, d.numeric);
        const double range = d.interval.high - d.interval.low;
        sum += std::log(range / (last.high - last.low)) + 0.92 + 0.125;
        break;
      }
      case Kind::kCategorical:
        sum += std::log(static_cast<double>(d.choice_count));
        break;
    }
  }
  return std::sqrt(2.0 * sum);
}

void Mixture::SetCellCosts(const Dimension& dimension, double value, double reach,
                           std::pmr::vector<double>& costs) const {
  const Interval cell = CellAround(value, dimension.numeric);
  const size_t rows = dimension.mu.size();
  costs.assign(rows, kInfinity);
  constexpr size_t kAtOnce = 8 * kLanes;
  std::array<size_t, kAtOnce> near;
  std::array<double, kAtOnce> mu, sigma, log_masses;
  size_t count = 0;
  const auto set_near = [&] {
    LogNormalMasses(std::span(mu).first(count), std::span(sigma).first(count), cell, log_masses);
    for (size_t i = 0; i < count; ++i) {
      const double log_mass = dimension.log_mass[near[i]];
      if (std::isfinite(log_mass)) costs[near[i]] = std::max(log_mass - log_masses[i], 0.0);
    }
    count = 0;
  };
  for (size_t row = 0; row < rows; ++row) {
    const double centre = dimension.mu[row];
    const double most = reach * dimension.sigma[row];
    const bool is_far = centre - cell.high > most || cell.low - centre > most;
    if (is_far && dimension.interval.Contains(centre)) continue;
    near[count] = row;
    mu[count] = centre;
    sigma[count++] = dimension.sigma[row];
    if (count == kAtOnce) set_near();
  }
  set_near();
}

void Mixture::SetChoiceCosts(const Dimension& dimension, double value,
                             std::pmr::vector<double>& costs) const {
  const ChoiceShares shares = MakeChoiceShares(dimension.choice_count, observation_count_);
  costs.assign(dimension.choice_count + 1, -std::log(shares.miss));
  costs[static_cast<size_t>(value)] = -std::log(shares.hit);
  costs.back() = std::log(static_cast<double>(dimension.choice_count));
}

}  // namespace hpod
