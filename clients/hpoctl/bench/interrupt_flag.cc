#include "clients/hpoctl/bench/interrupt_flag.h"

namespace hpod {
namespace {

volatile sig_atomic_t is_interrupted = 0;

void OnSignal(int /*signal*/) { is_interrupted = 1; }

}  // namespace

InterruptFlag::InterruptFlag() {
  is_interrupted = 0;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    action.sa_handler = OnSignal;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, &before_[signal]);
  }
}

InterruptFlag::~InterruptFlag() {
  for (const auto& [signal, action] : before_) sigaction(signal, &action, nullptr);
}

bool InterruptFlag::is_set() const { return is_interrupted != 0; }

}  // namespace hpod
