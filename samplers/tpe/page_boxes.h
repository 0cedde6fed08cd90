// Boxes of cells around the kernels of pages, in groups of up to 64 pages that are near each other,
// which have boxes of their own.
//
// A. Guttman, "R-trees: a dynamic index structure for spatial searching", 1984.

#ifndef HPOD_SAMPLERS_TPE_PAGE_BOXES_H_
#define HPOD_SAMPLERS_TPE_PAGE_BOXES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "samplers/tpe/cell_filter.h"

namespace hpod {

class PageBoxes {
 public:
  // The grid must outlive the boxes.
  explicit PageBoxes(const CellGrid& grid)
      : grid_(&grid), of_pages_(grid.Dimensions()), of_groups_(grid.Dimensions()) {}

  bool Has(size_t page) const { return page < place_of_.size() && place_of_[page] != kNoPlace; }
  // A page without kernels, near the one that was appended last.
  void Append(size_t page);
  // A page without kernels, near another one.
  void AddBeside(size_t page, size_t other);
  // A kernel of the page: its cells, one for each dimension, which are so far apart in memory.
  void Include(size_t page, const uint8_t* cells, size_t apart);
  // Makes the page's box as small as the kernels that are included from now on.
  void Empty(size_t page) { of_pages_.Empty(place_of_[page]); }

  size_t GroupCount() const { return pages_.size(); }
  std::span<const uint32_t> PagesOf(size_t group) const {
    return std::span(pages_[group].numbers).first(pages_[group].count);
  }
  // For CellFilter::NearBoxes, which tells of PagesOf in their order.
  const ByteLine* EndsOfPages(size_t group) const { return of_pages_.Block(group); }
  // Of up to 64 groups from kPageSlots * block on.
  const ByteLine* EndsOfGroups(size_t block) const { return of_groups_.Block(block); }

 private:
  static constexpr uint32_t kNoPlace = std::numeric_limits<uint32_t>::max();

  // Boxes in blocks of 64.
  class Boxes {
   public:
    explicit Boxes(size_t dimensions) : dimensions_(dimensions) {}
    const ByteLine* Block(size_t block) const { return &ends_[block * 2 * dimensions_]; }
    // Makes room for boxes up to that one, empty ones.
    void Reserve(size_t index);
    void Empty(size_t index);
    // Of a dimension: a box's least and greatest cell.
    void Include(size_t index, size_t dimension, uint8_t low, uint8_t high);
    // At `ends`: those of each dimension.
    void Include(size_t index, std::span<const uint8_t> ends);
    // [dimension][2]
    std::vector<uint8_t> EndsOf(size_t index) const;

   private:
    uint8_t& At(size_t index, size_t end) {
      return ends_[index / kPageSlots * 2 * dimensions_ + end].bytes[index % kPageSlots];
    }
    size_t dimensions_;
    std::vector<ByteLine> ends_;  // [block][dimension][2]
  };
  struct Group {
    size_t count = 0;
    std::array<uint32_t, kPageSlots> numbers{};
  };

  size_t AddGroup();
  void Put(size_t page, size_t group);
  // Moves half of a full group's pages to a new one.
  void Part(size_t group);

  const CellGrid* grid_;
  std::vector<Group> pages_;
  std::vector<uint32_t> place_of_;  // by page: kPageSlots * group + its place there
  Boxes of_pages_;                  // by place
  Boxes of_groups_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PAGE_BOXES_H_
