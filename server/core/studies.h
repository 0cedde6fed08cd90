// The studies there are, by name and in the order of their creation; how they come back from
// storage.

#ifndef HPOD_SERVER_CORE_STUDIES_H_
#define HPOD_SERVER_CORE_STUDIES_H_

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "server/core/proposals.h"
#include "server/core/trial_index.h"
#include "server/model/request_memory.h"
#include "server/model/study_state.h"
#include "server/storage/storage.h"

namespace hpod {

// A study and what the core keeps beside it. While `proposals` are computed on other threads nobody
// changes the state: the study is parked, and commands for it wait in `waiting`.
struct StudyEntry {
  std::unique_ptr<StudyState> state;
  int proposals = 0;
  std::deque<Task> waiting;
  // Storage has refused changes that `state` holds: read it back before it is used again.
  bool is_ahead_of_storage = false;
  bool IsParked() const { return proposals > 0; }
};

// Loop only.
class Studies {
 public:
  // All of storage into memory, with that many threads beside the calling one: the result is the
  // same with any number. DATA_LOSS, UNAVAILABLE: as Storage::Load; DATA_LOSS also if what it holds
  // breaks a rule. Of several errors the first in the order of Load.
  absl::Status Recover(Storage& storage, size_t threads);
  // One study as storage has it; if it has none, the study is gone. Leases start anew,
  // and nothing waits for it.
  absl::Status Reload(Storage& storage, StudyId id, const Now& now);

  // Null if there is none.
  StudyEntry* Find(std::string_view name);
  StudyEntry* FindById(StudyId id);
  // By creation.
  const std::map<StudyId, StudyEntry>& All() const { return studies_; }
  std::map<StudyId, StudyEntry>& All() { return studies_; }

  void Add(std::unique_ptr<StudyState> state);
  void Remove(StudyId id);

  // Every id that a mutation carries counts as used.
  StudyId NextStudyId() { return ++last_study_id_; }
  int64_t NextTrialId(StudyId study);
  // The study that has, or had, the trial; null if no study has.
  StudyEntry* FindByTrial(int64_t trial_id);

  // Answers to the requests that made or deleted studies.
  RequestMemory& Requests() { return requests_; }

 private:
  absl::Status Replay(const Mutation& mutation);
  // One of a study that there is. It changes that study's state only.
  absl::Status ReplayInStudy(const Mutation& mutation);

  std::map<StudyId, StudyEntry> studies_;
  std::map<std::string, StudyId, std::less<>> by_name_;
  RequestMemory requests_;
  StudyId last_study_id_ = 0;
  int64_t last_trial_id_ = 0;
  TrialIndex trial_index_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_STUDIES_H_
