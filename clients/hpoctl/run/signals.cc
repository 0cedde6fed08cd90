#include "clients/hpoctl/run/signals.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace hpod {
namespace {

// A signal handler has no other way to know where to write.
std::atomic<int> write_end = -1;

void OnSignal(int signal) {
  const int saved = errno;
  const auto byte = static_cast<unsigned char>(signal);
  // A full pipe has signals enough to read.
  [[maybe_unused]] const auto written = write(write_end, &byte, 1);
  errno = saved;
}

}  // namespace

Signals::Signals(EventLoop& loop, const std::vector<int>& signals,
                 std::function<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  read_end_ = ends[0];
  write_end = ends[1];
  loop_.Watch(read_end_, [this] { Read(); });
  for (const int signal : signals) Replace(signal, OnSignal);
  Replace(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  for (const auto& [signal, action] : before_) sigaction(signal, &action, nullptr);
  loop_.Unwatch(read_end_);
  close(write_end.exchange(-1));
  close(read_end_);
}

void Signals::Replace(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  struct sigaction before {};
  sigaction(signal, &action, &before);
  if (before.sa_handler == SIG_IGN && (signal == SIGHUP || signal == SIGINT)) {
    sigaction(signal, &before, nullptr);  // nohup, or a shell's background: it stays ignored
  } else {
    before_[signal] = before;
  }
}

void Signals::Read() {
  unsigned char bytes[64];
  const ssize_t count = read(read_end_, bytes, sizeof(bytes));
  for (ssize_t i = 0; i < count; ++i) on_signal_(bytes[i]);
}

}  // namespace hpod
