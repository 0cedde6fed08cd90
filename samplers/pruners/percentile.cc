// The percentile rule, and the median as its 50: a trial is pruned when the best value that it has
// reported is worse than a percentile of what completed trials had reported at the same step
// (Golovin et al., "Google Vizier", 2017, section 3.2.2, with the details of Optuna 5.0:
// docs/samplers.md). NaN reports: a trial that has reported nothing else is pruned; others' NaNs
// are left out of the percentile.
//
// The entry points are MakePercentilePruner and MakeMedianPruner.

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "samplers/algorithms.h"

namespace hpod {
namespace {

struct Settings {
  double percentile = 50.0;
  size_t n_startup_trials = 5;
  int64_t n_warmup_steps = 0;
  int64_t interval_steps = 1;
  size_t n_min_trials = 1;
};

// What completed trials have reported at one step: the values around a percentile.
class StepValues {
 public:
  explicit StepValues(double percentile) : share_(percentile / 100.0) {}

  // With NaN.
  size_t Count() const { return count_; }
  void Add(double value) {
    ++count_;
    if (std::isnan(value)) return;
    if (lower_.empty() || value < lower_.top()) {
      lower_.push(value);
    } else {
      upper_.push(value);
    }
    while (lower_.size() > LowerCount()) Move(lower_, upper_);
    while (lower_.size() < LowerCount()) Move(upper_, lower_);
  }
  // The linearly interpolated percentile without NaN; NaN if there are no values, or between
  // infinities. The order of operations is that of the reference, so that comparisons with it come
  // out the same.
  double Percentile() const {
    if (lower_.empty()) return kNoValue;
    const double position = Position();
    const bool is_last = upper_.empty();
    const double low = lower_.top();
    const double high = is_last ? low : upper_.top();
    const double weight = is_last ? 1.0 : position - std::floor(position);
    const double distance = high - low;
    return weight >= 0.5 ? high - distance * (1.0 - weight) : low + distance * weight;
  }

 private:
  using Greatest = std::priority_queue<double>;
  using Least = std::priority_queue<double, std::vector<double>, std::greater<>>;

  template <class From, class To>
  static void Move(From& from, To& to) {
    to.push(from.top());
    from.pop();
  }
  size_t ValueCount() const { return lower_.size() + upper_.size(); }
  // Of the percentile among the values, from 0 on.
  double Position() const { return static_cast<double>(ValueCount() - 1) * share_; }
  size_t LowerCount() const { return std::min(static_cast<size_t>(Position()) + 1, ValueCount()); }

  double share_;
  size_t count_ = 0;
  Greatest lower_;  // up to the percentile's position, rounded down
  Least upper_;     // the rest
};

// A trial's reports with the one that it has just made.
struct OwnReports {
  int64_t last_step = -1;
  int64_t step_before = -1;  // the second largest; -1 if there is only one
  double best = kNoValue;    // NaN if all are

  OwnReports(const History& history, size_t number, Report latest) {
    const std::span<const Report> earlier = history.Reports(number);
    const auto after =
        std::lower_bound(earlier.begin(), earlier.end(), latest.step,
                         [](const Report& report, int64_t step) { return report.step < step; });
    const bool is_repeated = after != earlier.end() && after->step == latest.step;
    if (earlier.size() > 1) step_before = earlier[earlier.size() - 2].step;
    if (!earlier.empty()) last_step = earlier.back().step;
    ValueRange range = history.ReportRange(number);
    if (!is_repeated) {
      step_before = std::max(step_before, std::min(last_step, latest.step));
      last_step = std::max(last_step, latest.step);
      range.Include(latest.value);
    }
    best = history.Directions()[0] == Direction::kMinimize ? range.least : range.greatest;
  }
};

class PercentilePruner final : public Pruner {
 public:
  explicit PercentilePruner(const Settings& settings) : settings_(settings) {}

