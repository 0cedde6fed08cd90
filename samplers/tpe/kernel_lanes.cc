// Compiled once for each instruction set (Highway, foreach_target.h); -ffp-contract=off keeps the
// compiler from fusing multiplications and additions, which some of them could and others not.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/kernel_lanes.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <bit>
#include <cmath>
#include <hwy/highway.h>
#include <memory>
#include <numbers>
#include <span>

#include "samplers/tpe/kernel_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<double, kLanes>;
using I = hn::RebindToSigned<D>;
using V = hn::VFromD<D>;
using M = decltype(hn::Eq(V(), V()));
constexpr D kD;
constexpr I kI;

HWY_INLINE size_t Width() { return hn::Lanes(kD); }
HWY_INLINE V Constant(double value) { return hn::Set(kD, value); }

// Values of a few of many lanes, one after the other, and where they belong.
class SparseLanes {
 public:
  // For up to so many.
  explicit SparseLanes(size_t capacity)
      : places_(std::make_unique_for_overwrite<int64_t[]>(capacity + kLanes)),
        values_(std::make_unique_for_overwrite<double[]>(capacity + kLanes)) {}
  // The lanes that are set in `which`, of values that belong to `place` and those after it.
  HWY_INLINE void Add(V lanes, M which, size_t place) {
    if (hn::AllFalse(kD, which)) return;
    const auto places = hn::Iota(kI, static_cast<int64_t>(place));
    hn::CompressStore(places, hn::RebindMask(kI, which), kI, places_.get() + count_);
    count_ += hn::CompressStore(lanes, which, kD, values_.get() + count_);
  }
  // Calls visit(place, function(value)) for each. `harmless` is a value that the function takes.
  template <class Function, class Visit>
  HWY_INLINE void Apply(double harmless, const Function& function, const Visit& visit) {
    hn::StoreU(Constant(harmless), kD, values_.get() + count_);
    alignas(64) double results[kLanes];
    for (size_t i = 0; i < count_; i += Width()) {
      hn::Store(function(hn::LoadU(kD, values_.get() + i)), kD, results);
      const size_t some = std::min(Width(), count_ - i);
      for (size_t k = 0; k < some; ++k) visit(static_cast<size_t>(places_[i + k]), results[k]);
    }
  }

 private:
  std::unique_ptr<int64_t[]> places_;
  std::unique_ptr<double[]> values_;
  size_t count_ = 0;
};

// c[0] + c[1] x + ... + c[n - 1] x^(n - 1): the even and the odd powers apart, so that each
// operation waits for half as many others.
template <size_t n>
HWY_INLINE V Polynomial(V x, const double (&c)[n]) {
  static_assert(n >= 2);
  const V square = hn::Mul(x, x);
  V sums[2] = {Constant(c[n - 2 + n % 2]), Constant(c[n - 1 - n % 2])};  // even, odd
  for (size_t i = n - 2; i-- > 0;) {
    sums[i % 2] = hn::Add(hn::Mul(sums[i % 2], square), Constant(c[i]));
  }
  return hn::Add(sums[0], hn::Mul(x, sums[1]));
}

// e^x for -700 <= x <= 700, relative error below 1e-14: 2^n e^r with |r| <= ln(2) / 2, the latter
// by Taylor's polynomial of degree 11. n ln(2) is subtracted in two parts, the first of which has
// so many zeros at its end that n times it is exact (Cody and Waite).
HWY_INLINE V Exp(V x) {
  constexpr double kLn2High = 0x1.62e42fee00000p-1;
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  constexpr double kInverseFactorials[] = {
      1.0,       1.0,        1.0 / 2,     1.0 / 6,      1.0 / 24,      1.0 / 120,
      1.0 / 720, 1.0 / 5040, 1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800};
  const V n = hn::Round(hn::Mul(x, Constant(std::numbers::log2e)));
  const V r = hn::Sub(hn::Sub(x, hn::Mul(n, Constant(kLn2High))), hn::Mul(n, Constant(kLn2Low)));
  // Adding 1.5 * 2^52 leaves n in the low bits of the mantissa.
  const auto bits = hn::BitCast(kI, hn::Add(n, Constant(0x1.8p52)));
  const auto exponent = hn::ShiftLeft<52>(hn::Add(bits, hn::Set(kI, 1023)));
  return hn::Mul(Polynomial(r, kInverseFactorials), hn::BitCast(kD, exponent));
}

