// Matchers for absl::Status and absl::StatusOr.

#ifndef HPOD_TESTS_SUPPORT_STATUS_MATCHERS_H_
#define HPOD_TESTS_SUPPORT_STATUS_MATCHERS_H_

#include <gmock/gmock.h>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/model/errors.h"

namespace hpod {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

inline std::string ReasonOf(const absl::Status& status) {
  const auto detail = DetailOf(status);
  return detail.has_value() ? detail->reason : "";
}

MATCHER(IsOk, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P(HasCode, code, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P(IsRefused, reason, "is refused with " + std::string(ToString(reason))) {
  *result_listener << StatusOf(arg).ToString() << " reason " << ReasonOf(StatusOf(arg));
  return ReasonOf(StatusOf(arg)) == ToString(reason);
}

// INVALID_FIELD whose metadata names the field.
MATCHER_P(IsInvalidField, field, "is refused for the field " + std::string(field)) {
  *result_listener << StatusOf(arg).ToString();
  const auto detail = DetailOf(StatusOf(arg));
  if (!detail.has_value() || detail->reason != ToString(Reason::kInvalidField)) return false;
  const auto named = detail->metadata.find("field");
  return named != detail->metadata.end() && named->second == field;
}

MATCHER_P(SaysThat, text, "") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ToString().find(text) != std::string::npos;
}

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_STATUS_MATCHERS_H_
