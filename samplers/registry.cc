#include "samplers/registry.h"

#include <algorithm>
#include <string>

#include "fmt/format.h"

#include "samplers/algorithms.h"

namespace hpod {
namespace {

constexpr std::string_view kGridSummary =
    "Every point of a declared discrete space exactly once, in an order shuffled by the seed.";
constexpr std::string_view kRandomSummary = "Each parameter uniformly at random.";
constexpr std::string_view kTpeSummary =
    "Tree-structured Parzen estimator with the rules of Optuna 5.0.";
constexpr std::string_view kMedianSummary =
    "Prunes a trial whose best value is worse than the median of the others at the same step.";
constexpr std::string_view kNoneSummary = "Never prunes.";
constexpr std::string_view kPercentileSummary =
    "Prunes a trial whose best value is worse than a percentile of the others at the same step.";

// "unknown sampler 'tpee' (known: grid, random, tpe)".
template <class Entry>
absl::StatusOr<const Entry*> Find(std::span<const Entry> entries, std::string_view kind,
                                  std::string_view name) {
  std::string known;
  for (const Entry& entry : entries) {
    if (entry.name == name) return &entry;
    if (!known.empty()) known += ", ";
    known += entry.name;
  }
  return absl::InvalidArgumentError(
      fmt::format("unknown {} '{:.64}' (known: {})", kind, name, known));
}

absl::Status Prefixed(const absl::Status& status, std::string_view kind, std::string_view name) {
  return {status.code(),
          fmt::format("{} '{}': {}", kind, name,
                      std::string(status.message().data(), status.message().size()))};
}

}  // namespace

std::span<const SamplerEntry> Samplers() {
  static const SamplerEntry kSamplers[] = {
      {"grid", kGridSummary, {}, MakeGridSampler},
      {"random", kRandomSummary, {}, MakeRandomSampler},
      {"tpe", kTpeSummary, TpeOptions(), MakeTpeSampler},
  };
  return kSamplers;
}

std::span<const PrunerEntry> Pruners() {
  static const PrunerEntry kPruners[] = {
      {"median", kMedianSummary, MedianOptions(), MakeMedianPruner},
      {"none", kNoneSummary, {}, MakeNonePruner},
      {"percentile", kPercentileSummary, PercentileOptions(), MakePercentilePruner},
  };
  return kPruners;
}

absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(std::string_view name,
                                                     const Options& options) {
  const absl::StatusOr<const SamplerEntry*> entry = Find(Samplers(), "sampler", name);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<OptionReader> reader = OptionReader::Make((*entry)->options, options);
  if (!reader.ok()) return Prefixed(reader.status(), "sampler", name);
  absl::StatusOr<std::unique_ptr<Sampler>> sampler = (*entry)->make(*reader);
  if (!sampler.ok()) return Prefixed(sampler.status(), "sampler", name);
  return sampler;
}

absl::StatusOr<std::unique_ptr<Pruner>> MakePruner(std::string_view name, const Options& options) {
  const absl::StatusOr<const PrunerEntry*> entry = Find(Pruners(), "pruner", name);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<OptionReader> reader = OptionReader::Make((*entry)->options, options);
  if (!reader.ok()) return Prefixed(reader.status(), "pruner", name);
  return (*entry)->make(*reader);
}

}  // namespace hpod