// ln x for normal x > 0, absolute error below 1e-15 + 1e-15 |ln x|: ln m + n ln 2 with m in
// [sqrt(1/2), sqrt(2)), ln m = 2 atanh((m - 1) / (m + 1)) by its series.
HWY_INLINE V Log(V x) {
  constexpr double kOddReciprocals[] = {2.0,      2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,
                                        2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19};
  const auto bits = hn::BitCast(kI, x);
  // What is added moves the mantissas from sqrt(2) up to the next exponent.
  const auto shifted = hn::Add(bits, hn::Set(kI, 0x00095f6198000000));
  const auto biased = hn::ShiftRight<52>(shifted);
  const V n = hn::Sub(hn::BitCast(kD, hn::Add(biased, hn::Set(kI, std::bit_cast<int64_t>(0x1p52)))),
                      Constant(0x1p52 + 1023));
  const auto mantissa = hn::Sub(bits, hn::ShiftLeft<52>(hn::Sub(biased, hn::Set(kI, 1023))));
  const V m = hn::BitCast(kD, mantissa);
  const V s = hn::Div(hn::Sub(m, Constant(1)), hn::Add(m, Constant(1)));
  const V atanh = hn::Mul(s, Polynomial(hn::Mul(s, s), kOddReciprocals));
  return hn::Add(atanh, hn::Mul(n, Constant(std::numbers::ln2)));
}

// P(Z > x) e^(x^2/2) of a standard normal Z for 0 <= x <= 9: a polynomial in (x - 4) / (x + 4) that
// interpolates it at Chebyshev's nodes with a relative error of 6e-15.
HWY_INLINE V NearTailQuotient(V x) {
  constexpr double kCoefficients[] = {
      0.09441064130196907869,     -0.1703977215484550406,   0.1243792553392102531,
      -0.07170740733790637718,    0.03086480410942823226,   -0.008492095469437683401,
      0.0005075620182947572808,   0.0006388135195328201345, -0.0001871840979082474413,
      -0.00004555129216301412688, 0.0000286530911349783348, 4.618260543741301229e-6,
      -4.346890737082016842e-6,   -8.52512009321576748e-7,  7.420005420154242244e-7,
      3.804672003709979969e-7,    5.72153716148395263e-8};
  return Polynomial(hn::Div(hn::Sub(x, Constant(4)), hn::Add(x, Constant(4))), kCoefficients);
}

// The same for all x >= 0. From 9 on by the asymptotic series (Abramowitz and Stegun, 26.2.12) to
// its 12th term, with a relative error below 2e-12.
HWY_INLINE V TailQuotient(V x) {
  constexpr double kInverseSqrt2Pi = 0.39894228040143267794;
  const M is_near = hn::Le(x, Constant(9));
  const V near = NearTailQuotient(hn::Min(x, Constant(9)));
  if (hn::AllTrue(kD, is_near)) return near;
  const V y = hn::Div(Constant(1), hn::Mul(x, x));
  V series = Constant(1);
  for (int k = 12; k >= 1; --k) {
    series = hn::Sub(Constant(1), hn::Mul(hn::Mul(Constant(2.0 * k - 1.0), y), series));
  }
  const V far = hn::Mul(hn::Div(Constant(kInverseSqrt2Pi), x), series);
  return hn::IfThenElse(is_near, near, far);
}

