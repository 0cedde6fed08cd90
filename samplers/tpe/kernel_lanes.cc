#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/kernel_lanes.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <hwy/highway.h>
#include <numbers>
#include <type_traits>

#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/lane_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

// Of a block's kernels: as they are, or up to the greatest.
enum class Scales { kOwn, kBounded };

template <Scales scales>
HWY_INLINE V ScaleOf(const KernelBlocks& blocks, const DoubleLanes* own, size_t lane, size_t j) {
  const V scale = hn::Load(kD, own[j].lane + lane);
  if constexpr (scales == Scales::kOwn) return scale;
  return hn::Min(scale, Constant(blocks.greatest_scales[j]));
}

// Calls `with` with the kind of scales that the kernels have.
template <class With>
HWY_INLINE void WithScales(const KernelBlocks& blocks, const With& with) {
  if (blocks.has_greater_scales) {
    with(std::integral_constant<Scales, Scales::kBounded>());
  } else {
    with(std::integral_constant<Scales, Scales::kOwn>());
  }
}

// The terms of some lanes of a block at each query.
template <size_t queries, Scales scales>
HWY_INLINE void AddPart(const KernelBlocks& blocks, const KernelConstants* constants, size_t block,
                        size_t lane, const KernelQuery* query, const V* floor, V* terms) {
  constexpr size_t kDimensionsAtOnce = 4;
  const size_t place = blocks.places[block];
  const DoubleLanes* centres = blocks.centres.data() + place * blocks.continuous;
  const DoubleLanes* own_scales = blocks.scales.data() + place * blocks.continuous;
  const V constant = hn::Load(kD, constants[place].lane + lane);
  V sum[queries];
  for (V& s : sum) s = hn::Zero(kD);
  const auto is_below = [&] {
    M is_above = hn::Ge(hn::Sub(constant, sum[0]), floor[0]);
    for (size_t q = 1; q < queries; ++q) {
      is_above = hn::Or(is_above, hn::Ge(hn::Sub(constant, sum[q]), floor[q]));
    }
    return hn::AllFalse(kD, is_above);
  };
  for (size_t j = 0; j < blocks.continuous; ++j) {
    const V mu = hn::Load(kD, centres[j].lane + lane);
    const V scale = ScaleOf<scales>(blocks, own_scales, lane, j);
    for (size_t q = 0; q < queries; ++q) {
      const V z = hn::Mul(hn::Sub(Constant(query[q].point[j]), mu), scale);
      sum[q] = hn::Add(sum[q], hn::Mul(z, z));
    }
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 && is_below()) break;
  }
  const hn::Rebind<int32_t, D> half;
  const IndexLanes* rows = query[0].RowsOf(blocks, block);
  for (size_t j = 0; j < blocks.tabulated; ++j) {
    const auto row = hn::PromoteTo(kI, hn::LoadU(half, rows[j].lane + lane));
    for (size_t q = 0; q < queries; ++q) {
      sum[q] = hn::Add(sum[q], hn::GatherIndex(kD, query[q].costs[j], row));
    }
  }
  for (size_t q = 0; q < queries; ++q) terms[q] = hn::Sub(constant, sum[q]);
}

template <size_t queries, Scales scales>
HWY_INLINE void Collect(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                        size_t last, const KernelQuery* query, double gap, KernelTerms* terms) {
  V floor[queries];
  for (size_t q = 0; q < queries; ++q) floor[q] = Constant(terms[q].Floor(gap));
  for (size_t block = first; block < last; ++block) {
    V largest[queries];
    for (V& most : largest) most = Constant(-std::numeric_limits<double>::infinity());
    for (size_t lane = 0; lane < kLanes; lane += Width()) {
      V part[queries];
      AddPart<queries, scales>(blocks, constants, block, lane, query, floor, part);
      for (size_t q = 0; q < queries; ++q) {
        hn::Store(part[q], kD, terms[q].terms[terms[q].count].lane + lane);
        largest[q] = hn::Max(largest[q], part[q]);
      }
    }
    for (size_t q = 0; q < queries; ++q) {
      if (hn::AllFalse(kD, hn::Ge(largest[q], floor[q]))) continue;
      const double most = hn::GetLane(hn::MaxOfLanes(kD, largest[q]));
      terms[q].blocks[terms[q].count++] = static_cast<uint32_t>(block);
      if (most <= terms[q].largest) continue;
      terms[q].largest = most;
      floor[q] = Constant(terms[q].Floor(gap));
    }
  }
}

