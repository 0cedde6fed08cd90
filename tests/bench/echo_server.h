// The yardstick: a gRPC server in a process of its own that answers an empty unary call with gRPC's
// callback API.

#ifndef HPOD_TESTS_BENCH_ECHO_SERVER_H_
#define HPOD_TESTS_BENCH_ECHO_SERVER_H_

#include <string>
#include <sys/types.h>

namespace hpod {

class EchoServer {
 public:
  // Forks: construct before the program uses gRPC itself.
  EchoServer();
  ~EchoServer();
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  const std::string& Address() const { return address_; }

 private:
  pid_t pid_ = -1;
  std::string address_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_ECHO_SERVER_H_
