// What TPE's proposals need, kept up to date as trials are observed: the joint space, the division
// into below and above, and the densities of each space that is modelled.

#ifndef HPOD_SAMPLERS_TPE_KEPT_MODELS_H_
#define HPOD_SAMPLERS_TPE_KEPT_MODELS_H_

#include <cstddef>
#include <cstdint>
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

  // IntersectionSpace of the history.
  JointSpace Intersection(const History& history);

  // The densities of a space that is not empty, for a proposal for trial `number`; they are built,
  // in O(d n log n), if they have not been kept so far. None if a change has not been observed, the
  // trial is a part of them, or they would take too much memory. Valid until the next Observe.
  const KeptDensities* Find(const History& history, size_t number, const JointSpace& space);
  // Whether the densities of a space are kept.
  bool Has(const JointSpace& space);

 private:
  struct Model {
    KeptDensities densities;
    size_t rests = 0;  // how often changes were forgotten since it was asked for
  };

  // Whether the division is that of the history.
  bool Divide(const History& history);
  Model* FindModel(const JointSpace& space);
  bool HasRoomFor(const History& history, size_t dimensions) const;
  void NoteShape(const History& history, size_t number);
  void ForgetManyChanges(const History& history);

  std::mutex mutex_;  // held while models are built, or brought up to date
  Division division_;
  std::vector<bool> known_shapes_;  // of finished trials
  bool is_intersection_known_ = false;
  JointSpace intersection_;
  std::list<Model> models_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KEPT_MODELS_H_
