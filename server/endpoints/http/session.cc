#include "server/endpoints/http/session.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <utility>

#include "server/endpoints/http/admission.h"
#include "server/endpoints/http/event_stream.h"
#include "server/endpoints/http/openapi.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kReadBytes = 4096;
// What is read and not yet understood: headers, and the lines and trailers of chunked bodies, for
// which the parser has no limit.
constexpr size_t kBufferBytesMax = 64 << 10;
static_assert(kBufferBytesMax > kHeaderBytesMax);
constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

HttpAnswer TooLarge(uint64_t bytes_max) {
  return ErrorAnswer(
      413, Refuse(Reason::kLimitExceeded, fmt::format("the body has more than {} bytes", bytes_max),
                  {{"limit", "message_bytes"}}));
}

HttpAnswer HeaderTooLarge(std::string_view what, size_t bytes_max) {
  return ErrorAnswer(431, Refuse(Reason::kLimitExceeded,
                                 fmt::format("{} have more than {} bytes", what, bytes_max),
                                 {{"limit", "header_bytes"}}));
}

}  // namespace

Session::Session(HttpServer& server, TcpStream stream)
    : Connection(server),
      stream_(std::move(stream)),
      deadline_(server.context),
      buffer_(kBufferBytesMax) {}

void Session::Refuse(const absl::Status& status) {
  parser_.emplace();
  parser_->get().version(11);
  Send(ErrorAnswer(status));
}

void Session::Drain() {
  if (is_idle_) Cut();
}

void Session::Cut() {
  deadline_.cancel();
  stream_.close();
}

void Session::AwaitRequest() {
  parser_.emplace();
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(Server().options.body_bytes_max);
  is_whole_ = false;
  if (buffer_.size() > 0) return ReadHeader();
  is_idle_ = true;
  stream_.expires_after(Server().options.idle_time_max);
  stream_.async_read_some(buffer_.prepare(kReadBytes),
                          [self = shared_from_this()](const Error& error, size_t bytes) {
                            self->is_idle_ = false;
                            if (error) return self->Cut();
                            self->buffer_.commit(bytes);
                            self->ReadHeader();
                          });
}

void Session::ReadHeader() {
  stream_.expires_after(Server().options.request_time_max);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const Error& error, size_t) { self->OnHeader(error); });
}

void Session::OnHeader(const Error& error) {
  if (error) return OnUnreadable(error);
  if (auto refusal = RefuseOrigin(Header(), Server().options.hosts))
    return Send(*std::move(refusal));
  auto found = Server().routes.Find(Header().method(), PathOf(Header()));
  if (auto* answer = std::get_if<HttpAnswer>(&found)) return Send(std::move(*answer));
  route_ = std::get<Route>(found);
  if (auto refusal = RefuseHeader(Header(), *route_)) return Send(*std::move(refusal));
  const bool waits = Header().count(http::field::expect) > 0 && Header().version() == 11;
  waits ? Continue() : ReadBody();
}

void Session::Continue() {
  asio::async_write(stream_, asio::buffer(kContinue, sizeof kContinue - 1),
                    [self = shared_from_this()](const Error& error, size_t) {
                      error ? self->Cut() : self->ReadBody();
                    });
}

void Session::ReadBody() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](const Error& error, size_t) {
                     error ? self->OnUnreadable(error) : self->Handle();
                   });
}

void Session::Handle() {
  is_whole_ = true;
  stream_.expires_never();
  if (const auto* unary = std::get_if<UnaryRoute>(&*route_)) return Call(*unary->method);
  if (std::holds_alternative<WatchRoute>(*route_)) return Watch();
  Send({.body = OpenApiDocument(Server().options.version), .allow = ""});
}

