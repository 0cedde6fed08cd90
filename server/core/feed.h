// Who wants to know when a study has changed.

#ifndef HPOD_SERVER_CORE_FEED_H_
#define HPOD_SERVER_CORE_FEED_H_

#include <map>
#include <set>

#include "server/model/study_spec.h"

namespace hpod {

// Called on the loop when changes of the study are durable, or the study is gone. It may read the
// study through the core, and may stop watching.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void OnChange() = 0;
};

// Loop only.
class Feed {
 public:
  void Add(StudyId study, Watcher* watcher) { watchers_[study].insert(watcher); }
  void Remove(StudyId study, Watcher* watcher);
  void Notify(const std::set<StudyId>& studies);

 private:
  std::map<StudyId, std::set<Watcher*>> watchers_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_FEED_H_
