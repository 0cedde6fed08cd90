// Channel, deadlines, retries and errors of the calls.

#include "hpod/connection.h"

#include <fstream>
#include <iterator>
#include <random>
#include <string_view>
#include <thread>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hpo/v1/error.pb.h"
#include "hpod/errors.h"

#include "clients/cpp/src/error_payload.h"
#include "clients/cpp/src/retry.h"

namespace hpod {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// gRPC would take the port of https for a missing one, and wait for names that cannot be.
bool IsHostAndPort(std::string_view server) {
  const size_t colon = server.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = server.substr(0, colon);
  const std::string_view port = server.substr(colon + 1);
  const bool is_v6 = host.starts_with('[') && host.ends_with(']');
  const bool is_host =
      !host.empty() && (is_v6 || host.find_first_of(":/[]") == std::string_view::npos);
  const bool is_port = !port.empty() && port.size() <= 5 &&
                       port.find_first_not_of("0123456789") == std::string_view::npos;
  return is_host && is_port;
}

absl::StatusOr<std::string> ReadFile(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file || content.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(option, " '", path, "' cannot be read"));
  }
  return content;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const Options& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return absl::InvalidArgumentError("tls_cert and tls_key belong together: one is missing");
  }
  if (options.tls_ca.empty()) {
    if (options.tls_cert.empty()) return grpc::InsecureChannelCredentials();
    return absl::InvalidArgumentError("tls_cert and tls_key need tls_ca (HPOD_TLS_CA)");
  }
  grpc::SslCredentialsOptions tls;
  const auto read = [](const std::string& option, const std::string& path, std::string& into) {
    absl::StatusOr<std::string> content = ReadFile(option, path);
    if (!content.ok()) return content.status();
    into = *std::move(content);
    return absl::OkStatus();
  };
  absl::Status status;
  if (options.tls_ca != "system") {
    status = read("tls_ca", options.tls_ca, tls.pem_root_certs);
  }
  if (status.ok() && !options.tls_cert.empty()) {
    status.Update(read("tls_cert", options.tls_cert, tls.pem_cert_chain));
    status.Update(read("tls_key", options.tls_key, tls.pem_private_key));
  }
  if (!status.ok()) return status;
  return grpc::SslCredentials(tls);
}

grpc::ChannelArguments ChannelArguments(bool has_tls) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // a trial may hold any number of reports
  // gRPC's own pauses grow to 2 minutes: longer than a restart of the daemon takes. "Min" is how
  // long one attempt to connect may take; unset, it would follow the short back-off.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  // Without TLS the daemon is on this machine or this network: a web proxy in the environment does
  // not lead to it.
  if (!has_tls) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return arguments;
}

// The daemon's ErrorInfo as a payload of `error`.
void TakeErrorInfo(const grpc::Status& status, absl::Status& error) {
  hpo::v1::RpcStatus wire;
  if (!wire.ParseFromString(status.error_details())) return;
  for (const auto& detail : wire.details()) {
    if (detail.type_url() == kErrorInfoUrl) {
      error.SetPayload(kErrorInfoUrl, absl::Cord(detail.value()));
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Make(const Options& options) {
  if (!IsHostAndPort(options.server)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the server is '", options.server, "', but must be host:port"));
  }
  auto credentials = MakeCredentials(options);
  if (!credentials.ok()) return credentials.status();
  const auto arguments = ChannelArguments(!options.tls_ca.empty());
  const auto channel = grpc::CreateCustomChannel(options.server, *credentials, arguments);
  return std::unique_ptr<Connection>(new Connection(options, channel));
}

Connection::Connection(Options options, const std::shared_ptr<grpc::Channel>& channel)
    : options_(std::move(options)),
      studies_(hpo::v1::StudyService::NewStub(channel)),
      trials_(hpo::v1::TrialService::NewStub(channel)),
      catalog_(hpo::v1::CatalogService::NewStub(channel)) {}

absl::Status Connection::Repeat(absl::FunctionRef<absl::Status()> attempt) const {
  const auto end = steady_clock::now() + options_.retry_for;
  for (int failures = 0;; ++failures) {
    absl::Status status = attempt();
    const milliseconds pause = RetryPause(failures, RandomFraction());
    if (!IsTransient(status) || steady_clock::now() + pause > end) return status;
    std::this_thread::sleep_for(pause);
  }
}

void Connection::Prepare(grpc::ClientContext& context, milliseconds timeout) const {
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  if (!options_.token.empty()) {
    context.AddMetadata("authorization", absl::StrCat("Bearer ", options_.token));
  }
}

absl::Status Connection::ToStatus(const grpc::Status& status, milliseconds timeout) const {
  if (status.ok()) return absl::OkStatus();
  absl::Status error(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  TakeErrorInfo(status, error);
  if (!ErrorInfoOf(error).reason.empty()) return error;
  if (absl::IsUnavailable(error)) {
    return absl::UnavailableError(absl::StrCat("cannot reach ", options_.server, ": ",
                                               error.message(),
                                               " (is hpod running? start it with: hpod)"));
  }
  if (absl::IsDeadlineExceeded(error)) {
    return absl::DeadlineExceededError(absl::StrFormat("no answer from %s in %g s", options_.server,
                                                       static_cast<double>(timeout.count()) / 1e3));
  }
  return error;
}

std::string Connection::NewRequestId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

}  // namespace hpod
