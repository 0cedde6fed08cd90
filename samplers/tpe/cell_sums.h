// What the kernels in a cell of a KernelTree add to a density, bounded without looking at each.
//
// From the first two moments of their centres: below by Jensen's inequality, above by Taylor's
// formula of the second order around the mean. Series of this kind, of higher orders, are those of
// L. Greengard and J. Strain, "The fast Gauss transform", 1991; that bounds decide what is looked
// at more closely is A. Gray and A. Moore, "Nonparametric density estimation: toward computational
// tractability", 2003.

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

  // A kernel with this centre has come into a cell, or has left it. `number`: of its trial.
  void Add(uint32_t cell, std::span<const double> centre, size_t number);
  void Remove(uint32_t cell, std::span<const double> centre, size_t number);

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
  // In the scaled numbers of Scaled().
  using Vector = std::array<double, kMostDimensions>;
  struct Cell {
    double count = 0;
    double numbers = 0;  // sum of the trials' numbers
    // Sums of the centres and of their squared lengths; the same times the trial's number.
    Vector centres{};
    Vector numbered_centres{};
    double squares = 0;
    double numbered_squares = 0;
    // Of what has been in the cell.
    Vector low{};
    Vector high{};
    double least_constant = 0;
    double greatest_constant = 0;
  };

  Vector Scaled(const double* point) const;
  void Change(Cell& cell, const Vector& centre, double number, double by);
  void Extend(Cell& cell, const Vector& centre);
  // -ln of the mass in the interval of a kernel at x.
  double LogShare(size_t dimension, double x) const;

  std::vector<double> scales_;
  Vector middles_{};  // of the intervals
  Vector halves_{};   // of their lengths, scaled
  double constant_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CELL_SUMS_H_
