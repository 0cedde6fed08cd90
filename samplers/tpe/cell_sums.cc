#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/cell_sums.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <cmath>
#include <hwy/highway.h>
#include <numbers>

#include "samplers/math/truncated_normal.h"
#include "samplers/tpe/cell_sums.h"
#include "samplers/tpe/lane_math-inl.h"

#ifndef HPOD_SAMPLERS_TPE_CELL_SERIES_
#define HPOD_SAMPLERS_TPE_CELL_SERIES_
namespace hpod {

// The products of powers of up to kMostDimensions coordinates, of a total degree below `degree`,
// each after the one that it is a coordinate times.
struct Powers {
  static constexpr size_t kMost = 78;
  size_t degree = 0;
  size_t count = 0;
  double next_factor = 0;  // 1 / degree!
  std::array<uint8_t, kMost> parent{};
  std::array<uint8_t, kMost> dimension{};
  std::array<double, kMost> factor{};  // of the power in Taylor's series of e^(2 x u)

  constexpr Powers(size_t dimensions, size_t degree_below) : degree(degree_below), count(1) {
    factor[0] = 1.0;
    next_factor = 1.0;
    std::array<uint8_t, kMost> exponent{};  // of the power's last coordinate
    size_t first = 0;                       // of the degree before
    for (size_t k = 1; k < degree; ++k) {
      const size_t last = count;
      for (size_t i = first; i < last; ++i) {
        for (size_t j = i == 0 ? 0 : dimension[i]; j < dimensions; ++j) {
          const bool is_same = i != 0 && j == dimension[i];
          exponent[count] = static_cast<uint8_t>(is_same ? exponent[i] + 1 : 1);
          parent[count] = static_cast<uint8_t>(i);
          dimension[count] = static_cast<uint8_t>(j);
          factor[count] = factor[i] * 2.0 / exponent[count];
          ++count;
        }
      }
      first = last;
    }
    for (size_t k = 1; k <= degree; ++k) next_factor /= static_cast<double>(k);
  }

  void Of(const CellSums::Vector& x, double* values) const {
    values[0] = 1.0;
    for (size_t i = 1; i < count; ++i) values[i] = values[parent[i]] * x[dimension[i]];
  }
};

// A cell, as it is summed up with some weights.
struct WeightedCell {
  size_t dimensions;
  CellSums::Vector low;
  CellSums::Vector high;
  CellSums::Vector middle;
  // e^(scale - |x - middle|^2) times the series' sum is that of the kernels; e^(scale + share -
  // |x - u|^2) is each kernel.
  double scale;
  double least_log_share;
  double greatest_log_share;
  double least_weight;
  double greatest_weight;
  double share_of_least;   // of sums with the least weights, which may be too great
  const Powers* powers;    // null: there is no series
  const double* plain;     // coefficients
  const double* numbered;  // and of kernels times their numbers
  NumberWeights weights;
  double added;
};

// More than sums that have been added to and taken from are off by their rounding, relative to all
// that has been added or taken.
constexpr double kRounding = 1e-9;

}  // namespace hpod
#endif

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

// Bounds of e^x, also where it is too small for a double.
HWY_INLINE V MostExp(V x) { return Exp(hn::Max(x, Constant(-700))); }
HWY_INLINE V LeastExp(V x) { return hn::IfThenElseZero(hn::Ge(x, Constant(-700)), MostExp(x)); }

struct LaneBounds {
  V least;
  V most;
};

