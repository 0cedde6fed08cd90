#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "samplers/tpe/normal_lanes.cc"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include <algorithm>
#include <hwy/highway.h>
#include <limits>

#include "samplers/tpe/lane_math-inl.h"
#include "samplers/tpe/normal_lanes.h"

HWY_BEFORE_NAMESPACE();
namespace hpod::HWY_NAMESPACE {
namespace {

// P(Z > x) e^(x^2/2) for all x >= 0. From 9 on by the asymptotic series (Abramowitz and
// Stegun, 26.2.12) to its 12th term, with a relative error below 2e-12.
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

// For 0 < p <= 1/2.
HWY_INLINE V UpperQuantile(V p) {
  const M is_outer = hn::Lt(p, Constant(kCentral));
  const V central = CentralQuantile(hn::Max(p, Constant(kCentral)));
  if (hn::AllFalse(kD, is_outer)) return central;
  return hn::IfThenElse(is_outer, OuterQuantile(hn::Min(p, Constant(kCentral))), central);
}

double LogOf(double x) { return hn::GetLane(Log(Constant(x))); }

// Reads and writes kLanes of each array.
void LogsOf(const double* x, double* result) {
  for (size_t lane = 0; lane < kLanes; lane += Width()) {
    hn::Store(Log(hn::Load(kD, x + lane)), kD, result + lane);
  }
}

// `count` is a multiple of kLanes.
void CutTailsOf(const double* mu, const double* sigma, const Interval& interval, size_t count,
                double* below, double* above) {
  for (size_t i = 0; i < count; i += Width()) {
    const V centre = hn::LoadU(kD, mu + i);
    const V scale = hn::Div(Constant(1.0 / std::numbers::sqrt2), hn::LoadU(kD, sigma + i));
    hn::StoreU(UpperTailIfAny(WidthsFrom(interval.low, centre, scale)), kD, below + i);
    hn::StoreU(UpperTailIfAny(hn::Neg(WidthsFrom(interval.high, centre, scale))), kD, above + i);
  }
}

// `count` is a multiple of kLanes.
void CutNormalQuantilesOf(const double* u, const CutNormals& normals, const Interval& interval,
                          size_t count, double* result) {
  for (size_t i = 0; i < count; i += Width()) {
    const V share = hn::LoadU(kD, u + i);
    const V low = hn::LoadU(kD, normals.below.data() + i);
    const V high = hn::LoadU(kD, normals.above.data() + i);
    const V mass = hn::Sub(Constant(1), hn::Add(low, high));
    const V from_low = hn::Add(low, hn::Mul(share, mass));
    const V from_high = hn::Add(high, hn::Mul(hn::Sub(Constant(1), share), mass));
    // Not 0, whose logarithm OuterQuantile would take.
    const V least = hn::Max(hn::Min(from_low, from_high), Constant(1e-300));
    const V distance = UpperQuantile(hn::Min(least, Constant(0.5)));
    const V z = hn::IfThenElse(hn::Lt(from_low, from_high), hn::Neg(distance), distance);
    const V sigma = hn::LoadU(kD, normals.sigma.data() + i);
    const V x = hn::Add(hn::LoadU(kD, normals.mu.data() + i), hn::Mul(z, sigma));
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

HWY_EXPORT(LogOf);
HWY_EXPORT(LogsOf);
HWY_EXPORT(CutTailsOf);
HWY_EXPORT(CutNormalQuantilesOf);
HWY_EXPORT(LogMassesOf);

// The values, and `rest` in the lanes that are left.
DoubleLanes LanesOf(std::span<const double> values, double rest) {
  DoubleLanes lanes;
  std::fill(std::copy(values.begin(), values.end(), lanes.lane), lanes.lane + kLanes, rest);
  return lanes;
}

}  // namespace

double PortableLog(double x) { return HWY_DYNAMIC_DISPATCH(LogOf)(x); }

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

void CutTails(std::span<const double> mu, std::span<const double> sigma, const Interval& interval,
              std::span<double> below, std::span<double> above) {
  const auto tails = HWY_DYNAMIC_DISPATCH(CutTailsOf);
  const size_t whole = mu.size() - mu.size() % kLanes;
  tails(mu.data(), sigma.data(), interval, whole, below.data(), above.data());
  if (whole == mu.size()) return;
  const DoubleLanes centres = LanesOf(mu.subspan(whole), interval.low);
  const DoubleLanes widths = LanesOf(sigma.subspan(whole), 1.0);
  DoubleLanes low;
  DoubleLanes high;
  tails(centres.lane, widths.lane, interval, kLanes, low.lane, high.lane);
  std::copy_n(low.lane, mu.size() - whole, below.data() + whole);
  std::copy_n(high.lane, mu.size() - whole, above.data() + whole);
}

void CutNormalQuantiles(std::span<const double> u, const CutNormals& normals,
                        const Interval& interval, std::span<double> result) {
  const auto quantiles = HWY_DYNAMIC_DISPATCH(CutNormalQuantilesOf);
  const size_t whole = u.size() - u.size() % kLanes;
  quantiles(u.data(), normals, interval, whole, result.data());
  if (whole == u.size()) return;
  const DoubleLanes shares = LanesOf(u.subspan(whole), 0.5);
  const DoubleLanes mu = LanesOf(normals.mu.subspan(whole), 0.0);
  const DoubleLanes sigma = LanesOf(normals.sigma.subspan(whole), 1.0);
  const DoubleLanes below = LanesOf(normals.below.subspan(whole), 0.0);
  const DoubleLanes above = LanesOf(normals.above.subspan(whole), 0.0);
  DoubleLanes quantile;
  quantiles(shares.lane, {mu.lane, sigma.lane, below.lane, above.lane}, interval, kLanes,
            quantile.lane);
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
