#include "clients/hpoctl/connection.h"

#include <algorithm>
#include <fmt/format.h>
#include <future>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/generic/generic_stub.h>

#include "hpo/v1/error.pb.h"

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

using google::protobuf::Empty;
using google::protobuf::UnknownField;

// Field number of grpc.health.v1.HealthCheckResponse.status. Debian ships no generated code for the
// message, and one field does not need any: it is read as an unknown field of an Empty.
constexpr int kHealthStatus = 1;

constexpr std::string_view kErrorInfoType = "/google.rpc.ErrorInfo";

struct Hint {
  std::string_view reason;
  std::string_view text;
};
constexpr Hint kHints[] = {
    {"STUDY_NOT_FOUND", "list the studies with: hpoctl study list"},
    {"TRIAL_NOT_FOUND", "list the trials with: hpoctl trial list STUDY"},
    {"STUDY_EXISTS", "choose another name; hpoctl study create --if-not-exists loads it"},
    {"TRIAL_WAITING", "hand it out with: hpoctl trial suggest STUDY"},
    {"STORAGE_FULL", "nothing was changed; free some space and try again"},
    {"STORAGE_FAILED", "the daemon restarts; try again with the same --request-id"},
    {"SHUTTING_DOWN", "try again with the same --request-id"},
};

std::string_view HintFor(std::string_view reason) {
  for (const Hint& hint : kHints) {
    if (hint.reason == reason) return hint.text;
  }
  return "";
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // one trial may hold any number of reports
  // The daemon is on this machine or this network: a web proxy in the environment does not lead to
  // it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // "Min" is how long one attempt may take. Unset, it would follow the short back-off, and a busy
  // machine needs longer than that to answer.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Empty if the error has none.
hpo::v1::ErrorInfo ErrorInfoOf(const grpc::Status& status) {
  hpo::v1::RpcStatus wire;
  if (!wire.ParseFromString(status.error_details())) return {};
  for (const auto& detail : wire.details()) {
    hpo::v1::ErrorInfo info;
    if (detail.type_url().ends_with(kErrorInfoType) && info.ParseFromString(detail.value())) {
      return info;
    }
  }
  return {};
}

const char* HealthStatusName(uint64_t status) {
  constexpr const char* kNames[] = {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"};
  return kNames[status < std::size(kNames) ? status : 0];
}

}  // namespace

Connection::Connection(std::string address, std::chrono::milliseconds timeout)
    : address_(std::move(address)),
      timeout_(timeout),
      channel_(MakeChannel(address_)),
      studies_(hpo::v1::StudyService::NewStub(channel_)),
      trials_(hpo::v1::TrialService::NewStub(channel_)),
      catalog_(hpo::v1::CatalogService::NewStub(channel_)) {}

bool Connection::WaitUntilConnected(std::chrono::milliseconds timeout) {
  return channel_->WaitForConnected(std::chrono::system_clock::now() + timeout);
}

absl::StatusOr<std::string> Connection::CheckHealth() {
  grpc::TemplatedGenericStub<Empty, Empty> stub(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
  const Empty request;  // HealthCheckRequest without a service: the whole server
  Empty response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&done](grpc::Status status) { done.set_value(std::move(status)); });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return ToError(status);
  uint64_t health = 0;
  const auto& fields = Empty::GetReflection()->GetUnknownFields(response);
  for (int i = 0; i < fields.field_count(); ++i) {
    if (fields.field(i).number() == kHealthStatus &&
        fields.field(i).type() == UnknownField::TYPE_VARINT) {
      health = fields.field(i).varint();
    }
  }
  return HealthStatusName(health);
}

absl::Status Connection::ToError(const grpc::Status& status) const {
  const std::string reason = ErrorReasonOf(status);
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && reason.empty()) {
    return Unreachable(fmt::format("no answer from {} within {} s (wait longer with --timeout)",
                                   address_,
                                   ShortNumber(static_cast<double>(timeout_.count()) / 1e3)));
  }
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE && reason.empty()) {
    return Unreachable(fmt::format(
        "cannot reach {}: {} (is hpod running? start it with: hpod --storage sqlite:///studies.db)",
        address_, ConnectionFailure(status.error_message())));
  }
  const std::string message = Printable(status.error_message());
  const std::string_view hint = HintFor(reason);
  return Refused(hint.empty() ? message : fmt::format("{} ({})", message, hint));
}

std::string ErrorReasonOf(const grpc::Status& status) { return ErrorInfoOf(status).reason(); }

std::string ErrorMetadataOf(const grpc::Status& status, const std::string& key) {
  const auto info = ErrorInfoOf(status);
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

std::string ConnectionFailure(std::string_view grpc_message) {
  const size_t colon = grpc_message.rfind(": ");
  std::string cause(colon == std::string_view::npos ? grpc_message
                                                    : grpc_message.substr(colon + 2));
  if (cause.empty()) return "no connection";
  cause[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(cause[0])));
  return Printable(cause);
}

}  // namespace hpod
