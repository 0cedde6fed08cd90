#include "server/endpoints/http/event_stream.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <sstream>
#include <utility>

#include "server/model/errors.h"

namespace hpod {
namespace {

namespace asio = boost::asio;

// So that proxies, and peers that are gone, are noticed.
constexpr std::chrono::seconds kPingPeriod(15);
constexpr std::chrono::seconds kLingerTime(1);

std::string ToText(const HttpResponse& response) {
  std::ostringstream text;
  text << response;
  return text.str();
}

}  // namespace

EventStream::EventStream(HttpServer& server, TcpStream stream, StreamForm form, unsigned version)
    : Connection(server),
      stream_(std::move(stream)),
      form_(form),
      version_(version),
      ping_(server.context),
      deadline_(server.context) {}

EventStream::~EventStream() {
  if (source_ != nullptr) Server().post_to_loop([source = std::move(source_)] { source->Stop(); });
}

void EventStream::Start(hpo::v1::WatchStudyRequest request,
                        std::optional<std::chrono::milliseconds> time_max) {
  stream_.expires_never();
  source_ = std::make_shared<WatchSource>(
      Server().core, std::move(request),
      [&context = Server().context, weak = weak_from_this()](auto told) {
        asio::post(context, [weak, told] {
          if (const auto self = weak.lock()) self->OnTold(told);
        });
      });
  Server().post_to_loop([source = source_] { source->Next(); });
  ReadUntilGone();
  if (!time_max.has_value()) return;
  deadline_.expires_after(*time_max);
  deadline_.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self != nullptr)
      self->End(absl::DeadlineExceededError("the time that the request allowed is over"));
  });
}

void EventStream::Fail(const absl::Status& status) {
  ReadUntilGone();
  End(status);
}

void EventStream::Drain() {
  End(Refuse(Reason::kShuttingDown,
             "the daemon is shutting down; watch again with the last revision"));
}

void EventStream::Cut() {
  ping_.cancel();
  deadline_.cancel();
  stream_.close();
}

void EventStream::OnTold(absl::StatusOr<const hpo::v1::WatchStudyResponse*> told) {
  if (is_ending_) return;
  if (!told.ok()) return End(told.status());
  std::string text = Header();
  if (*told != nullptr) {
    text += FrameMessage(form_, **told);
    owes_next_ = true;
  }
  Write(text);
}

// An error before the first message is an answer like any other, but in Connect's form.
void EventStream::End(const absl::Status& status) {
  if (std::exchange(is_ending_, true)) return;
  ping_.cancel();
  deadline_.cancel();
  if (!is_open_ && form_ == StreamForm::kEvents)
    return Write(ToText(MakeResponse(ErrorAnswer(status), version_, false)));
  Write(Header() + FrameEnd(form_, status));
}

// The body ends with the connection: no length, no chunks.
std::string EventStream::Header() {
  if (std::exchange(is_open_, true)) return {};
  PingLater();
  HttpAnswer answer;
  answer.content_type = MediaTypeOf(form_);
  HttpResponse response = MakeResponse(std::move(answer), version_, false);
  response.content_length(boost::none);
  return ToText(response) + FrameBegin(form_);
}

void EventStream::Write(const std::string& text) {
  pending_ += text;
  if (being_written_.empty()) WritePending();
}

void EventStream::WritePending() {
  being_written_.swap(pending_);
  stream_.expires_after(Server().options.request_time_max);
  asio::async_write(stream_, asio::buffer(being_written_),
                    [self = shared_from_this()](const boost::system::error_code& error, size_t) {
                      if (error) return self->Cut();
                      self->OnWritten();
                    });
}

void EventStream::OnWritten() {
  being_written_.clear();
  if (!pending_.empty()) return WritePending();
  if (is_ending_) return LetGo();
  if (std::exchange(owes_next_, false))
    Server().post_to_loop([source = source_] { source->Next(); });
}

// The client closes, or is cut off a moment later.
void EventStream::LetGo() {
  boost::system::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  deadline_.expires_after(kLingerTime);
  deadline_.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
    if (!cancelled) self->Cut();
  });
}

// Nothing more is expected of the client but that it goes.
void EventStream::ReadUntilGone() {
  stream_.async_read_some(
      asio::buffer(discarded_),
      [self = shared_from_this()](const boost::system::error_code& error, size_t) {
        if (error) return self->Cut();
        self->ReadUntilGone();
      });
}

void EventStream::PingLater() {
  const std::string ping = FramePing(form_);
  if (ping.empty()) return;
  ping_.expires_after(std::min(kPingPeriod, Server().options.idle_time_max));
  ping_.async_wait([weak = weak_from_this(), ping](const boost::system::error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || self == nullptr || self->is_ending_) return;
    self->Write(ping);
    self->PingLater();
  });
}

}  // namespace hpod
