// What one call about some points of a mixture works with. For density.cc and greatest_ratio.cc.

#ifndef HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_
#define HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "samplers/tpe/coded_pages.h"
#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/mixture.h"
#include "samplers/tpe/page_costs.h"

namespace hpod {

// Of a page: its blocks up to the last that has a kernel.
struct BlockRange {
  BlockRange(const Partition& partition, uint32_t page)
      : first(FirstBlock(page)), last(first + partition.BlockCount(page)) {}
  size_t first;
  size_t last;  // not one of them
};

// The kernels of some slots of a coded page, as those of other pages are: with their centres, from
// the values of their trials.
class Mixture::DecodedPage {
 public:
  DecodedPage(const Mixture& mixture, TrialValues values) : mixture_(mixture), values_(values) {
    const size_t d = mixture.blocks_.continuous;
    blocks_.continuous = d;
    blocks_.tabulated = mixture.blocks_.tabulated;
    blocks_.greatest_scales = mixture.tree_scales_;
    blocks_.centres.resize(kPageBlocks * d);
    blocks_.scales.resize(kPageBlocks * d);
    for (size_t i = 0; i < kPageBlocks * d; ++i) {
      std::fill_n(blocks_.scales[i].lane, kLanes, mixture.tree_scales_[i % d]);
    }
    for (uint32_t block = 0; block < kPageBlocks; ++block) blocks_.places.push_back(block);
    constants_.resize(kPageBlocks);
  }

  // At least the blocks of these slots.
  void Read(uint32_t page, uint64_t slots) {
    const KernelBlocks& from = mixture_.blocks_;
    const size_t first = FirstBlock(page);
    std::vector<uint32_t> which;
    for (uint32_t block = 0; block < kPageBlocks; ++block) {
      if ((slots >> (block * kLanes) & 0xff) == 0) {
        std::fill_n(constants_[block].lane, kLanes, -std::numeric_limits<double>::infinity());
        continue;
      }
      which.push_back(block);
      for (size_t lane = 0; lane < kLanes; ++lane) {
        ReadCentre(from.numbers[first + block].lane[lane], block, lane);
      }
    }
    SetConstants(blocks_, which, mixture_.intervals_, nullptr, constants_.data());
    for (const uint32_t block : which) {
      for (size_t lane = 0; lane < kLanes; ++lane) {
        if (from.numbers[first + block].lane[lane] != KernelBlocks::kNoTrial) continue;
        constants_[block].lane[lane] = -std::numeric_limits<double>::infinity();
      }
    }
  }
  // Of the page that was read last: its blocks from 0 on, without rows, which a query has.
  const KernelBlocks& Blocks() const { return blocks_; }
  const KernelConstants* Constants() const { return constants_.data(); }

 private:
  void ReadCentre(int32_t number, size_t block, size_t lane) {
    size_t i = 0;
    for (size_t j = 0; j < mixture_.dimensions_.size(); ++j) {
      const Dimension& d = mixture_.dimensions_[j];
      if (d.kind != Kind::kContinuous) continue;
      const double centre = number == KernelBlocks::kNoTrial
                                ? d.interval.low
                                : ToModel(values_[j][static_cast<size_t>(number)], d.numeric.log);
      blocks_.centres[block * blocks_.continuous + i++].lane[lane] = centre;
    }
  }

  const Mixture& mixture_;
  const TrialValues values_;
  KernelBlocks blocks_;
  std::vector<KernelConstants> constants_;
};

// The kernels' constants as one call needs them: those that the mixture keeps, or else made for
// blocks whose terms matter even with the greatest constants that there can be.
class Mixture::Constants {
 public:
  Constants(const Mixture& mixture, std::pmr::memory_resource* memory)
      : mixture_(mixture), made_(memory), is_made_(memory) {
    if (mixture_.has_constants_) return;
    made_.resize(mixture_.places_);
    const bool are_bounded = !mixture_.has_special_interval_ && !mixture_.has_outsider_;
    is_made_.assign(mixture_.places_, !are_bounded);
    for (size_t block = 0; block < mixture_.blocks_.size(); ++block) {
      if (mixture_.blocks_.IsCoded(block)) continue;
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
      const size_t place = mixture_.blocks_.places[block];
      if (is_made_[place] || !HasTerm(mixture_.blocks_, made_.data(), block, query, floor))
        continue;
      Make(block);
      is_made_[place] = true;
    }
  }

 private:
  void Make(size_t block) {
    const auto index = static_cast<uint32_t>(block);
    mixture_.MakeConstants({&index, 1}, nullptr, made_.data());
  }
  void SetGreatest(size_t block) {
    KernelConstants& constants = made_[mixture_.blocks_.places[block]];
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const bool is_empty = mixture_.blocks_.numbers[block].lane[lane] == KernelBlocks::kNoTrial;
      constants.lane[lane] =
          is_empty ? -std::numeric_limits<double>::infinity() : mixture_.greatest_constant_;
    }
  }

