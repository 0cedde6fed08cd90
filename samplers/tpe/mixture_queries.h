// What one call about some points of a mixture works with. For density.cc and greatest_ratio.cc.

#ifndef HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_
#define HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/mixture.h"
#include "samplers/tpe/page_codes.h"

namespace hpod {

// Blocks of pages.
inline constexpr size_t kPageBlocks = kPageSlots / kLanes;
inline size_t FirstBlock(size_t page) { return page * kPageBlocks; }

// Which blocks of pages in the tree a point has to look at.
class NearBlocks {
 public:
  NearBlocks(const Partition& near, const double* point, std::pmr::memory_resource* memory)
      : near_(near), point_(point), memory_(memory) {}

  // Calls visit(first, last) for runs of blocks of the page with kernels whose costs may be up to
  // `reach`, which does not grow, until it returns false. Whether it never did.
  template <class Visit>
  bool VisitPage(uint32_t page, double reach, const Visit& visit) {
    const size_t first = FirstBlock(page);
    if (!UsesCodes(reach)) return visit(first, first + near_.BlockCount(page));
    uint64_t slots = codes_->Near(page, reach) & near_.used[page];
    while (slots != 0) {
      // The run of blocks from the first that has a bit.
      const auto block = static_cast<size_t>(std::countr_zero(slots)) / kLanes;
      size_t last = block + 1;
      while (last < kPageBlocks && (slots >> (last * kLanes) & 0xff) != 0) ++last;
      if (!visit(first + block, first + last)) return false;
      if (last == kPageBlocks) return true;
      slots &= ~uint64_t{0} << (last * kLanes);
    }
    return true;
  }

 private:
  // Making tables takes as long as looking at some pages.
  static constexpr size_t kPagesBefore = 8;

  bool UsesCodes(double reach) {
    if (codes_.has_value()) return true;
    if (!near_.codes.has_value() || ++pages_ <= kPagesBefore || !(reach > 0.0)) return false;
    codes_.emplace(*near_.codes, point_, reach, memory_);
    return true;
  }

  const Partition& near_;
  const double* point_;
  std::pmr::memory_resource* memory_;
  size_t pages_ = 0;
  std::optional<PageCodes::Query> codes_;
};

// The kernels' constants as one call needs them: those that the mixture keeps, or else made for
// blocks whose terms matter even with the greatest constants that there can be.
class Mixture::Constants {
 public:
  Constants(const Mixture& mixture, std::pmr::memory_resource* memory)
      : mixture_(mixture), made_(memory), is_made_(memory) {
    if (mixture_.has_constants_) return;
    const size_t count = mixture_.blocks_.size();
    made_.resize(count);
    const bool are_bounded = !mixture_.has_special_interval_ && !mixture_.has_outsider_;
    is_made_.assign(count, !are_bounded);
    for (size_t block = 0; block < count; ++block) {
      are_bounded ? SetGreatest(block) : Make(block);
    }
  }

  // Of the blocks that Prepare has been called for.
  const KernelConstants* Data() const {
    return mixture_.has_constants_ ? mixture_.constants_.data() : made_.data();
  }
  // Makes those of the blocks [first, last) that may have terms of at least `floor`.
  void Prepare(size_t first, size_t last, const KernelQuery& query, double floor) {
    if (mixture_.has_constants_) return;
    for (size_t block = first; block < last; ++block) {
      if (is_made_[block] || !HasTerm(mixture_.blocks_, made_.data(), block, query, floor))
        continue;
      Make(block);
      is_made_[block] = true;
    }
  }

 private:
  void Make(size_t block) {
    const auto index = static_cast<uint32_t>(block);
    mixture_.MakeConstants({&index, 1}, nullptr, made_.data());
  }
  void SetGreatest(size_t block) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const bool is_empty = mixture_.blocks_.numbers[block].lane[lane] == KernelBlocks::kNoTrial;
      made_[block].lane[lane] =
          is_empty ? -std::numeric_limits<double>::infinity() : mixture_.greatest_constant_;
    }
  }

  const Mixture& mixture_;
  std::pmr::vector<KernelConstants> made_;  // by block
  std::pmr::vector<bool> is_made_;          // by block
};

