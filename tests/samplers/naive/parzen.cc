#include "tests/samplers/naive/parzen.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hpod::naive {
namespace {

using Real = long double;

struct Numeric {
  Real low;
  Real high;
  Real step;
  bool log;

  explicit Numeric(const Domain& domain) {
    if (const auto* d = std::get_if<IntDomain>(&domain)) {
      low = d->low;
      high = d->high;
      step = d->step;
      log = d->log;
    } else {
      const auto& f = std::get<FloatDomain>(domain);
      low = f.low;
      high = f.high;
      step = f.step;
      log = f.log;
    }
  }
  Real ToModel(Real x) const { return log ? std::log(x) : x; }
  Real Low() const { return ToModel(low - step / 2); }
  Real High() const { return ToModel(high + step / 2); }
};

// P(a < Z < b), from the tail in which both ends lie.
Real Mass(Real a, Real b) {
  const Real root = std::numbers::sqrt2_v<Real>;
  if (a > 0) return (std::erfc(a / root) - std::erfc(b / root)) / 2;
  return (std::erfc(-b / root) - std::erfc(-a / root)) / 2;
}

Real NumericDensity(const Numeric& d, Real mu, Real sigma, Real x) {
  const Real total = Mass((d.Low() - mu) / sigma, (d.High() - mu) / sigma);
  if (d.step > 0) {
    const Real left = (d.ToModel(x - d.step / 2) - mu) / sigma;
    const Real right = (d.ToModel(x + d.step / 2) - mu) / sigma;
    return Mass(left, right) / total;
  }
  const Real z = (d.ToModel(x) - mu) / sigma;
  return std::exp(-z * z / 2) / (sigma * std::sqrt(2 * std::numbers::pi_v<Real>)) / total;
}

Real CategoricalDensity(size_t choices, size_t m, size_t kernel,
                        const std::vector<double>& observed, double x) {
  std::vector<Real> row(choices, Real{1} / static_cast<Real>(m + 1));
  if (kernel < m) row[static_cast<size_t>(observed[kernel])] += 1;
  Real sum = 0;
  for (const Real p : row) sum += p;
  return row[static_cast<size_t>(x)] / sum;
}

std::vector<Real> Weights(size_t m, bool forgetting) {
  std::vector<Real> weights;
  for (size_t i = 0; i < m; ++i) {
    Real weight = 1;
    if (forgetting && m > 25 && i < m - 25) {
      const Real first = Real{1} / static_cast<Real>(m);
      weight =
          m == 26 ? first : first + (1 - first) * static_cast<Real>(i) / static_cast<Real>(m - 26);
    }
    weights.push_back(weight);
  }
  weights.push_back(1);
  Real sum = 0;
  for (const Real w : weights) sum += w;
  for (Real& w : weights) w /= sum;
  return weights;
}

}  // namespace

std::vector<double> Widths(const Domain& domain, const std::vector<double>& observations) {
  const Numeric d(domain);
  const size_t m = observations.size();
  const Real range = d.High() - d.Low();
  std::vector<Real> mu;
  for (const double x : observations) mu.push_back(d.ToModel(x));
  std::vector<double> widths;
  for (size_t i = 0; i < m; ++i) {
    Real left = -1;
    Real right = -1;
    for (size_t j = 0; j < m; ++j) {
      if (j == i) continue;
      const bool before = mu[j] < mu[i] || (mu[j] == mu[i] && j < i);
      const Real gap = before ? mu[i] - mu[j] : mu[j] - mu[i];
      Real& nearest = before ? left : right;
      if (nearest < 0 || gap < nearest) nearest = gap;
    }
    Real width = std::max(left, right);
    if (m == 1) width = std::max(mu[i] - d.Low(), d.High() - mu[i]);
    widths.push_back(static_cast<double>(
        std::min(range, std::max(width, range / std::min<Real>(100, static_cast<Real>(m + 2))))));
  }
  widths.push_back(static_cast<double>(range));
  return widths;
}

double LogDensity(const std::vector<Domain>& domains,
                  const std::vector<std::vector<double>>& observations, bool forgetting,
                  const std::vector<double>& point) {
  const size_t m = observations[0].size();
  const std::vector<Real> weights = Weights(m, forgetting);
  Real sum = 0;
  for (size_t k = 0; k <= m; ++k) {
    Real density = weights[k];
    for (size_t i = 0; i < domains.size(); ++i) {
      if (const auto* categorical = std::get_if<CategoricalDomain>(&domains[i])) {
        density *= CategoricalDensity(categorical->choices.size(), m, k, observations[i], point[i]);
        continue;
      }
      const Numeric d(domains[i]);
      const Real mu = k < m ? d.ToModel(observations[i][k]) : (d.Low() + d.High()) / 2;
      density *= NumericDensity(d, mu, Widths(domains[i], observations[i])[k], point[i]);
    }
    sum += density;
  }
  return static_cast<double>(std::log(sum));
}

}  // namespace hpod::naive
