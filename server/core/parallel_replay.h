// Threads that make loaded trials part of their studies, while the storage reads on.

#ifndef HPOD_SERVER_CORE_PARALLEL_REPLAY_H_
#define HPOD_SERVER_CORE_PARALLEL_REPLAY_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "server/storage/storage.h"

namespace hpod {

// The trials of a study are decoded and applied by one thread, in the order in which they came: the
// result does not depend on the number of threads. All but the constructor's `apply` is called by
// one thread.
class ParallelReplay {
 public:
  using Apply = std::function<absl::Status(const Mutation&)>;

  // `threads`: at least one. `apply` is called on them, for different studies at a time.
  ParallelReplay(size_t threads, Apply apply);
  ~ParallelReplay();

  // Waits while a thread is a few of these behind, so that few are in memory.
  void Add(const std::shared_ptr<StoredTrials>& trials);
  // Waits until all is done. The error of the first trial, in the order of Add, that could not be
  // decoded or applied; what of its study came before is applied, what came after is not.
  absl::Status Finish();

 private:
  class Worker;

  const Apply apply_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_PARALLEL_REPLAY_H_