// What follows from how near to the points kernels can be, and how far.
HWY_INLINE LaneBounds BoundsOfBox(const WeightedCell& cell, const V* x) {
  V to_box = hn::Zero(kD);
  V to_furthest = hn::Zero(kD);
  for (size_t j = 0; j < cell.dimensions; ++j) {
    const V above_low = hn::Sub(x[j], Constant(cell.low[j]));
    const V below_high = hn::Sub(Constant(cell.high[j]), x[j]);
    const V outside = hn::Max(hn::Neg(hn::Min(above_low, below_high)), hn::Zero(kD));
    const V furthest = hn::Max(above_low, below_high);
    to_box = hn::MulAdd(outside, outside, to_box);
    to_furthest = hn::MulAdd(furthest, furthest, to_furthest);
  }
  const V least = LeastExp(hn::Sub(Constant(cell.scale + cell.least_log_share), to_furthest));
  const V most = MostExp(hn::Sub(Constant(cell.scale + cell.greatest_log_share), to_box));
  return {hn::Mul(least, Constant((1.0 - kRounding) * cell.share_of_least *
                                  std::max(cell.least_weight, 0.0))),
          hn::Mul(most, Constant((1.0 + kRounding) * cell.greatest_weight))};
}

// With |2 x u| <= s for all kernels, what the series of degrees below n leaves out is at most
// s^n / n! / (1 - s / (n + 1)).
HWY_INLINE LaneBounds BoundsOfSeries(const WeightedCell& cell, const V* x, V s) {
  const Powers& powers = *cell.powers;
  V to_middle = hn::Zero(kD);
  V u[CellSums::kMostDimensions];
  for (size_t j = 0; j < cell.dimensions; ++j) {
    u[j] = hn::Sub(x[j], Constant(cell.middle[j]));
    to_middle = hn::MulAdd(u[j], u[j], to_middle);
  }
  V values[Powers::kMost];
  values[0] = Constant(1);
  // Two of each, so that additions need not wait for each other.
  V plains[2] = {Constant(cell.plain[0]), hn::Zero(kD)};
  V numbereds[2] = {Constant(cell.numbered[0]), hn::Zero(kD)};
  for (size_t i = 1; i < powers.count; ++i) {
    values[i] = hn::Mul(values[powers.parent[i]], u[powers.dimension[i]]);
    plains[i % 2] = hn::MulAdd(Constant(cell.plain[i]), values[i], plains[i % 2]);
    numbereds[i % 2] = hn::MulAdd(Constant(cell.numbered[i]), values[i], numbereds[i % 2]);
  }
  const V plain = hn::Add(plains[0], plains[1]);
  const V numbered = hn::Add(numbereds[0], numbereds[1]);
  const V growth = Exp(s);
  const V n = Constant(static_cast<double>(powers.degree) + 1.0);
  V rest = hn::Mul(hn::Div(n, hn::Sub(n, s)), Constant(powers.next_factor));
  for (size_t i = 0; i < powers.degree; ++i) rest = hn::Mul(rest, s);
  const V error = hn::Mul(
      hn::MulAdd(rest, Constant(cell.plain[0]), hn::Mul(growth, Constant(cell.added * kRounding))),
      Constant(1.0 + cell.weights.gap));
  const V sum = hn::MulAdd(numbered, Constant(cell.weights.slope),
                           hn::Mul(plain, Constant(cell.weights.first)));
  const V gap = hn::MulAdd(plain, Constant(cell.weights.gap), error);
  const V exponent = hn::Sub(Constant(cell.scale), to_middle);
  return {hn::Mul(hn::Mul(LeastExp(exponent), Constant(cell.share_of_least)),
                  hn::Max(hn::Sub(sum, error), hn::Zero(kD))),
          hn::Mul(MostExp(exponent), hn::Add(sum, gap))};
}

