#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/coded_sum.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <hwy/highway.h>
#include <limits>
#include <numbers>
#include <optional>

#include "samplers/tpe/coded_sum.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 2 * kLanes>;
using F = hn::VFromD<Floats>;
using FM = decltype(hn::Eq(F(), F()));
inline constexpr Floats kFloats;

// Of a slot of a page, a number of which a block has eight; blocks are so many IndexLanes apart.
HWY_INLINE int32_t RowOf(const IndexLanes* rows, size_t apart, size_t slot) {
  return rows[slot / kLanes * apart].lane[slot % kLanes];
}

// The same of some slots from one on, a vector's worth.
HWY_INLINE auto LoadRows(const IndexLanes* rows, size_t apart, size_t slot) {
  const hn::RebindToSigned<Floats> ints;
  alignas(64) int32_t loaded[2 * kLanes];
  for (size_t k = 0; k < hn::Lanes(kFloats); k += kLanes) {
    const size_t block = (slot + k) / kLanes;
    const size_t count = std::min(kLanes, hn::Lanes(kFloats));
    std::copy_n(rows[block * apart].lane + slot % kLanes, count, loaded + k);
  }
  return hn::Load(ints, loaded);
}

// Subtracts the costs of the lanes that count in a tabulated dimension.
HWY_INLINE F LessCosts(F term, FM counts, const IndexLanes* rows, size_t apart, size_t slot,
                       const float* costs) {
  const hn::RebindToSigned<Floats> ints;
  const auto row = LoadRows(rows, apart, slot);
  // Kernels that are near each other are often alike.
  const int32_t first = RowOf(rows, apart, slot + hn::FindKnownFirstTrue(kFloats, counts));
  const auto is_other = hn::RebindMask(kFloats, hn::Ne(row, hn::Set(ints, first)));
  if (hn::AllFalse(kFloats, hn::And(is_other, counts))) {
    return hn::Sub(term, hn::Set(kFloats, costs[first]));
  }
  return hn::Sub(term, hn::GatherIndex(kFloats, costs, row));
}

// e^x for -80 <= x <= 0, relative error below 1e-6: as Exp.
HWY_INLINE F RoughExp(F x) {
  const hn::RebindToSigned<Floats> ints;
  const auto constant = [](double value) { return hn::Set(kFloats, static_cast<float>(value)); };
  const F n = hn::Round(hn::Mul(x, constant(std::numbers::log2e)));
  const F r =
      hn::NegMulAdd(n, constant(-2.12194440e-4), hn::NegMulAdd(n, constant(0.693359375), x));
  F sum = constant(1.0 / 720);
  for (const double c : {1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0}) {
    sum = hn::MulAdd(sum, r, constant(c));
  }
  const auto exponent = hn::Add(hn::ConvertTo(ints, n), hn::Set(ints, 127));
  return hn::Mul(sum, hn::BitCast(kFloats, hn::ShiftLeft<23>(exponent)));
}

HWY_INLINE F ExactRanks(const Ranks& ranks, const IndexLanes* numbers, size_t slot, FM counts) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(kFloats, counts, bits);
  alignas(64) float exact[2 * kLanes] = {};
  for (unsigned rest = bits[0] | unsigned{bits[1]} << 8U; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<size_t>(std::countr_zero(rest));
    const auto number = static_cast<size_t>(RowOf(numbers, 1, slot + lane));
    exact[lane] = static_cast<float>(ranks.Of(number));
  }
  return hn::Load(kFloats, exact);
}

// Nothing if ranks are to be exact.
using RoughRanks = std::optional<RankBounds>;

// Of the lanes that count, the least that their ranks can be.
HWY_INLINE F LeastRanks(const Ranks& ranks, const RoughRanks& rough, const IndexLanes* numbers,
                        size_t slot, FM counts) {
  if (!rough.has_value()) return ExactRanks(ranks, numbers, slot, counts);
  const F number = hn::ConvertTo(kFloats, LoadRows(numbers, 1, slot));
  const F least = hn::MulAdd(number, hn::Set(kFloats, static_cast<float>(rough->per_number)),
                             hn::Set(kFloats, static_cast<float>(rough->least)));
  return hn::Max(least, hn::Zero(kFloats));
}

