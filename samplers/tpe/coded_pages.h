// Where the kernels of a KernelTree's pages are, in three bytes for each dimension: one that tells
// which are too far from a point to matter, 64 at a time, and two with which a term is known to
// within a thousandth or so.
//
// R. Weber, H.-J. Schek and S. Blott, "A quantitative analysis and performance study for
// similarity-search methods in high-dimensional spaces", 1998: where a tree leaves out little, a
// scan of approximations does. Sums of looked-up bytes that stop at their greatest are those of
// F. André, A.-M. Kermarrec and N. Le Scouarnec, "Cache locality is not enough: high-performance
// nearest neighbor search with product quantization fast scan", 2015.

#ifndef HPOD_SAMPLERS_TPE_CODED_PAGES_H_
#define HPOD_SAMPLERS_TPE_CODED_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <vector>

#include "samplers/tpe/kernel_tree.h"
#include "samplers/tpe/lanes.h"
#include "samplers/tpe/normal_lanes.h"

namespace hpod {

class CodedPages {
 public:
  // In fewer dimensions pages are small, and near or far as a whole, and points are often closer to
  // each other than terms are known.
  static constexpr size_t kLeastDimensions = 6;

  // Of kernels of the scales 1 / (sqrt(2) sigma), with centres in plain intervals. Only the first
  // dimensions, so many, make up a term; in others it is known only how far from the point it is.
  CodedPages(std::span<const double> scales, std::span<const Interval> intervals,
             size_t continuous);

  // Makes an empty page of that number, of which there are few more than are added.
  void AddPage(size_t page);

  // A kernel; `constant`: ln of what of it does not depend on the point.
  void Set(size_t slot, std::span<const double> centre, double constant);
  void Clear(size_t slot);
  void Copy(size_t from, size_t to);
  // Whether a centre cannot be told from that of the slot's kernel.
  bool IsAt(size_t slot, std::span<const double> centre) const;

  // A point, as its distances to kernels are summed up.
  class Point {
   public:
    // The pages must outlive it.
    Point(const CodedPages& pages, const TreePoint& point, std::pmr::memory_resource* memory);

    // How much a term may be off whose cost, the sum of (distance * scale)^2, is up to `reach`.
    double ErrorWithin(double reach) const;
    // The terms of a page's slots less Base(), at least of those of which the bits are set; -inf
    // for others, for costs beyond the reach, which other dimensions count for, too, and for slots
    // without a kernel.
    void GetTerms(size_t page, uint64_t slots, double reach,
                  std::span<float, kPageSlots> terms) const;
    double Base() const { return pages_.base_; }

   private:
    const CodedPages& pages_;
    std::pmr::vector<float> positions_;  // by dimension: in the cells' parts
    std::pmr::vector<float> halves_;     // by dimension after the continuous ones: scaled
    double error_ = 0;                   // of the root of a cost
  };

  // A point, as it is compared with the first bytes.
  class Filter {
   public:
    // `reach`: which costs may matter; > 0. The pages must outlive the filter.
    Filter(const CodedPages& pages, const TreePoint& point, double reach,
           std::pmr::memory_resource* memory);

    // Bits for the slots of a page: all whose cost is up to `reach`, which is no more than it was
    // at first, and few others.
    uint64_t Near(size_t page, double reach) const;

   private:
    const CodedPages& pages_;
    double unit_;
    std::pmr::vector<uint8_t> cells_;   // by dimension
    std::pmr::vector<uint8_t> tables_;  // [dimension][kDistances]: least costs in units
  };

 private:
  static constexpr double kCells = 80;     // of an interval
  static constexpr double kParts = 65536;  // of a cell
  // Cells around a point's, of which kBelow are below it, have costs of their own; those further
  // away have that of the last.
  static constexpr size_t kDistances = 16;
  static constexpr uint8_t kBelow = 8;

  struct alignas(64) Line {
    uint8_t bytes[64];
  };
  // The same number of lines for each page, which stay where they are.
  class Lines {
   public:
    explicit Lines(size_t per_page) : per_page_(per_page) {}
    void AddPage() {
      if (count_++ % kAtOnce == 0) parts_.push_back(std::make_unique<Line[]>(kAtOnce * per_page_));
    }
    uint8_t* At(size_t index) const {
      return parts_[index / kAtOnce][index % kAtOnce * per_page_].bytes;
    }
    size_t Count() const { return count_; }

   private:
    static constexpr size_t kAtOnce = 8;
    size_t per_page_;
    size_t count_ = 0;
    std::vector<std::unique_ptr<Line[]>> parts_;
  };

  // Of a centre in a dimension.
  struct Code {
    uint8_t cell = 0;  // kBelow + the cell
    uint16_t part = 0;
    bool operator==(const Code&) const = default;
  };
  Code CodeOf(size_t dimension, double x) const;
  // In cells.
  double PositionOf(size_t dimension, double x) const;
  uint8_t* CellsOf(size_t page) const { return cells_.At(index_of_[page]); }
  uint16_t* PartsOf(size_t page) const {
    return reinterpret_cast<uint16_t*>(parts_.At(index_of_[page]));
  }
  float* ConstantsOf(size_t page) const {
    return reinterpret_cast<float*>(constants_.At(index_of_[page]));
  }

  size_t continuous_;
  std::vector<double> lows_;
  std::vector<double> cells_per_length_;
  std::vector<double> scaled_cells_;  // lengths of cells, in scales
  std::vector<float> scaled_parts_;
  double base_ = 0;  // constant of a kernel that is all in the intervals
  // By number of a page: its index in what follows.
  std::vector<uint32_t> index_of_;
  Lines cells_;      // [index][dimension][slot]
  Lines parts_;      // [index][dimension][slot]
  Lines constants_;  // [index][slot]: less the base; -inf: no kernel
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CODED_PAGES_H_
