// Unary calls, whatever the method: waiting for a call, handling it, finishing it, and back again.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_

#include <functional>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/grpc/convert.h"
#include "server/endpoints/grpc/loop.h"
#include "server/endpoints/method.h"

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

// The calls of one method. Those of gRPC live as long as the method and are used again, with what
// they have allocated.
template <class Request, class Response>
class UnaryMethod final : public Method {
 public:
  using Call = MethodCall<Request, Response>;
  // Asks gRPC for the next call of the method: a generated RequestX, bound to its service.
  using Accept =
      std::function<void(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                         grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*)>;
  // Must see to it that Done is called once.
  using Handle = std::function<void(Call&)>;

  // One call by gRPC.
  class GrpcCall final : public Event, public Call {
   public:
    explicit GrpcCall(UnaryMethod& method) : method_(method) {}

    void Wait() {
      context_.emplace();
      responder_.emplace(&*context_);
      this->request.Clear();
      this->response.Clear();
      is_waiting_ = true;
      method_.accept_(&*context_, &this->request, &*responder_, method_.loop_.Queue(),
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
      method_.Admit(*this);
    }

    void Done(const absl::Status& status) override {
      method_.loop_.Bursts().Next();
      if (status.ok()) {
        responder_->Finish(this->response, grpc::Status::OK, this);
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

  const google::protobuf::MethodDescriptor* Descriptor() const override {
    return MethodOf(*Request::descriptor());
  }

  // Once the server runs. More than one call waits, so that a burst does not have to wait for the
  // loop.
  void Start() override {
    constexpr int kWaitingCalls = 16;
    for (int i = 0; i < kWaitingCalls; ++i) WaitForAnother();
  }

  std::unique_ptr<DirectCall> NewCall() override { return std::make_unique<OwnCall>(*this); }

 private:
  class OwnCall final : public DirectCall, public Call {
   public:
    explicit OwnCall(UnaryMethod& method) : method_(method) {}
    google::protobuf::Message& RequestMessage() override { return this->request; }
    const google::protobuf::Message& ResponseMessage() const override { return this->response; }
    void Run(absl::AnyInvocable<void(const absl::Status&)> done) override {
      done_ = std::move(done);
      method_.Admit(*this);
    }
    void Done(const absl::Status& status) override {
      --method_.limits_.calls_in_flight;
      std::exchange(done_, nullptr)(status);
    }

   private:
    UnaryMethod& method_;
    absl::AnyInvocable<void(const absl::Status&)> done_;
  };

  void Admit(Call& call) {
    if (++limits_.calls_in_flight > limits_.calls_in_flight_max)
      return call.Done(TooManyCalls(limits_.calls_in_flight_max));
    if (limits_.is_shutting_down) return call.Done(ShuttingDown());
    handle_(call);
  }

  void WaitForAnother() {
    if (idle_.empty()) {
      calls_.push_back(std::make_unique<GrpcCall>(*this));
      idle_.push_back(calls_.back().get());
    }
    GrpcCall* call = idle_.back();
    idle_.pop_back();
    call->Wait();
  }

  Loop& loop_;
  CallLimits& limits_;
  Accept accept_;
  Handle handle_;
  std::vector<std::unique_ptr<GrpcCall>> calls_;
  std::vector<GrpcCall*> idle_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_UNARY_CALL_H_
