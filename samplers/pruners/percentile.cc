// The percentile rule, and the median as its 50: a trial is pruned when the best value that it has
// reported is worse than a percentile of what completed trials had reported at the same step
// (Golovin et al., "Google Vizier", 2017, section 3.2.2, with the details of Optuna 5.0:
// docs/samplers.md). NaN reports: a trial that has reported nothing else is pruned; others' NaNs
// are left out of the percentile.
//
// The entry points are MakePercentilePruner and MakeMedianPruner.

#include <algorithm>
#include <cmath>
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

// What completed trials have reported at one step.
struct StepValues {
  std::vector<double> sorted;  // without NaN
  size_t count = 0;            // with NaN

  void Add(double value) {
    ++count;
    if (!std::isnan(value)) {
      sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), value), value);
    }
  }
};

// The linearly interpolated percentile of sorted values; NaN if there are none, or between
// infinities. The order of operations is that of the reference, so that comparisons with it come
// out the same.
double Percentile(const std::vector<double>& sorted, double percentile) {
  if (sorted.empty()) return kNoValue;
  const auto last = static_cast<double>(sorted.size() - 1);
  const double position = last * (percentile / 100.0);
  const bool is_last = position >= last;
  const double floor = is_last ? last : std::floor(position);
  const double low = sorted[static_cast<size_t>(floor)];
  const double high = sorted[static_cast<size_t>(is_last ? last : floor + 1.0)];
  const double weight = is_last ? 1.0 : position - floor;
  const double distance = high - low;
  return weight >= 0.5 ? high - distance * (1.0 - weight) : low + distance * weight;
}

// A trial's reports with the one that it has just made.
struct OwnReports {
  int64_t last_step = -1;
  int64_t step_before = -1;  // the second largest; -1 if there is only one
  double best = kNoValue;    // NaN if all are

  OwnReports(std::span<const Report> earlier, Report latest, Direction direction) {
    const bool is_repeated = std::any_of(earlier.begin(), earlier.end(), [&](const Report& report) {
      return report.step == latest.step;
    });
    for (const Report& report : earlier) Add(report, direction);
    if (!is_repeated) Add(latest, direction);
  }

 private:
  void Add(const Report& report, Direction direction) {
    step_before = std::max(step_before, std::min(last_step, report.step));
    last_step = std::max(last_step, report.step);
    // fmin and fmax return the other argument if one is NaN.
    best = direction == Direction::kMinimize ? std::fmin(best, report.value)
                                             : std::fmax(best, report.value);
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
    for (const Report& report : history.Reports(number)) by_step_[report.step].Add(report.value);
  }

  bool ShouldPrune(const History& history, size_t number, Report latest) const override {
    const size_t complete = history.Count(TrialState::kComplete);
    if (complete == 0 || complete < settings_.n_startup_trials) return false;
    const Direction direction = history.Directions()[0];
    const OwnReports own(history.Reports(number), latest, direction);
    if (!IsDue(own)) return false;
    if (std::isnan(own.best)) return true;
    const auto others = by_step_.find(own.last_step);
    if (others == by_step_.end() || others->second.count < settings_.n_min_trials) return false;
    // Comparisons with a threshold that is NaN are false.
    const std::vector<double>& sorted = others->second.sorted;
    if (direction == Direction::kMinimize) {
      return own.best > Percentile(sorted, settings_.percentile);
    }
    return own.best < Percentile(sorted, 100.0 - settings_.percentile);
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
