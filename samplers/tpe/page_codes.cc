#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/page_codes.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <cmath>
#include <hwy/highway.h>

#include "samplers/tpe/page_codes.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<uint8_t, kPageSlots>;
inline constexpr Bytes kBytes;

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
    const auto table = hn::LoadDup128(kBytes, tables + j * 16);
    sum = hn::SaturatedAdd(sum, hn::TableLookupBytes(table, distance));
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

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hpod {
namespace {

HWY_EXPORT(NearOfPage);

// Units of the reach that a query begins with: sums beyond it are told from those within, and from
// the greatest byte.
constexpr double kUnits = 250;

}  // namespace

PageCodes::PageCodes(std::span<const double> scales, std::span<const Interval> intervals) {
  for (size_t i = 0; i < scales.size(); ++i) {
    const double length = intervals[i].high - intervals[i].low;
    lows_.push_back(intervals[i].low);
    cells_per_length_.push_back(kCells / length);
    scaled_cells_.push_back(scales[i] * (length / kCells));
  }
}

double PageCodes::PositionOf(size_t dimension, double x) const {
  return std::clamp((x - lows_[dimension]) * cells_per_length_[dimension], 0.0, kCells - 1e-9);
}

void PageCodes::Set(size_t slot, std::span<const double> centre) {
  const size_t page_bytes = lows_.size() * kPageSlots;
  const size_t page = slot / kPageSlots;
  if (codes_.size() < (page + 1) * page_bytes) codes_.resize((page + 1) * page_bytes, 0);
  uint8_t* code = codes_.data() + page * page_bytes + slot % kPageSlots;
  for (size_t i = 0; i < centre.size(); ++i, code += kPageSlots) {
    *code = static_cast<uint8_t>(kBelow + static_cast<uint8_t>(PositionOf(i, centre[i])));
  }
}

PageCodes::Query::Query(const PageCodes& codes, const double* point, double reach,
                        std::pmr::memory_resource* memory)
    : codes_(codes),
      unit_(reach / kUnits),
      cells_(codes.lows_.size(), memory),
      tables_(codes.lows_.size() * kDistances, memory) {
  // Positions are rounded.
  constexpr double kRounding = 1e-6;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const double position = codes.PositionOf(i, point[i]);
    cells_[i] = static_cast<uint8_t>(position);
    const double share = position - std::floor(position);
    for (size_t distance = 0; distance < kDistances; ++distance) {
      const double cells_above = static_cast<double>(distance) - kBelow;
      // To the nearer end of the kernel's cell.
      const double least = cells_above > 0 ? cells_above - share : share - cells_above - 1.0;
      const double scaled = std::max(least - kRounding, 0.0) * codes.scaled_cells_[i];
      tables_[i * kDistances + distance] =
          static_cast<uint8_t>(std::min(std::floor(scaled * scaled / unit_), 255.0));
    }
  }
}

uint64_t PageCodes::Query::Near(size_t page, double reach) const {
  if (!(reach >= 0.0)) return 0;
  const auto most = static_cast<uint8_t>(std::min(reach / unit_, kUnits));
  const size_t dimensions = cells_.size();
  return HWY_DYNAMIC_DISPATCH(NearOfPage)(codes_.codes_.data() + page * dimensions * kPageSlots,
                                          dimensions, cells_.data(), tables_.data(), most);
}

}  // namespace hpod
#endif  // HWY_ONCE
