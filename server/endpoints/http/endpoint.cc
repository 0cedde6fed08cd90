#include "server/endpoints/http/endpoint.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <memory>
#include <utility>

#include "server/endpoints/http/session.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace asio = boost::asio;

absl::Status TooManyConnections(size_t limit) {
  return Refuse(Reason::kLimitExceeded,
                fmt::format("{} connections are open, the most allowed; try again", limit),
                {{"limit", "http_connections"}});
}

}  // namespace

HttpEndpoint::HttpEndpoint(HttpOptions options) : options_(std::move(options)) {}

HttpEndpoint::~HttpEndpoint() {
  if (thread_.joinable()) Stop(std::chrono::milliseconds(0));
}

void HttpEndpoint::Start(Core& core, PostToLoop post, const std::vector<Method*>& methods) {
  post_ = std::move(post);
  routes_.emplace(methods);
  server_.emplace(
      HttpServer{options_, *routes_, core, post_, context_, {}, [this] { OnDrained(); }});
  guard_.emplace(context_.get_executor());
  acceptor_.Start([this](int descriptor) { TakeSocket(descriptor); });
  thread_ = std::thread([this] { context_.run(); });
}

void HttpEndpoint::TakeSocket(int descriptor) {
  asio::ip::tcp::socket socket(context_, acceptor_.Protocol(), descriptor);
  const bool is_full = server_->connections.size() >= options_.connections_max;
  const auto session = std::make_shared<Session>(*server_, TcpStream(std::move(socket)));
  is_full ? session->Refuse(TooManyConnections(options_.connections_max)) : session->Start();
}

void HttpEndpoint::Stop(std::chrono::milliseconds grace) {
  asio::post(context_, [this, grace] { Drain(grace); });
  thread_.join();
  // Connections that still wait for an answer go with the context.
  server_->on_drained = [] {};
}

void HttpEndpoint::Drain(std::chrono::milliseconds grace) {
  acceptor_.Stop();
  server_->is_draining = true;
  // A copy: a connection that is closed may go at once.
  for (Connection* connection :
       std::vector<Connection*>(server_->connections.begin(), server_->connections.end()))
    connection->Drain();
  if (server_->connections.empty()) return OnDrained();
  grace_.expires_after(grace);
  grace_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) CutAll();
  });
}

void HttpEndpoint::OnDrained() {
  grace_.cancel();
  guard_.reset();
}

void HttpEndpoint::CutAll() {
  for (Connection* connection :
       std::vector<Connection*>(server_->connections.begin(), server_->connections.end()))
    connection->Cut();
  guard_.reset();
}

}  // namespace hpod
