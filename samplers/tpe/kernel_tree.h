// Which kernels are near which: a k-d tree over the centres of kernels of one common width, so that
// a density need not look at those too far away to matter.
//
// J. L. Bentley, "Multidimensional binary search trees used for associative searching", 1975;
// distances to cells are kept up to date along the way as in S. Arya and D. M. Mount, "Algorithms
// for fast vector quantization", 1993.

#ifndef HPOD_SAMPLERS_TPE_KERNEL_TREE_H_
#define HPOD_SAMPLERS_TPE_KERNEL_TREE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hpod {

// The tree knows pages, each of which holds up to a fixed number of kernels; what is in them is its
// owner's business. A leaf has one page, or more if their kernels have all the same centre.
class KernelTree {
 public:
  // A tree of one leaf without pages.
  KernelTree() : nodes_(1) {}

  using Leaf = uint32_t;
  Leaf LeafFor(std::span<const double> centre) const;
  const std::vector<uint32_t>& Pages(Leaf leaf) const { return nodes_[leaf].pages; }
  void AddPage(Leaf leaf, uint32_t page) { nodes_[leaf].pages.push_back(page); }

  // Divides a leaf of one page: what has a centre below `at` stays in its page, the rest belongs
  // into the new one.
  void Split(Leaf leaf, size_t dimension, double at, uint32_t new_page);

  // At most so many points are walked with at once.
  static constexpr size_t kPointsAtOnce = 8;
  using Points = std::span<const double* const>;

  // Calls visit(page, which) for pages that hold kernels near some of the points, `which` of them
  // (indices, ascending): those for whose cell the sum of ((x - cell) * scale)^2 is at most
  // reach(index), which may shrink meanwhile. Near cells come before those far away.
  template <class Reach, class Visit>
  void Walk(Points points, std::span<const double> scales, const Reach& reach,
            const Visit& visit) const {
    Walker<Reach, Visit> walker{points, scales,
                                reach,  visit,
                                nodes_, std::vector<double>(points.size() * scales.size(), 0.0)};
    Cell root;
    for (size_t i = 0; i < points.size(); ++i) root.Add(i, 0.0);
    walker.From(0, root);
  }

 private:
  struct Node {
    uint32_t dimension = 0;
    double at = 0;
    uint32_t below = 0;  // 0: a leaf
    uint32_t above = 0;
    std::vector<uint32_t> pages;
  };
  // The points that are near a cell, and the squares of their distances from it.
  struct Cell {
    size_t count = 0;
    std::array<uint32_t, kPointsAtOnce> points;
    std::array<double, kPointsAtOnce> distances;
    void Add(size_t point, double distance) {
      points[count] = static_cast<uint32_t>(point);
      distances[count++] = distance;
    }
  };

  template <class Reach, class Visit>
  struct Walker {
    Points points;
    std::span<const double> scales;
    const Reach& reach;
    const Visit& visit;
    const std::vector<Node>& nodes;
    std::vector<double> offsets;  // [point][dimension]: to the cell, in scales

    void From(uint32_t index, const Cell& cell) {
      const Node& node = nodes[index];
      if (node.below == 0) {
        for (const uint32_t page : node.pages) {
          visit(page, std::span(cell.points.data(), cell.count));
        }
        return;
      }
      size_t below = 0;
      for (size_t i = 0; i < cell.count; ++i) {
        below += points[cell.points[i]][node.dimension] < node.at ? 1 : 0;
      }
      const bool is_below_first = 2 * below >= cell.count;
      Enter(node, cell, is_below_first);
      Enter(node, cell, !is_below_first);
    }

    void Enter(const Node& node, const Cell& cell, bool is_below) {
      const size_t j = node.dimension;
      Cell part;
      std::array<double, kPointsAtOnce> before{};
      for (size_t i = 0; i < cell.count; ++i) {
        const uint32_t point = cell.points[i];
        double& offset = offsets[point * scales.size() + j];
        const double to_plane = (points[point][j] - node.at) * scales[j];
        double distance = cell.distances[i];
        const bool is_inside = (to_plane < 0) == is_below;
        if (!is_inside) distance += to_plane * to_plane - offset * offset;
        // A sum that has been added to and taken from may be off by its rounding.
        constexpr double kRounding = 1e-9;
        if (distance * (1.0 - kRounding) - kRounding > reach(point)) continue;
        before[part.count] = offset;
        if (!is_inside) offset = to_plane;
        part.Add(point, distance);
      }
      if (part.count == 0) return;
      From(is_below ? node.below : node.above, part);
      for (size_t i = 0; i < part.count; ++i) {
        offsets[part.points[i] * scales.size() + j] = before[i];
      }
    }
  };

  std::vector<Node> nodes_;  // the root first
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KERNEL_TREE_H_
