// A few threads for proposals that take long, so that the loop stays free for other studies.

#ifndef HPOD_SERVER_CORE_PROPOSALS_H_
#define HPOD_SERVER_CORE_PROPOSALS_H_

#include <boost/asio/thread_pool.hpp>
#include <cstddef>

#include "absl/functional/any_invocable.h"

namespace hpod {

using Task = absl::AnyInvocable<void()>;
// Runs a task on the loop's thread, soon; from any thread.
using PostToLoop = absl::AnyInvocable<void(Task) const>;

class Proposals {
 public:
  Proposals(size_t threads, PostToLoop post) : pool_(threads), post_(std::move(post)) {}
  // Waits for the work that has begun; its `done` may be posted still, and never run.
  ~Proposals() { pool_.join(); }

  // Runs `work` on a thread of the pool, then `done` on the loop.
  void Run(Task work, Task done);

 private:
  boost::asio::thread_pool pool_;
  PostToLoop post_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_PROPOSALS_H_
