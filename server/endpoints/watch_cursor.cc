#include "server/endpoints/watch_cursor.h"

#include <algorithm>
#include <vector>

#include "server/endpoints/grpc/convert.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;

constexpr size_t kTrialsPerMessage = 500;
constexpr size_t kMessageBytesMax = 2 << 20;

}  // namespace

WatchCursor::~WatchCursor() {
  if (study_ != 0) core_.Watchers().Remove(study_, &watcher_);
}

absl::StatusOr<bool> WatchCursor::Next(const StudyState& study,
                                       const v1::WatchStudyRequest& request,
                                       v1::WatchStudyResponse& message) {
  if (study_ == 0) {
    Begin(study, request);
  } else if (study_ != study.Id()) {
    return Refuse(Reason::kStudyNotFound, "the study was deleted", {{"study", request.study()}});
  }
  if (backlog_.empty() && study.Revision() > revision_) {
    const std::vector<size_t> changed = study.ChangedSince(revision_);
    backlog_.assign(changed.begin(), changed.end());
    backlog_revision_ = study.Revision();
  }
  if (backlog_revision_ <= revision_) return false;
  FillMessage(study, message);
  return true;
}

void WatchCursor::Begin(const StudyState& study, const v1::WatchStudyRequest& request) {
  study_ = study.Id();
  revision_ = request.has_after_revision() ? request.after_revision() : study.Revision();
  // Of another study, which had the name before.
  if (revision_ > study.Revision()) revision_ = 0;
  core_.Watchers().Add(study_, &watcher_);
}

// The next trials of the backlog. What has changed again since the backlog was made comes again
// later.
void WatchCursor::FillMessage(const StudyState& study, v1::WatchStudyResponse& message) {
  const Now now = core_.ReadClock();
  message.Clear();
  EncodeStudy(study, now, *message.mutable_study());
  size_t bytes = 0;
  while (!backlog_.empty() && message.trials_size() < static_cast<int>(kTrialsPerMessage) &&
         bytes < kMessageBytesMax) {
    v1::Trial& trial = *message.add_trials();
    EncodeTrial(study, backlog_.front(), now, {}, trial);
    bytes += trial.ByteSizeLong();
    revision_ = std::max(revision_, std::min(trial.revision(), backlog_revision_));
    backlog_.pop_front();
  }
  if (backlog_.empty()) revision_ = backlog_revision_;
  message.set_revision(revision_);
}

}  // namespace hpod
