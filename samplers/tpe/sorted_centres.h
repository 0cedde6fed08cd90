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

// A list of short sorted arrays: O(log n) to find, at most kMost moves to insert. A thin one leaves
// out centres that have others on both sides within the least width, and so have that themselves.
class SortedCentres {
 public:
  // Widths are those of kSettled observations.
  explicit SortedCentres(const Interval& interval)
      : interval_(interval), limits_(LimitsOf(interval, kSettled)) {}

  // All in place of what there was; it is not thin.
  void Assign(std::vector<Centre> centres);
  // The same, thin: for_each(add) calls add(centre) for each, in any order. O(n).
  template <class ForEach>
  void AssignThinly(const ForEach& for_each) {
    std::vector<Centre> kept;
    MakeRuns();
    for_each([&](const Centre& centre) {
      if (!Count(centre)) kept.push_back(centre);
    });
    FinishThinly(std::move(kept));
  }
  // Intervals of no usual length do not get thin.
  void Thin() {
    if (!runs_.empty()) return;
    const std::vector<std::vector<Centre>> all = std::move(chunks_);
    AssignThinly([&](const auto& add) {
      for (const std::vector<Centre>& chunk : all) std::for_each(chunk.begin(), chunk.end(), add);
    });
  }

  // Calls visit(centre, width) for what may have another width now, itself too.
  template <class Visit>
  void Insert(const Centre& centre, const Visit& visit) {
    Run* run = RunOf(centre.mu);
    if (run != nullptr && ++run->count > 2) {
      if (run->first < centre && centre < run->last) return visit(centre, limits_.least);
      const bool is_first = centre < run->first;
      const Centre left_out = is_first ? run->first : run->last;
      Take(left_out);
      visit(left_out, limits_.least);
    }
    if (run != nullptr) run->Extend(centre);
    ShowAround(Put(centre), visit);
  }
  // The centre must be there. Where it was kept and a next one is wanted in its place,
  // find(low, high, is_least) tells the least, or the greatest, of those between two.
  template <class Find, class Visit>
  void Erase(const Centre& centre, const Find& find, const Visit& visit) {
    Run* run = RunOf(centre.mu);
    if (run == nullptr) return ShowAround(Take(centre), visit);
    --run->count;
    const bool is_first = centre == run->first;
    if (!is_first && centre != run->last) return;
    const Place removed = Take(centre);
    if (run->count <= 1) {
      run->first = run->last = is_first ? run->last : run->first;
      return ShowAround(removed, visit);
    }
    const Centre next = find(run->first, run->last, is_first);
    if (is_first) {
      run->first = next;
    } else {
      run->last = next;
    }
    ShowAround(Put(next), visit);
  }

  // Calls visit(centre, width) for all centres that are not left out, ascending.
  template <class Visit>
  void ForEachWidth(const WidthLimits& limits, const Visit& visit) const {
    const Centre* previous = nullptr;
    const Centre* here = nullptr;
    const auto show = [&](const Centre* next) {
      if (here == nullptr) return;
      visit(*here, WidthBetween(previous, *here, next, limits));
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

 private:
  static constexpr size_t kMost = 256;
  // Valid until the next change. chunk == chunk count: past the end.
  struct Place {
    size_t chunk = 0;
    size_t index = 0;
  };
  // Centres that are so close that all but the first and the last have the least width.
  struct Run {
    size_t count = 0;  // with the one that it is extended to
    Centre first;
    Centre last;

    void Extend(const Centre& centre) {
      if (count == 1 || centre < first) first = centre;
      if (count == 1 || last < centre) last = centre;
    }
  };

  // Null if the list is not thin, or the centre is outside the interval.
  Run* RunOf(double mu);
  // Empty ones.
  void MakeRuns();
  // Whether the centre is of a run, which then has it.
  bool Count(const Centre& centre);
  // `kept`: centres of no run.
  void FinishThinly(std::vector<Centre> kept);

  // The place of the centre.
  Place Put(const Centre& centre);
  // The place of the one that followed it. The centre must be there.
  Place Take(const Centre& centre);
  bool IsEnd(Place place) const { return place.chunk == chunks_.size(); }
  bool IsBegin(Place place) const { return place.chunk == 0 && place.index == 0; }
  Place Next(Place place) const;
  Place Previous(Place place) const;
  const Centre& At(Place place) const { return chunks_[place.chunk][place.index]; }
  size_t ChunkFor(const Centre& centre) const;

  // The place's own and its neighbours.
  template <class Visit>
  void ShowAround(Place place, const Visit& visit) const {
    const auto show = [&](Place of) { visit(At(of), WidthAt(of)); };
    if (!IsBegin(place)) show(Previous(place));
    if (IsEnd(place)) return;
    show(place);
    if (const Place next = Next(place); !IsEnd(next)) show(next);
  }
  // The larger distance to the neighbours of a centre, of which the outermost have one, within the
  // limits; a single centre has the ends of the interval as its neighbours.
  double WidthAt(Place place) const;
  // Neighbours are null where there are none.
  double WidthBetween(const Centre* previous, const Centre& here, const Centre* next,
                      const WidthLimits& limits) const {
    double left = previous == nullptr ? 0.0 : here.mu - previous->mu;
    double right = next == nullptr ? 0.0 : next->mu - here.mu;
    if (previous == nullptr && next == nullptr) {
      left = here.mu - interval_.low;
      right = interval_.high - here.mu;
    }
    return std::clamp(std::max(left, right), limits.least, limits.most);
  }

  Interval interval_;
  WidthLimits limits_;
  std::vector<std::vector<Centre>> chunks_;  // none is empty
  std::vector<Run> runs_;                    // of equal parts of the interval; none: not thin
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_SORTED_CENTRES_H_
