// Unary calls, whatever the method: waiting for a call, handling it, finishing it, and back again.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_

#include <functional>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <memory>
#include <optional>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/grpc/convert.h"
#include "server/endpoints/grpc/loop.h"

namespace hpod {

// What the calls of a daemon share. Loop only.
struct CallLimits {
  size_t calls_in_flight_max = 10'000;
  size_t calls_in_flight = 0;
  bool is_shutting_down = false;
};

// Refuses a call for which there is no room.
absl::Status TooManyCalls(size_t limit);
// Refuses a call that comes while the daemon ends.
absl::Status ShuttingDown();

// The calls of one method. They live as long as the method and are used again, with what they have
// allocated.
template <class Request, class Response>
class UnaryMethod {
 public:
  class Call;
  // Asks gRPC for the next call of the method: a generated RequestX, bound to its service.
  using Accept =
      std::function<void(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                         grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;
  // Must see to it that Done is called once.
  using Handle = std::function<void(Call&)>;

  // One call. Handlers read `request`, fill in `response`, and pass the call on as the Reply.
  class Call final : public Event, public Reply {
   public:
    explicit Call(UnaryMethod& method) : method_(method) {}

    Request request;
    Response response;

    void Wait() {
      context_.emplace();
      responder_.emplace(&*context_);
      request.Clear();
      response.Clear();
      is_waiting_ = true;
      method_.accept_(&*context_, &request, &*responder_, method_.loop_.Queue(),
                      method_.loop_.Queue(), this);
    }

    void Proceed(bool ok) override {
      if (!is_waiting_) {
        --method_.limits_.calls_in_flight;
        method_.idle_.push_back(this);
        return;
      }
      if (!ok) return;  // shutting down
      is_waiting_ = false;
      method_.WaitForAnother();
      if (++method_.limits_.calls_in_flight > method_.limits_.calls_in_flight_max) {
        return Done(TooManyCalls(method_.limits_.calls_in_flight_max));
      }
      if (method_.limits_.is_shutting_down) return Done(ShuttingDown());
      method_.handle_(*this);
    }

    void Done(const absl::Status& status) override {
      if (status.ok()) {
        responder_->Finish(response, grpc::Status::OK, this);
      } else {
        responder_->FinishWithError(ToGrpc(status), this);
      }
    }

   private:
    UnaryMethod& method_;
    std::optional<grpc::ServerContext> context_;
    std::optional<grpc::ServerAsyncResponseWriter<Response>> responder_;
    bool is_waiting_ = false;
  };

  UnaryMethod(Loop& loop, CallLimits& limits, Accept accept, Handle handle)
      : loop_(loop), limits_(limits), accept_(std::move(accept)), handle_(std::move(handle)) {}

  // Once the server runs. More than one call waits, so that a burst does not have to wait for the
  // loop.
  void Start() {
    constexpr int kWaitingCalls = 16;
    for (int i = 0; i < kWaitingCalls; ++i) WaitForAnother();
  }

 private:
  void WaitForAnother() {
    if (idle_.empty()) {
      calls_.push_back(std::make_unique<Call>(*this));
      idle_.push_back(calls_.back().get());
    }
    Call* call = idle_.back();
    idle_.pop_back();
    call->Wait();
  }

  Loop& loop_;
  CallLimits& limits_;
  Accept accept_;
  Handle handle_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::vector<Call*> idle_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_
