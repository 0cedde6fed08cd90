// A connection that asks and is answered, one request after the other.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_SESSION_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_SESSION_H_

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <optional>

#include "server/endpoints/http/codec.h"
#include "server/endpoints/http/connection.h"
#include "server/endpoints/http/request.h"

namespace hpod {

class Session final : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(HttpServer& server, TcpStream stream);

  void Start() { AwaitRequest(); }
  // Instead of Start: answers whatever comes with a refusal.
  void Refuse(const absl::Status& status);

  void Drain() override;
  void Cut() override;

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Error = boost::system::error_code;

  // In this order. Any of them may answer, and end the turn so.
  void AwaitRequest();
  void ReadHeader();
  void OnHeader(const Error& error);
  void Continue();
  void ReadBody();
  void Handle();

  void Call(Method& method);
  void OnAnswered(uint64_t turn, Codec codec, const absl::Status& status, DirectCall& call);
  void SetDeadline(std::chrono::milliseconds time_max);
  void Watch();

  // What is wrong with a request that cannot be read; closes if the client is gone.
  void OnUnreadable(const Error& error);
  void Send(HttpAnswer answer);
  const HttpHeader& Header() const { return parser_->get(); }

  TcpStream stream_;
  boost::asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Route> route_;
  std::optional<HttpResponse> response_;
  bool is_idle_ = false;   // between requests
  bool is_whole_ = false;  // the request has been read to its end
  uint64_t turn_ = 0;      // the answer that is waited for; later ones are for nobody
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_SESSION_H_