  void Observe(const History& history, size_t number) override {
    if (history.State(number) != TrialState::kComplete) return;
    if (is_observed_.size() <= number) is_observed_.resize(number + 1, false);
    if (is_observed_[number]) return;
    is_observed_[number] = true;
    const double percentile = history.Directions()[0] == Direction::kMinimize
                                  ? settings_.percentile
                                  : 100.0 - settings_.percentile;
    for (const Report& report : history.Reports(number)) {
      by_step_.try_emplace(report.step, percentile).first->second.Add(report.value);
    }
  }

  bool ShouldPrune(const History& history, size_t number, Report latest) const override {
    const size_t complete = history.Count(TrialState::kComplete);
    if (complete == 0 || complete < settings_.n_startup_trials) return false;
    const OwnReports own(history, number, latest);
    if (!IsDue(own)) return false;
    if (std::isnan(own.best)) return true;
    const auto others = by_step_.find(own.last_step);
    if (others == by_step_.end() || others->second.Count() < settings_.n_min_trials) return false;
    // Comparisons with a threshold that is NaN are false.
    const double threshold = others->second.Percentile();
    return history.Directions()[0] == Direction::kMinimize ? own.best > threshold
                                                           : own.best < threshold;
  }

 private:
  // Whether the last report is the first of its interval.
  bool IsDue(const OwnReports& own) const {
    const int64_t warmup = settings_.n_warmup_steps;
    const int64_t interval = settings_.interval_steps;
    if (own.last_step < warmup) return false;
    const int64_t begin = warmup + (own.last_step - warmup) / interval * interval;
    return own.step_before < begin;
  }

  const Settings settings_;
  std::unordered_map<int64_t, StepValues> by_step_;
  std::vector<bool> is_observed_;
};

constexpr OptionSpec kPercentile = {"percentile", OptionSpec::Type::kFloat,
                                    "25.0",       "0",
                                    "100",        "trials within this best percentage are kept"};
constexpr OptionSpec kStartupTrials = {"n_startup_trials",
                                       OptionSpec::Type::kInt,
                                       "5",
                                       "0",
                                       "",
                                       "nothing is pruned before so many trials are complete"};
constexpr OptionSpec kWarmupSteps = {"n_warmup_steps",
                                     OptionSpec::Type::kInt,
                                     "0",
                                     "0",
                                     "",
                                     "no trial is pruned at a step below this"};
constexpr OptionSpec kIntervalSteps = {
    "interval_steps",
    OptionSpec::Type::kInt,
    "1",
    "1",
    "",
    "a trial is judged at its first report in each interval of so many steps"};
constexpr OptionSpec kMinTrials = {
    "n_min_trials",
    OptionSpec::Type::kInt,
    "1",
    "1",
    "",
    "no trial is pruned at a step that fewer complete trials have reported"};

constexpr OptionSpec kMedianOptions[] = {kStartupTrials, kWarmupSteps, kIntervalSteps, kMinTrials};
constexpr OptionSpec kPercentileOptions[] = {kPercentile, kStartupTrials, kWarmupSteps,
                                             kIntervalSteps, kMinTrials};

std::unique_ptr<Pruner> Make(const OptionReader& options, double percentile) {
  return std::make_unique<PercentilePruner>(
      Settings{.percentile = percentile,
               .n_startup_trials = static_cast<size_t>(options.Int("n_startup_trials")),
               .n_warmup_steps = options.Int("n_warmup_steps"),
               .interval_steps = options.Int("interval_steps"),
               .n_min_trials = static_cast<size_t>(options.Int("n_min_trials"))});
}

}  // namespace

std::span<const OptionSpec> MedianOptions() { return kMedianOptions; }

std::unique_ptr<Pruner> MakeMedianPruner(const OptionReader& options) {
  return Make(options, 50.0);
}

std::span<const OptionSpec> PercentileOptions() { return kPercentileOptions; }

std::unique_ptr<Pruner> MakePercentilePruner(const OptionReader& options) {
  return Make(options, options.Float("percentile"));
}

}  // namespace hpod
