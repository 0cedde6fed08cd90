// Both densities of one modelled space, kept as a Division changes: equal, to the last bit, to
// those made of the history.

#ifndef HPOD_SAMPLERS_TPE_KEPT_DENSITIES_H_
#define HPOD_SAMPLERS_TPE_KEPT_DENSITIES_H_

#include <cstddef>
#include <span>
#include <vector>

#include "samplers/history.h"
#include "samplers/tpe/division.h"
#include "samplers/tpe/growing_mixture.h"
#include "samplers/tpe/parzen.h"
#include "samplers/tpe/search_space.h"

namespace hpod {

class KeptDensities {
 public:
  // d >= 1 distributions. The division is current. O(d n log n).
  KeptDensities(const History& history, const Division& division, JointSpace space);

  const JointSpace& Space() const { return space_; }
  std::span<const Domain> Domains() const { return domains_; }

  // Takes over the division's changes, in any order, some more than once; also none. All must have
  // been taken over before anything below is asked.
  void Follow(const History& history, const Division& division, std::vector<size_t> changes);

  // Whether a trial has a kernel above.
  bool IsAbove(size_t number) const { return above_.Has(number); }
  const ParzenEstimator& Below() const { return below_; }
  const GrowingMixture& Above() const { return above_; }

 private:
  void FitBelow(const History& history, std::span<const size_t> numbers);
  void Place(const History& history, size_t number, bool is_above);

  const JointSpace space_;
  const std::vector<Domain> domains_;
  const std::vector<size_t> names_;
  std::vector<size_t> below_numbers_;
  Columns columns_below_;
  ParzenEstimator below_;
  GrowingMixture above_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KEPT_DENSITIES_H_