void Session::Call(Method& method) {
  const Codec codec = *CodecOf(FindHeader(Header(), http::field::content_type));
  std::shared_ptr<DirectCall> call = method.NewCall();
  const absl::Status decoded = DecodeMessage(codec, parser_->get().body(), call->RequestMessage());
  if (!decoded.ok()) return Send(ErrorAnswer(decoded));
  if (const auto time_max = *TimeoutOf(Header()); time_max.has_value()) SetDeadline(*time_max);
  // The loop does not keep the session: what it is told goes back with it. The call it keeps until
  // Run has returned, which may be after the answer has gone.
  Server().post_to_loop([call = std::move(call), self = shared_from_this(), turn = ++turn_,
                         codec]() mutable {
    DirectCall& running = *call;
    running.Run([call, self = std::move(self), turn, codec](const absl::Status& status) mutable {
      asio::io_context& context = self->Server().context;
      asio::post(context, [call = std::move(call), self = std::move(self), turn, codec, status] {
        self->OnAnswered(turn, codec, status, *call);
      });
    });
  });
}

void Session::OnAnswered(uint64_t turn, Codec codec, const absl::Status& status, DirectCall& call) {
  if (turn != turn_) return;
  deadline_.cancel();
  if (!status.ok()) return Send(ErrorAnswer(status));
  Send({.content_type = std::string(MediaTypeOf(codec)),
        .body = EncodeMessage(codec, call.ResponseMessage()),
        .allow = ""});
}

void Session::SetDeadline(std::chrono::milliseconds time_max) {
  deadline_.expires_after(time_max);
  deadline_.async_wait([self = shared_from_this(), turn = turn_ + 1](const Error& cancelled) {
    if (cancelled || turn != self->turn_) return;
    ++self->turn_;
    self->Send(ErrorAnswer(absl::DeadlineExceededError(
        "the time that the request allowed is over; the call may have taken effect")));
  });
}

void Session::Watch() {
  StreamForm form = StreamForm::kEvents;
  absl::StatusOr<hpo::v1::WatchStudyRequest> request;
  if (Header().method() == http::verb::get) {
    request = WatchRequestOfQuery(QueryOf(Header()));
  } else {
    form = *StreamFormOf(FindHeader(Header(), http::field::content_type));
    request = DecodeStreamRequest(form, parser_->get().body());
  }
  absl::Status status = request.status();
  if (status.ok()) status = ApplyLastEventId(Header(), *request);
  if (!status.ok() && form == StreamForm::kEvents) return Send(ErrorAnswer(status));
  const auto stream =
      std::make_shared<EventStream>(Server(), std::move(stream_), form, Header().version());
  status.ok() ? stream->Start(*std::move(request), *TimeoutOf(Header())) : stream->Fail(status);
}

void Session::OnUnreadable(const Error& error) {
  if (error == http::error::header_limit)
    return Send(HeaderTooLarge("the first line, or the headers,", kHeaderBytesMax));
  if (error == http::error::buffer_overflow)
    return Send(HeaderTooLarge("the trailers, or the extensions of a chunk,", kBufferBytesMax));
  if (error == http::error::body_limit) return Send(TooLarge(Server().options.body_bytes_max));
  const bool is_gone = error == http::error::end_of_stream ||
                       error == http::error::partial_message ||
                       error.category() != make_error_code(http::error::bad_method).category();
  if (is_gone) return Cut();
  Send(ErrorAnswer(400, absl::InvalidArgumentError(
                            fmt::format("the request is no HTTP/1.1: {}", error.message()))));
}

void Session::Send(HttpAnswer answer) {
  const bool keep_alive = is_whole_ && parser_->get().keep_alive() && !Server().is_draining;
  response_.emplace(MakeResponse(std::move(answer), Header().version(), keep_alive));
  // Its length is said all the same.
  if (Header().method() == http::verb::head) response_->body().clear();
  stream_.expires_after(Server().options.request_time_max);
  http::async_write(stream_, *response_,
                    [self = shared_from_this(), keep_alive](const Error& error, size_t) {
                      self->response_.reset();
                      if (error) return self->Cut();
                      if (!keep_alive || self->Server().is_draining)
                        return CloseGently(std::move(self->stream_));
                      self->AwaitRequest();
                    });
}

}  // namespace hpod
