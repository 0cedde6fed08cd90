// The makers and option tables of all samplers and pruners, for registry.cc. A new algorithm
// declares its own here.

#ifndef HPOD_SAMPLERS_ALGORITHMS_H_
#define HPOD_SAMPLERS_ALGORITHMS_H_

#include <memory>
#include <span>

#include "absl/status/statusor.h"

#include "samplers/options.h"
#include "samplers/pruner.h"
#include "samplers/sampler.h"

namespace hpod {

absl::StatusOr<std::unique_ptr<Sampler>> MakeGridSampler(const OptionReader& options);
absl::StatusOr<std::unique_ptr<Sampler>> MakeRandomSampler(const OptionReader& options);
absl::StatusOr<std::unique_ptr<Sampler>> MakeTpeSampler(const OptionReader& options);
std::span<const OptionSpec> TpeOptions();

std::unique_ptr<Pruner> MakeMedianPruner(const OptionReader& options);
std::span<const OptionSpec> MedianOptions();
std::unique_ptr<Pruner> MakePercentilePruner(const OptionReader& options);
std::span<const OptionSpec> PercentileOptions();
std::unique_ptr<Pruner> MakeNonePruner(const OptionReader& options);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_ALGORITHMS_H_
