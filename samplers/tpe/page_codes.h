// Where the kernels of a KernelTree's pages are, roughly: a byte for each dimension, so that those
// too far from a point to matter are told 64 at a time, by an eighth of the memory or less.
//
// R. Weber, H.-J. Schek and S. Blott, "A quantitative analysis and performance study for
// similarity-search methods in high-dimensional spaces", 1998: where a tree leaves out little, a
// scan of approximations does. Sums of looked-up bytes that stop at their greatest are those of
// F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough: high-performance
// nearest neighbor search with product quantization fast scan", 2015.

#ifndef HPOD_SAMPLERS_TPE_PAGE_CODES_H_
#define HPOD_SAMPLERS_TPE_PAGE_CODES_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "samplers/tpe/kernel_tree.h"
#include "samplers/tpe/normal_lanes.h"

namespace hpod {

class PageCodes {
 public:
  // In fewer dimensions pages are small, and near or far as a whole.
  static constexpr size_t kLeastDimensions = 6;

  // Of kernels of the scales 1 / (sqrt(2) sigma), with centres in plain intervals.
  PageCodes(std::span<const double> scales, std::span<const Interval> intervals);

  void Set(size_t slot, std::span<const double> centre);

  // A point, as it is compared with codes.
  class Query {
   public:
    // `reach`: which costs, sums of ((x - centre) * scale)^2, may matter; > 0. The codes must
    // outlive the query.
    Query(const PageCodes& codes, const double* point, double reach,
          std::pmr::memory_resource* memory);

    // Bits for the slots of a page: all whose cost is up to `reach`, which is no more than it was
    // at first, and few others.
    uint64_t Near(size_t page, double reach) const;

   private:
    const PageCodes& codes_;
    double unit_;
    std::pmr::vector<uint8_t> cells_;   // by dimension
    std::pmr::vector<uint8_t> tables_;  // [dimension][kDistances]: least costs in units
  };

 private:
  static constexpr double kCells = 64;  // of an interval
  // Cells around a point's, of which kBelow are below it, have costs of their own; those further
  // away have that of the last.
  static constexpr size_t kDistances = 16;
  static constexpr uint8_t kBelow = 8;

  // In cells.
  double PositionOf(size_t dimension, double x) const;

  std::vector<double> lows_;
  std::vector<double> cells_per_length_;
  std::vector<double> scaled_cells_;  // lengths of cells, in scales
  std::vector<uint8_t> codes_;        // [page][dimension][slot]: kBelow + the cell
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PAGE_CODES_H_