// P(Z > x) for x >= 0. 0 beyond 9, where the truth is below 1.2e-19.
HWY_INLINE V UpperTail(V x) {
  const V cut = hn::Min(x, Constant(9));
  const V bell = Exp(hn::Mul(Constant(-0.5), hn::Mul(cut, cut)));
  return hn::IfThenElseZero(hn::Lt(x, Constant(9)), hn::Mul(bell, NearTailQuotient(cut)));
}

// The same, without the work if it is 0 in all lanes.
HWY_INLINE V UpperTailIfAny(V x) {
  return hn::AllFalse(kD, hn::Lt(x, Constant(9))) ? hn::Zero(kD) : UpperTail(x);
}

// P. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied
// Statistics 37, 1988: |z| of the quantile of p, relative error about 1e-16; for p from kCentral to
// 1/2, and for lesser ones.
constexpr double kCentral = 0.075;

HWY_INLINE V CentralQuantile(V p) {
  constexpr double kA[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                           1.9715909503065514427e+3, 1.3731693765509461125e+4,
                           4.5921953931549871457e+4, 6.7265770927008700853e+4,
                           3.3430575583588128105e+4, 2.5090809287301226727e+3};
  constexpr double kB[] = {1.0,
                           4.2313330701600911252e+1,
                           6.8718700749205790830e+2,
                           5.3941960214247511077e+3,
                           2.1213794301586595867e+4,
                           3.9307895800092710610e+4,
                           2.8729085735721942674e+4,
                           5.2264952788528545610e+3};
  const V q = hn::Sub(Constant(0.5), p);
  const V r = hn::Sub(Constant(0.180625), hn::Mul(q, q));
  return hn::Mul(q, hn::Div(Polynomial(r, kA), Polynomial(r, kB)));
}

HWY_INLINE V OuterQuantile(V p) {
  constexpr double kC[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                           5.76949722146069140550e0,  3.64784832476320460504e0,
                           1.27045825245236838258e0,  2.41780725177450611770e-1,
                           2.27238449892691845833e-2, 7.74545014278341407640e-4};
  constexpr double kE[] = {1.0,
                           2.05319162663775882187e0,
                           1.67638483018380384940e0,
                           6.89767334985100004550e-1,
                           1.48103976427480074590e-1,
                           1.51986665636164571966e-2,
                           5.47593808499534494600e-4,
                           1.05075007164441684324e-9};
  constexpr double kF[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                           1.78482653991729133580e0,  2.96560571828504891230e-1,
                           2.65321895265761230930e-2, 1.24266094738807843860e-3,
                           2.71155556874348757815e-5, 2.01033439929228813265e-7};
  constexpr double kG[] = {1.0,
                           5.99832206555887937690e-1,
                           1.36929880922735805310e-1,
                           1.48753612908506148525e-2,
                           7.86869131145613259100e-4,
                           1.84631831751005468180e-5,
                           1.42151175831644588870e-7,
                           2.04426310338993978564e-15};
  const V depth = hn::Sqrt(hn::Neg(Log(p)));
  const V near = hn::Sub(depth, Constant(1.6));
  const V far = hn::Sub(depth, Constant(5));
  const M is_near = hn::Le(depth, Constant(5));
  const V quantile = hn::Div(Polynomial(near, kC), Polynomial(near, kE));
  if (hn::AllTrue(kD, is_near)) return quantile;
  return hn::IfThenElse(is_near, quantile, hn::Div(Polynomial(far, kF), Polynomial(far, kG)));
}

