// A connection that carries a WatchStudy stream, and after it nothing more.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_EVENT_STREAM_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_EVENT_STREAM_H_

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "hpo/v1/study_service.pb.h"

#include "server/endpoints/http/connection.h"
#include "server/endpoints/http/stream_form.h"
#include "server/endpoints/http/watch_source.h"

namespace hpod {

class EventStream final : public Connection, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(HttpServer& server, TcpStream stream, StreamForm form, unsigned version);
  ~EventStream() override;

  // Ends with DEADLINE_EXCEEDED after `time_max`, if any.
  void Start(hpo::v1::WatchStudyRequest request, std::optional<std::chrono::milliseconds> time_max);

  // Instead of Start: says only why there is no stream.
  void Fail(const absl::Status& status);

  void Drain() override;
  void Cut() override;

 private:
  // What the source tells: a message, null at the start if there is none yet, or the end.
  void OnTold(absl::StatusOr<const hpo::v1::WatchStudyResponse*> told);
  void End(const absl::Status& status);
  std::string Header();
  void Write(const std::string& text);
  void WritePending();
  void OnWritten();
  void LetGo();
  void ReadUntilGone();
  void PingLater();

  TcpStream stream_;
  const StreamForm form_;
  const unsigned version_;
  std::shared_ptr<WatchSource> source_;
  boost::asio::steady_timer ping_;
  boost::asio::steady_timer deadline_;
  std::array<char, 512> discarded_{};
  std::string pending_;
  std::string being_written_;
  bool is_open_ = false;    // the header is written, or pending
  bool owes_next_ = false;  // the source waits to hear that its message is sent
  bool is_ending_ = false;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_EVENT_STREAM_H_
