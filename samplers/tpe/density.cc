// Densities of a mixture. Its kernels are kept in mixture.cc, and greatest_ratio.cc compares them.

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory_resource>
#include <optional>
#include <utility>

#include "samplers/tpe/mixture.h"
#include "samplers/tpe/mixture_queries.h"
#include "samplers/tpe/scratch.h"
#include "samplers/tpe/sorted_centres.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ln of the inverse of a relative error of the density.
constexpr double kExact = 23.02585092994045684;  // 1e-10

constexpr size_t kCellsAtOnce = 8 * kLanes;

}  // namespace

std::vector<double> Mixture::LogDensity(std::span<const double> points) const {
  // So many at once share the reading of the kernels.
  constexpr size_t kAtOnce = 8;
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory(), /*by_page=*/false);
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

std::vector<double> Mixture::LogDensity(std::span<const double> points, const Partition& near,
                                        TrialValues values) const {
  Scratch scratch;
  Queries queries(*this, points, scratch.Memory(), /*by_page=*/true);
  const double gap = GapFor(kExact);
  std::vector<double> logs(queries.size(), -kInfinity);
  KernelTerms terms(scratch.Memory());
  std::optional<DecodedPage> decoded;
  if (near.HasCoded()) decoded.emplace(*this, values);
  for (size_t i = 0; i < logs.size(); ++i) {
    if (queries.IsOutside(i)) continue;
    const size_t prior_block = prior_slot_ / kLanes;
    terms.Restart(
        LeastTerm(LeastPriorTerm(queries.ForBlocks(i, prior_block, prior_block + 1)), kExact));
    const auto visit = [&](size_t first, size_t last) {
      const KernelQuery query = queries.ForBlocks(i, first, last);
      CollectTerms(blocks_, queries.ConstantsFor(first, last, query, terms.Floor(gap)), first, last,
                   {&query, 1}, gap, {&terms, 1});
      return true;
    };
    if (decoded.has_value()) {
      CodedReader reader(*this, near, queries.InTree(i), scratch.Memory());
      while (const auto found = reader.Next(terms.Floor(gap))) {
        const size_t before = terms.count;
        decoded->Read(found->page, found->slots);
        const size_t first = FirstBlock(found->page);
        KernelQuery query = queries.ForBlocks(i, first, first + kPageBlocks, found->slots);
        query.first = 0;
        CollectTerms(decoded->Blocks(), decoded->Constants(), 0, kPageBlocks, {&query, 1}, gap,
                     {&terms, 1});
        for (size_t k = before; k < terms.count; ++k) {
          terms.blocks[k] += static_cast<uint32_t>(FirstBlock(found->page));
        }
      }
      for (const uint32_t page : near.everywhere) {
        const BlockRange blocks(near, page);
        visit(blocks.first, blocks.last);
      }
    } else {
      VisitNear(
          queries.InTree(i), &near, [&] { return terms.Floor(gap); }, visit);
    }
    const ScaledSum sum = Sum(terms, gap);
    logs[i] = sum.log_scale + PortableLog(sum.factor) - log_total_weight_;
  }
  return logs;
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
  const IndexLanes* rows = query.RowsOf(blocks_, prior_slot_ / kLanes);
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

void Mixture::CellCosts(const Dimension& dimension, const Interval& cell,
                        std::span<const size_t> rows, std::span<double> costs) {
  std::array<double, kCellsAtOnce> mu, sigma, log_masses;
  for (size_t i = 0; i < rows.size(); ++i) {
    mu[i] = dimension.mu[rows[i]];
    sigma[i] = dimension.sigma[rows[i]];
  }
  LogNormalMasses(std::span(mu).first(rows.size()), std::span(sigma).first(rows.size()), cell,
                  log_masses);
  for (size_t i = 0; i < rows.size(); ++i) {
    const double log_mass = dimension.log_mass[rows[i]];
    costs[i] = kInfinity;
    if (std::isfinite(log_mass)) costs[i] = std::max(log_mass - log_masses[i], 0.0);
  }
}

void Mixture::SetCellCosts(const Dimension& dimension, double value, double reach,
                           std::pmr::vector<double>& costs) const {
  const Interval cell = CellAround(value, dimension.numeric);
  const size_t rows = dimension.mu.size();
  costs.assign(rows, kInfinity);
  std::array<size_t, kCellsAtOnce> near;
  std::array<double, kCellsAtOnce> of_near;
  size_t count = 0;
  const auto set_near = [&] {
    CellCosts(dimension, cell, std::span(near).first(count), of_near);
    for (size_t i = 0; i < count; ++i) costs[near[i]] = of_near[i];
    count = 0;
  };
  for (size_t row = 0; row < rows; ++row) {
    const double centre = dimension.mu[row];
    const double most = reach * dimension.sigma[row];
    const bool is_far = centre - cell.high > most || cell.low - centre > most;
    if (is_far && dimension.interval.Contains(centre)) continue;
    near[count++] = row;
    if (count == kCellsAtOnce) set_near();
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