template <Scales scales>
void CollectAll(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                size_t last, const KernelQuery* query, double gap, KernelTerms* terms,
                size_t count) {
  const auto collect = [&](const auto& of) {
    of(blocks, constants, first, last, query, gap, terms);
  };
  while (count >= 4) {
    collect(Collect<4, scales>);
    query += 4;
    terms += 4;
    count -= 4;
  }
  if (count == 3) collect(Collect<3, scales>);
  if (count == 2) collect(Collect<2, scales>);
  if (count == 1) collect(Collect<1, scales>);
}

void CollectTermsOf(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                    size_t last, const KernelQuery* query, double gap, KernelTerms* terms,
                    size_t count) {
  WithScales(blocks, [&](auto scales) {
    CollectAll<scales()>(blocks, constants, first, last, query, gap, terms, count);
  });
}

HWY_INLINE double SumOfLanes(V v) {
  alignas(64) double lanes[kLanes] = {};
  hn::Store(v, kD, lanes);
  double sum = 0.0;
  for (size_t i = 0; i < Width(); ++i) sum += lanes[i];
  return sum;
}

// Of the lanes that count; 0 in the others.
HWY_INLINE V RanksOf(const Ranks& ranks, const int32_t* numbers, M counts) {
  uint8_t bits[8] = {};
  hn::StoreMaskBits(kD, counts, bits);
  alignas(64) double lanes[kLanes] = {};
  for (unsigned rest = bits[0]; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<size_t>(std::countr_zero(rest));
    const int32_t number = numbers[lane];
    lanes[lane] = number == KernelBlocks::kPrior
                      ? static_cast<double>(KernelBlocks::kPrior)
                      : static_cast<double>(ranks.Of(static_cast<size_t>(number)));
  }
  return hn::Load(kD, lanes);
}

HWY_INLINE V WeightsOf(const KernelBlocks& blocks, const int32_t* numbers, M counts,
                       const RampWeights& weights) {
  if (weights.slope == 0.0) return Constant(std::min(weights.first, 1.0));
  const V rank = RanksOf(blocks.ranks, numbers, counts);
  const V ramp = hn::Add(hn::Mul(rank, Constant(weights.slope)), Constant(weights.first));
  return hn::Min(ramp, Constant(1));
}

// 2^exponent, a normal number.
HWY_INLINE double PowerOfTwo(int exponent) {
  return std::bit_cast<double>(static_cast<int64_t>(exponent + 1023) << 52U);
}

// The sum of scale * weight_k * exp(term_k - largest), which is at most 2 for each k.
//
// Each summand is divided into a multiple of 2^(p-52), a multiple of 2^(2p-106) and a rest, where
// 2^(p-1) > kernel_count. Adding and subtracting 1.5 * 2^p rounds to the former. The sums of the
// parts need no more than 53 bits, so no addition rounds, and any order gives the same result. The
// rests, below 2^(2p-107) each, are left out. (Demmel and Nguyen, "Fast reproducible floating-point
// summation", 2013.)
double SumScaled(const KernelBlocks& blocks, const KernelTerms& terms, double gap,
                 const RampWeights& weights, size_t kernel_count, double scale) {
  const int p = static_cast<int>(std::bit_width(kernel_count)) + 1;
  const V coarse = Constant(1.5 * PowerOfTwo(p));
  const V fine = Constant(1.5 * PowerOfTwo(2 * p - 54));
  const V largest = Constant(terms.largest);
  const V floor = Constant(terms.Floor(gap));
  V coarse_sum = hn::Zero(kD);
  V fine_sum = hn::Zero(kD);
  for (size_t i = 0; i < terms.count; ++i) {
    const int32_t* numbers = blocks.numbers[terms.blocks[i]].lane;
    for (size_t lane = 0; lane < kLanes; lane += Width()) {
      const V term = hn::Load(kD, terms.terms[i].lane + lane);
      const M counts = hn::Ge(term, floor);
      if (hn::AllFalse(kD, counts)) continue;
      const V weight = WeightsOf(blocks, numbers + lane, counts, weights);
      const V kernel = Exp(hn::IfThenElseZero(counts, hn::Sub(term, largest)));
      const V v = hn::IfThenElseZero(counts, hn::Mul(hn::Mul(weight, kernel), Constant(scale)));
      const V rounded = hn::Sub(hn::Add(v, coarse), coarse);
      coarse_sum = hn::Add(coarse_sum, rounded);
      fine_sum = hn::Add(fine_sum, hn::Sub(hn::Add(hn::Sub(v, rounded), fine), fine));
    }
  }
  return SumOfLanes(coarse_sum) + SumOfLanes(fine_sum);
}

