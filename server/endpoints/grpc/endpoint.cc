#include "server/endpoints/grpc/endpoint.h"

#include <fmt/format.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>
#include <utility>

#include "absl/synchronization/mutex.h"

#include "server/model/errors.h"

namespace hpod {
namespace {

constexpr std::chrono::milliseconds kFarewell(250);

}  // namespace

absl::Status TooManyCalls(size_t limit) {
  return Refuse(Reason::kLimitExceeded,
                fmt::format("{} calls are in flight, the most allowed; try again", limit),
                {{"limit", "calls_in_flight"}});
}

absl::Status ShuttingDown() {
  return Refuse(Reason::kShuttingDown,
                "the daemon is shutting down; retry with the same request_id");
}

absl::StatusOr<std::unique_ptr<GrpcEndpoint>> GrpcEndpoint::Make(const Options& options) {
  // Abseil's mutexes, which gRPC has, look for deadlocks at every lock unless told not to.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  std::unique_ptr<GrpcEndpoint> endpoint(new GrpcEndpoint);
  endpoint->options_ = options;
  endpoint->builder_ = std::make_unique<grpc::ServerBuilder>();
  grpc::ServerBuilder& builder = *endpoint->builder_;
  builder.SetMaxReceiveMessageSize(options.message_bytes_max);
  // Workers may ping an idle connection every 10 s; dead ones are noticed within a minute.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 40'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  endpoint->connections_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  endpoint->loop_ = std::make_unique<Loop>(builder.AddCompletionQueue());
  return endpoint;
}

GrpcEndpoint::~GrpcEndpoint() {
  if (thread_.joinable()) Stop(std::chrono::milliseconds(0));
}

PostToLoop GrpcEndpoint::Poster() {
  return [loop = loop_.get()](Task task) { loop->Post(std::move(task)); };
}

void GrpcEndpoint::Start(Core& core, std::function<void()> on_failure) {
  core_ = &core;
  for (const GrpcServiceEntry& entry : GrpcServices()) {
    services_.push_back(entry.make({core, *loop_, options_.limits}));
    builder_->RegisterService(&services_.back()->Generated());
  }
  server_ = builder_->BuildAndStart();
  builder_.reset();
  for (const auto& service : services_) service->Start();
  thread_ = std::thread([this, on_failure = std::move(on_failure)] {
    loop_->Run(*core_, options_.commit_batch_max, on_failure);
  });
}

std::vector<Method*> GrpcEndpoint::Methods() const {
  std::vector<Method*> methods;
  for (const auto& service : services_)
    for (Method* method : service->Methods()) methods.push_back(method);
  return methods;
}

void GrpcEndpoint::TakeSocket(int descriptor) {
  loop_->Post([loop = loop_.get(), socket = OwnSocket::Of(descriptor)]() mutable {
    loop->Bursts().AddConnection(std::move(socket));
  });
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
  parameters.listener_fd = -1;
  parameters.fd = descriptor;
  connections_->HandleNewConnection(&parameters);
}

void GrpcEndpoint::Tick() {
  loop_->Post([this] {
    loop_->Bursts().ForgetEnded();
    core_->Tick();
  });
}

void GrpcEndpoint::Stop(std::chrono::milliseconds grace) {
  loop_->Post([this] {
    options_.limits.is_shutting_down = true;
    for (const auto& service : services_) service->EndStreams();
  });
  // Calls that come now are told so, and their clients turn away. From Shutdown on, gRPC resets
  // what comes, and clients see CANCELLED.
  std::this_thread::sleep_for(kFarewell);
  // Waits for running calls while the loop goes on answering them.
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  loop_->Close();
  thread_.join();
}

}  // namespace hpod
