#include "server/endpoints/http/connection.h"

#include <array>
#include <ctime>
#include <fmt/chrono.h>
#include <memory>
#include <utility>

namespace hpod {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::chrono::seconds kLingerTime(1);

struct Lingering {
  TcpStream stream;
  std::array<char, 4096> discarded{};
};

void Discard(std::shared_ptr<Lingering> lingering) {
  TcpStream& stream = lingering->stream;
  const auto buffer = asio::buffer(lingering->discarded);
  stream.async_read_some(buffer, [lingering = std::move(lingering)](
                                     const boost::system::error_code& error, size_t) mutable {
    if (!error) Discard(std::move(lingering));
  });
}

}  // namespace

HttpResponse MakeResponse(HttpAnswer answer, unsigned version, bool keep_alive) {
  HttpResponse response;
  response.version(version);
  response.result(answer.status);
  response.set(http::field::date,
               fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::time(nullptr))));
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

void CloseGently(TcpStream stream) {
  boost::system::error_code error;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
  if (error) return;
  auto lingering = std::make_shared<Lingering>(Lingering{std::move(stream)});
  lingering->stream.expires_after(kLingerTime);
  Discard(std::move(lingering));
}

}  // namespace hpod
