// Whether somebody wants the process to end, for work that looks now and then.

#ifndef HPOD_CLIENTS_HPOCTL_BENCH_INTERRUPT_FLAG_H_
#define HPOD_CLIENTS_HPOCTL_BENCH_INTERRUPT_FLAG_H_

#include <csignal>
#include <map>

namespace hpod {

// While it lives, the first SIGINT, SIGTERM or SIGHUP is noted, and the second ends the process as
// ever. One at a time in a process.
class InterruptFlag {
 public:
  InterruptFlag();
  ~InterruptFlag();
  InterruptFlag(const InterruptFlag&) = delete;
  InterruptFlag& operator=(const InterruptFlag&) = delete;

  bool is_set() const;

 private:
  std::map<int, struct sigaction> before_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_BENCH_INTERRUPT_FLAG_H_