template <Scales scales>
void AddAllRoughly(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                   size_t last, const KernelQuery& query, double least, const RampWeights& weights,
                   RoughSum& rough) {
  const V floor = Constant(least);
  V sum = hn::Zero(kD);
  for (size_t block = first; block < last; ++block) {
    for (size_t lane = 0; lane < kLanes; lane += Width()) {
      V term;
      AddPart<1, scales>(blocks, constants, block, lane, &query, &floor, &term);
      const M counts = hn::Ge(term, floor);
      if (hn::AllFalse(kD, counts)) continue;
      const double most = hn::GetLane(hn::MaxOfLanes(kD, term));
      if (most > rough.largest) {
        const double change = std::exp(rough.largest - most);
        rough.factor *= change;
        rough.slack *= change;
        sum = hn::Mul(sum, Constant(change));
        rough.largest = most;
      }
      const V weight = WeightsOf(blocks, blocks.numbers[block].lane + lane, counts, weights);
      // Below -700 a term's part of the sum is none.
      const V exponent = hn::Max(hn::Sub(term, Constant(rough.largest)), Constant(-700));
      const V kernel = Exp(hn::IfThenElseZero(counts, exponent));
      sum = hn::Add(sum, hn::IfThenElseZero(counts, hn::Mul(weight, kernel)));
    }
  }
  rough.factor += SumOfLanes(sum);
}

template <Scales scales>
void AddAllInScale(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                   size_t last, std::span<const KernelQuery> queries, double reference,
                   const RampWeights& weights, double* sums) {
  constexpr size_t kMostQueries = 8;
  // Exp's range.
  const V least = Constant(-700);
  const V none = Constant(-std::numeric_limits<double>::infinity());
  for (size_t begin = 0; begin < queries.size(); begin += kMostQueries) {
    const size_t count = std::min(kMostQueries, queries.size() - begin);
    V sum[kMostQueries];
    for (V& s : sum) s = hn::Zero(kD);
    for (size_t block = first; block < last; ++block) {
      for (size_t lane = 0; lane < kLanes; lane += Width()) {
        const V constant = hn::Load(kD, constants[blocks.places[block]].lane + lane);
        const M is_kernel = hn::Gt(constant, none);
        if (hn::AllFalse(kD, is_kernel)) continue;
        const V weight = WeightsOf(blocks, blocks.numbers[block].lane + lane, is_kernel, weights);
        for (size_t q = 0; q < count; ++q) {
          V term;
          AddPart<1, scales>(blocks, constants, block, lane, &queries[begin + q], &none, &term);
          const V exponent = hn::Sub(term, Constant(reference));
          const V kernel = Exp(hn::Max(exponent, least));
          sum[q] =
              hn::Add(sum[q], hn::IfThenElseZero(hn::Ge(exponent, least), hn::Mul(weight, kernel)));
        }
      }
    }
    for (size_t q = 0; q < count; ++q) sums[begin + q] += SumOfLanes(sum[q]);
  }
}

