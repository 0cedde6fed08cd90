// The normal distribution cut to an interval [a, b], in standard coordinates and logarithms,
// accurate in both tails.

#ifndef HPOD_SAMPLERS_MATH_TRUNCATED_NORMAL_H_
#define HPOD_SAMPLERS_MATH_TRUNCATED_NORMAL_H_

namespace hpod {

// ln of the standard normal density at z.
double LogNormalPdf(double z);

// ln of the standard normal distribution function at z. Relative error below 1e-13 for |z| < 1e150.
double LogNormalCdf(double z);

// ln P(a < Z < b) for a standard normal Z; a <= b. -inf if a == b or beyond what doubles can say;
// never NaN for arguments that are not NaN. The probability's relative error is below 1e-12 while
// |a|, |b| < 1e3.
double LogNormalMass(double a, double b);

// The z with LogNormalCdf(z) == log_p, for log_p <= 0; -inf and 0 give -inf and +inf.
double InverseLogNormalCdf(double log_p);

// The u-quantile of Z given a < Z < b; 0 <= u < 1, a <= b. In [a, b], never NaN for arguments that
// are not NaN.
double TruncatedNormalQuantile(double u, double a, double b);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_MATH_TRUNCATED_NORMAL_H_
