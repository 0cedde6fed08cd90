// Flags for what limits a study: those that `study create` sets and `study update` changes.

#ifndef HPOD_CLIENTS_HPOCTL_LIMITS_H_
#define HPOD_CLIENTS_HPOCTL_LIMITS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hpo/v1/study.pb.h"

namespace hpod {

struct LimitFlags {
  std::optional<int64_t> max_trials;
  std::optional<int64_t> max_running;
  std::string max_seconds;
  std::string lease_s;
  std::optional<int32_t> max_retries;
  std::vector<std::string> metric_names;
};
void AddLimits(CLI::App& app, LimitFlags& flags);

// Sets the fields that were given and returns their names, as in an update mask. INVALID_ARGUMENT:
// not a number of seconds. `--max-seconds 0` takes the limit away.
absl::StatusOr<std::vector<std::string>> ApplyLimits(const LimitFlags& flags,
                                                     hpo::v1::Study& study);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_LIMITS_H_
