#include "samplers/tpe/cell_sums.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "samplers/math/truncated_normal.h"

namespace hpod {

CellSums::CellSums(std::span<const double> scales, std::span<const Interval> intervals)
    : scales_(scales.begin(), scales.end()) {
  for (size_t j = 0; j < scales_.size(); ++j) {
    middles_[j] = 0.5 * intervals[j].low + 0.5 * intervals[j].high;
    halves_[j] = 0.5 * (intervals[j].high - intervals[j].low) * scales_[j];
    constant_ += LogNormalPdf(0.0) + std::log(scales_[j] * std::numbers::sqrt2);
  }
}

void CellSums::Add(uint32_t cell, std::span<const double> centre, size_t number) {
  if (cells_.size() <= cell) cells_.resize(cell + 1);
  const Vector scaled = Scaled(centre.data());
  Extend(cells_[cell], scaled);
  Change(cells_[cell], scaled, static_cast<double>(number), 1.0);
}

void CellSums::Remove(uint32_t cell, std::span<const double> centre, size_t number) {
  Change(cells_[cell], Scaled(centre.data()), static_cast<double>(number), -1.0);
  if (cells_[cell].count == 0.0) cells_[cell] = {};
}

CellSums::Vector CellSums::Scaled(const double* point) const {
  Vector scaled{};
  for (size_t j = 0; j < scales_.size(); ++j) scaled[j] = (point[j] - middles_[j]) * scales_[j];
  return scaled;
}

void CellSums::Change(Cell& cell, const Vector& centre, double number, double by) {
  double square = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    cell.centres[j] += by * centre[j];
    cell.numbered_centres[j] += by * number * centre[j];
    square += centre[j] * centre[j];
  }
  cell.squares += by * square;
  cell.numbered_squares += by * number * square;
  cell.count += by;
  cell.numbers += by * number;
}

// The mass of a kernel in the interval is greatest in the middle and falls to both sides, so over a
// cell it is least at one of the cell's ends and greatest where the cell is nearest to the middle.
void CellSums::Extend(Cell& cell, const Vector& centre) {
  const bool is_first = cell.count == 0.0;
  bool is_wider = is_first;
  for (size_t j = 0; j < scales_.size(); ++j) {
    is_wider = is_wider || centre[j] < cell.low[j] || centre[j] > cell.high[j];
    cell.low[j] = is_first ? centre[j] : std::min(cell.low[j], centre[j]);
    cell.high[j] = is_first ? centre[j] : std::max(cell.high[j], centre[j]);
  }
  if (!is_wider) return;
  cell.least_constant = constant_;
  cell.greatest_constant = constant_;
  for (size_t j = 0; j < scales_.size(); ++j) {
    const double low = cell.low[j];
    const double high = cell.high[j];
    cell.least_constant += LogShare(j, std::clamp(0.0, low, high));
    cell.greatest_constant += std::max(LogShare(j, low), LogShare(j, high));
  }
}

double CellSums::LogShare(size_t dimension, double x) const {
  const double half = halves_[dimension];
  return -LogNormalMass((-half - x) * std::numbers::sqrt2, (half - x) * std::numbers::sqrt2);
}

// With w_k = first + slope * number_k, which is at least the weight, c the mean of the centres with
// these weights and V their variance, q = x - c, and a_k = 2 q (c_k - c) - |c_k - c|^2, of which
// the mean is -V, the term of k is -|q|^2 + a_k and the sum of its constant.
//   Jensen: the mean of e^a_k is at least e^-V.
//   Taylor: e^a <= 1 + a + a^2 e^max(a, 0) / 2, and a_k^2 <= (2 |q| + R)^2 |c_k - c|^2, where R is
//   the distance of the furthest corner from c.
CellSums::Bounds CellSums::BoundsAt(uint32_t cell, const double* point, const RampWeights& weights,
                                    size_t missing, double reference) const {
  // More than the moments, sums that have been added to and taken from, are off by their rounding.
  constexpr double kRounding = 1e-6;
  const Cell& s = cells_[cell];
  const double weight = weights.first * s.count + weights.slope * s.numbers;
  if (s.count < 0.5) return {};
  const Vector x = Scaled(point);
  double to_mean = 0.0, to_box = 0.0, radius = 0.0, mean_square = 0.0;
  for (size_t j = 0; j < scales_.size(); ++j) {
    const double mean =
        (weights.first * s.centres[j] + weights.slope * s.numbered_centres[j]) / weight;
    const double outside = std::max({s.low[j] - x[j], x[j] - s.high[j], 0.0});
    const double furthest = std::max(mean - s.low[j], s.high[j] - mean);
    to_mean += (x[j] - mean) * (x[j] - mean);
    to_box += outside * outside;
    radius += furthest * furthest;
    mean_square += mean * mean;
  }
  const double squares = (weights.first * s.squares + weights.slope * s.numbered_squares) / weight;
  const double variance = std::max(squares - mean_square, 0.0);
  const double nearest = std::exp(s.greatest_constant - to_box - reference);
  double most = nearest;
  const double rise = std::max(to_mean - to_box, 0.0);
  if (rise < 2.0) {
    const double length = 2.0 * std::sqrt(to_mean) + std::sqrt(radius);
    const double series = 1.0 - variance +
                          0.5 * std::exp(rise) * length * length * (variance + kRounding) +
                          kRounding;
    most = std::min(most, std::exp(s.greatest_constant - to_mean - reference) * series);
  }
  // The newest weigh 1, and not as much as the ramp, continued; and ranks may be less than numbers.
  const double excess = 1.0 + weights.slope * 26.0;
  const double jensen =
      weight * std::exp(s.least_constant - to_mean - variance - kRounding - reference) / excess;
  const double lost = weights.slope * static_cast<double>(missing) * s.count * nearest;
  return {std::max(jensen - lost / excess, 0.0) * (1.0 - kRounding),
          weight * most * (1.0 + kRounding)};
}

}  // namespace hpod