void BoundsOfLanes(const WeightedCell& cell, const CellSums::Points& points,
                   CellSums::Bounds bounds) {
  // Further away the series is of no use.
  constexpr double kFurthest = 5.0;
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    V x[CellSums::kMostDimensions];
    V s = hn::Zero(kD);
    for (size_t j = 0; j < cell.dimensions; ++j) {
      x[j] = hn::Load(kD, points.x[j].lane + lane);
      const double radius = std::max(cell.middle[j] - cell.low[j], cell.high[j] - cell.middle[j]);
      s = hn::MulAdd(hn::Abs(hn::Sub(x[j], Constant(cell.middle[j]))), Constant(2.0 * radius), s);
    }
    const M is_near = hn::Le(s, Constant(kFurthest));
    const bool has_series = cell.powers != nullptr && !hn::AllFalse(kD, is_near);
    LaneBounds result{hn::Zero(kD), hn::Zero(kD)};
    if (!has_series || !hn::AllTrue(kD, is_near)) result = BoundsOfBox(cell, x);
    if (has_series) {
      const LaneBounds series = BoundsOfSeries(cell, x, hn::Min(s, Constant(kFurthest)));
      result = {hn::IfThenElse(is_near, series.least, result.least),
                hn::IfThenElse(is_near, series.most, result.most)};
    }
    hn::Store(result.least, kD, bounds.least.lane + lane);
    hn::Store(result.most, kD, bounds.most.lane + lane);
  }
}

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hpod {
namespace {

HWY_EXPORT(BoundsOfLanes);

constexpr Powers kPowers[] = {{1, 16}, {2, 12}};
const Powers& PowersOf(size_t dimensions) { return kPowers[dimensions - 1]; }

// Of the squared distance from a cell's middle to its furthest corner, from which on there is no
// series.
constexpr double kWidestSquare = 6.0;

}  // namespace

CellSums::CellSums(std::span<const double> scales, std::span<const Interval> intervals)
    : scales_(scales.begin(), scales.end()) {
  for (size_t j = 0; j < scales_.size(); ++j) {
    middles_[j] = 0.5 * intervals[j].low + 0.5 * intervals[j].high;
    halves_[j] = 0.5 * (intervals[j].high - intervals[j].low) * scales_[j];
    constant_ += LogNormalPdf(0.0) + std::log(scales_[j] * std::numbers::sqrt2);
  }
  Open(0, Vector{});
}

CellSums::Kernel CellSums::MakeKernel(std::span<const double> centre, size_t number) const {
  Kernel kernel{.centre = Scaled(centre.data()), .number = static_cast<double>(number)};
  for (size_t j = 0; j < scales_.size(); ++j) kernel.log_share += LogShare(j, kernel.centre[j]);
  return kernel;
}

void CellSums::Open(uint32_t cell, std::span<const Kernel> kernels) {
  Vector middle{};
  for (const Kernel& kernel : kernels) {
    for (size_t j = 0; j < scales_.size(); ++j) middle[j] += kernel.centre[j];
  }
  for (double& x : middle) x /= static_cast<double>(kernels.size());
  Open(cell, middle);
  for (const Kernel& kernel : kernels) Add(cell, kernel);
}

void CellSums::Open(uint32_t index, const Vector& middle) {
  if (cells_.size() <= index) cells_.resize(index + 1);
  Cell& cell = cells_[index];
  cell.middle = middle;
  if (!free_series_.empty()) {
    cell.series = free_series_.back();
    free_series_.pop_back();
    return;
  }
  const size_t size = 2 * PowersOf(scales_.size()).count;
  cell.series = static_cast<uint32_t>(series_.size() / size);
  series_.resize(series_.size() + size, 0.0);
}

void CellSums::Add(uint32_t cell, const Kernel& kernel) {
  Extend(cells_[cell], kernel);
  Change(cells_[cell], kernel, 1.0);
}

void CellSums::Remove(uint32_t cell, const Kernel& kernel) { Change(cells_[cell], kernel, -1.0); }

CellSums::Vector CellSums::Scaled(const double* point) const {
  Vector scaled{};
  for (size_t j = 0; j < scales_.size(); ++j) scaled[j] = (point[j] - middles_[j]) * scales_[j];
  return scaled;
}

void CellSums::Change(Cell& cell, const Kernel& kernel, double by) {
  cell.count += by;
  cell.numbers += by * kernel.number;
  if (!cell.is_wide) ChangeSeries(cell, kernel, by);
}

void CellSums::ChangeSeries(Cell& cell, const Kernel& kernel, double by) {
  const Powers& powers = PowersOf(scales_.size());
  Vector u{};
  double square = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    u[j] = kernel.centre[j] - cell.middle[j];
    square += u[j] * u[j];
  }
  const double first = std::exp(kernel.log_share - square);
  cell.added += first;
  double values[Powers::kMost];
  powers.Of(u, values);
  double* sums = series_.data() + size_t{cell.series} * 2 * powers.count;
  const double numbered = by * first * kernel.number;
  for (size_t i = 0; i < powers.count; ++i) {
    sums[i] += by * first * powers.factor[i] * values[i];
    sums[powers.count + i] += numbered * powers.factor[i] * values[i];
  }
}

