// The payload is text: the reason, then metadata as key and value, each part ended by a zero byte
// (keys and reasons have none; values that have one are cut there).

#include "server/model/errors.h"

#include <array>
#include <utility>

#include "absl/strings/cord.h"

namespace hpod {
namespace {

constexpr char kPayloadUrl[] = "hpod.reason";

struct ReasonRow {
  std::string_view name;
  absl::StatusCode code;
};

// In the order of the enum.
constexpr std::array<ReasonRow, 15> kReasons = {{
    {"STUDY_NOT_FOUND", absl::StatusCode::kNotFound},
    {"TRIAL_NOT_FOUND", absl::StatusCode::kNotFound},
    {"STUDY_EXISTS", absl::StatusCode::kAlreadyExists},
    {"STUDY_MISMATCH", absl::StatusCode::kFailedPrecondition},
    {"INVALID_FIELD", absl::StatusCode::kInvalidArgument},
    {"PARAMETER_CHANGED", absl::StatusCode::kInvalidArgument},
    {"REQUEST_ID_REUSED", absl::StatusCode::kInvalidArgument},
    {"LEASE_LOST", absl::StatusCode::kAborted},
    {"TRIAL_FINISHED", absl::StatusCode::kFailedPrecondition},
    {"TRIAL_WAITING", absl::StatusCode::kFailedPrecondition},
    {"SEVERAL_OBJECTIVES", absl::StatusCode::kFailedPrecondition},
    {"LIMIT_EXCEEDED", absl::StatusCode::kResourceExhausted},
    {"STORAGE_FULL", absl::StatusCode::kResourceExhausted},
    {"STORAGE_FAILED", absl::StatusCode::kUnavailable},
    {"SHUTTING_DOWN", absl::StatusCode::kUnavailable},
}};

const ReasonRow& RowOf(Reason reason) { return kReasons[static_cast<size_t>(reason)]; }

// Cuts the part up to the next zero byte off the front of `text`.
std::string TakePart(std::string& text) {
  const size_t end = text.find('\0');
  std::string part = text.substr(0, end);
  text.erase(0, end == std::string::npos ? end : end + 1);
  return part;
}

}  // namespace

std::string_view ToString(Reason reason) { return RowOf(reason).name; }

absl::Status Refuse(Reason reason, std::string_view message, const ErrorMetadata& metadata) {
  const ReasonRow& row = RowOf(reason);
  std::string payload(row.name);
  payload += '\0';
  for (const auto& [key, value] : metadata) {
    payload += key;
    payload += '\0';
    payload += value.substr(0, value.find('\0'));
    payload += '\0';
  }
  absl::Status status(row.code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kPayloadUrl, absl::Cord(payload));
  return status;
}

absl::Status InvalidField(std::string_view field, std::string_view message) {
  return Refuse(Reason::kInvalidField, message, {{"field", std::string(field)}});
}

absl::Status AboutField(std::string_view field, const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return status;
  return InvalidField(field, std::string(status.message()));
}

std::optional<ErrorDetail> DetailOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) {
    if (status.code() != absl::StatusCode::kInvalidArgument) return std::nullopt;
    return ErrorDetail{std::string(ToString(Reason::kInvalidField)), {}};
  }
  std::string text(*payload);
  ErrorDetail detail{TakePart(text), {}};
  while (!text.empty()) {
    std::string key = TakePart(text);
    detail.metadata.emplace(std::move(key), TakePart(text));
  }
  return detail;
}

}  // namespace hpod
