// Pruner: says whether a trial is worth going on with.

#ifndef HPOD_SAMPLERS_PRUNER_H_
#define HPOD_SAMPLERS_PRUNER_H_

#include "samplers/history.h"

namespace hpod {

// One per study with one objective. As with Sampler, what Observe keeps is a model of the history
// and changes no answer.
class Pruner {
 public:
  virtual ~Pruner() = default;

  // The history has trial `number` now as it is: appended, or changed in state or reports.
  virtual void Observe(const History& /*history*/, size_t /*number*/) {}

  // Whether the running trial should stop, judged by its reports in the history and by `latest`,
  // which it has just made and which the history does not hold yet; if it has a report of that step
  // already, that one counts and `latest` does not. NaN reports: see each pruner.
  virtual bool ShouldPrune(const History& history, size_t number, Report latest) const = 0;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_PRUNER_H_
