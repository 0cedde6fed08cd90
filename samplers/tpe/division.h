// Which trials are below and which above, kept as trials are observed: equal to SplitTrials. For
// one objective each change is followed; for several, where one trial may move many, the trials are
// divided again when it is asked for.

#ifndef HPOD_SAMPLERS_TPE_DIVISION_H_
#define HPOD_SAMPLERS_TPE_DIVISION_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "samplers/history.h"
#include "samplers/tpe/split.h"

namespace hpod {

class Division {
 public:
  enum class Side : uint8_t { kNeither, kBelow, kAbove };

  explicit Division(bool constant_liar) : constant_liar_(constant_liar) {}

  // As Sampler::Observe. Trials that the history had before the first was observed are expected in
  // the order of their numbers. A division that is built follows the change, but not when a
  // finished trial is added, which is how many come at once: then it has to be built again.
  void Observe(const History& history, size_t number);

  // Must precede what is asked below. Builds the division if all trials have been observed. O(n),
  // as SplitTrials for several objectives; for one, next to nothing if it is built.
  void BringUpToDate(const History& history);
  bool IsBuilt() const { return is_built_; }
  // Whether it is built and every change of this history has been observed.
  bool IsCurrent(const History& history) const;

  // Whether a trial is COMPLETE or PRUNED.
  bool IsModelled(size_t number) const;
  Side SideOf(size_t number) const;
  std::span<const size_t> Below() const { return below_; }  // ascending

  // Trials whose side or values may be others than when this was called last, in any order, some
  // more than once.
  std::vector<size_t> TakeChanges() { return std::exchange(changes_, {}); }

 private:
  void Divide(const History& history);
  void PlaceFinished(const History& history, size_t number);
  // A finished trial's constraint values may be set later.
  void Rerank(const History& history, size_t number);
  void AddBelow(const TrialRank& rank);
  void RemoveBelow(size_t number);
  // The best finished trial that is not below.
  TrialRank BestAbove(const History& history) const;

  const bool constant_liar_;
  std::vector<TrialState> states_;  // by trial number, as last observed
  size_t counts_[5] = {};

  bool is_built_ = false;
  bool is_known_ = false;
  std::vector<size_t> below_;
  std::vector<TrialRank> ranks_;  // of those below, best first; for one objective
  size_t finished_ = 0;
  std::vector<size_t> changes_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_DIVISION_H_
