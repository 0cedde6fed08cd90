// How far the reader of a WatchStudy stream has come, and what it is told next. It keeps a
// revision, not a queue: while one message is being written, changes gather in the study itself, so
// a slow reader costs one message, however slow it is.

#ifndef HPOD_SERVER_ENDPOINTS_WATCH_CURSOR_H_
#define HPOD_SERVER_ENDPOINTS_WATCH_CURSOR_H_

#include <cstdint>
#include <deque>

#include "absl/status/statusor.h"
#include "hpo/v1/study_service.pb.h"

#include "server/core/core.h"

namespace hpod {

// Loop only.
class WatchCursor {
 public:
  // From the first Next on, `watcher` is told of changes of the study, until the cursor goes.
  WatchCursor(Core& core, Watcher& watcher) : core_(core), watcher_(watcher) {}
  ~WatchCursor();
  WatchCursor(const WatchCursor&) = delete;
  WatchCursor& operator=(const WatchCursor&) = delete;

  // The next message; false: there is nothing new. `request` is the same every time.
  // STUDY_NOT_FOUND: the study was deleted meanwhile.
  absl::StatusOr<bool> Next(const StudyState& study, const hpo::v1::WatchStudyRequest& request,
                            hpo::v1::WatchStudyResponse& message);

 private:
  void Begin(const StudyState& study, const hpo::v1::WatchStudyRequest& request);
  void FillMessage(const StudyState& study, hpo::v1::WatchStudyResponse& message);

  Core& core_;
  Watcher& watcher_;
  StudyId study_ = 0;
  int64_t revision_ = 0;  // everything up to it has been told
  std::deque<size_t> backlog_;
  int64_t backlog_revision_ = 0;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_WATCH_CURSOR_H_
