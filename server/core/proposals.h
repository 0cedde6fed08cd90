// Threads for proposals that the loop has no time for, so that it stays free for other studies.

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
  // `threads`: for the short ones. The long ones have one of their own, so that those that take
  // milliseconds do not wait behind those that take seconds.
  Proposals(size_t threads, PostToLoop post) : short_(threads), long_(1), post_(std::move(post)) {}
  // Waits for the work that has begun; its `done` may be posted still, and never run.
  ~Proposals() {
    short_.join();
    long_.join();
  }

  enum class Length { kShort, kLong };
  // Runs `work` on another thread, then `done` on the loop.
  void Run(Length length, Task work, Task done);

 private:
  boost::asio::thread_pool short_;
  boost::asio::thread_pool long_;
  PostToLoop post_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_PROPOSALS_H_
