// A unary method of the daemon, apart from what brings calls to it: gRPC, or another endpoint.

#ifndef HPOD_SERVER_ENDPOINTS_METHOD_H_
#define HPOD_SERVER_ENDPOINTS_METHOD_H_

#include <google/protobuf/message.h>
#include <memory>

#include "absl/functional/any_invocable.h"

#include "server/core/core.h"

namespace hpod {

// What a handler sees of a call: it reads `request`, fills in `response`, and passes the call on as
// the Reply.
template <class Request, class Response>
class MethodCall : public Reply {
 public:
  Request request;
  Response response;
};

// A call that comes from elsewhere than gRPC.
class DirectCall {
 public:
  virtual ~DirectCall() = default;
  // To be filled in before Run.
  virtual google::protobuf::Message& RequestMessage() = 0;
  // Filled in when `done` is called with OK.
  virtual const google::protobuf::Message& ResponseMessage() const = 0;
  // Handles the call, or refuses it if there are too many. On the loop, once. `done` is called
  // there, once, when what it says is durable; it may destroy the call.
  virtual void Run(absl::AnyInvocable<void(const absl::Status&)> done) = 0;
};

// Lives as long as its service.
class Method {
 public:
  virtual ~Method() = default;
  // As the proto declares it; null if no service beside the request's message has it.
  virtual const google::protobuf::MethodDescriptor* Descriptor() const = 0;
  // Waits for calls of gRPC. On the loop, or before it runs.
  virtual void Start() = 0;
  // From any thread.
  virtual std::unique_ptr<DirectCall> NewCall() = 0;
};

// The method that takes this message, of the services in the message's file. Every method has a
// request of its own.
const google::protobuf::MethodDescriptor* MethodOf(const google::protobuf::Descriptor& request);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_METHOD_H_
