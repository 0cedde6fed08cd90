#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/coded_pages.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <cmath>
#include <hwy/highway.h>
#include <limits>
#include <numbers>

#include "samplers/tpe/coded_pages.h"

#ifndef HPOD_SAMPLERS_TPE_TERM_SHAPE_
#define HPOD_SAMPLERS_TPE_TERM_SHAPE_
namespace hpod {

// What terms are made of and with.
struct TermShape {
  size_t continuous;
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

using Bytes = hn::CappedTag<uint8_t, kPageSlots>;
inline constexpr Bytes kBytes;

using B = hn::VFromD<Bytes>;

// Bytes of a table of 16.
HWY_INLINE B LookUp(const uint8_t* table, B index) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(kBytes, table[hn::GetLane(index)]);
#else
  return hn::TableLookupBytes(hn::LoadDup128(kBytes, table), index);
#endif
}

// Of some slots, a vector's worth, the bits of those whose sum is at most `most`. `tables`: 16
// bytes for each dimension.
uint64_t NearSlots(const uint8_t* codes, size_t dimensions, const uint8_t* cells,
                   const uint8_t* tables, uint8_t most) {
  constexpr size_t kDimensionsAtOnce = 8;
  const auto limit = hn::Set(kBytes, most);
  const auto last = hn::Set(kBytes, uint8_t{15});
  auto sum = hn::Zero(kBytes);
  const auto are_near = [&] { return hn::Eq(hn::SaturatedSub(sum, limit), hn::Zero(kBytes)); };
  for (size_t j = 0; j < dimensions; ++j) {
    const auto code = hn::LoadU(kBytes, codes + j * kPageSlots);
    const auto distance = hn::Min(hn::SaturatedSub(code, hn::Set(kBytes, cells[j])), last);
    sum = hn::SaturatedAdd(sum, LookUp(tables + j * 16, distance));
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 && hn::AllFalse(kBytes, are_near())) {
      return 0;
    }
  }
  uint8_t bits[8] = {};
  hn::StoreMaskBits(kBytes, are_near(), bits);
  uint64_t all = 0;
  for (size_t i = 0; i < 8; ++i) all |= uint64_t{bits[i]} << (8 * i);
  return all;
}

uint64_t NearOfPage(const uint8_t* codes, size_t dimensions, const uint8_t* cells,
                    const uint8_t* tables, uint8_t most) {
  uint64_t bits = 0;
  for (size_t slot = 0; slot < kPageSlots; slot += hn::Lanes(kBytes)) {
    bits |= NearSlots(codes + slot, dimensions, cells, tables, most) << slot;
  }
  return bits;
}

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
  for (size_t j = 0; j < shape.continuous; ++j) {
    const F z = kernels.Offset(j, shape.positions[j], shape.scales[j]);
    cost = hn::MulAdd(z, z, cost);
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 &&
        hn::AllTrue(kFloats, hn::Gt(cost, most))) {
      return none;
    }
  }
  F with_others = cost;
  for (size_t j = shape.continuous; j < shape.dimensions; ++j) {
    const F half = hn::Set(kFloats, shape.halves[j - shape.continuous]);
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

HWY_EXPORT(NearOfPage);
HWY_EXPORT(GetTermsOf);

// Units of the reach that a filter begins with: sums beyond it are told from those within, and from
// the greatest byte.
constexpr double kUnits = 250;

}  // namespace

