// What the connections of the HTTP endpoint share.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_CONNECTION_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_CONNECTION_H_

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/http/answer.h"
#include "server/endpoints/http/routes.h"

namespace hpod {

// Of a request's first line, and of its headers.
inline constexpr uint32_t kHeaderBytesMax = 16 << 10;

struct HttpOptions {
  std::string version;  // of the daemon
  uint64_t body_bytes_max = 64 << 20;
  size_t connections_max = 1'000;
  // A connection without a request is closed after this time.
  std::chrono::seconds idle_time_max = std::chrono::seconds(120);
  // A request must have come, and what is written must have gone, in this time.
  std::chrono::seconds request_time_max = std::chrono::seconds(30);
  // Names that requests may be for, besides numbers and localhost; lower case.
  std::vector<std::string> hosts;
};

class Connection;

// HTTP thread only.
struct HttpServer {
  const HttpOptions& options;
  const Routes& routes;
  Core& core;  // to be passed on to the loop
  const PostToLoop& post_to_loop;
  boost::asio::io_context& context;
  std::set<Connection*> connections;
  std::function<void()> on_drained;  // the last connection has gone
  bool is_draining = false;
};

class Connection {
 public:
  explicit Connection(HttpServer& server) : server_(server) { server_.connections.insert(this); }
  virtual ~Connection() {
    server_.connections.erase(this);
    if (server_.is_draining && server_.connections.empty()) server_.on_drained();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The daemon ends: finish what is under way, then close.
  virtual void Drain() = 0;
  // Close now.
  virtual void Cut() = 0;

 protected:
  HttpServer& Server() const { return server_; }

 private:
  HttpServer& server_;
};

using TcpStream = boost::beast::tcp_stream;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;

// Ready to be written. `version` is the request's: 10 or 11.
HttpResponse MakeResponse(HttpAnswer answer, unsigned version, bool keep_alive);

// Ends a connection so that the client gets what was written, also if it is still sending: a
// socket closed with unread bytes resets it.
void CloseGently(TcpStream stream);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_CONNECTION_H_
