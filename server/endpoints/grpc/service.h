// A gRPC service of the daemon: its generated half and our handlers. One row each in services.cc.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_SERVICE_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_SERVICE_H_

#include <grpcpp/impl/service_type.h>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/grpc/loop.h"
#include "server/endpoints/grpc/unary_call.h"

namespace hpod {

// Lives as long as the server and the loop's Run.
class GrpcService {
 public:
  virtual ~GrpcService() = default;
  virtual grpc::Service& Generated() = 0;
  // The unary methods.
  virtual std::vector<Method*> Methods() { return {}; }
  // Waits for calls. On the loop, or before it runs.
  virtual void Start() {
    for (Method* method : Methods()) method->Start();
  }
  // Ends streams, whose clients would otherwise never end. On the loop.
  virtual void EndStreams() {}
};

struct ServiceContext {
  Core& core;
  Loop& loop;
  CallLimits& limits;
};

struct GrpcServiceEntry {
  std::string_view name;  // with its package
  std::unique_ptr<GrpcService> (*make)(const ServiceContext& context);
};

// All of them.
std::span<const GrpcServiceEntry> GrpcServices();

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_SERVICE_H_
