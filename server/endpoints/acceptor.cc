#include "server/endpoints/acceptor.h"

#include <boost/asio/ip/v6_only.hpp>
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <utility>

#include "server/endpoints/port_holder.h"

namespace hpod {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Descriptors run out for moments: other connections end.
constexpr std::chrono::milliseconds kPause(100);

absl::StatusOr<tcp::endpoint> ParseAddress(const std::string& address) {
  const absl::Status invalid = absl::InvalidArgumentError(fmt::format(
      "listen address '{}' is not host:port, for example 127.0.0.1:13000 or [::]:13000", address));
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return invalid;
  uint16_t port = 0;
  const char* end = address.data() + address.size();
  const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return invalid;
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host.empty()) host = "::";
  boost::system::error_code bad_host;
  const asio::ip::address parsed = asio::ip::make_address(host, bad_host);
  if (bad_host) return invalid;
  return tcp::endpoint(parsed, port);
}

}  // namespace

absl::Status Acceptor::Listen(const std::string& address) {
  const auto endpoint = ParseAddress(address);
  if (!endpoint.ok()) return endpoint.status();
  boost::system::error_code error;
  acceptor_.open(endpoint->protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint->address() == asio::ip::address_v6::any())
    acceptor_.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_.bind(*endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (!error) return absl::OkStatus();
  if (error != asio::error::address_in_use) {
    return absl::FailedPreconditionError(
        fmt::format("cannot listen on {}: {}", address, error.message()));
  }
  return absl::FailedPreconditionError(fmt::format("cannot listen on {}: the port is in use by {}",
                                                   address, DescribePortHolder(endpoint->port())));
}

std::string Acceptor::Address() const {
  boost::system::error_code error;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(error);
  const std::string host = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                    : fmt::format("{}:{}", host, endpoint.port());
}

bool Acceptor::IsLoopback() const {
  boost::system::error_code error;
  return acceptor_.local_endpoint(error).address().is_loopback();
}

tcp Acceptor::Protocol() const {
  boost::system::error_code error;
  return acceptor_.local_endpoint(error).protocol();
}

void Acceptor::Start(TakeSocket take_socket) {
  take_socket_ = std::move(take_socket);
  AcceptNext();
}

void Acceptor::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Acceptor::AcceptNext() {
  acceptor_.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (error) return PauseThenAccept();
    boost::system::error_code failed;
    socket.set_option(tcp::no_delay(true), failed);
    if (!failed) socket.set_option(asio::socket_base::keep_alive(true), failed);
    if (!failed) socket.native_non_blocking(true, failed);
    const int descriptor = failed ? -1 : socket.release(failed);
    if (!failed) take_socket_(descriptor);
    AcceptNext();
  });
}

void Acceptor::PauseThenAccept() {
  pause_.expires_after(kPause);
  pause_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && acceptor_.is_open()) AcceptNext();
  });
}

}  // namespace hpod
