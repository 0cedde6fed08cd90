// Where the time comes from: the system's clocks in the daemon, a clock that tests set by hand.

#ifndef HPOD_SERVER_CORE_CLOCK_H_
#define HPOD_SERVER_CORE_CLOCK_H_

#include <chrono>

#include "server/model/study_spec.h"

namespace hpod {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now Read() const = 0;
};

class SystemClock final : public Clock {
 public:
  Now Read() const override {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    return {
        duration_cast<microseconds>(std::chrono::system_clock::now().time_since_epoch()).count(),
        duration_cast<microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count()};
  }
};

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_CLOCK_H_
