// What the default joint proposal needs, kept up to date as trials are observed: the space, the
// division into below and above, and both densities. For one objective and no groups.

#ifndef HPOD_SAMPLERS_TPE_JOINT_MODEL_H_
#define HPOD_SAMPLERS_TPE_JOINT_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "samplers/history.h"
#include "samplers/tpe/growing_mixture.h"
#include "samplers/tpe/parzen.h"
#include "samplers/tpe/search_space.h"
#include "samplers/tpe/split.h"

namespace hpod {

class JointModel {
 public:
  explicit JointModel(bool constant_liar) : constant_liar_(constant_liar) {}

  // As Sampler::Observe. Trials that the history had before the first was observed are expected in
  // the order of their numbers. A model that is built notes the change, or is dropped if to follow
  // it would take long: when a finished trial is added or the space changes.
  void Observe(const History& history, size_t number);

  // Must follow before a density is asked for. Builds the model if there is none and all trials
  // have been observed, in O(n log n); or takes over the changes since the last call, once for all
  // of them: a trial that was started and has gone below meanwhile has never been above.
  void BringUpToDate(const History& history);
  bool IsBuilt() const { return is_built_; }

  // Whether the model is that of this history without the trial `number`: every change has been
  // observed, and the trial is not a part of it. The joint space is not empty then.
  bool IsCurrent(const History& history, size_t number) const;

  const JointSpace& Space() const { return space_; }
  std::span<const Domain> Domains() const { return domains_; }
  const ParzenEstimator& Below() const { return *below_density_; }
  const GrowingMixture& Above() const { return *above_; }

 private:
  void Build(const History& history);
  void Drop();
  void Place(const History& history, size_t number);
  void PlaceFinished(const History& history, size_t number);
  // A finished trial's constraint values may be set later.
  void Rerank(const History& history, size_t number);
  // Puts the best of the trials that are not below, `number` among them, below, and `number` above
  // if it is another.
  void FillBelow(const History& history, size_t number);
  // Puts the trial below in the place of the worst one.
  void Displace(const History& history, const TrialRank& rank);
  void PlaceAbove(const History& history, size_t number);
  void LeaveAbove(size_t number);
  // The best finished trial that is not below.
  TrialRank BestAbove(const History& history) const;
  void AddBelow(const TrialRank& rank);
  void UpdateBelowDensity(const History& history);
  std::optional<Observation> Observed(const History& history, size_t number) const;
  bool ChangesSpace(const History& history, size_t number);

  const bool constant_liar_;
  // By trial number, as last observed.
  std::vector<TrialState> states_;
  std::vector<uint32_t> shapes_;
  size_t counts_[5] = {};

  bool is_built_ = false;
  std::vector<bool> known_shapes_;  // of finished trials
  JointSpace space_;
  std::vector<Domain> domains_;
  std::vector<size_t> names_;
  std::vector<TrialRank> below_;  // best first
  size_t finished_ = 0;
  bool is_below_changed_ = false;
  std::unique_ptr<ParzenEstimator> below_density_;
  std::unique_ptr<GrowingMixture> above_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_JOINT_MODEL_H_
