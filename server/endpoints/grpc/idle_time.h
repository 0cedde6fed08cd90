// How long the loop has had nothing to do, and whether it should stay awake meanwhile.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_IDLE_TIME_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_IDLE_TIME_H_

#include <cstdint>
#include <optional>

namespace hpod {

// Where calls follow each other faster than a thread falls asleep and is woken, as those of one
// busy worker do, asking for the next one again and again is faster than to wait for it. Whether
// they do is told by the last time. All times are monotonic.
class IdleTime {
 public:
  // There is nothing to do, and may have been before.
  void Begin(int64_t now_us) {
    if (!since_us_.has_value()) since_us_ = now_us;
  }
  // Something has come.
  void End(int64_t now_us) {
    if (since_us_.has_value()) was_short_ = now_us < *since_us_ + kShort_us;
    since_us_.reset();
  }
  // Between Begin and End.
  bool IsWorthStayingAwake(int64_t now_us) const {
    return was_short_ && now_us < *since_us_ + kShort_us;
  }

 private:
  // An answer's way to a worker, and the next call's way back, take half of that.
  static constexpr int64_t kShort_us = 100;

  std::optional<int64_t> since_us_;
  bool was_short_ = false;
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_IDLE_TIME_H_
