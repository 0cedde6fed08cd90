// Refusals with a stable reason, as hpo.v1.ErrorReason documents them. The reason and its metadata
// ride on the absl::Status as a payload, so that the endpoints can put them on the wire.

#ifndef HPOD_SERVER_MODEL_ERRORS_H_
#define HPOD_SERVER_MODEL_ERRORS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace hpod {

enum class Reason {
  kStudyNotFound,
  kTrialNotFound,
  kStudyExists,
  kStudyMismatch,
  kInvalidField,
  kParameterChanged,
  kRequestIdReused,
  kLeaseLost,
  kTrialFinished,
  kTrialWaiting,
  kSeveralObjectives,
  kLimitExceeded,
  kStorageFull,
  kStorageFailed,
  kShuttingDown,
};

// "STUDY_NOT_FOUND" and so on.
std::string_view ToString(Reason reason);

using ErrorMetadata = std::map<std::string, std::string>;

// An error with the code that belongs to the reason.
absl::Status Refuse(Reason reason, std::string_view message, const ErrorMetadata& metadata = {});

// INVALID_ARGUMENT about a field of a request, INVALID_FIELD.
absl::Status InvalidField(std::string_view field, std::string_view message);

// The same for an error that samplers/ found: `status`, which must not be OK, as INVALID_FIELD
// about `field`. Other codes than INVALID_ARGUMENT stay as they are.
absl::Status AboutField(std::string_view field, const absl::Status& status);

struct ErrorDetail {
  std::string reason;
  ErrorMetadata metadata;
};
// What Refuse attached; for an error made elsewhere, what its code suggests (INVALID_ARGUMENT:
// INVALID_FIELD), if anything.
std::optional<ErrorDetail> DetailOf(const absl::Status& status);

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_ERRORS_H_
