// What dimensions with steps make of a page's kernels at a point, where a table of all rows would
// take too long: of a range of a million ints each kernel has a row of its own.

#ifndef HPOD_SAMPLERS_TPE_PAGE_COSTS_H_
#define HPOD_SAMPLERS_TPE_PAGE_COSTS_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/kernel_tree.h"
#include "samplers/tpe/mixture.h"

namespace hpod {

class Mixture::PageCosts {
 public:
  // For so many points.
  PageCosts(const Mixture& mixture, size_t points, std::pmr::memory_resource* memory)
      : mixture_(mixture),
        which_(memory),
        read_(memory),
        costs_(memory),
        tables_(memory),
        rows_(memory) {
    for (size_t j = 0; j < mixture.dimensions_.size(); ++j) {
      if (AreFor(mixture.dimensions_[j])) which_.push_back(j);
    }
    read_.resize(points * which_.size());
    costs_.resize(which_.size() * kPageSlots);
    tables_.resize(mixture.blocks_.tabulated);
    rows_.resize(kPageBlocks * mixture.blocks_.tabulated);
  }

  // Whether a dimension has so many rows that they are better than a table, at first.
  static bool AreFor(const Dimension& dimension) {
    constexpr size_t kMostRows = 256;
    return dimension.kind == Kind::kStepped && dimension.mu.size() > kMostRows;
  }
  static bool AreForAny(const Mixture& mixture) {
    return std::any_of(mixture.dimensions_.begin(), mixture.dimensions_.end(), AreFor);
  }
  // The dimensions.
  std::span<const size_t> Which() const { return which_; }
  // Whether a table would have taken less time, for a point and one of Which().
  bool IsTableWorthWhile(size_t point, size_t k) const {
    return read_[point * which_.size() + k] > mixture_.dimensions_[which_[k]].mu.size();
  }

  // A point's query with the rows of the blocks up to `last`, no more than a page's: with the costs
  // of those slots, counted from the first block, whose bits are set, in dimensions that it has no
  // tables of. Valid until the next call. `values`: the point, by dimension.
  KernelQuery Extend(const KernelQuery& query, size_t point, std::span<const double> values,
                     size_t last, uint64_t slots) {
    const size_t tabulated = mixture_.blocks_.tabulated;
    const size_t blocks = last - query.first;
    std::copy_n(query.rows, blocks * tabulated, rows_.begin());
    std::copy_n(query.costs, tabulated, tables_.begin());
    if (blocks < kPageBlocks) slots &= (uint64_t{1} << blocks * kLanes) - 1;
    for (size_t k = 0; k < which_.size(); ++k) {
      const size_t position = mixture_.dimensions_[which_[k]].position;
      if (query.costs[position] != nullptr) continue;
      double* costs = &costs_[k * kPageSlots];
      std::fill_n(costs, kPageSlots, std::numeric_limits<double>::infinity());
      SetCosts(point, k, values, query.first, slots, costs);
      tables_[position] = costs;
      for (size_t slot = 0; slot < blocks * kLanes; ++slot) {
        IndexLanes& rows = rows_[slot / kLanes * tabulated + position];
        rows.lane[slot % kLanes] = static_cast<int32_t>(slot);
      }
    }
    return {
        .point = query.point, .costs = tables_.data(), .rows = rows_.data(), .first = query.first};
  }

  // Subtracts the costs that are not in a coded page's terms from those of at least `least`.
  void Subtract(const KernelQuery& query, size_t point, std::span<const double> values, size_t page,
                double least, std::span<float, kPageSlots> terms) {
    for (size_t k = 0; k < which_.size(); ++k) {
      const Dimension& dimension = mixture_.dimensions_[which_[k]];
      if (dimension.is_fine || query.costs[dimension.position] != nullptr) continue;
      uint64_t slots = 0;
      for (size_t slot = 0; slot < kPageSlots; ++slot) {
        slots |= uint64_t{static_cast<double>(terms[slot]) >= least} << slot;
      }
      if (slots == 0) return;
      SetCosts(point, k, values, FirstBlock(page), slots, costs_.data());
      for (; slots != 0; slots &= slots - 1) {
        const auto slot = static_cast<size_t>(std::countr_zero(slots));
        terms[slot] -= static_cast<float>(costs_[slot]);
      }
    }
  }

 private:
  // In one of Which().
  void SetCosts(size_t point, size_t k, std::span<const double> values, size_t first,
                uint64_t slots, double* costs) {
    const Dimension& dimension = mixture_.dimensions_[which_[k]];
    std::array<size_t, kPageSlots> which;
    std::array<size_t, kPageSlots> rows;
    std::array<double, kPageSlots> of_rows;
    size_t count = 0;
    for (; slots != 0; slots &= slots - 1) {
      which[count] = static_cast<size_t>(std::countr_zero(slots));
      rows[count] = mixture_.RowOf(first * kLanes + which[count], dimension);
      ++count;
    }
    CellCosts(dimension, CellAround(values[which_[k]], dimension.numeric),
              std::span(rows).first(count), of_rows);
    for (size_t i = 0; i < count; ++i) costs[which[i]] = of_rows[i];
    read_[point * which_.size() + k] += count;
  }

  const Mixture& mixture_;
  std::pmr::vector<size_t> which_;          // the dimensions
  std::pmr::vector<size_t> read_;           // [point][which]: how many costs it has taken
  std::pmr::vector<double> costs_;          // [which][slot]
  std::pmr::vector<const double*> tables_;  // as KernelQuery's
  std::pmr::vector<IndexLanes> rows_;       // as KernelQuery's
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PAGE_COSTS_H_
