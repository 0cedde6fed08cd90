// The HTTP endpoint: every native call as Connect's unary protocol, WatchStudy as server-sent
// events, on a port and a thread of its own.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_ENDPOINT_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_ENDPOINT_H_

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "server/endpoints/acceptor.h"
#include "server/endpoints/http/connection.h"

namespace hpod {

// Must outlive the loop, which hands answers back to it.
class HttpEndpoint {
 public:
  explicit HttpEndpoint(HttpOptions options);
  ~HttpEndpoint();

  // As Acceptor::Listen.
  absl::Status Listen(const std::string& address) { return acceptor_.Listen(address); }
  std::string Address() const { return acceptor_.Address(); }
  bool IsLoopback() const { return acceptor_.IsLoopback(); }

  // Begins to serve, on a thread of its own. `core` is called on the loop only.
  void Start(Core& core, PostToLoop post, const std::vector<Method*>& methods);

  // Takes no further connection, ends streams, answers the requests under way, and closes; after
  // `grace` it closes all the same. While the loop runs; not on it.
  void Stop(std::chrono::milliseconds grace);

 private:
  void TakeSocket(int descriptor);
  void Drain(std::chrono::milliseconds grace);
  void OnDrained();
  void CutAll();

  const HttpOptions options_;
  PostToLoop post_;
  std::optional<Routes> routes_;
  std::optional<HttpServer> server_;
  boost::asio::io_context context_{1};  // goes before what its handlers hold
  boost::asio::steady_timer grace_{context_};
  Acceptor acceptor_{context_};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  std::thread thread_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_ENDPOINT_H_
