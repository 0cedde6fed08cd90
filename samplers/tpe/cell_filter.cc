#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/cell_filter.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <cmath>
#include <hwy/highway.h>

#include "samplers/tpe/cell_filter.h"

#ifndef HPOD_SAMPLERS_TPE_CELL_TABLES_
#define HPOD_SAMPLERS_TPE_CELL_TABLES_
namespace hpod {

// Cells around a point's, of which CellGrid::kBelow are below it, have costs of their own; those
// further away have that of the last.
inline constexpr size_t kDistances = 16;

// A filter's.
struct CellTables {
  size_t dimensions;
  const uint8_t* cells;   // [dimension]
  const uint8_t* tables;  // [dimension][kDistances]
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

// Bytes of a table of kDistances.
HWY_INLINE B LookUp(const uint8_t* table, B index) {
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(kBytes, table[hn::GetLane(index)]);
#else
  return hn::TableLookupBytes(hn::LoadDup128(kBytes, table), index);
#endif
}

HWY_INLINE B DistancesOf(B cells, uint8_t cell_of_point) {
  const auto last = hn::Set(kBytes, uint8_t{kDistances - 1});
  return hn::Min(hn::SaturatedSub(cells, hn::Set(kBytes, cell_of_point)), last);
}

HWY_INLINE auto AreUpTo(B sums, B most) {
  return hn::Eq(hn::SaturatedSub(sums, most), hn::Zero(kBytes));
}

template <class Mask>
HWY_INLINE uint64_t BitsOf(Mask mask) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(kBytes, mask, bits);
  uint64_t all = 0;
  for (size_t i = 0; i < 8; ++i) all |= uint64_t{bits[i]} << (8 * i);
  return all;
}

// Of some slots, a vector's worth, the bits of those whose sum is at most `most`.
uint64_t NearSlots(const uint8_t* codes, const CellTables& point, uint8_t most) {
  constexpr size_t kDimensionsAtOnce = 8;
  const B limit = hn::Set(kBytes, most);
  B sum = hn::Zero(kBytes);
  for (size_t j = 0; j < point.dimensions; ++j) {
    const B distance = DistancesOf(hn::LoadU(kBytes, codes + j * kPageSlots), point.cells[j]);
    sum = hn::SaturatedAdd(sum, LookUp(point.tables + j * kDistances, distance));
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 &&
        hn::AllFalse(kBytes, AreUpTo(sum, limit))) {
      return 0;
    }
  }
  return BitsOf(AreUpTo(sum, limit));
}

uint64_t NearOfPage(const uint8_t* codes, const CellTables& point, uint8_t most) {
  uint64_t bits = 0;
  for (size_t slot = 0; slot < kPageSlots; slot += hn::Lanes(kBytes)) {
    bits |= NearSlots(codes + slot, point, most) << slot;
  }
  return bits;
}

uint64_t NearOfBoxes(const ByteLine* ends, const CellTables& point, uint8_t most, uint8_t* costs) {
  const B same = hn::Set(kBytes, CellGrid::kBelow);
  uint64_t bits = 0;
  for (size_t slot = 0; slot < kPageSlots; slot += hn::Lanes(kBytes)) {
    B sum = hn::Zero(kBytes);
    for (size_t j = 0; j < point.dimensions; ++j) {
      const B low = DistancesOf(hn::LoadU(kBytes, ends[2 * j].bytes + slot), point.cells[j]);
      const B high = DistancesOf(hn::LoadU(kBytes, ends[2 * j + 1].bytes + slot), point.cells[j]);
      // Of the cells from the least to the greatest, that which is nearest to the point's.
      const B nearest = hn::Max(low, hn::Min(high, same));
      sum = hn::SaturatedAdd(sum, LookUp(point.tables + j * kDistances, nearest));
    }
    hn::StoreU(sum, kBytes, costs + slot);
    bits |= BitsOf(AreUpTo(sum, hn::Set(kBytes, most))) << slot;
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
HWY_EXPORT(NearOfBoxes);

// Units of the reach that a filter begins with: sums beyond it are told from those within, and from
// the greatest byte.
constexpr double kUnits = 250;

}  // namespace

CellGrid::CellGrid(std::span<const double> scales, std::span<const Interval> intervals) {
  for (size_t i = 0; i < scales.size(); ++i) {
    const double length = intervals[i].high - intervals[i].low;
    lows_.push_back(intervals[i].low);
    cells_per_length_.push_back(kCells / length);
    scaled_cells_.push_back(scales[i] * (length / kCells));
  }
}

double CellGrid::PositionOf(size_t dimension, double x) const {
  return std::clamp((x - lows_[dimension]) * cells_per_length_[dimension], 0.0, kCells - 1e-9);
}

CellFilter::CellFilter(const CellGrid& grid, const TreePoint& point, double reach,
                       std::pmr::memory_resource* memory)
    : units_per_cost_(kUnits / reach),
      cells_(grid.Dimensions(), memory),
      tables_(grid.Dimensions() * kDistances, memory) {
  // Positions are rounded.
  constexpr double kRounding = 1e-6;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const double position = grid.PositionOf(i, point.middle[i]);
    const double half = grid.LengthInCells(i, point.HalfOf(i));
    cells_[i] = static_cast<uint8_t>(position);
    const double share = position - static_cast<double>(cells_[i]);
    for (size_t distance = 0; distance < kDistances; ++distance) {
      const double cells_above = static_cast<double>(distance) - CellGrid::kBelow;
      // To the nearer end of the kernel's cell.
      const double least = cells_above > 0 ? cells_above - share : share - cells_above - 1.0;
      const double scaled = std::max(least - half - kRounding, 0.0) * grid.ScaledCell(i);
      tables_[i * kDistances + distance] =
          static_cast<uint8_t>(std::min(scaled * scaled * units_per_cost_, 255.0));
    }
  }
}

std::optional<uint8_t> CellFilter::Units(double reach) const {
  if (!(reach >= 0.0)) return std::nullopt;
  return static_cast<uint8_t>(std::min(reach * units_per_cost_, kUnits));
}

uint64_t CellFilter::Near(const uint8_t* cells, uint8_t units) const {
  const CellTables point{cells_.size(), cells_.data(), tables_.data()};
  return HWY_DYNAMIC_DISPATCH(NearOfPage)(cells, point, units);
}

uint64_t CellFilter::NearBoxes(const ByteLine* ends, uint8_t units, ByteLine& costs) const {
  const CellTables point{cells_.size(), cells_.data(), tables_.data()};
  return HWY_DYNAMIC_DISPATCH(NearOfBoxes)(ends, point, units, costs.bytes);
}

}  // namespace hpod
#endif  // HWY_ONCE
