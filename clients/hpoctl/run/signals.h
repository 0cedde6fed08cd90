// Signals of the process as tasks of an event loop.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_SIGNALS_H_
#define HPOD_CLIENTS_HPOCTL_RUN_SIGNALS_H_

#include <csignal>
#include <functional>
#include <map>
#include <vector>

#include "clients/hpoctl/run/event_loop.h"

namespace hpod {

// While it lives, each of the signals runs `on_signal` on the loop; SIGPIPE is ignored, and so stay
// SIGHUP and SIGINT if they were. At the end everything is as before. One at a time in a process.
class Signals {
 public:
  Signals(EventLoop& loop, const std::vector<int>& signals, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void Replace(int signal, void (*handler)(int));
  void Read();

  EventLoop& loop_;
  const std::function<void(int)> on_signal_;
  int read_end_ = -1;
  std::map<int, struct sigaction> before_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_SIGNALS_H_
