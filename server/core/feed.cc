#include "server/core/feed.h"

#include <vector>

namespace hpod {

void Feed::Remove(StudyId study, Watcher* watcher) {
  const auto it = watchers_.find(study);
  if (it == watchers_.end()) return;
  it->second.erase(watcher);
  if (it->second.empty()) watchers_.erase(it);
}

void Feed::Notify(const std::set<StudyId>& studies) {
  if (watchers_.empty()) return;
  for (StudyId study : studies) {
    const auto it = watchers_.find(study);
    if (it == watchers_.end()) continue;
    // A copy: a watcher may remove itself.
    for (Watcher* watcher : std::vector<Watcher*>(it->second.begin(), it->second.end()))
      watcher->OnChange();
  }
}

}  // namespace hpod
