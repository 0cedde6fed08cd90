// The loop: one thread that takes every event of gRPC's completion queue, passes it on, and has the
// core commit when nothing more is ready.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_LOOP_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_LOOP_H_

#include <functional>
#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <memory>
#include <mutex>
#include <vector>

#include "server/core/core.h"
#include "server/endpoints/grpc/bursts.h"

namespace hpod {

// What a completion-queue event is for. `ok` is false when the operation did not happen: the call
// or the queue is gone.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Proceed(bool ok) = 0;
};

class Loop {
 public:
  explicit Loop(std::unique_ptr<grpc::ServerCompletionQueue> queue);

  grpc::ServerCompletionQueue* Queue() { return queue_.get(); }

  // Runs a task on the loop's thread, soon. From any thread. After Close it is dropped.
  void Post(Task task);

  // Passes on events until the queue is closed and empty. Commits are at most `commit_batch_max`
  // calls. `on_failure` is called once if the core's storage has failed.
  void Run(Core& core, size_t commit_batch_max, const std::function<void()>& on_failure);

  // The server has ended: Run goes on with what is under way, and returns after a short silence.
  // From any thread, once.
  void Close();

  // How the answers of a group leave. Loop only.
  hpod::Bursts& Bursts() { return bursts_; }

 private:
  class PostedTasks final : public Event {
   public:
    explicit PostedTasks(Loop& loop) : loop_(loop) {}
    void Proceed(bool ok) override;

   private:
    Loop& loop_;
  };

  void Shut();
  void Flush(Core& core);

  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  bool is_closing_ = false;  // loop only
  PostedTasks posted_event_{*this};
  hpod::Bursts bursts_;

  std::mutex mutex_;  // guards what follows
  std::vector<Task> posted_;
  bool alarm_is_set_ = false;
  bool is_closed_ = false;
  grpc::Alarm alarm_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_LOOP_H_
