// When a call is tried again.

#ifndef HPOD_CLIENTS_CPP_SRC_RETRY_H_
#define HPOD_CLIENTS_CPP_SRC_RETRY_H_

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

namespace hpod {

// The pause after failure number `failures` (from 0): doubles each time, up to 3 s. The upper half
// is random, so that workers which failed together come back apart. fraction: in [0, 1).
inline std::chrono::milliseconds RetryPause(int failures, double fraction) {
  constexpr double kFirstMs = 100;
  constexpr double kMaxMs = 3000;
  constexpr int kMaxDoublings = 60;
  const double ceiling = std::min(kMaxMs, std::ldexp(kFirstMs, std::min(failures, kMaxDoublings)));
  return std::chrono::milliseconds(std::lround(ceiling * (0.5 + fraction / 2)));
}

// Uniform in [0, 1).
inline double RandomFraction() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return std::uniform_real_distribution<double>()(generator);
}

}  // namespace hpod

#endif  // HPOD_CLIENTS_CPP_SRC_RETRY_H_
