// The calls of the protocol, for what Client, Study and Trial have no method for.

#ifndef HPOD_CONNECTION_H_
#define HPOD_CONNECTION_H_

#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "hpo/v1/catalog_service.grpc.pb.h"
#include "hpo/v1/study_service.grpc.pb.h"
#include "hpo/v1/trial_service.grpc.pb.h"
#include "hpod/options.h"

namespace hpod {

// Safe to use from several threads. Connects with the first call.
class Connection {
 public:
  // INVALID_ARGUMENT: an option is wrong; the message names it.
  static absl::StatusOr<std::unique_ptr<Connection>> Make(const Options& options);

  template <class Stub, class Request, class Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // Calls `method`, as in `Call(&StudyService::Stub::GetStudy, request)`, and repeats it while the
  // daemon is away or its disk full. A request that takes a request_id gets one, the same for all
  // attempts, so that it takes effect once.
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(Method<Stub, Request, Response> method, Request request) {
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(NewRequestId());
    Response response;
    const absl::Status status = Repeat([&] {
      grpc::ClientContext context;
      return Attempt(method, request, options_.call_timeout, context, response);
    });
    if (!status.ok()) return status;
    return response;
  }

  // One attempt, which `context` can cancel.
  template <class Stub, class Request, class Response>
  absl::Status Attempt(Method<Stub, Request, Response> method, const Request& request,
                       std::chrono::milliseconds timeout, grpc::ClientContext& context,
                       Response& response) {
    Prepare(context, timeout);
    return ToStatus((StubOf<Stub>().*method)(&context, request, &response), timeout);
  }

 private:
  Connection(Options options, const std::shared_ptr<grpc::Channel>& channel);

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

  absl::Status Repeat(absl::FunctionRef<absl::Status()> attempt) const;
  void Prepare(grpc::ClientContext& context, std::chrono::milliseconds timeout) const;
  absl::Status ToStatus(const grpc::Status& status, std::chrono::milliseconds timeout) const;
  static std::string NewRequestId();

  Options options_;
  std::unique_ptr<hpo::v1::StudyService::Stub> studies_;
  std::unique_ptr<hpo::v1::TrialService::Stub> trials_;
  std::unique_ptr<hpo::v1::CatalogService::Stub> catalog_;
};

}  // namespace hpod

#endif  // HPOD_CONNECTION_H_
