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

// Weights of kernels by the numbers of their trials: first + slope * number or up to `gap` more,
// but 1 where that is more than 1, which it is by `excess` at most.
struct NumberWeights {
  double first = 1;
  double slope = 0;
  double gap = 0;
  double excess = 0;
};

class CellSums {
 public:
  // In more dimensions cells are too wide for bounds to say much.
  static constexpr size_t kMostDimensions = 2;

  // Kernels of the scales 1 / (sqrt(2) sigma), cut to plain intervals.
  CellSums(std::span<const double> scales, std::span<const Interval> intervals);

  // In scales, from the middles of the intervals.
  using Vector = std::array<double, kMostDimensions>;
  struct Kernel {
    Vector centre{};
    double log_share = 0;  // -ln of its mass in the intervals
    double number = 0;     // of its trial
  };
  Vector Scaled(const double* point) const;
  Kernel MakeKernel(std::span<const double> centre, size_t number) const;

  // Begins a cell, other than the root, with its first kernels, around which more will lie.
  void Open(uint32_t cell, std::span<const Kernel> kernels);
  // A kernel has come into a cell, or has left it.
  void Add(uint32_t cell, const Kernel& kernel);
  void Remove(uint32_t cell, const Kernel& kernel);

  double Count(uint32_t cell) const { return cells_[cell].count; }
  // Whether there are so many kernels that it takes less time to bound cells than to look at
  // kernels: in more dimensions each of them is near less of the others.
  bool AreWorthWhile() const {
    constexpr double kFrom[kMostDimensions] = {1, 1500};
    return Count(0) >= kFrom[scales_.size() - 1];
  }

  // So many points, by dimension: scaled.
  struct Points {
    std::array<DoubleLanes, kMostDimensions> x;
  };
  // By point.
  struct Bounds {
    DoubleLanes& least;
    DoubleLanes& most;
  };
  // Of the sum of weight_k e^(term_k - reference) over a cell's kernels, at each of the points.
  // Relative error of the bounds themselves below 1e-12.
  void BoundsAt(uint32_t cell, const Points& points, const NumberWeights& weights, double reference,
                Bounds bounds) const;

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
  void Open(uint32_t index, const Vector& middle);
  void Extend(Cell& cell, const Kernel& kernel);
  void Change(Cell& cell, const Kernel& kernel, double by);
  void ChangeSeries(Cell& cell, const Kernel& kernel, double by);
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
