#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/coded_pages.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include <limits>

#include "samplers/tpe/coded_pages.h"

#ifndef HPOD_SAMPLERS_TPE_TERM_SHAPE_
#define HPOD_SAMPLERS_TPE_TERM_SHAPE_
namespace hpod {

// What terms are made of and with.
struct TermShape {
  size_t in_terms;
  size_t dimensions;
  const float* positions;
  const float* scales;
  const float* halves;
  float limit;
};

}  // namespace hpod
#endif

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 2 * kLanes>;
using F = hn::VFromD<Floats>;
inline constexpr Floats kFloats;

// Of some slots, a vector's worth. `cells`, `parts`: of the first dimension.
struct CodedKernels {
  const uint8_t* cells;
  const uint16_t* parts;

  // (position - centre) * scale, in a dimension.
  HWY_INLINE F Offset(size_t dimension, float position, float scale) const {
    const hn::Rebind<uint8_t, Floats> bytes;
    const hn::Rebind<uint16_t, Floats> words;
    const hn::RebindToUnsigned<Floats> unsigned_ints;
    const hn::RebindToSigned<Floats> ints;
    const size_t at = dimension * kPageSlots;
    const auto cell = hn::PromoteTo(unsigned_ints, hn::LoadU(bytes, cells + at));
    const auto part = hn::PromoteTo(unsigned_ints, hn::LoadU(words, parts + at));
    const auto code = hn::BitCast(ints, hn::Or(hn::ShiftLeft<16>(cell), part));
    return hn::Mul(hn::Sub(hn::Set(kFloats, position), hn::ConvertTo(kFloats, code)),
                   hn::Set(kFloats, scale));
  }
};

// -inf where the cost is beyond the limit.
HWY_INLINE F RoughTerms(const CodedKernels& kernels, F constant, const TermShape& shape) {
  constexpr size_t kDimensionsAtOnce = 4;
  const F most = hn::Set(kFloats, shape.limit);
  const F none = hn::Set(kFloats, -std::numeric_limits<float>::infinity());
  F cost = hn::Zero(kFloats);
  for (size_t j = 0; j < shape.in_terms; ++j) {
    const F z = kernels.Offset(j, shape.positions[j], shape.scales[j]);
    cost = hn::MulAdd(z, z, cost);
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 &&
        hn::AllTrue(kFloats, hn::Gt(cost, most))) {
      return none;
    }
  }
  F with_others = cost;
  for (size_t j = shape.in_terms; j < shape.dimensions; ++j) {
    const F half = hn::Set(kFloats, shape.halves[j - shape.in_terms]);
    const F offset = hn::Abs(kernels.Offset(j, shape.positions[j], shape.scales[j]));
    const F beyond = hn::Max(hn::Sub(offset, half), hn::Zero(kFloats));
    with_others = hn::MulAdd(beyond, beyond, with_others);
  }
  return hn::IfThenElse(hn::Gt(with_others, most), none, hn::Sub(constant, cost));
}

