// Calls to the daemon that do not wait, repeated with the same request id while it is away.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_CALLER_H_
#define HPOD_CLIENTS_HPOCTL_RUN_CALLER_H_

#include <functional>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "clients/hpoctl/connection.h"
#include "clients/hpoctl/run/event_loop.h"

namespace hpod {

// A new request id: 32 hexadecimal digits.
std::string NewRequestId();

// Whether the same call may succeed later: the daemon is away, is busy, or its disk is full.
bool IsTransient(const grpc::Status& status);

// Belongs to the thread of the loop. At the end of its life calls under way are cancelled; their
// `done` does not run.
class Caller {
 public:
  // `on_trouble` gets the error when calls begin to fail, and nullptr when they succeed again.
  Caller(EventLoop& loop, Connection& connection,
         std::function<void(const absl::Status* error)> on_trouble);
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  template <class Async, class Request, class Response>
  using Method = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                 std::function<void(grpc::Status)>);
  template <class Response>
  using Done = std::function<void(const grpc::Status& status, const Response& response)>;

  // Calls `method` until the outcome is final, then runs `done` on the loop.
  template <class Async, class Request, class Response>
  void Call(Async* stub, Method<Async, Request, Response> method, Request request,
            Done<Response> done) {
    const auto call = std::make_shared<PendingCall>();
    const auto sent = std::make_shared<const Request>(std::move(request));
    const auto response = std::make_shared<Response>();
    call->start = [stub, method, sent, response](grpc::ClientContext& context,
                                                 std::function<void(grpc::Status)> reply) {
      (stub->*method)(&context, sent.get(), response.get(), std::move(reply));
    };
    call->done = [response, done = std::move(done)](const grpc::Status& status) {
      done(status, *response);
    };
    Start(call);
  }

  hpo::v1::TrialService::StubInterface::async_interface* trials();
  hpo::v1::StudyService::StubInterface::async_interface* studies();

 private:
  struct PendingCall {
    std::function<void(grpc::ClientContext&, std::function<void(grpc::Status)>)> start;
    std::function<void(const grpc::Status&)> done;
    std::unique_ptr<grpc::ClientContext> context;
    int failures = 0;
  };
  class Outstanding;

  void Start(const std::shared_ptr<PendingCall>& call);
  void OnReply(const std::shared_ptr<PendingCall>& call, const grpc::Status& status);
  std::chrono::milliseconds Pause(int failures);

  EventLoop& loop_;
  Connection& connection_;
  const std::function<void(const absl::Status*)> on_trouble_;
  std::shared_ptr<Outstanding> outstanding_;
  std::set<std::shared_ptr<PendingCall>> under_way_;
  std::mt19937 random_{std::random_device()()};
  bool is_troubled_ = false;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_CALLER_H_
