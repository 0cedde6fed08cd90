// One thread that waits for everything at once: pipes, timers, signals, and tasks of other threads.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_EVENT_LOOP_H_
#define HPOD_CLIENTS_HPOCTL_RUN_EVENT_LOOP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace hpod {

using Task = std::function<void()>;

// Tasks on their way from any thread to the loop. It may outlive the loop; then nothing runs them.
class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  void Post(Task task);
  // What was posted since the last time.
  std::vector<Task> Take();
  // Readable while there is something to take.
  int fd() const { return fd_; }

 private:
  const int fd_;
  std::mutex mutex_;
  std::vector<Task> tasks_;
};

// All but `mailbox` belongs to one thread. Tasks run in Run, one after another, and may watch,
// unwatch, set and cancel.
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Timer = uint64_t;  // 0 is none

  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs `task` whenever `fd` has something to read or its other end is closed.
  void Watch(int fd, Task task);
  void Unwatch(int fd);

  Timer After(Clock::duration delay, Task task);
  void Cancel(Timer timer);

  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  // Runs until Stop.
  void Run();
  void Stop() { is_stopped_ = true; }

 private:
  void Wait();
  void RunTimers();

  struct Due {
    Clock::time_point time;
    Task task;
  };

  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::map<int, Task> watched_;
  std::map<Timer, Due> timers_;
  Timer last_timer_ = 0;
  bool is_stopped_ = false;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_EVENT_LOOP_H_
