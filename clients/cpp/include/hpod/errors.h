// What an error of a call says besides its gRPC code, which is the code of its absl::Status, and
// the daemon's words, which are its message.

#ifndef HPOD_ERRORS_H_
#define HPOD_ERRORS_H_

#include <map>
#include <string>

#include "absl/status/status.h"

namespace hpod {

struct ErrorInfo {
  // A name of hpo.v1.ErrorReason without its prefix, as `STUDY_NOT_FOUND`; empty if the error is
  // not the daemon's.
  std::string reason;
  // What the reason's description in error.proto names.
  std::map<std::string, std::string> metadata;
};

ErrorInfo ErrorInfoOf(const absl::Status& status);

// The trial was given up because its worker was silent for longer than the lease: drop the work.
bool IsLeaseLost(const absl::Status& status);

// Whether a later attempt of the same call may succeed.
bool IsTransient(const absl::Status& status);

}  // namespace hpod

#endif  // HPOD_ERRORS_H_
