// Which trials TPE learns the good ("below") and the other ("above") density from.
//
// The rules are those of Optuna 5.0; docs/samplers.md has them in full.

#ifndef HPOD_SAMPLERS_TPE_SPLIT_H_
#define HPOD_SAMPLERS_TPE_SPLIT_H_

#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

#include "samplers/history.h"

namespace hpod {

// Whether densities learn from a trial that has ended: COMPLETE or PRUNED.
inline bool IsModelled(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned;
}

// How many of `finished` trials are below: ceil(0.1 finished), for one objective at most 25.
size_t BelowCount(size_t finished, size_t objectives);

// The order in which trials go below, for one objective: better ones first.
struct TrialRank {
  int group = 0;  // feasible COMPLETE, feasible PRUNED, infeasible
  double first = 0;
  double second = 0;
  size_t number = 0;
  bool operator==(const TrialRank&) const = default;
  bool operator<(const TrialRank& other) const {
    return std::tie(group, first, second, number) <
           std::tie(other.group, other.first, other.second, other.number);
  }
};
// Of a COMPLETE or PRUNED trial.
TrialRank RankOf(const History& history, size_t number);

// Trial numbers, ascending.
struct Split {
  std::vector<size_t> below;
  std::vector<size_t> above;
};

// Divides the COMPLETE and PRUNED trials, and with `constant_liar` the RUNNING ones, without trial
// `exclude`. It does not depend on the parameters that are modelled: trials that lack one are left
// out afterwards.
//   below: BelowCount(all but the RUNNING) of them: feasible COMPLETE ones, best first; then
//   feasible PRUNED ones, those that went furthest first, by the value at their last step among
//   equals; then infeasible ones, least violation first. RUNNING ones are always above. Ties go to
//   the lower number.
// Several objectives: COMPLETE ones by nondomination rank; the front that does not fit is cut by
// greedy hypervolume. O(n) for one objective.
Split SplitTrials(const History& history, bool constant_liar, size_t exclude);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_SPLIT_H_
