// Sampler: proposes where to look next.

#ifndef HPOD_SAMPLERS_SAMPLER_H_
#define HPOD_SAMPLERS_SAMPLER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "samplers/history.h"
#include "samplers/options.h"
#include "samplers/space.h"

namespace hpod {

// What a proposal may depend on. `number` is the trial that it is for: RUNNING or about to be;
// whatever the history holds of it is left out of the model.
struct StudyView {
  const History& history;
  uint64_t seed;
  size_t number;
};

// One per study. Const to its callers and a function of its arguments: the same view gives the same
// point, on any machine, before and after a restart. What Observe keeps is a model of the history,
// equal to one built afresh by observing trials 0, 1, 2, ... of the same history; it makes
// proposals faster, never different. Observe is quick: a model that takes long to build is built by
// the first proposal that needs it.
//
// Thread-compatible: Propose and Foresee may run on another thread while nobody calls Observe or
// changes the history.
class Sampler {
 public:
  virtual ~Sampler() = default;

  // The history has trial `number` now as it is: appended, or changed in state, parameters or
  // values.
  virtual void Observe(const History& /*history*/, size_t /*number*/) {}

  // One value per parameter of `space`: result.size() == space.size(); active parameters have a
  // value in their domain, inactive ones NaN. Where `fixed` (one per parameter, NaN: free; may be
  // empty: all free) has a value for an active parameter, the result has it too, even outside the
  // domain. OUT_OF_RANGE: the space is exhausted (grid). INVALID_ARGUMENT: the sampler cannot
  // search this space.
  virtual absl::StatusOr<Point> Propose(const StudyView& study, const Space& space,
                                        std::span<const double> fixed) const = 0;

  // Define-by-run: at the start of a trial, values for parameters that earlier trials had and that
  // are best drawn together. Parameters that the trial later asks for and that are not among these
  // come from Propose, one at a time.
  virtual std::vector<DistributionValue> Foresee(const StudyView& /*study*/) const { return {}; }

  // About how many kernel evaluations Propose of these parameters takes, or Foresee if there are
  // none, with the models that it has to build; 0: next to nothing. What the engine goes by when it
  // leaves a proposal to another thread.
  virtual int64_t Work(const History& /*history*/,
                       std::span<const Parameter> /*parameters*/) const {
    return 0;
  }

  // Whether Propose would answer OUT_OF_RANGE for a point with nothing fixed.
  virtual bool IsExhausted(const StudyView& /*study*/, const Space& /*space*/) const {
    return false;
  }

  // INVALID_ARGUMENT if the sampler can never serve a study with this declared space (empty:
  // define-by-run).
  virtual absl::Status Supports(const Space& /*space*/) const { return absl::OkStatus(); }
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_SAMPLER_H_