// The points of one call as kernels need them; tables are made for those that are asked for.
class Mixture::Queries {
 public:
  Queries(const Mixture& mixture, std::span<const double> points, std::pmr::memory_resource* memory)
      : mixture_(mixture),
        points_(points),
        count_(points.size() / mixture.dimensions_.size()),
        reach_(mixture.ReachInWidths()),
        coordinates_(mixture.are_points_coordinates_ ? 0 : count_ * mixture.blocks_.continuous,
                     memory),
        tables_(count_ * mixture.blocks_.tabulated, memory),
        queries_(count_, memory),
        is_outside_(count_, false, memory),
        costs_(mixture.blocks_.tabulated, memory),
        constants_(mixture, memory) {
    const size_t continuous = mixture_.blocks_.continuous;
    if (!mixture_.are_points_coordinates_) SetCoordinates();
    const double* x = mixture_.are_points_coordinates_ ? points_.data() : coordinates_.data();
    for (size_t i = 0; i < count_; ++i, x += continuous) {
      queries_[i].point = x;
      is_outside_[i] = !IsInside(x);
    }
  }

  size_t size() const { return count_; }
  std::pmr::memory_resource* Memory() const { return coordinates_.get_allocator().resource(); }
  // A coordinate is outside its interval.
  bool IsOutside(size_t i) const { return is_outside_[i]; }
  bool IsAnyOutside() const {
    return std::find(is_outside_.begin(), is_outside_.end(), true) != is_outside_.end();
  }
  const double* Coordinates(size_t i) const { return queries_[i].point; }
  double Value(size_t i, size_t j) const { return points_[i * mixture_.dimensions_.size() + j]; }

  std::span<const KernelQuery> Some(size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) Tabulate(i);
    return std::span(queries_).subspan(first, count);
  }
  const KernelQuery& One(size_t i) { return Some(i, 1)[0]; }
  // Of the blocks [first, last) as far as terms of at least `floor` need them.
  const KernelConstants* ConstantsFor(size_t first, size_t last, const KernelQuery& query,
                                      double floor) {
    constants_.Prepare(first, last, query, floor);
    return constants_.Data();
  }

 private:
  void SetCoordinates() {
    const double* value = points_.data();
    double* x = coordinates_.data();
    for (size_t i = 0; i < count_; ++i) {
      for (const Dimension& dimension : mixture_.dimensions_) {
        if (dimension.kind == Kind::kContinuous) *x++ = ToModel(*value, dimension.numeric.log);
        ++value;
      }
    }
  }

  bool IsInside(const double* x) const {
    int inside = 1;
    // Without branches.
    for (const auto& [low, high] : mixture_.intervals_) {
      inside &= static_cast<int>(low <= *x) & static_cast<int>(*x <= high);
      ++x;
    }
    return inside != 0;
  }

  void Tabulate(size_t i) {
    if (tables_.empty() || queries_[i].costs != nullptr) return;
    const double** tables = tables_.data() + i * mixture_.blocks_.tabulated;
    queries_[i].costs = tables;
    for (size_t j = 0; j < mixture_.dimensions_.size(); ++j) {
      const Dimension& dimension = mixture_.dimensions_[j];
      if (dimension.kind == Kind::kContinuous) continue;
      const double value = Value(i, j);
      const auto [entry, is_new] = costs_[dimension.position].try_emplace(value);
      if (is_new && dimension.kind == Kind::kStepped) {
        mixture_.SetCellCosts(dimension, value, reach_, entry->second);
      } else if (is_new) {
        mixture_.SetChoiceCosts(dimension, value, entry->second);
      }
      tables[dimension.position] = entry->second.data();
    }
  }

  const Mixture& mixture_;
  const std::span<const double> points_;
  const size_t count_;
  const double reach_;
  std::pmr::vector<double> coordinates_;    // [point][continuous]
  std::pmr::vector<const double*> tables_;  // [point][tabulated]
  std::pmr::vector<KernelQuery> queries_;
  std::pmr::vector<bool> is_outside_;
  // By tabulated dimension, -ln f by row for each value that has been asked for.
  std::pmr::vector<std::pmr::unordered_map<double, std::pmr::vector<double>>> costs_;
  Constants constants_;
};

template <class Floor, class Take, class Visit>
bool Mixture::VisitNear(const KernelQuery& query, const Partition* near,
                        std::pmr::memory_resource* memory, const Floor& floor, const Take& take,
                        const Visit& visit) const {
  if (near == nullptr) {
    for (size_t block = 0; block < blocks_.size(); block += kPageBlocks) {
      if (!visit(block, std::min(block + kPageBlocks, blocks_.size()))) return false;
    }
    return true;
  }
  const auto reach = [&] { return near->greatest_constant - floor(); };
  NearBlocks blocks(*near, query.point, memory);
  bool goes_on = true;
  near->tree.Walk(query.point, least_width_scales_, reach, take,
                  [&](uint32_t page) { return goes_on = blocks.VisitPage(page, reach(), visit); });
  return goes_on &&
         std::all_of(near->everywhere.begin(), near->everywhere.end(), [&](uint32_t page) {
           return visit(FirstBlock(page), FirstBlock(page) + near->BlockCount(page));
         });
}

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_
