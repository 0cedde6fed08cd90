// Storage: where mutations are kept.

#ifndef HPOD_SERVER_STORAGE_STORAGE_H_
#define HPOD_SERVER_STORAGE_STORAGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/model/mutation.h"

namespace hpod {

// Some trials as they are stored: to decode them is much of the work of loading, and other threads
// than the storage's may do it, also after Load.
class StoredTrials {
 public:
  virtual ~StoredTrials() = default;

  struct Key {
    StudyId study;
    int64_t trial_id;
  };
  virtual std::span<const Key> Keys() const = 0;

  // The TrialAdded of Keys()[i]; DATA_LOSS. Once for each: it may move what it needs out of here.
  // Any number of threads at a time, for different trials.
  virtual absl::StatusOr<Mutation> Decode(size_t i) = 0;
};

// Called by one thread.
class Storage {
 public:
  using Apply = absl::FunctionRef<void(const Mutation&)>;
  using Take = absl::FunctionRef<void(std::shared_ptr<StoredTrials>)>;

  virtual ~Storage() = default;

  // Replays what is stored, of all studies or of one: per study StudyCreated, its distributions in
  // order, its remembered requests in order, its trials by number as TrialAdded; before them,
  // unless `only` is given, the daemon's own (study 0). Studies come in the order of their
  // creation. Of study 0 alone: its requests. A study that does not exist: nothing. A storage that
  // has trials to decode hands them to `take`, by id, after everything that it applies; when Load
  // fails, it has handed out what comes before the failure. DATA_LOSS: the file cannot be trusted.
  // UNAVAILABLE: it cannot be read.
  virtual absl::Status Load(std::optional<StudyId> only, Apply apply, Take take) = 0;

  // Stores the batch, all or nothing; durable on return.
  // RESOURCE_EXHAUSTED (STORAGE_FULL): no space; nothing was stored, and a later batch may succeed.
  // Any other error: what was stored is unknown, and this object must not be used again.
  virtual absl::Status Commit(std::span<const Mutation> batch) = 0;

  // Work that may be put off: called after a commit's callers have been answered. An error means
  // what it means in Commit.
  virtual absl::Status Tidy() { return absl::OkStatus(); }
};

// Load with every trial decoded and applied on the way.
absl::Status LoadDecoded(Storage& storage, std::optional<StudyId> only, Storage::Apply apply);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_STORAGE_H_
