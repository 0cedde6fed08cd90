// grpc.health.v1.Health. Not gRPC's own: its callback threads, and the threads of any synchronous
// service, would take turns with the loop at reading sockets, and each call would go from one to
// the other; that halves the rate of calls (docs/decisions/0003-one-loop.md).

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <set>

#include "grpc/health/v1/health.grpc.pb.h"

#include "server/endpoints/grpc/service.h"

namespace hpod {
namespace {

namespace v1 = grpc::health::v1;
using Serving = v1::HealthCheckResponse;

bool IsKnown(std::string_view service) {
  const auto entries = GrpcServices();
  return service.empty() || std::any_of(entries.begin(), entries.end(),
                                        [&](const auto& entry) { return entry.name == service; });
}

class HealthService final : public GrpcService {
 public:
  explicit HealthService(const ServiceContext& context)
      : loop_(context.loop),
        check_(context.loop, context.limits, std::bind_front(&Async::RequestCheck, &service_),
               [](CheckMethod::Call& call) {
                 if (!IsKnown(call.request.service())) {
                   return call.Done(absl::NotFoundError(
                       fmt::format("no service '{}' is here", call.request.service())));
                 }
                 call.response.set_status(Serving::SERVING);
                 call.Done(absl::OkStatus());
               }) {}

  grpc::Service& Generated() override { return service_; }
  void Start() override {
    check_.Start();
    streams_.insert(std::make_unique<Stream>(*this));
  }
  void EndStreams() override {
    has_ended_ = true;
    for (const auto& stream : streams_) stream->End();
  }

 private:
  using Async = v1::Health::AsyncService;
  using CheckMethod = UnaryMethod<v1::HealthCheckRequest, v1::HealthCheckResponse>;

  // One Watch: says how it is, and waits for the end of the daemon or of the call.
  class Stream final : public Event {
   public:
    explicit Stream(HealthService& health) : health_(health) {
      context_.AsyncNotifyWhenDone(&over_);
      health_.service_.RequestWatch(&context_, &request_, &writer_, health_.loop_.Queue(),
                                    health_.loop_.Queue(), this);
    }

    // The call has come, a message is written, or the stream is finished.
    void Proceed(bool ok) override {
      const State before = std::exchange(state_, State::kIdle);
      if (before == State::kWaiting && !ok) return Remove();
      if (before == State::kWaiting) {
        health_.streams_.insert(std::make_unique<Stream>(health_));
        if (health_.has_ended_) return End();
        return Write(IsKnown(request_.service()) ? Serving::SERVING : Serving::SERVICE_UNKNOWN);
      }
      if (before == State::kFinishing) {
        state_ = State::kFinished;
        if (is_over_) Remove();
      } else if (!ok || is_over_ || has_said_end_) {
        Finish();
      } else if (health_.has_ended_) {
        End();
      }
    }

    void End() {
      if (state_ != State::kIdle) return;
      has_said_end_ = true;
      Write(Serving::NOT_SERVING);
    }

   private:
    enum class State { kWaiting, kIdle, kWriting, kFinishing, kFinished };

    class Over final : public Event {
     public:
      explicit Over(Stream& stream) : stream_(stream) {}
      void Proceed(bool /*ok*/) override {
        stream_.is_over_ = true;
        if (stream_.state_ == State::kFinished) return stream_.Remove();
        if (stream_.state_ == State::kIdle) stream_.Finish();
      }

     private:
      Stream& stream_;
    };

    void Write(Serving::ServingStatus status) {
      state_ = State::kWriting;
      message_.set_status(status);
      writer_.Write(message_, this);
    }
    void Finish() {
      state_ = State::kFinishing;
      writer_.Finish(ToGrpc(ShuttingDown()), this);
    }
    void Remove() {
      std::erase_if(health_.streams_, [this](const auto& stream) { return stream.get() == this; });
    }

    HealthService& health_;
    Over over_{*this};
    grpc::ServerContext context_;
    v1::HealthCheckRequest request_;
    v1::HealthCheckResponse message_;
    grpc::ServerAsyncWriter<v1::HealthCheckResponse> writer_{&context_};
    State state_ = State::kWaiting;
    bool is_over_ = false;
    bool has_said_end_ = false;
  };

  Loop& loop_;
  Async service_;
  CheckMethod check_;
  std::set<std::unique_ptr<Stream>> streams_;
  bool has_ended_ = false;
};

}  // namespace

std::unique_ptr<GrpcService> MakeHealthService(const ServiceContext& context) {
  return std::make_unique<HealthService>(context);
}

}  // namespace hpod
