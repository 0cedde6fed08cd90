// The gRPC endpoint: the server, its services, and the thread of its loop.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_ENDPOINT_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_ENDPOINT_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <memory>
#include <thread>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/grpc/loop.h"
#include "server/endpoints/grpc/service.h"

namespace hpod {

class GrpcEndpoint {
 public:
  struct Options {
    int message_bytes_max = 64 << 20;
    size_t commit_batch_max = 4'096;
    CallLimits limits;
  };

  // Builds the server; nothing runs yet. UNAVAILABLE if gRPC cannot.
  static absl::StatusOr<std::unique_ptr<GrpcEndpoint>> Make(const Options& options);
  ~GrpcEndpoint();

  // For the core: where its worker threads hand back to.
  PostToLoop Poster();

  // Starts the loop's thread. `on_failure` is called there, once, if the core's storage has failed.
  void Start(Core& core, std::function<void()> on_failure);

  // The unary methods of all services, once started; they live as long as the endpoint.
  std::vector<Method*> Methods() const;

  // A connection that was accepted elsewhere. Between Start and Stop, on the thread that calls
  // Stop.
  void TakeSocket(int descriptor);

  // From any thread: leases end.
  void Tick();

  // Ends in order: no new calls, streams ended, running calls answered or, after `grace`, cut; the
  // last group committed; the loop's thread ended. Not on the loop.
  void Stop(std::chrono::milliseconds grace);

 private:
  GrpcEndpoint() = default;

  Options options_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections_;
  std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<GrpcService>> services_;
  std::unique_ptr<grpc::ServerBuilder> builder_;
  std::unique_ptr<grpc::Server> server_;
  Core* core_ = nullptr;
  std::thread thread_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_ENDPOINT_H_
