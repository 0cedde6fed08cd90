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
  // What is asked of the density above; as GrowingMixture has it.
  class Above {
   public:
    Above(const GrowingMixture& mixture, TrialValues values) : mixture_(mixture), values_(values) {}
    std::vector<double> LogDensity(std::span<const double> points) const {
      return mixture_.LogDensity(points, values_);
    }
    size_t GreatestRatio(std::span<const double> points, std::span<const double> log_l) const {
      return mixture_.GreatestRatio(points, log_l, values_);
    }

   private:
    const GrowingMixture& mixture_;
    const TrialValues values_;
  };

  // d >= 1 distributions. The division is current. O(d n log n).
  KeptDensities(const History& history, const Division& division, JointSpace space);

  const JointSpace& Space() const { return space_; }
  std::span<const Domain> Domains() const { return domains_; }

  // Takes over the division's changes, in any order, some more than once; also none. All must have
  // been taken over, and the history not have changed since, before anything below is asked.
  void Follow(const History& history, const Division& division, std::vector<size_t> changes);

  // Whether a trial has a kernel above.
  bool IsAbove(size_t number) const { return above_.Has(number); }
  const ParzenEstimator& Below() const { return below_; }
  Above GetAbove() const { return {above_, values_}; }

 private:
  void FollowColumns(const History& history);
  void FitBelow(const History& history, std::span<const size_t> numbers);
  void Place(const History& history, size_t number, bool is_above);

  const JointSpace space_;
  const std::vector<Domain> domains_;
  const std::vector<size_t> names_;
  std::vector<size_t> below_numbers_;
  Columns columns_below_;
  ParzenEstimator below_;
  std::vector<std::span<const double>> values_;  // the history's columns, by dimension
  GrowingMixture above_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KEPT_DENSITIES_H_
