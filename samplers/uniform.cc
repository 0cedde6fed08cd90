#include "samplers/uniform.h"

#include <algorithm>
#include <cmath>

namespace hpod {
namespace {

double UniformBetween(double low, double high, double u) { return low + u * (high - low); }

double DrawFloat(const FloatDomain& domain, double u) {
  const double value =
      domain.log ? std::exp(UniformBetween(std::log(domain.low), std::log(domain.high), u))
                 : UniformBetween(domain.low, domain.high, u);
  return std::clamp(value, domain.low, std::nextafter(domain.high, domain.low));
}

double DrawLogInt(const IntDomain& domain, double u) {
  const auto low = static_cast<double>(domain.low);
  const auto high = static_cast<double>(domain.high);
  const double value = std::exp(UniformBetween(std::log(low - 0.5), std::log(high + 0.5), u));
  return std::clamp(std::nearbyint(value), low, high);
}

}  // namespace

double DrawUniform(const Domain& domain, Rng& rng) {
  if (IsSingle(domain)) return SingleValue(domain);
  const uint64_t cardinality = Cardinality(domain);
  if (cardinality == 0) return DrawFloat(std::get<FloatDomain>(domain), rng.Uniform());
  const auto* integer = std::get_if<IntDomain>(&domain);
  if (integer != nullptr && integer->log) return DrawLogInt(*integer, rng.Uniform());
  return ValueAt(domain, rng.Below(cardinality));
}

}  // namespace hpod
