#include "clients/hpoctl/bench/load.h"

#include <algorithm>

namespace hpod {

Measurement Summarize(std::vector<double> latencies_ms, double elapsed_s) {
  std::sort(latencies_ms.begin(), latencies_ms.end());
  const auto count = latencies_ms.size();
  return {.calls = static_cast<int64_t>(count),
          .per_second = static_cast<double>(count) / elapsed_s,
          .median_ms = latencies_ms[count / 2],
          .p95_ms = latencies_ms[std::min(count - 1, count * 95 / 100)]};
}

}  // namespace hpod
