// Times as Optuna has them: text in the process's time zone, without saying which.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_LOCAL_TIME_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_LOCAL_TIME_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hpod {

// "2026-11-24 08:30:00.000000"; empty for 0.
std::string ToLocalTime(int64_t microseconds);

// Microseconds since 1970; 0 for an empty text. INVALID_ARGUMENT: what Python's strptime would not
// read with "%Y-%m-%d %H:%M:%S.%f".
absl::StatusOr<int64_t> FromLocalTime(std::string_view text);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_LOCAL_TIME_H_
