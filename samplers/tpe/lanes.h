// Eight numbers side by side, as vectors take them.

#ifndef HPOD_SAMPLERS_TPE_LANES_H_
#define HPOD_SAMPLERS_TPE_LANES_H_

#include <cstddef>
#include <cstdint>

namespace hpod {

inline constexpr size_t kLanes = 8;

struct alignas(64) DoubleLanes {
  double lane[kLanes];
};
struct alignas(32) IndexLanes {
  int32_t lane[kLanes];
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_LANES_H_
