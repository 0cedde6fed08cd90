#include "server/endpoints/grpc/watch.h"

#include "server/endpoints/grpc/convert.h"
#include "server/endpoints/watch_cursor.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;

}  // namespace

// One stream: waits for its call, then alternates between idle (nothing new), reading the study,
// and writing. It goes when both the call is over (OnOver) and no operation is under way.
class Watches::Stream final : public Event, public Watcher, public Reply {
 public:
  explicit Stream(Watches& watches) : watches_(watches) {
    context_.AsyncNotifyWhenDone(&over_);
    watches_.service_.RequestWatchStudy(&context_, &request_, &writer_, watches_.loop_.Queue(),
                                        watches_.loop_.Queue(), this);
  }

  // The call has come, a message is written, or the stream is finished.
  void Proceed(bool ok) override {
    switch (state_) {
      case State::kWaiting:
        if (!ok) return Remove();  // shutting down; over_ never comes for a call that never was
        watches_.streams_.insert(std::make_unique<Stream>(watches_));
        state_ = State::kIdle;
        if (watches_.has_ended_) return End();
        return ReadStudy();
      case State::kWriting:
        state_ = State::kIdle;
        if (!ok || is_over_ || watches_.has_ended_) return End();
        return ReadStudy();
      case State::kFinishing:
        state_ = State::kFinished;
        return RemoveIfOver();
      default:
        return;
    }
  }

  void OnChange() override {
    if (state_ == State::kIdle) ReadStudy();
  }

  // The study was read, or refused.
  void Done(const absl::Status& status) override {
    state_ = State::kIdle;
    if (!status.ok()) return Finish(status);
    if (is_over_ || watches_.has_ended_) return End();
    if (!has_news_) return;
    state_ = State::kWriting;
    writer_.Write(message_, this);
  }

  void End() {
    if (state_ == State::kIdle) {
      Finish(Refuse(Reason::kShuttingDown,
                    "the daemon is shutting down; watch again with the last revision"));
    }
  }

 private:
  enum class State { kWaiting, kIdle, kReading, kWriting, kFinishing, kFinished };

  // gRPC says that the call is over: finished, cancelled, or its connection gone.
  class Over final : public Event {
   public:
    explicit Over(Stream& stream) : stream_(stream) {}
    void Proceed(bool /*ok*/) override {
      stream_.is_over_ = true;
      stream_.state_ == State::kFinished ? stream_.RemoveIfOver() : stream_.End();
    }

   private:
    Stream& stream_;
  };

  void ReadStudy() {
    state_ = State::kReading;
    watches_.core_.Read(
        request_.study(), [this](const StudyState& study) { return Fill(study); }, *this);
  }

  absl::Status Fill(const StudyState& study) {
    const auto has_news = cursor_.Next(study, request_, message_);
    has_news_ = has_news.ok() && *has_news;
    return has_news.status();
  }

  void Finish(const absl::Status& status) {
    state_ = State::kFinishing;
    writer_.Finish(ToGrpc(status), this);
  }

  void RemoveIfOver() {
    if (is_over_) Remove();
  }
  void Remove() {
    std::erase_if(watches_.streams_,
                  [this](const std::unique_ptr<Stream>& stream) { return stream.get() == this; });
  }

  Watches& watches_;
  Over over_{*this};
  grpc::ServerContext context_;
  v1::WatchStudyRequest request_;
  v1::WatchStudyResponse message_;
  WatchCursor cursor_{watches_.core_, *this};
  grpc::ServerAsyncWriter<v1::WatchStudyResponse> writer_{&context_};

  State state_ = State::kWaiting;
  bool is_over_ = false;
  bool has_news_ = false;
};

Watches::Watches(Core& core, Loop& loop, v1::StudyService::AsyncService& service)
    : core_(core), loop_(loop), service_(service) {}

Watches::~Watches() = default;

void Watches::Start() { streams_.insert(std::make_unique<Stream>(*this)); }

void Watches::End() {
  has_ended_ = true;
  std::vector<Stream*> streams;
  for (const auto& stream : streams_) streams.push_back(stream.get());
  for (Stream* stream : streams) stream->End();
}

}  // namespace hpod