CodedPages::CodedPages(std::span<const double> scales, std::span<const Interval> intervals,
                       size_t continuous)
    : continuous_(continuous),
      cells_(scales.size()),
      parts_(2 * scales.size()),
      constants_(kPageSlots * sizeof(float) / sizeof(Line)) {
  for (size_t i = 0; i < scales.size(); ++i) {
    const double length = intervals[i].high - intervals[i].low;
    lows_.push_back(intervals[i].low);
    cells_per_length_.push_back(kCells / length);
    scaled_cells_.push_back(scales[i] * (length / kCells));
    scaled_parts_.push_back(static_cast<float>(scaled_cells_[i] / kParts));
    if (i < continuous) base_ += std::log(scales[i]) - 0.5 * std::log(std::numbers::pi);
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

double CodedPages::PositionOf(size_t dimension, double x) const {
  return std::clamp((x - lows_[dimension]) * cells_per_length_[dimension], 0.0, kCells - 1e-9);
}

CodedPages::Code CodedPages::CodeOf(size_t dimension, double x) const {
  const double position = PositionOf(dimension, x);
  const double cell = std::floor(position);
  return {static_cast<uint8_t>(kBelow + cell), static_cast<uint16_t>((position - cell) * kParts)};
}

void CodedPages::Set(size_t slot, std::span<const double> centre, double constant) {
  const size_t page = slot / kPageSlots;
  const size_t place = slot % kPageSlots;
  uint8_t* cells = CellsOf(page);
  uint16_t* parts = PartsOf(page);
  for (size_t i = 0; i < centre.size(); ++i) {
    const Code code = CodeOf(i, centre[i]);
    cells[i * kPageSlots + place] = code.cell;
    parts[i * kPageSlots + place] = code.part;
  }
  ConstantsOf(page)[place] = static_cast<float>(constant - base_);
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
  for (size_t i = 0; i < lows_.size(); ++i) {
    copy(CellsOf(source) + i * kPageSlots, CellsOf(target) + i * kPageSlots);
    copy(PartsOf(source) + i * kPageSlots, PartsOf(target) + i * kPageSlots);
  }
  copy(ConstantsOf(source), ConstantsOf(target));
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
  positions_.reserve(pages.lows_.size());
  double square = 0.0;
  for (size_t i = 0; i < pages.lows_.size(); ++i) {
    // A kernel is taken to be in the middle of its part.
    const double position = (kBelow + pages.PositionOf(i, point.middle[i])) * kParts - 0.5;
    positions_.push_back(static_cast<float>(position));
    // Half a part, and as much for rounding to floats.
    const double part = pages.scaled_cells_[i] / kParts;
    square += part * part;
    if (i < pages.continuous_) continue;
    const double half = point.HalfOf(i) * pages.scaled_cells_[i] * pages.cells_per_length_[i];
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
  const TermShape shape{.continuous = pages_.continuous_,
                        .dimensions = positions_.size(),
                        .positions = positions_.data(),
                        .scales = pages_.scaled_parts_.data(),
                        .halves = halves_.data(),
                        .limit = limit};
  HWY_DYNAMIC_DISPATCH(GetTermsOf)
  (pages_.CellsOf(page), pages_.PartsOf(page), pages_.ConstantsOf(page), slots, shape,
   terms.data());
}

CodedPages::Filter::Filter(const CodedPages& pages, const TreePoint& point, double reach,
                           std::pmr::memory_resource* memory)
    : pages_(pages),
      unit_(reach / kUnits),
      cells_(pages.lows_.size(), memory),
      tables_(pages.lows_.size() * kDistances, memory) {
  // Positions are rounded.
  constexpr double kRounding = 1e-6;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const double position = pages.PositionOf(i, point.middle[i]);
    const double half = point.HalfOf(i) * pages.cells_per_length_[i];
    cells_[i] = static_cast<uint8_t>(position);
    const double share = position - std::floor(position);
    for (size_t distance = 0; distance < kDistances; ++distance) {
      const double cells_above = static_cast<double>(distance) - kBelow;
      // To the nearer end of the kernel's cell.
      const double least = cells_above > 0 ? cells_above - share : share - cells_above - 1.0;
      const double scaled = std::max(least - half - kRounding, 0.0) * pages.scaled_cells_[i];
      tables_[i * kDistances + distance] =
          static_cast<uint8_t>(std::min(std::floor(scaled * scaled / unit_), 255.0));
    }
  }
}

uint64_t CodedPages::Filter::Near(size_t page, double reach) const {
  if (!(reach >= 0.0)) return 0;
  const auto most = static_cast<uint8_t>(std::min(reach / unit_, kUnits));
  return HWY_DYNAMIC_DISPATCH(NearOfPage)(pages_.CellsOf(page), cells_.size(), cells_.data(),
                                          tables_.data(), most);
}

}  // namespace hpod
#endif  // HWY_ONCE
