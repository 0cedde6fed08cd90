// History: what algorithms may know of a study's trials, in columns. It is the study engine's only
// copy of these facts; the engine changes it, samplers and pruners read it.
//
// Not thread-safe: any number of readers, or one writer.

#ifndef HPOD_SAMPLERS_HISTORY_H_
#define HPOD_SAMPLERS_HISTORY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "samplers/reports.h"
#include "samplers/space.h"

namespace hpod {

enum class Direction : uint8_t { kMinimize, kMaximize };

enum class TrialState : uint8_t { kRunning, kComplete, kPruned, kFail, kWaiting };
inline bool IsFinished(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned ||
         state == TrialState::kFail;
}
// "RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING".
std::string_view ToString(TrialState state);

// A parameter as trials had it: a name with a domain. One name may have several domains over a
// study's life.
struct Distribution {
  size_t name = 0;  // index of the name: History::Name, History::Column
  Domain domain;
};

// A trial's parameters: indices of distributions, in the order in which the trial got them. Most
// trials share a few.
using Shape = std::vector<uint32_t>;

// Internal value of a distribution.
struct DistributionValue {
  uint32_t distribution = 0;
  double value = 0;
  bool operator==(const DistributionValue&) const = default;
};

class History {
 public:
  // 1 or more directions, one per objective.
  explicit History(std::vector<Direction> directions);

  // --- Reading

  std::span<const Direction> Directions() const { return directions_; }

  // Trials have the numbers 0 .. size() - 1.
  size_t size() const { return states_.size(); }
  TrialState State(size_t number) const { return states_[number]; }
  std::span<const TrialState> States() const { return states_; }
  size_t Count(TrialState state) const { return counts_[static_cast<size_t>(state)]; }

  // Numbers of the running and of the waiting trials, ascending.
  std::span<const size_t> Running() const { return running_; }
  std::span<const size_t> Waiting() const { return waiting_; }

  // Objective value `objective` (0-based) of a trial; NaN if it has none.
  double ObjectiveValue(size_t number, size_t objective = 0) const {
    return values_[objective][number];
  }
  bool HasValues(size_t number) const { return HasValue(values_[0][number]); }

  // Sum of the positive constraint values; 0 if it has none. > 0: infeasible.
  double Violation(size_t number) const { return violations_.empty() ? 0.0 : violations_[number]; }
  bool IsFeasible(size_t number) const { return Violation(number) <= 0.0; }

  // Reports by step, ascending, each step once.
  std::span<const Report> Reports(size_t number) const { return reports_.Of(number); }
  ValueRange ReportRange(size_t number) const { return reports_.RangeOf(number); }

  // Names of parameters, in the order in which the study first had them.
  size_t NameCount() const { return names_.size(); }
  const std::string& Name(size_t name) const { return names_[name]; }
  // Index of a name, or NameCount().
  size_t FindName(std::string_view name) const;
  // Internal values of a parameter by trial number, NaN where a trial does not have it. May be
  // shorter than size(): the rest is NaN. A value is internal to the domain that its trial had.
  std::span<const double> Column(size_t name) const { return columns_[name]; }
  double Param(size_t number, size_t name) const {
    return number < columns_[name].size() ? columns_[name][number] : kNoValue;
  }

  const Distribution& GetDistribution(uint32_t id) const { return distributions_[id]; }
  size_t DistributionCount() const { return distributions_.size(); }
  // Index of (name, domain) if it has been interned.
  std::optional<uint32_t> FindDistribution(std::string_view name, const Domain& domain) const;
  // The distribution of a name that was interned last (index of a distribution). The name must
  // exist.
  uint32_t NewestDistribution(size_t name) const { return newest_distribution_[name]; }
  uint32_t ShapeId(size_t number) const { return shape_ids_[number]; }
  const Shape& ShapeOf(size_t number) const { return shapes_[shape_ids_[number]]; }
  const Shape& GetShape(uint32_t shape_id) const { return shapes_[shape_id]; }
  size_t ShapeCount() const { return shapes_.size(); }
  // How many COMPLETE or PRUNED trials have the shape.
  size_t FinishedCount(uint32_t shape_id) const { return finished_by_shape_[shape_id]; }

  // What a sampler foresaw for a running trial that has not asked for it all yet (define-by-run):
  // parameters of the joint proposal. Empty for others.
  std::span<const DistributionValue> Foreseen(size_t number) const;

  // --- Changing (the study engine only)

  // Index of (name, domain), added if new.
  uint32_t InternDistribution(std::string_view name, const Domain& domain);

  // Appends trial number size(), RUNNING or WAITING, without parameters.
  void Append(TrialState state);
  // Gives a trial that is not finished a parameter, in place of the one of that name that it may
  // have. A WAITING trial has those that it was enqueued with.
  void SetParam(size_t number, uint32_t distribution, double internal);
  void SetForeseen(size_t number, std::vector<DistributionValue> foreseen);
  // Adds a report; false, and nothing changes, if the trial has the step.
  bool AddReport(size_t number, Report report) { return reports_.Add(number, report); }
  // Adds a report, in place of the one that the step may have.
  void SetReport(size_t number, Report report) { reports_.Set(number, report); }
  void SetViolation(size_t number, double violation);
  // WAITING -> RUNNING, RUNNING -> WAITING, or any -> finished. `values`: one per direction, or
  // none.
  void SetState(size_t number, TrialState state, std::span<const double> values = {});

  // Bytes held, allocated capacity included; an estimate to within a few per cent.
  size_t MemoryBytes() const;

 private:
  uint32_t ExtendShape(uint32_t shape_id, uint32_t distribution);
  uint32_t ReplaceInShape(uint32_t shape_id, uint32_t distribution);
  size_t InternName(std::string_view name);

  std::vector<Direction> directions_;

  // By trial number.
  std::vector<TrialState> states_;
  std::vector<uint32_t> shape_ids_;
  std::vector<std::vector<double>> values_;  // [objective][number]
  std::vector<double> violations_;           // empty until a trial has one
  hpod::Reports reports_;

  // By name.
  std::vector<std::string> names_;
  std::map<std::string, size_t, std::less<>> name_index_;
  std::vector<std::vector<double>> columns_;  // [name][number]
  std::vector<uint32_t> newest_distribution_;

  std::vector<Distribution> distributions_;
  std::unordered_multimap<size_t, uint32_t> distribution_index_;  // by hash
  std::vector<Shape> shapes_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> shape_extensions_;
  std::vector<size_t> finished_by_shape_;

  std::vector<size_t> running_;
  std::vector<size_t> waiting_;
  size_t counts_[5] = {};
  std::unordered_map<size_t, std::vector<DistributionValue>> foreseen_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_HISTORY_H_
