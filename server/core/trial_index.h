// Which study a trial is of, by the trial's id.

#ifndef HPOD_SERVER_CORE_TRIAL_INDEX_H_
#define HPOD_SERVER_CORE_TRIAL_INDEX_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "server/model/study_spec.h"

namespace hpod {

// Ids grow over all studies together, so the trials that one study gets in a row need one entry.
class TrialIndex {
 public:
  // The study has the trial. An id that is not greater than all before is known already.
  void Note(int64_t trial_id, StudyId study);
  // The study that the trial is of, if it is of any. O(log n).
  std::optional<StudyId> Find(int64_t trial_id) const;

 private:
  struct Run {
    int64_t first_trial_id;
    StudyId study;
  };
  std::vector<Run> runs_;
  int64_t last_trial_id_ = 0;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_TRIAL_INDEX_H_
