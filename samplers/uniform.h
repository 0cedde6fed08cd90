// Draws without a model: uniform over a domain, uniform in ln for log domains.

#ifndef HPOD_SAMPLERS_UNIFORM_H_
#define HPOD_SAMPLERS_UNIFORM_H_

#include "samplers/rng.h"
#include "samplers/space.h"

namespace hpod {

// An internal value inside the domain.
//   float            [low, high), in ln if log; high itself only if it is the only value
//   stepped, choices each value with the same probability
//   log int          uniform in [ln(low - 1/2), ln(high + 1/2)], rounded
double DrawUniform(const Domain& domain, Rng& rng);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_UNIFORM_H_