void AddInScaleTo(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                  size_t last, std::span<const KernelQuery> queries, double reference,
                  const RampWeights& weights, double* sums) {
  WithScales(blocks, [&](auto scales) {
    AddAllInScale<scales()>(blocks, constants, first, last, queries, reference, weights, sums);
  });
}

void AddRoughlyTo(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                  size_t last, const KernelQuery& query, double floor, const RampWeights& weights,
                  RoughSum& rough) {
  WithScales(blocks, [&](auto scales) {
    AddAllRoughly<scales()>(blocks, constants, first, last, query, floor, weights, rough);
  });
}

bool HasTermIn(const KernelBlocks& blocks, const KernelConstants* constants, size_t block,
               const KernelQuery& query, double least) {
  const V floor = Constant(least);
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    V term;
    AddPart<1, Scales::kBounded>(blocks, constants, block, lane, &query, &floor, &term);
    if (!hn::AllFalse(kD, hn::Ge(term, floor))) return true;
  }
  return false;
}

// Moves a positive normal number to [1, 2), and adds the exponent that it had to `exponent`: so a
// product of any length stays within what doubles can say.
HWY_INLINE V TakeExponent(V x, V& exponent) {
  const auto bits = hn::BitCast(kI, x);
  const auto unbiased = hn::Sub(hn::ShiftRight<52>(bits), hn::Set(kI, 1023));
  exponent = hn::Add(exponent, hn::ConvertTo(kD, unbiased));
  return hn::BitCast(kD, hn::Sub(bits, hn::ShiftLeft<52>(unbiased)));
}

HWY_INLINE V MassBetween(V below, V above) { return hn::Sub(hn::Sub(Constant(1), below), above); }

// The lanes of the result's bits have a kernel that is not plain.
uint32_t SetConstantsOf(const KernelBlocks& blocks, size_t block, const Interval* intervals,
                        const KernelTails* tails, KernelConstants* constants) {
  constexpr double kGreatestScale = 1.0 / (kNarrowestWidth * std::numbers::sqrt2);
  // ln(sqrt(2 pi) / sqrt(2)), for the scales have the sqrt(2).
  constexpr double kLogSqrtPi = 0.57236494292470008707;
  const size_t place = blocks.places[block];
  const DoubleLanes* centres = blocks.centres.data() + place * blocks.continuous;
  const DoubleLanes* own_scales = blocks.scales.data() + place * blocks.continuous;
  uint32_t special = 0;
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    V scales = Constant(1);
    V masses = Constant(1);
    V scales_exponent = hn::Zero(kD);
    V masses_exponent = hn::Zero(kD);
    M is_special = hn::Ne(Constant(0), Constant(0));
    for (size_t j = 0; j < blocks.continuous; ++j) {
      const V mu = hn::Load(kD, centres[j].lane + lane);
      const V scale = ScaleOf<Scales::kBounded>(blocks, own_scales, lane, j);
      const V mass =
          tails != nullptr
              ? MassBetween(hn::LoadU(kD, tails->below[j] + block * kLanes + lane),
                            hn::LoadU(kD, tails->above[j] + block * kLanes + lane))
              : MassBetween(UpperTailIfAny(WidthsFrom(intervals[j].low, mu, scale)),
                            UpperTailIfAny(hn::Neg(WidthsFrom(intervals[j].high, mu, scale))));
      is_special = hn::Or(is_special, hn::Or(hn::Lt(mu, Constant(intervals[j].low)),
                                             hn::Gt(mu, Constant(intervals[j].high))));
      is_special = hn::Or(is_special, hn::Ge(scale, Constant(kGreatestScale)));
      scales = TakeExponent(hn::Mul(scales, scale), scales_exponent);
      masses = TakeExponent(hn::Mul(masses, mass), masses_exponent);
    }
    const V exponent = hn::Sub(scales_exponent, masses_exponent);
    const V constant =
        hn::Add(Log(hn::Div(scales, masses)), hn::Mul(exponent, Constant(std::numbers::ln2)));
    const auto dimensions = static_cast<double>(blocks.continuous);
    hn::Store(hn::Sub(constant, Constant(dimensions * kLogSqrtPi)), kD,
              constants[place].lane + lane);
    uint8_t bits[8] = {};
    hn::StoreMaskBits(kD, is_special, bits);
    special |= static_cast<uint32_t>(bits[0]) << lane;
  }
  return special;
}

