#include "tests/bench/echo_server.h"

#include <cstdlib>
#include <fmt/format.h>
#include <grpcpp/server_builder.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hpo/v1/catalog_service.grpc.pb.h"

namespace hpod {
namespace {

class EmptyCatalog final : public hpo::v1::CatalogService::CallbackService {
  grpc::ServerUnaryReactor* ListSamplers(grpc::CallbackServerContext* context,
                                         const hpo::v1::ListSamplersRequest*,
                                         hpo::v1::ListSamplersResponse*) override {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

[[noreturn]] void Serve(int port_pipe) {
  // Also when the program is killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  EmptyCatalog service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (write(port_pipe, &port, sizeof port) != sizeof port) std::exit(1);
  server->Wait();
  std::exit(0);
}

}  // namespace

EchoServer::EchoServer() {
  int ports[2];
  if (pipe(ports) != 0) std::abort();
  pid_ = fork();
  if (pid_ == 0) Serve(ports[1]);
  int port = 0;
  if (read(ports[0], &port, sizeof port) != sizeof port) std::abort();
  address_ = fmt::format("127.0.0.1:{}", port);
}

EchoServer::~EchoServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace hpod
