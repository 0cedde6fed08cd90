#include "server/endpoints/http/answer.h"

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "hpo/v1/error.pb.h"

#include "server/endpoints/grpc/convert.h"

namespace hpod {
namespace {

struct CodeRow {
  std::string_view name;
  unsigned http_status;
};

// In the order of absl::StatusCode, which is gRPC's.
constexpr std::array<CodeRow, 17> kCodes = {{
    {"unknown", 500},  // OK, which is no error
    {"canceled", 499},
    {"unknown", 500},
    {"invalid_argument", 400},
    {"deadline_exceeded", 504},
    {"not_found", 404},
    {"already_exists", 409},
    {"permission_denied", 403},
    {"resource_exhausted", 429},
    {"failed_precondition", 400},
    {"aborted", 409},
    {"out_of_range", 400},
    {"unimplemented", 501},
    {"internal", 500},
    {"unavailable", 503},
    {"data_loss", 500},
    {"unauthenticated", 401},
}};

const CodeRow& RowOf(absl::StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return kCodes[index < kCodes.size() ? index : 0];
}

// Connect wants it without padding.
std::string Base64(const std::string& bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

// The only kind of detail there is.
nlohmann::ordered_json EncodeDetail(const google::protobuf::Any& any) {
  hpo::v1::ErrorInfo info;
  info.ParseFromString(any.value());
  const nlohmann::json metadata(
      std::map<std::string, std::string>(info.metadata().begin(), info.metadata().end()));
  return {
      {"type", any.type_url().substr(any.type_url().rfind('/') + 1)},
      {"value", Base64(any.value())},
      {"debug", {{"reason", info.reason()}, {"domain", info.domain()}, {"metadata", metadata}}}};
}

}  // namespace

std::string_view ConnectCode(absl::StatusCode code) { return RowOf(code).name; }

unsigned HttpStatusOf(absl::StatusCode code) { return RowOf(code).http_status; }

std::string EncodeConnectError(const absl::Status& status) {
  const hpo::v1::RpcStatus error = EncodeError(status);
  nlohmann::ordered_json body = {{"code", ConnectCode(status.code())},
                                 {"message", error.message()}};
  for (const google::protobuf::Any& detail : error.details())
    body["details"].push_back(EncodeDetail(detail));
  // Messages may quote what a request said, also if that was no UTF-8.
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

HttpAnswer ErrorAnswer(const absl::Status& status) {
  return ErrorAnswer(HttpStatusOf(status.code()), status);
}

HttpAnswer ErrorAnswer(unsigned http_status, const absl::Status& status) {
  return {.status = http_status, .body = EncodeConnectError(status), .allow = ""};
}

}  // namespace hpod
