// What hpoctl bench measures.

#ifndef HPOD_CLIENTS_HPOCTL_BENCH_PARTS_H_
#define HPOD_CLIENTS_HPOCTL_BENCH_PARTS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "clients/hpoctl/bench/load.h"

namespace hpod {

// Names of the parts, in their order.
inline constexpr const char* kRead = "read";
inline constexpr const char* kSuggestRandom = "suggest random";
inline constexpr const char* kReport = "report";
inline constexpr const char* kComplete = "complete";
inline constexpr const char* kSuggestTpe = "suggest tpe";
inline constexpr int kPartCount = 5;

struct Part {
  std::string name;
  int in_flight = 1;
  Measurement measurement;
};

// Measures all parts on scratch studies whose names start with `prefix`, which are gone when it
// returns. `before` is told of each part. CANCELLED: interrupted.
absl::StatusOr<std::vector<Part>> MeasureParts(
    const std::string& prefix, const LoadOptions& options, Connection& connection,
    const InterruptFlag& interrupt, const std::function<void(const std::string& name)>& before);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_BENCH_PARTS_H_
