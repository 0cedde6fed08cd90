// The way to the daemon: a channel, a deadline for each call, and its errors as messages that say
// what to try.

#ifndef HPOD_CLIENTS_HPOCTL_CONNECTION_H_
#define HPOD_CLIENTS_HPOCTL_CONNECTION_H_

#include <chrono>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/status/statusor.h"
#include "hpo/v1/catalog_service.grpc.pb.h"
#include "hpo/v1/study_service.grpc.pb.h"
#include "hpo/v1/trial_service.grpc.pb.h"

namespace hpod {

// Used by one thread. Connects with the first call.
class Connection {
 public:
  // address: a gRPC target, `host:port` or `unix:/path`. timeout: how long a call may take,
  // connecting included.
  Connection(std::string address, std::chrono::milliseconds timeout);

  const std::string& address() const { return address_; }

  template <class Stub, class Request, class Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // Calls `method` and waits for the answer: `Call(&StudyService::Stub::GetStudy, request)`.
  // UNAVAILABLE: no answer (exit code 3). FAILED_PRECONDITION: the server refused (exit code 1).
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(Method<Stub, Request, Response> method, const Request& request) {
    Response response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    const grpc::Status status = (StubOf<Stub>().*method)(&context, request, &response);
    if (!status.ok()) return ToError(status);
    return response;
  }

  // For streams, which have no deadline, and for calls that do not wait.
  hpo::v1::StudyService::Stub& studies() { return *studies_; }
  // For calls that do not wait.
  hpo::v1::TrialService::Stub& trials() { return *trials_; }

  // The health service's answer for the whole server: `SERVING`, `NOT_SERVING`, ... Errors as of
  // Call.
  absl::StatusOr<std::string> CheckHealth();

  // Waits until connected. False when `timeout` has passed.
  bool WaitUntilConnected(std::chrono::milliseconds timeout);
  std::chrono::milliseconds timeout() const { return timeout_; }

  // The error of a call, as of Call.
  absl::Status ToError(const grpc::Status& status) const;

 private:
  template <class Stub>
  Stub& StubOf() {
    if constexpr (std::is_same_v<Stub, hpo::v1::StudyService::Stub>) {
      return *studies_;
    } else if constexpr (std::is_same_v<Stub, hpo::v1::TrialService::Stub>) {
      return *trials_;
    } else {
      return *catalog_;
    }
  }

  std::string address_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<hpo::v1::StudyService::Stub> studies_;
  std::unique_ptr<hpo::v1::TrialService::Stub> trials_;
  std::unique_ptr<hpo::v1::CatalogService::Stub> catalog_;
};

// The ErrorInfo.reason of an error of the daemon, as `LEASE_LOST`; empty if there is none.
std::string ErrorReasonOf(const grpc::Status& status);
// One value of its ErrorInfo.metadata, as `calls_in_flight`; empty if there is none.
std::string ErrorMetadataOf(const grpc::Status& status, const std::string& key);

// What gRPC says about a failed connection, cut to its cause: `connection refused`.
std::string ConnectionFailure(std::string_view grpc_message);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_CONNECTION_H_
