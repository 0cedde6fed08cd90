// Everything is computed in the left tail, where the distribution function is small and doubles are
// dense; the right tail is reached by symmetry.

#include "samplers/math/truncated_normal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kInverseSqrt2 = 1.0 / std::numbers::sqrt2;
constexpr double kLogSqrt2Pi = 0.91893853320467274178;
// From here on erfc would leave the range of normal doubles soon, and the asymptotic series has
// full precision.
constexpr double kFarTail = 25.0;

// Mills' ratio (1 - Phi(z)) / phi(z) for z >= kFarTail, by its asymptotic series
// 1/z (1 - 1/z^2 + 1*3/z^4 - 1*3*5/z^6 + ...) (Abramowitz and Stegun, 26.2.12).
double FarMillsRatio(double z) {
  const double inverse_square = 1.0 / (z * z);
  double term = 1.0;
  double sum = 1.0;
  for (int k = 1; k <= 10; ++k) {
    term *= -(2.0 * k - 1.0) * inverse_square;
    sum += term;
  }
  return sum / z;
}

// Phi(z) for z <= 0 that is not in the far tail.
double NearCdf(double z) { return 0.5 * std::erfc(-z * kInverseSqrt2); }

// ln of the mass of a short interval, by Taylor's series of the density around its middle m:
// h phi(m) (1 + (m^2 - 1) h^2 / 24 + (m^4 - 6 m^2 + 3) h^4 / 1920 + ...). The difference of two
// distribution functions would cancel.
double ShortMass(double a, double b) {
  const double h = b - a;
  const double m = a + 0.5 * h;
  const double m2 = m * m;
  const double h2 = h * h;
  const double correction = ((m2 - 1.0) / 24.0 + ((m2 - 6.0) * m2 + 3.0) * h2 / 1920.0) * h2;
  return LogNormalPdf(m) + std::log(h) + std::log1p(correction);
}

// a < b <= 0.
double LeftMass(double a, double b) {
  constexpr double kShort = 0.05;
  const double h = b - a;
  if (h * std::max(1.0, -a) < kShort) return ShortMass(a, b);
  if (b > -kFarTail) {
    return std::log(NearCdf(b) - (a > -kFarTail ? NearCdf(a) : std::exp(LogNormalCdf(a))));
  }
  // Both divided by phi(b); (b^2 - a^2) / 2 factored, since the squares would cancel.
  const double a_over_b = std::exp(-0.5 * h * (-a - b));
  const double a_part = a_over_b > 0 ? FarMillsRatio(-a) * a_over_b : 0.0;
  return LogNormalPdf(b) + std::log(FarMillsRatio(-b) - a_part);
}

// a < 0 < b.
double CentralMass(double a, double b) {
  const double tails = NearCdf(a) + NearCdf(-b);
  if (tails < 0.5) return std::log1p(-tails);
  return std::log(0.5 * (std::erf(b * kInverseSqrt2) - std::erf(a * kInverseSqrt2)));
}

// ln(exp(p) + exp(q)).
double LogSum(double p, double q) {
  const double larger = std::max(p, q);
  if (larger == -kInfinity) return -kInfinity;
  return larger + std::log1p(std::exp(std::min(p, q) - larger));
}

// Newton's method for LogNormalCdf(z) = log_p with log_p <= ln 0.5. The function is concave and
// ascends, so that from the second iterate on it goes up to the root and cannot overshoot.
double LeftInverse(double log_p) {
  constexpr double kLogisticScale = std::numbers::sqrt3 * std::numbers::inv_pi;
  // Start: the tail's leading term, or the logistic distribution of the same variance.
  double z = log_p < -5.0 ? -std::sqrt(-2.0 * (log_p + kLogSqrt2Pi))
                          : -kLogisticScale * std::log(std::expm1(-log_p));
  for (int i = 0; i < 50; ++i) {
    const double log_cdf = LogNormalCdf(z);
    const double step = (log_cdf - log_p) * std::exp(log_cdf - LogNormalPdf(z));
    z -= step;
    // Convergence is quadratic: the next step would be below rounding.
    if (!(std::abs(step) > 1e-9 * (1.0 + std::abs(z)))) break;
  }
  return std::min(z, 0.0);
}

}  // namespace

double LogNormalPdf(double z) { return -0.5 * z * z - kLogSqrt2Pi; }

double LogNormalCdf(double z) {
  if (z > 0) return std::log1p(-0.5 * std::erfc(z * kInverseSqrt2));
  if (z > -kFarTail) return std::log(NearCdf(z));
  return LogNormalPdf(z) + std::log(FarMillsRatio(-z));
}

double LogNormalMass(double a, double b) {
  if (!(a < b)) return -kInfinity;
  const double log_mass = b <= 0 ? LeftMass(a, b) : a >= 0 ? LeftMass(-b, -a) : CentralMass(a, b);
  return std::isnan(log_mass) ? -kInfinity : log_mass;
}

double InverseLogNormalCdf(double log_p) {
  if (log_p >= 0) return kInfinity;
  if (log_p == -kInfinity) return -kInfinity;
  if (log_p <= -std::numbers::ln2) return LeftInverse(log_p);
  // ln(1 - p), of the mirrored quantile.
  return -LeftInverse(std::log(-std::expm1(log_p)));
}

double TruncatedNormalQuantile(double u, double a, double b) {
  if (!(a < b)) return a;
  const double log_mass = LogNormalMass(a, b);
  // So far out that there is no mass to divide: all of it is at the end that is nearer to the
  // centre.
  if (!std::isfinite(log_mass)) return a >= 0 ? a : b;
  const double z = a < 0
                       ? InverseLogNormalCdf(LogSum(LogNormalCdf(a), std::log(u) + log_mass))
                       : -InverseLogNormalCdf(LogSum(LogNormalCdf(-b), std::log1p(-u) + log_mass));
  if (std::isnan(z)) return a >= 0 ? a : b;
  return std::clamp(z, a, b);
}

}  // namespace hpod
