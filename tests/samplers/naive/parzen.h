// The Parzen estimator once more, as slow and as close to its formulas (docs/samplers.md) as
// possible, in long doubles.

#ifndef HPOD_TESTS_SAMPLERS_NAIVE_PARZEN_H_
#define HPOD_TESTS_SAMPLERS_NAIVE_PARZEN_H_

#include <vector>

#include "samplers/space.h"

namespace hpod::naive {

// Widths of the kernels of a numeric dimension, the prior's last. Quadratic.
std::vector<double> Widths(const Domain& domain, const std::vector<double>& observations);

// ln of the density at `point` of the mixture over observations[dimension][trial].
double LogDensity(const std::vector<Domain>& domains,
                  const std::vector<std::vector<double>>& observations, bool forgetting,
                  const std::vector<double>& point);

}  // namespace hpod::naive

#endif  // HPOD_TESTS_SAMPLERS_NAIVE_PARZEN_H_
