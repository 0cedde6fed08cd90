#include "hpod/errors.h"

#include "absl/strings/cord.h"
#include "hpo/v1/error.pb.h"

#include "clients/cpp/src/error_payload.h"

namespace hpod {

ErrorInfo ErrorInfoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorInfoUrl);
  hpo::v1::ErrorInfo wire;
  if (!payload || !wire.ParseFromString(std::string(*payload))) return {};
  return {.reason = wire.reason(), .metadata = {wire.metadata().begin(), wire.metadata().end()}};
}

bool IsLeaseLost(const absl::Status& status) {
  return absl::IsAborted(status) && ErrorInfoOf(status).reason == "LEASE_LOST";
}

bool IsTransient(const absl::Status& status) {
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return true;
  if (!absl::IsResourceExhausted(status)) return false;
  const ErrorInfo info = ErrorInfoOf(status);
  if (info.reason == "STORAGE_FULL") return true;
  const auto limit = info.metadata.find("limit");
  return limit != info.metadata.end() && limit->second == "calls_in_flight";
}

}  // namespace hpod