void GetTermsOf(const uint8_t* cells, const uint16_t* parts, const float* constants, uint64_t slots,
                const TermShape& shape, float* terms) {
  const uint64_t all = (uint64_t{1} << hn::Lanes(kFloats)) - 1;
  for (size_t slot = 0; slot < kPageSlots; slot += hn::Lanes(kFloats)) {
    if ((slots >> slot & all) == 0) {
      hn::StoreU(hn::Set(kFloats, -std::numeric_limits<float>::infinity()), kFloats, terms + slot);
      continue;
    }
    const F constant = hn::LoadU(kFloats, constants + slot);
    hn::StoreU(RoughTerms({cells + slot, parts + slot}, constant, shape), kFloats, terms + slot);
  }
}

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hpod {
namespace {

HWY_EXPORT(GetTermsOf);

}  // namespace

CodedPages::CodedPages(std::span<const double> scales, std::span<const Interval> intervals,
                       std::span<const double> term_scales, double base)
    : in_terms_(term_scales.size()),
      grid_(std::make_unique<const CellGrid>(scales, intervals)),
      base_(base),
      cells_(scales.size()),
      parts_(2 * scales.size()),
      constants_(kPageSlots * sizeof(float) / sizeof(ByteLine)),
      boxes_(*grid_) {
  for (size_t i = 0; i < scales.size(); ++i) {
    const double times = i < in_terms_ ? term_scales[i] / scales[i] : 1.0;
    scaled_parts_.push_back(static_cast<float>(times * grid_->ScaledCell(i) / kParts));
  }
}

void CodedPages::AddPage(size_t page) {
  if (index_of_.size() <= page) index_of_.resize(page + 1);
  index_of_[page] = static_cast<uint32_t>(cells_.Count());
  cells_.AddPage();
  parts_.AddPage();
  constants_.AddPage();
  std::fill_n(ConstantsOf(page), kPageSlots, -std::numeric_limits<float>::infinity());
}

CodedPages::Code CodedPages::CodeOf(size_t dimension, double x) const {
  const double position = grid_->PositionOf(dimension, x);
  const double cell = std::floor(position);
  return {static_cast<uint8_t>(CellGrid::kBelow + cell),
          static_cast<uint16_t>((position - cell) * kParts)};
}

void CodedPages::Set(size_t slot, std::span<const double> centre, double constant) {
  const size_t page = slot / kPageSlots;
  const size_t place = slot % kPageSlots;
  if (!boxes_.Has(page)) boxes_.Append(page);
  uint8_t* cells = CellsOf(page);
  uint16_t* parts = PartsOf(page);
  for (size_t i = 0; i < centre.size(); ++i) {
    const Code code = CodeOf(i, centre[i]);
    cells[i * kPageSlots + place] = code.cell;
    parts[i * kPageSlots + place] = code.part;
  }
  ConstantsOf(page)[place] = static_cast<float>(constant - base_);
  IncludeInBox(slot);
}

void CodedPages::IncludeInBox(size_t slot) {
  const size_t page = slot / kPageSlots;
  boxes_.Include(page, CellsOf(page) + slot % kPageSlots, kPageSlots);
}

void CodedPages::Fit(size_t page) {
  boxes_.Empty(page);
  for (size_t place = 0; place < kPageSlots; ++place) {
    if (std::isfinite(ConstantsOf(page)[place])) IncludeInBox(page * kPageSlots + place);
  }
}

void CodedPages::Clear(size_t slot) {
  ConstantsOf(slot / kPageSlots)[slot % kPageSlots] = -std::numeric_limits<float>::infinity();
}

void CodedPages::Copy(size_t from, size_t to) {
  const auto copy = [&](auto* source, auto* target) {
    target[to % kPageSlots] = source[from % kPageSlots];
  };
  const size_t source = from / kPageSlots;
  const size_t target = to / kPageSlots;
  if (!boxes_.Has(target)) boxes_.AddBeside(target, source);
  for (size_t i = 0; i < grid_->Dimensions(); ++i) {
    copy(CellsOf(source) + i * kPageSlots, CellsOf(target) + i * kPageSlots);
    copy(PartsOf(source) + i * kPageSlots, PartsOf(target) + i * kPageSlots);
  }
  copy(ConstantsOf(source), ConstantsOf(target));
  IncludeInBox(to);
}

bool CodedPages::IsAt(size_t slot, std::span<const double> centre) const {
  const uint8_t* cells = CellsOf(slot / kPageSlots) + slot % kPageSlots;
  const uint16_t* parts = PartsOf(slot / kPageSlots) + slot % kPageSlots;
  for (size_t i = 0; i < centre.size(); ++i) {
    if (CodeOf(i, centre[i]) != Code{cells[i * kPageSlots], parts[i * kPageSlots]}) return false;
  }
  return true;
}

CodedPages::Point::Point(const CodedPages& pages, const TreePoint& point,
                         std::pmr::memory_resource* memory)
    : pages_(pages), positions_(memory), halves_(memory) {
  const CellGrid& grid = *pages.grid_;
  positions_.reserve(grid.Dimensions());
  double square = 0.0;
  for (size_t i = 0; i < grid.Dimensions(); ++i) {
    // A kernel is taken to be in the middle of its part.
    const double position = (CellGrid::kBelow + grid.PositionOf(i, point.middle[i])) * kParts - 0.5;
    positions_.push_back(static_cast<float>(position));
    // Half a part, and as much for rounding to floats.
    const double part = grid.ScaledCell(i) / kParts;
    square += part * part;
    if (i < pages.in_terms_) continue;
    const double half = grid.LengthInCells(i, point.HalfOf(i)) * grid.ScaledCell(i);
    halves_.push_back(static_cast<float>(1.000001 * (half + part)));
  }
  error_ = std::sqrt(square);
}

// |a^2 - b^2| <= 2 |a| |a - b| + |a - b|^2, and the rounding of a sum of floats; constants, less
// the base, are at most -ln 0.34 in each dimension.
double CodedPages::Point::ErrorWithin(double reach) const {
  const auto dimensions = static_cast<double>(positions_.size());
  const double cost = std::max(reach, 0.0);
  return 2.0 * std::sqrt(cost) * error_ + error_ * error_ +
         (cost + 1.1 * dimensions) * (dimensions + 8.0) * 0x1p-24;
}

void CodedPages::Point::GetTerms(size_t page, uint64_t slots, double reach,
                                 std::span<float, kPageSlots> terms) const {
  const auto limit = static_cast<float>(reach + 2.0 * ErrorWithin(reach) + 1e-5);
  const TermShape shape{.in_terms = pages_.in_terms_,
                        .dimensions = positions_.size(),
                        .positions = positions_.data(),
                        .scales = pages_.scaled_parts_.data(),
                        .halves = halves_.data(),
                        .limit = limit};
  HWY_DYNAMIC_DISPATCH(GetTermsOf)
  (pages_.CellsOf(page), pages_.PartsOf(page), pages_.ConstantsOf(page), slots, shape,
   terms.data());
}

CodedPages::NearPages::NearPages(const CodedPages& pages, const TreePoint& point, double reach,
                                 std::pmr::memory_resource* memory)
    : pages_(pages), filter_(*pages.grid_, point, reach, memory) {
  buckets_.fill(kNone);
  const size_t groups = pages.boxes_.GroupCount();
  for (size_t first = 0; first < groups; first += kPageSlots) {
    PushNear(pages.boxes_.EndsOfGroups(first / kPageSlots), std::min(groups - first, kPageSlots),
             *filter_.Units(reach), [&](size_t i) {
               return Item{.is_group = true, .number = static_cast<uint32_t>(first + i)};
             });
  }
}

// Of some boxes, up to 64.
template <class ItemOf>
void CodedPages::NearPages::PushNear(const ByteLine* ends, size_t count, uint8_t units,
                                     const ItemOf& item_of) {
  ByteLine costs;
  uint64_t near = filter_.NearBoxes(ends, units, costs);
  if (count < kPageSlots) near &= (uint64_t{1} << count) - 1;
  for (; near != 0; near &= near - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(near));
    uint32_t& last = buckets_[costs.bytes[i] / kUnitsPerBucket];
    items_.push_back(item_of(i));
    items_.back().next = last;
    last = static_cast<uint32_t>(items_.size() - 1);
  }
}

