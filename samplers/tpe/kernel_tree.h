// Which kernels are near which: a k-d tree over the centres of kernels of one common width, so that
// a density need not look at those too far away to matter.
//
// J. L. Bentley, "Multidimensional binary search trees used for associative searching", 1975;
// distances to cells are kept up to date along the way as in S. Arya and D. M. Mount, "Algorithms
// for fast vector quantization", 1993.

#ifndef HPOD_SAMPLERS_TPE_KERNEL_TREE_H_
#define HPOD_SAMPLERS_TPE_KERNEL_TREE_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hpod {

// Kernels that a page has room for.
inline constexpr size_t kPageSlots = 64;

// What kernels are near to: a point, or an interval around it.
struct TreePoint {
  const double* middle = nullptr;  // by dimension
  const double* halves = nullptr;  // by dimension, of the lengths; null: none has any
  double HalfOf(size_t dimension) const { return halves == nullptr ? 0.0 : halves[dimension]; }
};

// The tree knows pages; what is in them is its owner's business. A leaf has one page, or more if
// their kernels have all the same centre.
class KernelTree {
 public:
  // A tree of one leaf without pages.
  KernelTree() : nodes_(1) {}

  // The root is cell 0; each other cell is a part of one with a lesser index.
  using Cell = uint32_t;
  using Leaf = Cell;
  Leaf LeafFor(std::span<const double> centre) const {
    return Descend(centre, [](Cell) {});
  }
  // Calls visit(cell) for the cells that the centre is in, from the root to its leaf, which is
  // returned.
  template <class Visit>
  Leaf Descend(std::span<const double> centre, const Visit& visit) const {
    Cell cell = 0;
    visit(cell);
    while (nodes_[cell].below != 0) {
      const Node& node = nodes_[cell];
      cell = centre[node.dimension] < node.at ? node.below : node.above;
      visit(cell);
    }
    return cell;
  }
  bool IsLeaf(Cell cell) const { return nodes_[cell].below == 0; }
  // Of a cell that has been split: its parts below and above.
  std::pair<Cell, Cell> Parts(Cell split) const {
    return {nodes_[split].below, nodes_[split].above};
  }
  // Of a leaf that has one.
  uint32_t FirstPage(Leaf leaf) const { return nodes_[leaf].page; }
  bool HasOnePage(Leaf leaf) const { return next_[nodes_[leaf].page] == kNoPage; }
  // Calls visit(page) for the pages of a leaf until it returns false. Whether it never did.
  template <class Visit>
  bool VisitPages(Leaf leaf, const Visit& visit) const {
    for (uint32_t page = nodes_[leaf].page; page != kNoPage; page = next_[page]) {
      if (!visit(page)) return false;
    }
    return true;
  }
  void AddPage(Leaf leaf, uint32_t page);

  // Divides a leaf of one page: what has a centre below `at` stays in its page, the rest belongs
  // into the new one.
  void Split(Leaf leaf, size_t dimension, double at, uint32_t new_page);

  // Calls visit(page) for the pages that may hold kernels near the point, until it returns false:
  // those in whose cell the sum of (distance to the centre * scale)^2 can be at most reach(), which
  // may shrink meanwhile. Near cells come before those far away.
  template <class Reach, class Visit>
  void Walk(const TreePoint& point, std::span<const double> scales, const Reach& reach,
            const Visit& visit) const {
    Walker<Reach, Visit>{point, scales, reach,
                         visit, *this,  std::vector<double>(scales.size(), 0.0)}
        .From(0, 0.0);
  }

 private:
  static constexpr uint32_t kNoPage = ~uint32_t{0};
  struct Node {
    double at = 0;
    uint32_t dimension = 0;
    uint32_t below = 0;  // 0: a leaf
    uint32_t above = 0;
    uint32_t page = kNoPage;  // the first of a leaf
  };

  template <class Reach, class Visit>
  struct Walker {
    const TreePoint& point;
    std::span<const double> scales;
    const Reach& reach;
    const Visit& visit;
    const KernelTree& tree;
    std::vector<double> offsets;  // by dimension: from the point to the cell, in scales

    // `distance`: the sum of the squares of the offsets. Whether to go on.
    bool From(uint32_t index, double distance) {
      const Node& node = tree.nodes_[index];
      if (node.below == 0) return tree.VisitPages(index, visit);
      const double from_plane = point.middle[node.dimension] - node.at;
      const bool is_below = from_plane < 0;
      if (!From(is_below ? node.below : node.above, distance)) return false;
      const double gap = std::abs(from_plane) - point.HalfOf(node.dimension);
      const double to_plane = std::max(gap, 0.0) * scales[node.dimension];
      const double offset = offsets[node.dimension];
      const double farther = distance + to_plane * to_plane - offset * offset;
      // A sum that has been added to and taken from may be off by its rounding.
      constexpr double kRounding = 1e-9;
      if (farther * (1.0 - kRounding) - kRounding > reach()) return true;
      offsets[node.dimension] = to_plane;
      const bool goes_on = From(is_below ? node.above : node.below, farther);
      offsets[node.dimension] = offset;
      return goes_on;
    }
  };

  std::vector<Node> nodes_;     // the root first
  std::vector<uint32_t> next_;  // by page: the next of its leaf, or kNoPage
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KERNEL_TREE_H_
