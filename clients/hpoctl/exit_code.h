// How a command ends. Commands return absl::Status; its code chooses the exit code, its message is
// what people read.

#ifndef HPOD_CLIENTS_HPOCTL_EXIT_CODE_H_
#define HPOD_CLIENTS_HPOCTL_EXIT_CODE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace hpod {

enum class ExitCode : int {
  kDone = 0,
  kRefused = 1,        // by the server, or by the person who was asked
  kUsage = 2,          // the command line, or a file that it names
  kUnreachable = 3,    // no answer from the server
  kInterrupted = 130,  // by SIGINT, SIGTERM or SIGHUP, of a verb that cleans up then
};

inline absl::Status Refused(std::string_view message) {
  return absl::FailedPreconditionError(std::string(message));
}
inline absl::Status UsageError(std::string_view message) {
  return absl::InvalidArgumentError(std::string(message));
}
inline absl::Status Unreachable(std::string_view message) {
  return absl::UnavailableError(std::string(message));
}
// What there is to say has been said.
inline absl::Status Interrupted() { return absl::CancelledError(""); }

inline ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kDone;
  if (absl::IsInvalidArgument(status)) return ExitCode::kUsage;
  if (absl::IsCancelled(status)) return ExitCode::kInterrupted;
  return absl::IsUnavailable(status) ? ExitCode::kUnreachable : ExitCode::kRefused;
}

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_EXIT_CODE_H_
