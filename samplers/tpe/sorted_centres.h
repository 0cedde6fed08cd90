// The centres of one dimension's kernels in ascending order, as they come and go.

#ifndef HPOD_SAMPLERS_TPE_SORTED_CENTRES_H_
#define HPOD_SAMPLERS_TPE_SORTED_CENTRES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "samplers/tpe/normal_lanes.h"

namespace hpod {

// Equal centres are in the order of their trials.
struct Centre {
  double mu = 0;
  uint32_t number = 0;
  bool operator<(const Centre& other) const {
    return mu < other.mu || (mu == other.mu && number < other.number);
  }
  bool operator==(const Centre&) const = default;
};

// Limits of kernel widths for m observations in an interval.
struct WidthLimits {
  double least = 0;
  double most = 0;
};
WidthLimits LimitsOf(const Interval& interval, size_t observation_count);
// From so many observations on, the limits do not change any more. Before, the least width gets
// less with each.
inline constexpr size_t kSettled = 98;

// A list of short sorted arrays: O(log n) to find, at most kMost moves to insert.
class SortedCentres {
 public:
  // Valid until the next change. chunk == chunk count: past the end.
  struct Place {
    size_t chunk = 0;
    size_t index = 0;
  };

  void Assign(std::vector<Centre> centres);
  // The place of the centre.
  Place Insert(const Centre& centre);
  // The place of the one that followed it. The centre must be there.
  Place Erase(const Centre& centre);

  bool IsEnd(Place place) const { return place.chunk == chunks_.size(); }
  bool IsBegin(Place place) const { return place.chunk == 0 && place.index == 0; }
  Place Next(Place place) const;
  Place Previous(Place place) const;
  const Centre& At(Place place) const { return chunks_[place.chunk][place.index]; }

  // Calls visit(centre, width) for all centres in ascending order.
  template <class Visit>
  void ForEachWidth(const Interval& interval, const WidthLimits& limits, const Visit& visit) const {
    const Centre* previous = nullptr;
    const Centre* here = nullptr;
    const auto show = [&](const Centre* next) {
      if (here == nullptr) return;
      visit(*here, WidthBetween(previous, *here, next, interval, limits));
    };
    for (const std::vector<Centre>& chunk : chunks_) {
      for (const Centre& next : chunk) {
        show(&next);
        previous = here;
        here = &next;
      }
    }
    show(nullptr);
  }

  // The larger distance to the neighbours of a centre, of which the outermost have one, within the
  // limits; a single centre has the ends of the interval as its neighbours.
  double WidthAt(Place place, const Interval& interval, const WidthLimits& limits) const;

 private:
  static constexpr size_t kMost = 256;
  size_t ChunkFor(const Centre& centre) const;
  // Neighbours are null where there are none.
  static double WidthBetween(const Centre* previous, const Centre& here, const Centre* next,
                             const Interval& interval, const WidthLimits& limits) {
    double left = previous == nullptr ? 0.0 : here.mu - previous->mu;
    double right = next == nullptr ? 0.0 : next->mu - here.mu;
    if (previous == nullptr && next == nullptr) {
      left = here.mu - interval.low;
      right = interval.high - here.mu;
    }
    return std::clamp(std::max(left, right), limits.least, limits.most);
  }

  std::vector<std::vector<Centre>> chunks_;  // none is empty
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_SORTED_CENTRES_H_