// The mass of a kernel in the interval is greatest in the middle and falls to both sides, so over a
// cell it is least at one of the cell's ends and greatest where the cell is nearest to the middle.
void CellSums::Extend(Cell& cell, const Kernel& kernel) {
  const bool is_first = cell.count == 0.0;
  bool is_wider = is_first;
  for (size_t j = 0; j < scales_.size(); ++j) {
    const double x = kernel.centre[j];
    is_wider = is_wider || x < cell.low[j] || x > cell.high[j];
    cell.low[j] = is_first ? x : std::min(cell.low[j], x);
    cell.high[j] = is_first ? x : std::max(cell.high[j], x);
  }
  if (!is_wider) return;
  cell.least_log_share = 0.0;
  cell.greatest_log_share = 0.0;
  double radius_square = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    const double low = cell.low[j];
    const double high = cell.high[j];
    const double furthest = std::max(cell.middle[j] - low, high - cell.middle[j]);
    radius_square += furthest * furthest;
    cell.least_log_share += LogShare(j, std::clamp(0.0, low, high));
    cell.greatest_log_share += std::max(LogShare(j, low), LogShare(j, high));
  }
  if (cell.is_wide || radius_square < kWidestSquare) return;
  cell.is_wide = true;
  const size_t size = 2 * PowersOf(scales_.size()).count;
  std::fill_n(series_.begin() + static_cast<std::ptrdiff_t>(cell.series * size), size, 0.0);
  free_series_.push_back(cell.series);
}

double CellSums::LogShare(size_t dimension, double x) const {
  const double half = halves_[dimension];
  return -LogNormalMass((-half - x) * std::numbers::sqrt2, (half - x) * std::numbers::sqrt2);
}

void CellSums::BoundsAt(uint32_t cell, const Points& points, const NumberWeights& weights,
                        double reference, Bounds bounds) const {
  const Cell& c = cells_[cell];
  if (c.count < 0.5) {
    bounds.least = {};
    bounds.most = {};
    return;
  }
  const Powers& powers = PowersOf(scales_.size());
  const double* plain = series_.data() + size_t{c.series} * 2 * powers.count;
  const double least_weight = weights.first * c.count + weights.slope * c.numbers;
  const WeightedCell of_weights{.dimensions = scales_.size(),
                                .low = c.low,
                                .high = c.high,
                                .middle = c.middle,
                                .scale = constant_ - reference,
                                .least_log_share = c.least_log_share,
                                .greatest_log_share = c.greatest_log_share,
                                .least_weight = least_weight,
                                .greatest_weight = least_weight + weights.gap * c.count,
                                .share_of_least = 1.0 / (1.0 + weights.excess),
                                .powers = c.is_wide ? nullptr : &powers,
                                .plain = plain,
                                .numbered = plain + powers.count,
                                .weights = weights,
                                .added = c.added};
  HWY_DYNAMIC_DISPATCH(BoundsOfLanes)(of_weights, points, bounds);
}

}  // namespace hpod
#endif  // HWY_ONCE
