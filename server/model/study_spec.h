// What a study is made of, besides its trials; and the limits that the model enforces.

#ifndef HPOD_SERVER_MODEL_STUDY_SPEC_H_
#define HPOD_SERVER_MODEL_STUDY_SPEC_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "samplers/history.h"
#include "samplers/options.h"
#include "samplers/space.h"

namespace hpod {

using StudyId = int64_t;

// Two clocks, read together: what people are shown, and what leases run on.
struct Now {
  int64_t wall_us = 0;    // since 1970, UTC
  int64_t steady_us = 0;  // since some moment of this process; never jumps
};

// A sampler or pruner by name.
struct Algorithm {
  std::string name;
  Options options;
  bool operator==(const Algorithm&) const = default;
};

// 0: no limit.
struct Budget {
  int64_t max_trials = 0;
  int64_t max_running = 0;
  int64_t max_duration_us = 0;
  bool operator==(const Budget&) const = default;
};

enum class StopReason { kNone, kMaxTrials, kMaxRunning, kMaxDuration, kGridExhausted, kStopped };

// Key to JSON text.
using Attributes = std::map<std::string, std::string>;
using Constraints = std::map<std::string, double>;

struct StudySpec {
  std::string name;
  std::vector<Direction> directions;
  Algorithm sampler;
  Algorithm pruner;
  uint64_t seed = 0;
  Space space;  // empty: define-by-run
  Budget budget;
  int64_t lease_ms = 60'000;
  int32_t max_retries = 1;
  std::vector<std::string> metric_names;
  Attributes attributes;
  Attributes system_attributes;  // Optuna's own, not its users'
  bool stopped = false;
  int64_t created_us = 0;
  bool operator==(const StudySpec&) const = default;
};

inline constexpr size_t kMaxStudyNameBytes = 512;
inline constexpr size_t kMaxDirections = 64;
inline constexpr int64_t kMinLeaseMs = 1'000;
inline constexpr int64_t kMaxLeaseMs = 7LL * 24 * 3600 * 1000;
inline constexpr int32_t kMaxRetries = 100;
inline constexpr size_t kMaxAttributeKeyBytes = 512;
inline constexpr size_t kMaxAttributeBytes = 1 << 20;
inline constexpr size_t kMaxAttributes = 1'000;
inline constexpr size_t kMaxConstraints = 1'000;
inline constexpr size_t kMaxWorkerBytes = 255;
inline constexpr size_t kMaxFailureBytes = 4'096;
inline constexpr size_t kMaxRequestIdBytes = 128;
inline constexpr size_t kMaxReportsPerTrial = 100'000;
inline constexpr size_t kMaxBatch = 1'000;
inline constexpr size_t kMaxRememberedRequests = 20'000;
inline constexpr int64_t kRememberedRequestUs = 24LL * 3600 * 1'000'000;

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_STUDY_SPEC_H_