// Adds the terms of `width` lanes of a block at one to kQueriesAtOnce queries.
template <size_t queries>
HWY_INLINE void AddPart(const KernelBlocks& blocks, size_t block, size_t lane,
                        const KernelQuery* query, const V* floor, V* terms) {
  constexpr size_t kDimensionsAtOnce = 4;
  const DoubleLanes* shape = blocks.shapes.data() + block * blocks.continuous * 2;
  const V constant = hn::Load(kD, blocks.constants[block].lane + lane);
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
    const V mu = hn::Load(kD, shape[2 * j].lane + lane);
    const V scale = hn::Load(kD, shape[2 * j + 1].lane + lane);
    for (size_t q = 0; q < queries; ++q) {
      const V z = hn::Mul(hn::Sub(Constant(query[q].point[j]), mu), scale);
      sum[q] = hn::Add(sum[q], hn::Mul(z, z));
    }
    if (j % kDimensionsAtOnce == kDimensionsAtOnce - 1 && is_below()) break;
  }
  const hn::Rebind<int32_t, D> half;
  for (size_t j = 0; j < blocks.tabulated; ++j) {
    const auto row =
        hn::PromoteTo(kI, hn::LoadU(half, blocks.rows[block * blocks.tabulated + j].lane + lane));
    for (size_t q = 0; q < queries; ++q) {
      sum[q] = hn::Add(sum[q], hn::GatherIndex(kD, query[q].costs[j], row));
    }
  }
  for (size_t q = 0; q < queries; ++q) terms[q] = hn::Sub(constant, sum[q]);
}

