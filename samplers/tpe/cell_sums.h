// What the kernels in a cell of a KernelTree add to a density, bounded without looking at each.
//
// With u a kernel's centre and x a point, both seen from the middle of the cell and in scales, the
// kernel is e^(-|x|^2 - |u|^2 + 2 x u). Taylor's series of e^(2 x u) parts it into powers of x and
// sums over the kernels, which are kept: C. Yang, R. Duraiswami, N. Gumerov and L. Davis, "Improved
// fast Gauss transform and efficient kernel density estimation", 2003. That bounds decide what is
// looked at more closely is A. Gray and A. Moore, "Nonparametric density estimation: toward
// computational tractability", 2003.

#ifndef HPOD_SAMPLERS_TPE_CELL_SUMS_H_
#define HPOD_SAMPLERS_TPE_CELL_SUMS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "samplers/tpe/kernel_lanes.h"

namespace hpod {

class CellSums {
 public:
  // In more dimensions cells are too wide for bounds to say much.
  static constexpr size_t kMostDimensions = 3;

  // Kernels of the scales 1 / (sqrt(2) sigma), cut to plain intervals.
  CellSums(std::span<const double> scales, std::span<const Interval> intervals);

  // In scales, from the middles of the intervals.
  using Vector = std::array<double, kMostDimensions>;
  struct Kernel {
    Vector centre{};
    double log_share = 0;  // -ln of its mass in the intervals
    double number = 0;     // of its trial
  };
  Kernel MakeKernel(std::span<const double> centre, size_t number) const;

  // Begins a cell, other than the root, with its first kernels, around which more will lie.
  void Open(uint32_t cell, std::span<const Kernel> kernels);
  // A kernel has come into a cell, or has left it.
  void Add(uint32_t cell, const Kernel& kernel);
  void Remove(uint32_t cell, const Kernel& kernel);

  double Count(uint32_t cell) const { return cells_[cell].count; }

  // Of the sum of weight_k e^(term_k - reference). A trial's rank is its number or up to `missing`
  // less.
  struct Bounds {
    double least = 0;
    double most = 0;
  };
  Bounds BoundsAt(uint32_t cell, const double* point, const RampWeights& weights, size_t missing,
                  double reference) const;

 private:
  struct Cell {
    Vector middle{};
    double count = 0;
    double numbers = 0;  // sum of the trials' numbers
    // Of what has been in the cell.
    Vector low{};
    Vector high{};
    double least_log_share = 0;
    double greatest_log_share = 0;
    double added = 0;      // sum of all that has been added to or taken from the series' first
    uint32_t series = 0;   // which of them it has
    bool is_wide = false;  // and has no series
  };
  // Of a cell's kernels around its middle, without what they have in common.
  struct SeriesSum {
    double sum = 0;       // of e^(log_share - |u|^2 + 2 x u)
    double weighted = 0;  // the same times the weight
    double error = 0;     // of either, at most
  };

  void Open(uint32_t index, const Vector& middle);
  Vector Scaled(const double* point) const;
  void Extend(Cell& cell, const Kernel& kernel);
  void Change(Cell& cell, const Kernel& kernel, double by);
  void ChangeSeries(Cell& cell, const Kernel& kernel, double by);
  // Whether the series is of use at the point.
  bool SumSeries(const Cell& cell, const Vector& point, const RampWeights& weights,
                 SeriesSum& sum) const;
  // -ln of the mass in the interval of a kernel at x.
  double LogShare(size_t dimension, double x) const;

  std::vector<double> scales_;
  Vector middles_{};  // of the intervals
  Vector halves_{};   // of their lengths, scaled
  double constant_ = 0;
  std::vector<Cell> cells_;
  // [series][2][power]: sums of e^(log_share - |u|^2) u^power, and of the same times the number.
  std::vector<double> series_;
  std::vector<uint32_t> free_series_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CELL_SUMS_H_
