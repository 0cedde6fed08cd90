// The walk that samplers share: parents before children, values only where a parameter is active.

#ifndef HPOD_SAMPLERS_FILL_POINT_H_
#define HPOD_SAMPLERS_FILL_POINT_H_

#include <span>
#include <string>
#include <string_view>

#include "samplers/space.h"

namespace hpod {

// The stream of random numbers (Rng::ForTrial) for the parameter `name` drawn on its own.
inline std::string ParameterStream(std::string_view name) {
  return std::string("parameter:").append(name);
}

inline bool IsFixed(std::span<const double> fixed, size_t i) {
  return !fixed.empty() && HasValue(fixed[i]);
}

// A point of `space`: for an active parameter the value in `fixed` if there is one, otherwise
// `draw(position)`; NaN for an inactive one. `fixed` has one value per parameter, NaN where free,
// or is empty.
template <class Draw>
Point FillPoint(const Space& space, std::span<const double> fixed, const Draw& draw) {
  Point point(space.size(), kNoValue);
  for (const size_t i : space.ParentsFirst()) {
    if (space.IsActive(i, point)) point[i] = IsFixed(fixed, i) ? fixed[i] : draw(i);
  }
  return point;
}

}  // namespace hpod

#endif  // HPOD_SAMPLERS_FILL_POINT_H_
