// The algorithms there are: one row each. Adding one is its file, its factory's name and its row in
// registry.cc.

#ifndef HPOD_SAMPLERS_REGISTRY_H_
#define HPOD_SAMPLERS_REGISTRY_H_

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"

#include "samplers/options.h"
#include "samplers/pruner.h"
#include "samplers/sampler.h"

namespace hpod {

struct SamplerEntry {
  std::string_view name;
  std::string_view summary;  // one sentence
  std::span<const OptionSpec> options;
  // `options` has been checked against the table. INVALID_ARGUMENT: options that contradict each
  // other.
  absl::StatusOr<std::unique_ptr<Sampler>> (*make)(const OptionReader& options);
};

struct PrunerEntry {
  std::string_view name;
  std::string_view summary;
  std::span<const OptionSpec> options;
  std::unique_ptr<Pruner> (*make)(const OptionReader& options);
};

// All of them, by name.
std::span<const SamplerEntry> Samplers();
std::span<const PrunerEntry> Pruners();

// INVALID_ARGUMENT: an unknown name (the message lists the known ones) or bad options.
absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(std::string_view name, const Options& options);
absl::StatusOr<std::unique_ptr<Pruner>> MakePruner(std::string_view name, const Options& options);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_REGISTRY_H_
