// Time that moves only when a test says so.

#ifndef HPOD_TESTS_SUPPORT_FAKE_CLOCK_H_
#define HPOD_TESTS_SUPPORT_FAKE_CLOCK_H_

#include <cstdint>

#include "server/model/study_spec.h"

namespace hpod {

class FakeTime {
 public:
  hpod::Now Now() const { return now_; }

  // Both clocks, as when time passes.
  void AdvanceMs(int64_t ms) {
    now_.wall_us += ms * 1'000;
    now_.steady_us += ms * 1'000;
  }
  // The wall clock alone, as when somebody sets it.
  void JumpWallMs(int64_t ms) { now_.wall_us += ms * 1'000; }

 private:
  hpod::Now now_{.wall_us = 1'800'000'000'000'000, .steady_us = 5'000'000};
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_FAKE_CLOCK_H_