HWY_INLINE F WeightsOf(F rank, const RampWeights& weights) {
  const F ramp = hn::MulAdd(rank, hn::Set(kFloats, static_cast<float>(weights.slope)),
                            hn::Set(kFloats, static_cast<float>(weights.first)));
  return hn::Min(ramp, hn::Set(kFloats, 1.0F));
}

void AddCodedTo(const KernelBlocks& blocks, size_t first, const CodedTerms& coded, double floor,
                const RampWeights& weights, const RoughRanks& ranks, RoughSum& rough) {
  const F least = hn::Set(kFloats, static_cast<float>(floor - coded.base));
  const IndexLanes* numbers = blocks.numbers.data() + first;
  F weighted = hn::Zero(kFloats);
  F plain = hn::Zero(kFloats);
  double largest = rough.largest - coded.base;
  for (size_t slot = 0; slot < kPageSlots; slot += hn::Lanes(kFloats)) {
    F term = hn::LoadU(kFloats, coded.terms.data() + slot);
    FM counts = hn::Ge(term, least);
    for (size_t j = 0; j < blocks.tabulated && !hn::AllFalse(kFloats, counts); ++j) {
      if (coded.costs[j] == nullptr) continue;
      const IndexLanes* rows = blocks.rows.data() + first * blocks.tabulated + j;
      term = LessCosts(term, counts, rows, blocks.tabulated, slot, coded.costs[j]);
      counts = hn::And(counts, hn::Ge(term, least));
    }
    if (hn::AllFalse(kFloats, counts)) continue;
    const F none = hn::Set(kFloats, std::numeric_limits<float>::lowest());
    const auto most = static_cast<double>(
        hn::GetLane(hn::MaxOfLanes(kFloats, hn::IfThenElse(counts, term, none))));
    if (most > largest) {
      const double change = std::exp(largest - most);
      rough.factor *= change;
      rough.slack *= change;
      weighted = hn::Mul(weighted, hn::Set(kFloats, static_cast<float>(change)));
      plain = hn::Mul(plain, hn::Set(kFloats, static_cast<float>(change)));
      largest = most;
    }
    const F exponent = hn::Max(hn::Sub(term, hn::Set(kFloats, static_cast<float>(largest))),
                               hn::Set(kFloats, -80.0F));
    const F kernel = hn::IfThenElseZero(counts, RoughExp(exponent));
    const F rank = LeastRanks(blocks.ranks, ranks, numbers, slot, counts);
    weighted = hn::MulAdd(WeightsOf(rank, weights), kernel, weighted);
    plain = hn::Add(plain, kernel);
  }
  rough.largest = largest + coded.base;
  rough.factor += static_cast<double>(hn::GetLane(hn::SumOfLanes(kFloats, weighted)));
  if (!ranks.has_value()) return;
  rough.slack += weights.slope * ranks->Gap() *
                 static_cast<double>(hn::GetLane(hn::SumOfLanes(kFloats, plain)));
}

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hpod {
namespace {

HWY_EXPORT(AddCodedTo);

// Up to this share of a weight, that ranks are not known is made up for by slack, which takes less
// time than to count them.
constexpr double kMostSlack = 1e-3;

}  // namespace

void AddCodedRoughly(const KernelBlocks& blocks, size_t first, const CodedTerms& coded,
                     double floor, const RampWeights& weights, RoughSum& sum) {
  std::optional<RankBounds> ranks = blocks.ranks.Bounds();
  if (weights.slope * ranks->Gap() > kMostSlack) ranks.reset();
  HWY_DYNAMIC_DISPATCH(AddCodedTo)(blocks, first, coded, floor, weights, ranks, sum);
}

}  // namespace hpod
#endif  // HWY_ONCE
