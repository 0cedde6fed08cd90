// Storage: where mutations are kept.

#ifndef HPOD_SERVER_STORAGE_STORAGE_H_
#define HPOD_SERVER_STORAGE_STORAGE_H_

#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "server/model/mutation.h"

namespace hpod {

// Called by one thread.
class Storage {
 public:
  virtual ~Storage() = default;

  // Replays what is stored, of all studies or of one: per study StudyCreated, its distributions in
  // order, its trials by number as TrialAdded, its remembered requests in order; before them,
  // unless `only` is given, the daemon's own (study 0). Studies come in the order of their
  // creation. Of study 0 alone: its requests. A study that does not exist: nothing. DATA_LOSS: the
  // file cannot be trusted. UNAVAILABLE: it cannot be read.
  virtual absl::Status Load(std::optional<StudyId> only,
                            absl::FunctionRef<void(const Mutation&)> apply) = 0;

  // Stores the batch, all or nothing; durable on return.
  // RESOURCE_EXHAUSTED (STORAGE_FULL): no space; nothing was stored, and a later batch may succeed.
  // Any other error: what was stored is unknown, and this object must not be used again.
  virtual absl::Status Commit(std::span<const Mutation> batch) = 0;

  // Work that may be put off: called after a commit's callers have been answered. An error means
  // what it means in Commit.
  virtual absl::Status Tidy() { return absl::OkStatus(); }
};

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_STORAGE_H_
