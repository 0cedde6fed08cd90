#include "server/endpoints/grpc/loop.h"

#include <grpc/support/time.h>
#include <utility>

#include "server/endpoints/grpc/idle_time.h"

namespace hpod {
namespace {

// How often the queue has to say "nothing" before a group is committed: between two calls of a busy
// client it often says so once (docs/decisions/0003-one-loop.md).
constexpr int kEmptyPolls = 3;

// At the end the queue has to say nothing for so long. The server has ended all calls by then, and
// what their ends set off comes at once; gRPC aborts the process if an operation is begun on a
// queue that is shut.
constexpr int64_t kSilenceMs = 100;

gpr_timespec Soon() {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kSilenceMs, GPR_TIMESPAN));
}

}  // namespace

Loop::Loop(std::unique_ptr<grpc::ServerCompletionQueue> queue) : queue_(std::move(queue)) {}

void Loop::Post(Task task) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return;
  posted_.push_back(std::move(task));
  if (std::exchange(alarm_is_set_, true)) return;
  // In the past: else gRPC's timer thread sets it off, up to a millisecond later.
  alarm_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), &posted_event_);
}

void Loop::PostedTasks::Proceed(bool /*ok*/) {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(loop_.mutex_);
    loop_.alarm_is_set_ = false;
    tasks.swap(loop_.posted_);
  }
  for (Task& task : tasks) task();
}

void Loop::Run(Core& core, size_t commit_batch_max, const std::function<void()>& on_failure) {
  bool has_failed = false;
  const gpr_timespec at_once = gpr_inf_past(GPR_CLOCK_MONOTONIC);
  const gpr_timespec whenever = gpr_inf_future(GPR_CLOCK_MONOTONIC);
  const auto now_us = [&] { return core.ReadClock().steady_us; };
  void* tag = nullptr;
  bool ok = false;
  int empty_polls = 0;
  IdleTime idle;
  bool is_awake = true;
  while (true) {
    const bool is_to_wait = !is_awake && !core.HasWork();
    const gpr_timespec deadline = !is_to_wait ? at_once : is_closing_ ? Soon() : whenever;
    switch (queue_->AsyncNext(&tag, &ok, deadline)) {
      case grpc::CompletionQueue::GOT_EVENT:
        empty_polls = 0;
        idle.End(now_us());
        // What comes at once, as the news that answers have left does, ends no idle time.
        is_awake = true;
        static_cast<Event*>(tag)->Proceed(ok);
        if (core.GroupSize() >= commit_batch_max) Flush(core);
        break;
      case grpc::CompletionQueue::TIMEOUT:
        if (is_to_wait) {
          Shut();
        } else if (!core.HasWork()) {
          idle.Begin(now_us());
          is_awake = idle.IsWorthStayingAwake(now_us());
        } else if (++empty_polls == kEmptyPolls) {
          empty_polls = 0;
          Flush(core);
        }
        break;
      case grpc::CompletionQueue::SHUTDOWN:
        Flush(core);
        return;
    }
    // Whoever flushed: reads do so too.
    if (!core.Failure().ok() && !std::exchange(has_failed, true)) on_failure();
  }
}

void Loop::Flush(Core& core) {
  const int64_t begun_us = core.ReadClock().steady_us;
  core.Flush([&] { bursts_.Begin(core.GroupSize(), core.ReadClock().steady_us - begun_us); });
  bursts_.End();
}

void Loop::Close() {
  Post([this] { is_closing_ = true; });
}

void Loop::Shut() {
  is_closing_ = false;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  queue_->Shutdown();
}

}  // namespace hpod
