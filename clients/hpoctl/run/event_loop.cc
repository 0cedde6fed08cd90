#include "clients/hpoctl/run/event_loop.h"

#include <algorithm>
#include <poll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hpod {

Mailbox::Mailbox() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Mailbox::~Mailbox() { close(fd_); }

void Mailbox::Post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  eventfd_write(fd_, 1);
}

std::vector<Task> Mailbox::Take() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  eventfd_read(fd_, &count);
  return std::exchange(tasks_, {});
}

void EventLoop::Watch(int fd, Task task) { watched_[fd] = std::move(task); }

void EventLoop::Unwatch(int fd) { watched_.erase(fd); }

EventLoop::Timer EventLoop::After(Clock::duration delay, Task task) {
  timers_[++last_timer_] = {Clock::now() + delay, std::move(task)};
  return last_timer_;
}

void EventLoop::Cancel(Timer timer) { timers_.erase(timer); }

void EventLoop::Run() {
  is_stopped_ = false;
  while (!is_stopped_) {
    Wait();
    RunTimers();
  }
}

void EventLoop::Wait() {
  std::vector<pollfd> polled = {{mailbox_->fd(), POLLIN, 0}};
  for (const auto& [fd, task] : watched_) polled.push_back({fd, POLLIN, 0});
  int timeout_ms = -1;
  if (!timers_.empty()) {
    const auto first = std::min_element(
        timers_.begin(), timers_.end(),
        [](const auto& a, const auto& b) { return a.second.time < b.second.time; });
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(first->second.time - Clock::now());
    timeout_ms = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 60'000));
  }
  if (poll(polled.data(), polled.size(), timeout_ms) <= 0) return;
  if (polled[0].revents != 0) {
    for (const Task& task : mailbox_->Take()) task();
  }
  for (size_t i = 1; i < polled.size(); ++i) {
    if (polled[i].revents == 0) continue;
    const auto found = watched_.find(polled[i].fd);  // a task before may have unwatched it
    if (found == watched_.end()) continue;
    const Task task = found->second;  // it may unwatch itself
    task();
  }
}

void EventLoop::RunTimers() {
  std::vector<Timer> due;
  const auto now = Clock::now();
  for (const auto& [timer, entry] : timers_) {
    if (entry.time <= now) due.push_back(timer);
  }
  for (const Timer timer : due) {
    auto node = timers_.extract(timer);  // a task before may have cancelled it
    if (!node.empty()) node.mapped().task();
  }
}

}  // namespace hpod