  const Mixture& mixture_;
  std::pmr::vector<KernelConstants> made_;  // by place
  std::pmr::vector<bool> is_made_;          // by place
};

// The points of one call as kernels need them; tables are made for those that are asked for.
class Mixture::Queries {
 public:
  // `by_page`: ForBlocks will be asked for, a page at a time, where tables would take too long.
  Queries(const Mixture& mixture, std::span<const double> points, std::pmr::memory_resource* memory,
          bool by_page)
      : mixture_(mixture),
        points_(points),
        count_(points.size() / mixture.dimensions_.size()),
        reach_(mixture.ReachInWidths()),
        coordinates_(mixture.are_points_coordinates_ ? 0 : count_ * mixture.blocks_.continuous,
                     memory),
        tables_(count_ * mixture.blocks_.tabulated, memory),
        rough_tables_(tables_.size(), memory),
        queries_(count_, memory),
        is_outside_(count_, false, memory),
        tree_middles_(HasTreePoints() ? count_ * mixture.tree_scales_.size() : 0, memory),
        tree_halves_(tree_middles_.size(), memory),
        costs_(mixture.blocks_.tabulated, memory),
        constants_(mixture, memory) {
    if (by_page && PageCosts::AreForAny(mixture)) page_costs_.emplace(mixture, count_, memory);
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
  // For the blocks [first, last), no more than a page's, whose rows it has, and of them for those
  // slots whose bits are set. Valid until the next call.
  KernelQuery ForBlocks(size_t i, size_t first, size_t last, uint64_t slots = ~uint64_t{0}) {
    KernelQuery query = One(i);
    query.rows = query.RowsOf(mixture_.blocks_, first);
    query.first = first;
    if (!page_costs_.has_value()) return query;
    MakeWorthwhileTables(i);
    return page_costs_->Extend(query, i, Values(i), last, slots);
  }
  // The tables of a point, in single precision, in dimensions that are not in coded terms.
  const float* const* RoughCosts(size_t i) {
    Tabulate(i);
    return rough_tables_.data() + i * mixture_.blocks_.tabulated;
  }
  // Subtracts from a coded page's terms of at least `least` what is in none of the tables.
  void SubtractCosts(size_t i, size_t page, double least, std::span<float, kPageSlots> terms) {
    if (!page_costs_.has_value()) return;
    MakeWorthwhileTables(i);
    page_costs_->Subtract(One(i), i, Values(i), page, least, terms);
  }
  // The point as the tree has it.
  TreePoint InTree(size_t i) {
    if (!HasTreePoints()) return {Coordinates(i), nullptr};
    const size_t row = i * mixture_.tree_scales_.size();
    SetTreePoint(i, tree_middles_.data() + row, tree_halves_.data() + row);
    return {tree_middles_.data() + row, tree_halves_.data() + row};
  }
  // Of the blocks [first, last) as far as terms of at least `floor` need them.
  const KernelConstants* ConstantsFor(size_t first, size_t last, const KernelQuery& query,
                                      double floor) {
    constants_.Prepare(first, last, query, floor);
    return constants_.Data();
  }

 private:
  std::span<const double> Values(size_t i) const {
    const size_t d = mixture_.dimensions_.size();
    return points_.subspan(i * d, d);
  }
  bool HasTreePoints() const { return mixture_.tree_scales_.size() != mixture_.blocks_.continuous; }

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

  // A grid value is a cell around it.
  void SetTreePoint(size_t i, double* middle, double* half) {
    const size_t continuous = mixture_.blocks_.continuous;
    std::copy_n(Coordinates(i), continuous, middle);
    std::fill_n(half, continuous, 0.0);
    for (size_t j = 0; j < mixture_.dimensions_.size(); ++j) {
      const Dimension& d = mixture_.dimensions_[j];
      if (d.kind != Kind::kStepped) continue;
      const Interval cell = CellAround(Value(i, j), d.numeric);
      middle[d.coordinate] = 0.5 * (cell.low + cell.high);
      half[d.coordinate] = 0.5 * (cell.high - cell.low);
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
    queries_[i].costs = tables_.data() + i * mixture_.blocks_.tabulated;
    for (size_t j = 0; j < mixture_.dimensions_.size(); ++j) {
      const Dimension& dimension = mixture_.dimensions_[j];
      if (dimension.kind == Kind::kContinuous) continue;
      if (page_costs_.has_value() && PageCosts::AreFor(dimension)) continue;
      MakeTable(i, j);
    }
  }

  void MakeTable(size_t i, size_t j) {
    const Dimension& dimension = mixture_.dimensions_[j];
    const double value = Value(i, j);
    const auto [entry, is_new] = costs_[dimension.position].try_emplace(value);
    auto& [exact, rough] = entry->second;
    if (is_new && dimension.kind == Kind::kStepped) {
      mixture_.SetCellCosts(dimension, value, reach_, exact);
    } else if (is_new) {
      mixture_.SetChoiceCosts(dimension, value, exact);
    }
    if (is_new && !dimension.is_fine) rough.assign(exact.begin(), exact.end());
    const size_t index = i * mixture_.blocks_.tabulated + dimension.position;
    tables_[index] = exact.data();
    if (!dimension.is_fine) rough_tables_[index] = rough.data();
  }

  // Of what has been read from pages so often that a table will take less time.
  void MakeWorthwhileTables(size_t i) {
    const std::span<const size_t> which = page_costs_->Which();
    for (size_t k = 0; k < which.size(); ++k) {
      const size_t position = mixture_.dimensions_[which[k]].position;
      if (tables_[i * mixture_.blocks_.tabulated + position] == nullptr &&
          page_costs_->IsTableWorthWhile(i, k)) {
        MakeTable(i, which[k]);
      }
    }
  }

  const Mixture& mixture_;
  const std::span<const double> points_;
  const size_t count_;
  const double reach_;
  std::pmr::vector<double> coordinates_;    // [point][continuous]
  std::pmr::vector<const double*> tables_;  // [point][tabulated]
  std::pmr::vector<const float*> rough_tables_;
  std::pmr::vector<KernelQuery> queries_;
  std::pmr::vector<bool> is_outside_;
  // [point][coordinate in the tree], if it has others than the continuous ones
  std::pmr::vector<double> tree_middles_;
  std::pmr::vector<double> tree_halves_;
  // -ln f by row.
  struct Costs {
    using allocator_type = std::pmr::polymorphic_allocator<>;
    explicit Costs(const allocator_type& memory) : exact(memory), rough(memory) {}
    std::pmr::vector<double> exact;
    std::pmr::vector<float> rough;
  };
  std::optional<PageCosts> page_costs_;
  // By tabulated dimension, for each value that has been asked for.
  std::pmr::vector<std::pmr::unordered_map<double, Costs>> costs_;
  Constants constants_;
};

// What is known of a point's terms of coded kernels, page by page, the nearest first.
class Mixture::CodedReader {
 public:
  // The point must stay where it is.
  CodedReader(const Mixture& mixture, const Partition& near, const TreePoint& point,
              std::pmr::memory_resource* memory)
      : near_(&near),
        point_(point),
        memory_(memory),
        first_(
            near.tree.FirstPage(near.tree.LeafFor({point.middle, mixture.tree_scales_.size()}))) {}

  // The next page, and bits for those of its slots that may have terms of at least `floor`, which
  // is no less than before. Nothing if there is none left.
  std::optional<CodedPages::NearPages::Found> Next(double floor) {
    const double reach = near_->greatest_term - floor;
    if (!has_begun_) {
      has_begun_ = true;
      // To know how far to look for others.
      return CodedPages::NearPages::Found{first_, near_->used[first_]};
    }
    if (!(reach > 0.0)) return std::nullopt;
    if (!pages_.has_value()) pages_.emplace(*near_->codes, point_, reach, memory_);
    for (;;) {
      std::optional<CodedPages::NearPages::Found> found = pages_->Next(reach);
      if (!found.has_value()) return found;
      found->slots &= near_->used[found->page];
      if (found->slots != 0 && found->page != first_) return found;
    }
  }

 private:
  const Partition* near_;
  TreePoint point_;
  std::pmr::memory_resource* memory_;
  uint32_t first_;
  bool has_begun_ = false;
  std::optional<CodedPages::NearPages> pages_;
};

template <class Floor, class Visit>
bool Mixture::VisitNear(const TreePoint& point, const Partition* near, const Floor& floor,
                        const Visit& visit) const {
  if (near == nullptr) {
    for (size_t block = 0; block < blocks_.size(); block += kPageBlocks) {
      if (!visit(block, std::min(block + kPageBlocks, blocks_.size()))) return false;
    }
    return true;
  }
  const auto reach = [&] { return near->greatest_term - floor(); };
  bool goes_on = true;
  const auto visit_whole = [&](uint32_t page) {
    const BlockRange blocks(*near, page);
    return visit(blocks.first, blocks.last);
  };
  near->tree.Walk(point, tree_scales_, reach,
                  [&](uint32_t page) { return goes_on = visit_whole(page); });
  return goes_on && std::all_of(near->everywhere.begin(), near->everywhere.end(), visit_whole);
}

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_MIXTURE_QUERIES_H_