template <size_t queries>
HWY_INLINE void Collect(const KernelBlocks& blocks, size_t first, size_t last,
                        const KernelQuery* query, double gap, KernelTerms* terms) {
  V floor[queries];
  for (size_t q = 0; q < queries; ++q) floor[q] = Constant(terms[q].Floor(gap));
  for (size_t block = first; block < last; ++block) {
    V largest[queries];
    for (V& most : largest) most = Constant(-std::numeric_limits<double>::infinity());
    for (size_t lane = 0; lane < kLanes; lane += Width()) {
      V part[queries];
      AddPart<queries>(blocks, block, lane, query, floor, part);
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

void CollectTermsOf(const KernelBlocks& blocks, size_t first, size_t last, const KernelQuery* query,
                    double gap, KernelTerms* terms, size_t count) {
  while (count >= 4) {
    Collect<4>(blocks, first, last, query, gap, terms);
    query += 4;
    terms += 4;
    count -= 4;
  }
  if (count == 3) Collect<3>(blocks, first, last, query, gap, terms);
  if (count == 2) Collect<2>(blocks, first, last, query, gap, terms);
  if (count == 1) Collect<1>(blocks, first, last, query, gap, terms);
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
  const V coarse = Constant(std::ldexp(1.5, p));
  const V fine = Constant(std::ldexp(1.5, 2 * p - 54));
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

void AddRoughlyTo(const KernelBlocks& blocks, size_t first, size_t last, const KernelQuery& query,
                  double gap, const RampWeights& weights, RoughSum& rough) {
  V floor = Constant(rough.Floor(gap));
  V sum = hn::Zero(kD);
  for (size_t block = first; block < last; ++block) {
    for (size_t lane = 0; lane < kLanes; lane += Width()) {
      V term;
      AddPart<1>(blocks, block, lane, &query, &floor, &term);
      const M counts = hn::Ge(term, floor);
      if (hn::AllFalse(kD, counts)) continue;
      const double most = hn::GetLane(hn::MaxOfLanes(kD, term));
      if (most > rough.largest) {
        const double change = std::exp(rough.largest - most);
        rough.factor *= change;
        rough.slack *= change;
        sum = hn::Mul(sum, Constant(change));
        rough.largest = most;
        floor = Constant(rough.Floor(gap));
      }
      const V weight = WeightsOf(blocks, blocks.numbers[block].lane + lane, counts, weights);
      const V kernel = Exp(hn::IfThenElseZero(counts, hn::Sub(term, Constant(rough.largest))));
      sum = hn::Add(sum, hn::IfThenElseZero(counts, hn::Mul(weight, kernel)));
    }
  }
  rough.factor += SumOfLanes(sum);
}

double LogOf(double x) { return hn::GetLane(Log(Constant(x))); }

// Reads and writes kLanes of each array.
void LogsOf(const double* x, double* result) {
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    hn::Store(Log(hn::Load(kD, x + lane)), kD, result + lane);
  }
}

// Moves a positive normal number to [1, 2), and adds the exponent that it had to `exponent`: so a
// product of any length stays within what doubles can say.
HWY_INLINE V TakeExponent(V x, V& exponent) {
  const auto bits = hn::BitCast(kI, x);
  const auto unbiased = hn::Sub(hn::ShiftRight<52>(bits), hn::Set(kI, 1023));
  exponent = hn::Add(exponent, hn::ConvertTo(kD, unbiased));
  return hn::BitCast(kD, hn::Sub(bits, hn::ShiftLeft<52>(unbiased)));
}

// Of each lane and dimension, [block][dimension][lane], the mass in the dimension's interval of a
// kernel that has its centre there. Most of them see no end of it: tails are computed of those that
// do, close together.
void ComputeMasses(const KernelBlocks& blocks, std::span<const uint32_t> which,
                   const Interval* intervals, double* masses) {
  const size_t count = which.size() * blocks.continuous * kLanes;
  std::fill_n(masses, count, 1.0);
  SparseLanes to_low(count);
  SparseLanes to_high(count);
  size_t place = 0;
  for (const uint32_t block : which) {
    const DoubleLanes* shape = blocks.shapes.data() + block * blocks.continuous * 2;
    for (size_t j = 0; j < blocks.continuous; ++j) {
      for (size_t lane = 0; lane < kLanes; lane += Width()) {
        const V mu = hn::Load(kD, shape[2 * j].lane + lane);
        const V scale = hn::Load(kD, shape[2 * j + 1].lane + lane);
        const V inverse_sigma = hn::Mul(scale, Constant(std::numbers::sqrt2));
        const V low = hn::Mul(hn::Sub(mu, Constant(intervals[j].low)), inverse_sigma);
        const V high = hn::Mul(hn::Sub(Constant(intervals[j].high), mu), inverse_sigma);
        to_low.Add(low, hn::Lt(low, Constant(9)), place);
        to_high.Add(high, hn::Lt(high, Constant(9)), place);
        place += Width();
      }
    }
  }
  for (SparseLanes* distances : {&to_low, &to_high}) {
    distances->Apply(
        9.0, [](V x) { return UpperTail(x); }, [&](size_t i, double tail) { masses[i] -= tail; });
  }
}

// The lanes of the result's bits have a kernel that is not plain.
uint32_t SetConstantsOf(KernelBlocks& blocks, size_t block, const Interval* intervals,
                        const double* masses_of) {
  constexpr double kGreatestScale = 1.0 / (kNarrowestWidth * std::numbers::sqrt2);
  // ln(sqrt(2 pi) / sqrt(2)), for the scales have the sqrt(2).
  constexpr double kLogSqrtPi = 0.57236494292470008707;
  const DoubleLanes* shape = blocks.shapes.data() + block * blocks.continuous * 2;
  uint32_t special = 0;
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    V scales = Constant(1);
    V masses = Constant(1);
    V scales_exponent = hn::Zero(kD);
    V masses_exponent = hn::Zero(kD);
    M is_special = hn::Ne(Constant(0), Constant(0));
    for (size_t j = 0; j < blocks.continuous; ++j) {
      const V mu = hn::Load(kD, shape[2 * j].lane + lane);
      const V scale = hn::Load(kD, shape[2 * j + 1].lane + lane);
      const V mass = hn::LoadU(kD, masses_of + j * kLanes + lane);
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
              blocks.constants[block].lane + lane);
    uint8_t bits[8] = {};
    hn::StoreMaskBits(kD, is_special, bits);
    special |= static_cast<uint32_t>(bits[0]) << lane;
  }
  return special;
}

void SetConstantsOfAll(KernelBlocks& blocks, std::span<const uint32_t> which,
                       const Interval* intervals, uint32_t* special) {
  const size_t stride = blocks.continuous * kLanes;
  const auto masses = std::make_unique_for_overwrite<double[]>(which.size() * stride);
  ComputeMasses(blocks, which, intervals, masses.get());
  for (size_t i = 0; i < which.size(); ++i) {
    special[i] = SetConstantsOf(blocks, which[i], intervals, masses.get() + i * stride);
  }
}

// `count` is a multiple of kLanes.
void CutTailsOf(const double* mu, const double* sigma, const Interval& interval, size_t count,
                double* below, double* above) {
  for (size_t i = 0; i < count; i += Width()) {
    const V centre = hn::LoadU(kD, mu + i);
    const V width = hn::LoadU(kD, sigma + i);
    const V low = hn::Div(hn::Sub(centre, Constant(interval.low)), width);
    const V high = hn::Div(hn::Sub(Constant(interval.high), centre), width);
    hn::StoreU(UpperTailIfAny(low), kD, below + i);
    hn::StoreU(UpperTailIfAny(high), kD, above + i);
  }
}

// `count` is a multiple of kLanes.
void CutNormalQuantilesOf(const double* u, const CutNormals& normals, const Interval& interval,
                          size_t count, double* result) {
  SparseLanes outer(count);
  // The quantiles of the standard normal, less than 0 for those nearer to the low end.
  for (size_t i = 0; i < count; i += Width()) {
    const V share = hn::LoadU(kD, u + i);
    const V low = hn::LoadU(kD, normals.below.data() + i);
    const V high = hn::LoadU(kD, normals.above.data() + i);
    const V mass = hn::Sub(Constant(1), hn::Add(low, high));
    const V from_low = hn::Add(low, hn::Mul(share, mass));
    const V from_high = hn::Add(high, hn::Mul(hn::Sub(Constant(1), share), mass));
    // Not 0, whose logarithm OuterQuantile would take.
    const V least = hn::Max(hn::Min(from_low, from_high), Constant(1e-300));
    const V p = hn::Min(least, Constant(0.5));
    const M is_low = hn::Lt(from_low, from_high);
    const V z = CentralQuantile(hn::Max(p, Constant(kCentral)));
    hn::StoreU(hn::IfThenElse(is_low, hn::Neg(z), z), kD, result + i);
    outer.Add(hn::IfThenElse(is_low, hn::Neg(p), p), hn::Lt(p, Constant(kCentral)), i);
  }
  outer.Apply(
      kCentral,
      [](V p) {
        const V z = OuterQuantile(hn::Abs(p));
        return hn::IfThenElse(hn::Lt(p, hn::Zero(kD)), hn::Neg(z), z);
      },
      [&](size_t place, double z) { result[place] = z; });
  for (size_t i = 0; i < count; i += Width()) {
    const V z = hn::Mul(hn::LoadU(kD, result + i), hn::LoadU(kD, normals.sigma.data() + i));
    const V x = hn::Add(hn::LoadU(kD, normals.mu.data() + i), z);
    hn::StoreU(hn::Min(hn::Max(x, Constant(interval.low)), Constant(interval.high)), kD,
               result + i);
  }
}

// e^(max(x, -700)).
HWY_INLINE V ExpOrLittle(V x) { return Exp(hn::Max(x, Constant(-700))); }

// ln P(a < Z < a + h) for h > 0. Mirrored so that the far end is on the right. Short intervals by
// Taylor's series of the density around the middle (samplers/math/truncated_normal.cc), others by
// the difference of two tails, divided by e^(-a^2/2) if both are on one side, or by their rest.
HWY_INLINE V LogMass(V a, V h) {
  constexpr double kLogSqrt2Pi = 0.91893853320467274178;
  const V minus_half = Constant(-0.5);
  const V right = hn::Add(a, h);
  const V near = hn::IfThenElse(hn::Lt(hn::Add(a, right), hn::Zero(kD)), hn::Neg(right), a);
  const V far = hn::Add(near, h);
  const M is_on_one_side = hn::Ge(near, hn::Zero(kD));
  const V near_square = hn::Mul(minus_half, hn::Mul(near, near));
  const V between = hn::Mul(hn::Mul(minus_half, h), hn::Add(near, far));
  const V far_bell =
      ExpOrLittle(hn::IfThenElse(is_on_one_side, between, hn::Mul(minus_half, hn::Mul(far, far))));
  const V near_quotient = TailQuotient(hn::Abs(near));
  const V near_part =
      hn::IfThenElse(is_on_one_side, near_quotient,
                     hn::Sub(Constant(1), hn::Mul(ExpOrLittle(near_square), near_quotient)));
  const V difference = hn::Sub(near_part, hn::Mul(far_bell, TailQuotient(far)));

  const V middle = hn::Add(near, hn::Mul(Constant(0.5), h));
  const V m2 = hn::Mul(middle, middle);
  const V h2 = hn::Mul(h, h);
  const V fourth = hn::Add(hn::Mul(hn::Sub(m2, Constant(6)), m2), Constant(3));
  const V correction = hn::Mul(hn::Add(hn::Mul(hn::Sub(m2, Constant(1)), Constant(1.0 / 24)),
                                       hn::Mul(hn::Mul(fourth, h2), Constant(1.0 / 1920))),
                               h2);
  const M is_short = hn::Lt(hn::Mul(h, hn::Max(Constant(1), far)), Constant(0.05));
  const V quotient = hn::IfThenElse(is_short, hn::Add(h, hn::Mul(h, correction)), difference);
  const V log_bell =
      hn::IfThenElse(is_short, hn::Sub(hn::Mul(minus_half, m2), Constant(kLogSqrt2Pi)),
                     hn::IfThenElseZero(is_on_one_side, near_square));
  const V log_mass = hn::Add(Log(quotient), log_bell);
  // False for NaN, too.
  return hn::IfThenElse(hn::Gt(quotient, Constant(1e-300)), log_mass,
                        Constant(-std::numeric_limits<double>::infinity()));
}

// Reads and writes kLanes of each array.
void LogMassesOf(const double* mu, const double* sigma, const Interval& interval, double* result) {
  const V low = Constant(interval.low);
  const V length = Constant(interval.high - interval.low);
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    const V width = hn::Load(kD, sigma + lane);
    const V a = hn::Div(hn::Sub(low, hn::Load(kD, mu + lane)), width);
    hn::Store(LogMass(a, hn::Div(length, width)), kD, result + lane);
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
HWY_EXPORT(AddRoughlyTo);
HWY_EXPORT(CutTailsOf);
HWY_EXPORT(LogOf);
HWY_EXPORT(LogsOf);
HWY_EXPORT(SetConstantsOfAll);
HWY_EXPORT(CutNormalQuantilesOf);
HWY_EXPORT(LogMassesOf);

// The values, and `rest` in the lanes that are left.
DoubleLanes LanesOf(std::span<const double> values, double rest) {
  DoubleLanes lanes;
  std::fill(std::copy(values.begin(), values.end(), lanes.lane), lanes.lane + kLanes, rest);
  return lanes;
}

}  // namespace

void KernelTerms::Restart(double least_that_matters) {
  TermLimits::operator=({.least = least_that_matters});
  count = 0;
}

void KernelTerms::Reserve(size_t more) {
  if (count + more <= capacity_) return;
  capacity_ = std::max(count + more, 2 * capacity_);
  auto more_blocks = std::make_unique_for_overwrite<uint32_t[]>(capacity_);
  auto more_terms = std::make_unique_for_overwrite<DoubleLanes[]>(capacity_);
  std::copy_n(blocks.get(), count, more_blocks.get());
  std::copy_n(terms.get(), count, more_terms.get());
  blocks = std::move(more_blocks);
  terms = std::move(more_terms);
}

void CollectTerms(const KernelBlocks& blocks, size_t first, size_t last,
                  std::span<const KernelQuery> queries, double gap, std::span<KernelTerms> terms) {
  // One more: a block that does not matter is written, too, and then over.
  for (KernelTerms& t : terms) t.Reserve(last - first + 1);
  HWY_DYNAMIC_DISPATCH(CollectTermsOf)
  (blocks, first, last, queries.data(), gap, terms.data(), queries.size());
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

void AddRoughly(const KernelBlocks& blocks, size_t first, size_t last, const KernelQuery& query,
                double gap, const RampWeights& weights, RoughSum& sum) {
  HWY_DYNAMIC_DISPATCH(AddRoughlyTo)(blocks, first, last, query, gap, weights, sum);
}

void PortableLogs(std::span<const double> x, std::span<double> result) {
  const auto logs = HWY_DYNAMIC_DISPATCH(LogsOf);
  for (size_t i = 0; i < x.size(); i += kLanes) {
    const size_t count = std::min(kLanes, x.size() - i);
    const DoubleLanes lanes = LanesOf(x.subspan(i, count), 1.0);
    DoubleLanes log;
    logs(lanes.lane, log.lane);
    std::copy_n(log.lane, count, result.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<uint32_t> SetConstants(KernelBlocks& blocks, std::span<const uint32_t> which,
                                   std::span<const Interval> intervals) {
  std::vector<uint32_t> special(which.size());
  HWY_DYNAMIC_DISPATCH(SetConstantsOfAll)(blocks, which, intervals.data(), special.data());
  return special;
}

double PortableLog(double x) { return HWY_DYNAMIC_DISPATCH(LogOf)(x); }

void CutTails(const Interval& interval, CutNormals& normals) {
  const auto tails = HWY_DYNAMIC_DISPATCH(CutTailsOf);
  auto& [mu, sigma, below, above] = normals;
  const size_t count = mu.size();
  const size_t padded = (count + kLanes - 1) / kLanes * kLanes;
  mu.resize(padded, interval.low);
  sigma.resize(padded, 1.0);
  below.resize(padded);
  above.resize(padded);
  tails(mu.data(), sigma.data(), interval, padded, below.data(), above.data());
  for (std::vector<double>* values : {&mu, &sigma, &below, &above}) values->resize(count);
}

void CutNormalQuantiles(std::span<const double> u, const CutNormals& normals,
                        const Interval& interval, std::span<double> result) {
  const auto quantiles = HWY_DYNAMIC_DISPATCH(CutNormalQuantilesOf);
  const size_t whole = u.size() - u.size() % kLanes;
  quantiles(u.data(), normals, interval, whole, result.data());
  if (whole == u.size()) return;
  const auto rest = [&](const std::vector<double>& values, double other) {
    std::vector<double> lanes(values.begin() + static_cast<std::ptrdiff_t>(whole), values.end());
    lanes.resize(kLanes, other);
    return lanes;
  };
  const CutNormals last{rest(normals.mu, 0.0), rest(normals.sigma, 1.0), rest(normals.below, 0.0),
                        rest(normals.above, 0.0)};
  const DoubleLanes shares = LanesOf(u.subspan(whole), 0.5);
  DoubleLanes quantile;
  quantiles(shares.lane, last, interval, kLanes, quantile.lane);
  std::copy_n(quantile.lane, u.size() - whole, result.data() + whole);
}

void LogNormalMasses(std::span<const double> mu, std::span<const double> sigma,
                     const Interval& interval, std::span<double> result) {
  const auto log_masses = HWY_DYNAMIC_DISPATCH(LogMassesOf);
  for (size_t i = 0; i < mu.size(); i += kLanes) {
    const size_t count = std::min(kLanes, mu.size() - i);
    const DoubleLanes centres = LanesOf(mu.subspan(i, count), 0.0);
    const DoubleLanes widths = LanesOf(sigma.subspan(i, count), 1.0);
    DoubleLanes log_mass;
    log_masses(centres.lane, widths.lane, interval, log_mass.lane);
    std::copy_n(log_mass.lane, count, result.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace hpod
#endif  // HWY_ONCE
