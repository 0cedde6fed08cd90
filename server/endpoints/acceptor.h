// The accept loop. gRPC's own listener never accepts again once file descriptors have run out
// (CVE-2023-4785); this one waits a moment and goes on.

#ifndef HPOD_SERVER_ENDPOINTS_ACCEPTOR_H_
#define HPOD_SERVER_ENDPOINTS_ACCEPTOR_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hpod {

class Acceptor {
 public:
  // Gets a connected socket: non-blocking, without delay, the taker's to close.
  using TakeSocket = absl::AnyInvocable<void(int descriptor)>;

  explicit Acceptor(boost::asio::io_context& context) : acceptor_(context), pause_(context) {}

  // Binds "host:port", "[v6]:port" or ":port" (all addresses); port 0: any free one.
  // INVALID_ARGUMENT: not an address. FAILED_PRECONDITION: the port is taken; the message names the
  // holder if it can be seen.
  absl::Status Listen(const std::string& address);
  // "127.0.0.1:13000", with the port that was bound.
  std::string Address() const;
  bool IsLoopback() const;
  boost::asio::ip::tcp Protocol() const;

  // Takes connections until Stop. On the context's thread.
  void Start(TakeSocket take_socket);
  void Stop();

 private:
  void AcceptNext();
  void PauseThenAccept();

  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  TakeSocket take_socket_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_ACCEPTOR_H_