void SetConstantsOfAll(const KernelBlocks& blocks, std::span<const uint32_t> which,
                       const Interval* intervals, const KernelTails* tails,
                       KernelConstants* constants, uint32_t* special) {
  for (size_t i = 0; i < which.size(); ++i) {
    special[i] = SetConstantsOf(blocks, which[i], intervals, tails, constants);
  }
}

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace hpod {
namespace {

HWY_EXPORT(CollectTermsOf);
HWY_EXPORT(SumScaled);
HWY_EXPORT(AddInScaleTo);
HWY_EXPORT(AddRoughlyTo);
HWY_EXPORT(HasTermIn);
HWY_EXPORT(SetConstantsOfAll);

}  // namespace

void KernelTerms::Restart(double least_that_matters) {
  largest = -std::numeric_limits<double>::infinity();
  least = least_that_matters;
  count = 0;
}

void KernelTerms::Reserve(size_t more) {
  if (count + more <= capacity_) return;
  capacity_ = std::max(count + more, 2 * capacity_);
  blocks = std::copy_n(blocks, count, memory_.allocate_object<uint32_t>(capacity_)) - count;
  terms = std::copy_n(terms, count, memory_.allocate_object<DoubleLanes>(capacity_)) - count;
}

void CollectTerms(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                  size_t last, std::span<const KernelQuery> queries, double gap,
                  std::span<KernelTerms> terms) {
  // One more: a block that does not matter is written, too, and then over.
  for (KernelTerms& t : terms) t.Reserve(last - first + 1);
  HWY_DYNAMIC_DISPATCH(CollectTermsOf)
  (blocks, constants, first, last, queries.data(), gap, terms.data(), queries.size());
}

ScaledSum SumTerms(const KernelBlocks& blocks, const KernelTerms& terms, double gap,
                   const RampWeights& weights, size_t kernel_count) {
  if (terms.largest == -std::numeric_limits<double>::infinity()) return {1.0, terms.largest};
  const auto sum = [&](double scale) {
    return HWY_DYNAMIC_DISPATCH(SumScaled)(blocks, terms, gap, weights, kernel_count, scale);
  };
  const double total = sum(1.0);
  if (total >= 0x1p-8) return {total, terms.largest};
  // The error of a sum is absolute. One that is small because the largest terms are of old trials,
  // with small weights, is taken once more after it has been scaled to [1, 2).
  const int exponent = std::ilogb(total);
  return {sum(std::ldexp(1.0, -exponent)), terms.largest + exponent * std::numbers::ln2};
}

void AddRoughly(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                size_t last, const KernelQuery& query, double floor, const RampWeights& weights,
                RoughSum& sum) {
  HWY_DYNAMIC_DISPATCH(AddRoughlyTo)(blocks, constants, first, last, query, floor, weights, sum);
}

void AddInScale(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                size_t last, std::span<const KernelQuery> queries, double reference,
                const RampWeights& weights, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddInScaleTo)
  (blocks, constants, first, last, queries, reference, weights, sums);
}

bool HasTerm(const KernelBlocks& blocks, const KernelConstants* constants, size_t block,
             const KernelQuery& query, double floor) {
  return HWY_DYNAMIC_DISPATCH(HasTermIn)(blocks, constants, block, query, floor);
}

std::vector<uint32_t> SetConstants(const KernelBlocks& blocks, std::span<const uint32_t> which,
                                   std::span<const Interval> intervals, const KernelTails* tails,
                                   KernelConstants* constants) {
  std::vector<uint32_t> special(which.size());
  HWY_DYNAMIC_DISPATCH(SetConstantsOfAll)
  (blocks, which, intervals.data(), tails, constants, special.data());
  return special;
}

}  // namespace hpod
#endif  // HWY_ONCE
