// Normal distributions that are cut off at an interval's ends, many at a time: their masses and
// quantiles, and logarithms, with the same bits on all processors (see kernel_lanes.h).

#ifndef HPOD_SAMPLERS_TPE_NORMAL_LANES_H_
#define HPOD_SAMPLERS_TPE_NORMAL_LANES_H_

#include <limits>
#include <span>
#include <vector>

namespace hpod {

// An interval in which the normals of a dimension are cut off.
struct Interval {
  double low = 0;
  double high = 0;

  bool Contains(double x) const { return low <= x && x <= high; }
};

// ln x with the same bits on every processor, unlike the library's. x > 0, normal.
double PortableLog(double x);
// The same of each x.
void PortableLogs(std::span<const double> x, std::span<double> result);

// Widths up to this, and intervals so short, need more care than the formulas here have.
inline constexpr double kNarrowestWidth = 1e-290;

// Whether the formulas of this file and kernel_lanes.h hold in an interval.
inline bool IsPlain(const Interval& interval) {
  const double length = interval.high - interval.low;
  return length > kNarrowestWidth && length < std::numeric_limits<double>::infinity();
}
// Whether they hold for a kernel: its centre is in the interval, and
// neither it nor the interval is so narrow that doubles cannot say it.
inline bool IsPlain(const Interval& interval, double mu, double sigma) {
  return interval.Contains(mu) && sigma > kNarrowestWidth && IsPlain(interval);
}

// What of each normal is beyond the ends of an interval that has their centres. All spans have one
// length.
void CutTails(std::span<const double> mu, std::span<const double> sigma, const Interval& interval,
              std::span<double> below, std::span<double> above);

// Normals with what CutTails says of them.
struct CutNormals {
  std::span<const double> mu;
  std::span<const double> sigma;
  std::span<const double> below;
  std::span<const double> above;
};
// Quantiles of the normals, cut to the interval: u and the result have their length. 0 <= u < 1.
void CutNormalQuantiles(std::span<const double> u, const CutNormals& normals,
                        const Interval& interval, std::span<double> result);

// ln of the masses that normals have in an interval; -inf for what is no double, never NaN.
// Relative error of a mass below 1e-10 for |low - mu|, |high - mu| < 1e3 sigma.
void LogNormalMasses(std::span<const double> mu, std::span<const double> sigma,
                     const Interval& interval, std::span<double> result);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_NORMAL_LANES_H_
