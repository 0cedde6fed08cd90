// What is how far from a point, in bytes and 64 at a time: kernels by the cells of a grid that
// their centres are in, and boxes of such cells.
//
// R. Weber, H.-J. Schek and S. Blott, "A quantitative analysis and performance study for
// similarity-search methods in high-dimensional spaces", 1998: where a tree leaves out little, a
// scan of approximations does. Sums of looked-up bytes that stop at their greatest are those of
// F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough: high-performance
// nearest neighbor search with product quantization fast scan", 2015.

#ifndef HPOD_SAMPLERS_TPE_CELL_FILTER_H_
#define HPOD_SAMPLERS_TPE_CELL_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "samplers/tpe/kernel_tree.h"
#include "samplers/tpe/normal_lanes.h"

namespace hpod {

// A byte for each slot of a page.
struct alignas(64) ByteLine {
  uint8_t bytes[kPageSlots];
};

// Equal cells of each dimension's interval.
class CellGrid {
 public:
  static constexpr double kCells = 80;  // of an interval
  // Of the cells' bytes, the first: cells further below a point's than that are not told apart.
  static constexpr uint8_t kBelow = 8;

  // Of kernels of the scales 1 / (sqrt(2) sigma), with centres in plain intervals.
  CellGrid(std::span<const double> scales, std::span<const Interval> intervals);

  size_t Dimensions() const { return lows_.size(); }
  // In cells, from 0 to less than kCells.
  double PositionOf(size_t dimension, double x) const;
  double LengthInCells(size_t dimension, double length) const {
    return length * cells_per_length_[dimension];
  }
  // The length of a cell, in scales.
  double ScaledCell(size_t dimension) const { return scaled_cells_[dimension]; }

 private:
  std::vector<double> lows_;
  std::vector<double> cells_per_length_;
  std::vector<double> scaled_cells_;
};

// A point, as it is compared with cells: costs, sums of (distance * scale)^2, are at least so many
// units.
class CellFilter {
 public:
  // `reach`: which costs may matter; > 0.
  CellFilter(const CellGrid& grid, const TreePoint& point, double reach,
             std::pmr::memory_resource* memory);

  // A reach, no more than the first, in units; nothing if it is below 0.
  std::optional<uint8_t> Units(double reach) const;
  // Bits for the slots of a page: all whose cost is up to so many units, and few others.
  // `cells`: a line for each dimension.
  uint64_t Near(const uint8_t* cells, uint8_t units) const;
  // The least costs in 64 boxes, in units, and bits for those that are up to `units`. `ends`: two
  // lines for each dimension, the boxes' least cells and their greatest ones.
  uint64_t NearBoxes(const ByteLine* ends, uint8_t units, ByteLine& costs) const;

 private:
  double units_per_cost_;
  std::pmr::vector<uint8_t> cells_;   // by dimension
  std::pmr::vector<uint8_t> tables_;  // [dimension][kDistances]: least costs in units
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CELL_FILTER_H_
