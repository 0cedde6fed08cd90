// What TPE's proposals need, kept up to date as trials are observed: the division into below and
// above, and the densities of each space that is modelled.

#ifndef HPOD_SAMPLERS_TPE_KEPT_MODELS_H_
#define HPOD_SAMPLERS_TPE_KEPT_MODELS_H_

#include <cstddef>
#include <list>
#include <mutex>
#include <vector>

#include "samplers/history.h"
#include "samplers/tpe/division.h"
#include "samplers/tpe/kept_densities.h"
#include "samplers/tpe/search_space.h"

namespace hpod {

// Several threads may call all but Observe, while nobody calls that.
class KeptModels {
 public:
  explicit KeptModels(bool constant_liar) : division_(constant_liar) {}

  // As Sampler::Observe. Densities take over what has been observed when they are asked for, once
  // for all of it: a trial that was started and has gone below meanwhile has never been above.
  void Observe(const History& history, size_t number);

  // The densities of a space that is not empty, for a proposal for trial `number`; they are built,
  // in O(d n log n), if they have not been kept so far. None if a change has not been observed, the
  // trial is a part of them, or they would take too much memory. Valid until the next Observe.
  const KeptDensities* Find(const History& history, size_t number, const JointSpace& space);
  // Whether the densities of a space are kept.
  bool Has(const JointSpace& space) const;
  bool HasAny() const;

 private:
  struct Model {
    KeptDensities densities;
    std::vector<size_t> changes;  // that wait until it is asked for
  };

  void PassOnChanges();
  bool HasRoomFor(const History& history, size_t dimensions) const;

  mutable std::mutex mutex_;  // held while models are built, or brought up to date
  Division division_;
  std::list<Model> models_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KEPT_MODELS_H_
