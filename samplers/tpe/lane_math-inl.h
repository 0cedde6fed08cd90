// What the files that are compiled once for each instruction set (Highway, foreach_target.h) share:
// functions of eight lanes at a time. -ffp-contract=off keeps the compiler from fusing
// multiplications and additions in them, which some instruction sets could and others not.

#if defined(HPOD_SAMPLERS_TPE_LANE_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HPOD_SAMPLERS_TPE_LANE_MATH_INL_H_
#undef HPOD_SAMPLERS_TPE_LANE_MATH_INL_H_
#else
#define HPOD_SAMPLERS_TPE_LANE_MATH_INL_H_
#endif

#include <bit>
#include <hwy/highway.h>
#include <numbers>

#include "samplers/tpe/lanes.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<double, kLanes>;
using I = hn::RebindToSigned<D>;
using V = hn::VFromD<D>;
using M = decltype(hn::Eq(V(), V()));
inline constexpr D kD;
inline constexpr I kI;

HWY_INLINE size_t Width() { return hn::Lanes(kD); }
HWY_INLINE V Constant(double value) { return hn::Set(kD, value); }

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

// From x to mu, in sigma = 1 / (sqrt(2) scale).
HWY_INLINE V WidthsFrom(double x, V mu, V scale) {
  return hn::Mul(hn::Sub(mu, Constant(x)), hn::Mul(scale, Constant(std::numbers::sqrt2)));
}

}  // namespace
}  // namespace hpod::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HPOD_SAMPLERS_TPE_LANE_MATH_INL_H_
