// Where the kernels of a KernelTree's pages are, in three bytes for each dimension: one that tells
// which are too far from a point to matter, 64 at a time, and two with which a term is known to
// within a thousandth or so.
//
// Pages come in the order of what is least known of their distances, the first bytes' boxes: G. R.
// Hjaltason and H. Samet, "Distance browsing in spatial databases", 1999.

#ifndef HPOD_SAMPLERS_TPE_CODED_PAGES_H_
#define HPOD_SAMPLERS_TPE_CODED_PAGES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <vector>

#include "samplers/tpe/cell_filter.h"
#include "samplers/tpe/kernel_tree.h"
#include "samplers/tpe/lanes.h"
#include "samplers/tpe/normal_lanes.h"
#include "samplers/tpe/page_boxes.h"

namespace hpod {

class CodedPages {
 public:
  // In fewer dimensions pages are small, and near or far as a whole, and points are often closer to
  // each other than terms are known.
  static constexpr size_t kLeastDimensions = 3;

  // Of kernels of the scales 1 / (sqrt(2) sigma), with centres in plain intervals. Only the first
  // dimensions, which have `term_scales`, make up a term, less the squares of the distances times
  // those; in others it is known only how far from the point it is. `base`: a number that is in all
  // constants.
  CodedPages(std::span<const double> scales, std::span<const Interval> intervals,
             std::span<const double> term_scales, double base);

  // Makes an empty page of that number, of which there are few more than are added.
  void AddPage(size_t page);

  // A kernel; `constant`: ln of what of it does not depend on the point.
  void Set(size_t slot, std::span<const double> centre, double constant);
  void Clear(size_t slot);
  void Copy(size_t from, size_t to);
  // Whether a centre cannot be told from that of the slot's kernel.
  bool IsAt(size_t slot, std::span<const double> centre) const;
  // After kernels have gone: what is left is what a point is near to.
  void Fit(size_t page);

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
    std::pmr::vector<float> halves_;     // by dimension after those in terms: scaled
    double error_ = 0;                   // of the root of a cost
  };

  // The pages near a point, about the nearest first.
  class NearPages {
   public:
    // `reach`: which costs may matter; > 0. The pages must outlive this.
    NearPages(const CodedPages& pages, const TreePoint& point, double reach,
              std::pmr::memory_resource* memory);

    struct Found {
      uint32_t page;
      uint64_t slots;  // bits: all whose cost is up to the reach, and few others
    };
    // The next page that has such slots, with a reach that is no more than before. Nothing if there
    // is none left.
    std::optional<Found> Next(double reach);

   private:
    static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
    // A group, whose pages are to be looked at one by one, or a page.
    struct Item {
      bool is_group;
      uint32_t number;
      uint32_t next = kNone;  // of the same bucket
    };
    static constexpr size_t kUnitsPerBucket = 4;

    template <class ItemOf>
    void PushNear(const ByteLine* ends, size_t count, uint8_t units, const ItemOf& item_of);
    // For a page that will be asked for soon.
    void Prefetch(size_t page) const;

    const CodedPages& pages_;
    CellFilter filter_;
    std::array<uint32_t, 256 / kUnitsPerBucket> buckets_;  // by cost: the item that came last
    size_t bucket_ = 0;                                    // all before it are empty
    std::vector<Item> items_;
  };

 private:
  static constexpr double kParts = 65536;  // of a cell

  // The same number of lines for each page, which stay where they are.
  class Lines {
   public:
    explicit Lines(size_t per_page) : per_page_(per_page) {}
    void AddPage() {
      if (count_++ % kAtOnce == 0)
        parts_.push_back(std::make_unique<ByteLine[]>(kAtOnce * per_page_));
    }
    uint8_t* At(size_t index) const {
      return parts_[index / kAtOnce][index % kAtOnce * per_page_].bytes;
    }
    size_t Count() const { return count_; }

   private:
    static constexpr size_t kAtOnce = 8;
    size_t per_page_;
    size_t count_ = 0;
    std::vector<std::unique_ptr<ByteLine[]>> parts_;
  };

  // Of a centre in a dimension.
  struct Code {
    uint8_t cell = 0;  // CellGrid::kBelow + the cell
    uint16_t part = 0;
    bool operator==(const Code&) const = default;
  };
  Code CodeOf(size_t dimension, double x) const;
  void IncludeInBox(size_t slot);
  uint8_t* CellsOf(size_t page) const { return cells_.At(index_of_[page]); }
  uint16_t* PartsOf(size_t page) const {
    return reinterpret_cast<uint16_t*>(parts_.At(index_of_[page]));
  }
  float* ConstantsOf(size_t page) const {
    return reinterpret_cast<float*>(constants_.At(index_of_[page]));
  }

  size_t in_terms_;  // dimensions
  std::unique_ptr<const CellGrid> grid_;
  std::vector<float> scaled_parts_;
  double base_;  // about the constant of a kernel that is all in the intervals
  // By number of a page: its index in what follows.
  std::vector<uint32_t> index_of_;
  Lines cells_;      // [index][dimension][slot]
  Lines parts_;      // [index][dimension][slot]
  Lines constants_;  // [index][slot]: less the base; -inf: no kernel
  PageBoxes boxes_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CODED_PAGES_H_