void CodedPages::NearPages::Prefetch(size_t page) const {
  const uint8_t* cells = pages_.CellsOf(page);
  for (size_t i = 0; i < pages_.grid_->Dimensions(); ++i) hwy::Prefetch(cells + i * kPageSlots);
}

std::optional<CodedPages::NearPages::Found> CodedPages::NearPages::Next(double reach) {
  const std::optional<uint8_t> units = filter_.Units(reach);
  if (!units.has_value()) return std::nullopt;
  while (bucket_ * kUnitsPerBucket <= *units) {
    const uint32_t last = buckets_[bucket_];
    if (last == kNone) {
      ++bucket_;
      continue;
    }
    const Item item = items_[last];
    buckets_[bucket_] = item.next;
    if (item.is_group) {
      const std::span<const uint32_t> pages = pages_.boxes_.PagesOf(item.number);
      PushNear(pages_.boxes_.EndsOfPages(item.number), pages.size(), *units,
               [&](size_t i) { return Item{.is_group = false, .number = pages[i]}; });
      continue;
    }
    if (item.next != kNone && !items_[item.next].is_group) Prefetch(items_[item.next].number);
    const uint64_t slots = filter_.Near(pages_.CellsOf(item.number), *units);
    if (slots != 0) return Found{item.number, slots};
  }
  return std::nullopt;
}

}  // namespace hpod
#endif  // HWY_ONCE
