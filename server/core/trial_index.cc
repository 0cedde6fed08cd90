#include "server/core/trial_index.h"

#include <algorithm>

namespace hpod {

void TrialIndex::Note(int64_t trial_id, StudyId study) {
  if (trial_id <= last_trial_id_) return;
  last_trial_id_ = trial_id;
  if (runs_.empty() || runs_.back().study != study) runs_.push_back({trial_id, study});
}

std::optional<StudyId> TrialIndex::Find(int64_t trial_id) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), trial_id,
                       [](int64_t id, const Run& run) { return id < run.first_trial_id; });
  if (after == runs_.begin() || trial_id > last_trial_id_) return std::nullopt;
  return std::prev(after)->study;
}

}  // namespace hpod
