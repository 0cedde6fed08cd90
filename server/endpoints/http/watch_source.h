// A WatchStudy stream's half on the loop: reads the study when it has changed and the last message
// is sent.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_WATCH_SOURCE_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_WATCH_SOURCE_H_

#include <memory>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "hpo/v1/study_service.pb.h"

#include "server/core/core.h"
#include "server/endpoints/watch_cursor.h"

namespace hpod {

// Loop only, but for the message, which is the receiver's until it calls Next.
class WatchSource final : public Watcher,
                          public Reply,
                          public std::enable_shared_from_this<WatchSource> {
 public:
  // First of all a message, or null if there is nothing new yet; then messages; an error ends it.
  using Tell = absl::AnyInvocable<void(absl::StatusOr<const hpo::v1::WatchStudyResponse*>)>;

  WatchSource(Core& core, hpo::v1::WatchStudyRequest request, Tell tell)
      : core_(core), request_(std::move(request)), tell_(std::move(tell)) {
    cursor_.emplace(core, *this);
  }

  // To begin, and when a message is sent.
  void Next();
  // Tells nothing more. Must be called before the last reference goes.
  void Stop();

  void OnChange() override;
  void Done(const absl::Status& status) override;

 private:
  Core& core_;
  hpo::v1::WatchStudyRequest request_;
  hpo::v1::WatchStudyResponse message_;
  Tell tell_;
  std::optional<WatchCursor> cursor_;  // none: stopped
  std::shared_ptr<WatchSource> reading_;
  bool is_waiting_ = false;  // for a change
  bool has_begun_ = false;
  bool has_news_ = false;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_WATCH_SOURCE_H_
