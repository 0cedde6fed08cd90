#include "samplers/tpe/cell_sums.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "samplers/math/truncated_normal.h"

namespace hpod {
namespace {

// The products of powers of up to kMostDimensions coordinates, of a total degree below `degree`,
// each after the one that it is a coordinate times.
struct Powers {
  static constexpr size_t kMost = 56;
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

// Divides the number of powers.
constexpr size_t kAtOnce = 4;
constexpr Powers kPowers[] = {{1, 12}, {2, 8}, {3, 6}};
const Powers& PowersOf(size_t dimensions) { return kPowers[dimensions - 1]; }

// Of the squared distance from a cell's middle to its furthest corner, from which on there is no
// series.
constexpr double kWidestSquare = 2.25;

// More than sums that have been added to and taken from are off by their rounding, relative to all
// that has been added or taken.
constexpr double kRounding = 1e-9;

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

// With |2 x u| <= s for all kernels, the rest of the series is at most s^degree / degree! e^s.
bool CellSums::SumSeries(const Cell& cell, const Vector& point, const RampWeights& weights,
                         SeriesSum& sum) const {
  if (cell.is_wide) return false;
  constexpr double kFurthest = 3.0;
  const Powers& powers = PowersOf(scales_.size());
  Vector x{};
  double s = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    x[j] = point[j] - cell.middle[j];
    s += 2.0 * std::abs(x[j]) *
         std::max(cell.middle[j] - cell.low[j], cell.high[j] - cell.middle[j]);
  }
  if (s > kFurthest) return false;
  double values[Powers::kMost];
  powers.Of(x, values);
  const double* sums = series_.data() + size_t{cell.series} * 2 * powers.count;
  const double* numbered = sums + powers.count;
  // Several of each, so that additions need not wait for each other.
  std::array<double, kAtOnce> plain_sums{};
  std::array<double, kAtOnce> numbered_sums{};
  for (size_t i = 0; i < powers.count; i += kAtOnce) {
    for (size_t k = 0; k < kAtOnce; ++k) {
      plain_sums[k] += sums[i + k] * values[i + k];
      numbered_sums[k] += numbered[i + k] * values[i + k];
    }
  }
  const double plain_sum = std::accumulate(plain_sums.begin(), plain_sums.end(), 0.0);
  const double numbered_sum = std::accumulate(numbered_sums.begin(), numbered_sums.end(), 0.0);
  double rest = powers.next_factor * std::exp(s);
  for (size_t i = 0; i < powers.degree; ++i) rest *= s;
  sum.sum = plain_sum;
  sum.weighted = weights.first * plain_sum + weights.slope * numbered_sum;
  sum.error = sums[0] * rest + cell.added * std::exp(s) * kRounding;
  return true;
}

CellSums::Bounds CellSums::BoundsAt(uint32_t cell, const double* point, const RampWeights& weights,
                                    size_t missing, double reference) const {
  const Cell& s = cells_[cell];
  if (s.count < 0.5) return {};
  const Vector x = Scaled(point);
  double to_middle = 0.0, to_box = 0.0, to_furthest = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    const double outside = std::max({s.low[j] - x[j], x[j] - s.high[j], 0.0});
    const double furthest = std::max(x[j] - s.low[j], s.high[j] - x[j]);
    const double middle = x[j] - s.middle[j];
    to_box += outside * outside;
    to_furthest += furthest * furthest;
    to_middle += middle * middle;
  }
  // With weights first + slope * number, which are at least the true ones: ranks may be less than
  // numbers, and the newest weigh 1, and not as much as the ramp, continued.
  const double late = weights.slope * static_cast<double>(missing);
  const double excess = 1.0 + weights.slope * 26.0;
  const double scale = constant_ - reference;
  SeriesSum series;
  if (SumSeries(s, x, weights, series)) {
    const double common = std::exp(scale - to_middle);
    const double least = series.weighted - late * series.sum - (1.0 + late) * series.error;
    return {common * std::max(least, 0.0) / excess, common * (series.weighted + series.error)};
  }
  const double weight = weights.first * s.count + weights.slope * s.numbers;
  const double least = std::exp(scale + s.least_log_share - to_furthest) * (1.0 - kRounding);
  const double most = std::exp(scale + s.greatest_log_share - to_box) * (1.0 + kRounding);
  return {least * std::max(weight - late * s.count, 0.0) / excess, most * weight};
}

}  // namespace hpod
