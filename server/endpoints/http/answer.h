// What the HTTP endpoint answers: a success, or an error in Connect's form
// (connectrpc.com/docs/protocol#error-end-stream).

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_ANSWER_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_ANSWER_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace hpod {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // the verbs that the path knows, if the one asked for is not among them
};

// "not_found" and so on; OK is "unknown", which no error should be.
std::string_view ConnectCode(absl::StatusCode code);
// Connect's status of HTTP for a code.
unsigned HttpStatusOf(absl::StatusCode code);

// {"code", "message", "details"}, with google.rpc.ErrorInfo if there is a reason.
std::string EncodeConnectError(const absl::Status& status);

// An error of a call.
HttpAnswer ErrorAnswer(const absl::Status& status);
// An error that HTTP has a status of its own for, such as 404.
HttpAnswer ErrorAnswer(unsigned http_status, const absl::Status& status);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_ANSWER_H_
