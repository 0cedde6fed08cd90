// Tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization",
// 2011; Watanabe, "Tree-structured Parzen estimator", 2023) with the rules of Optuna 5.0, to which
// docs/samplers.md compares it.
//
// Trials are divided into a good and an other part. l(x) is a Parzen estimate of the good ones'
// parameters, g(x) of the others'. Of some candidates drawn from l, the one with the greatest l(x)
// / g(x) is proposed: it has the greatest expected improvement. Running trials count as others, so
// that parallel workers spread out (constant liar).
//
// The entry point is MakeTpeSampler.

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "samplers/algorithms.h"
#include "samplers/fill_point.h"
#include "samplers/rng.h"
#include "samplers/tpe/joint_model.h"
#include "samplers/tpe/parzen.h"
#include "samplers/tpe/search_space.h"
#include "samplers/tpe/split.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

// To make a kernel of an observed value, most of which is sorting, takes as long as so many
// evaluations: 0.1 microseconds and more.
constexpr size_t kKernelWork = 2'000;

struct Settings {
  size_t n_startup_trials = 10;
  size_t n_ei_candidates = 24;
  std::optional<bool> multivariate;  // nothing: for one objective, or with groups
  bool group = false;
  bool constant_liar = true;
};

// Rows of `points`, d numbers each, without those that came before.
std::vector<double> WithoutRepetitions(const std::vector<double>& points, size_t d) {
  std::set<std::vector<double>> seen;
  std::vector<double> distinct;
  for (auto row = points.begin(); row != points.end(); row += static_cast<std::ptrdiff_t>(d)) {
    const auto end = row + static_cast<std::ptrdiff_t>(d);
    if (seen.emplace(row, end).second) distinct.insert(distinct.end(), row, end);
  }
  return distinct;
}

bool AllDiscrete(std::span<const Domain> domains) {
  return std::all_of(domains.begin(), domains.end(),
                     [](const Domain& d) { return Cardinality(d) > 0; });
}

// Of `count` candidates drawn from l, the one with the greatest l / g.
template <class Density>
std::vector<double> DrawBest(const StudyView& study, size_t count, std::span<const Domain> domains,
                             std::string_view stream, const ParzenEstimator& l, const Density& g) {
  const size_t d = domains.size();
  Rng rng = Rng::ForTrial(study.seed, study.number, stream);
  std::vector<double> candidates = l.Sample(count, rng);
  if (AllDiscrete(domains)) candidates = WithoutRepetitions(candidates, d);
  const size_t best = g.GreatestRatio(candidates, l.LogDensity(candidates));
  const auto row = candidates.begin() + static_cast<std::ptrdiff_t>(best * d);
  return {row, row + static_cast<std::ptrdiff_t>(d)};
}

// The models behind one proposal, made of the history alone. Trials are divided once for all of
// them.
class Models {
 public:
  Models(const StudyView& study, const Settings& settings) : study_(study), settings_(settings) {}

  // One value per parameter of the space. `stream` names the random numbers.
  std::vector<double> Draw(std::span<const Domain> domains, std::span<const size_t> names,
                           std::string_view stream) {
    const auto [l, g] = Estimate(domains, names);
    return DrawBest(study_, settings_.n_ei_candidates, domains, stream, l, g);
  }

 private:
  std::pair<ParzenEstimator, ParzenEstimator> Estimate(std::span<const Domain> domains,
                                                       std::span<const size_t> names) {
    const History& history = study_.history;
    if (!split_.has_value()) {
      split_ = SplitTrials(history, settings_.constant_liar, study_.number);
    }
    const bool is_single_objective = history.Directions().size() == 1;
    return {ParzenEstimator(domains, CollectObservations(history, names, split_->below),
                            is_single_objective ? Weighting::kForgetting : Weighting::kUniform),
            ParzenEstimator(domains, CollectObservations(history, names, split_->above),
                            Weighting::kForgetting)};
  }

  const StudyView& study_;
  const Settings& settings_;
  std::optional<Split> split_;
};

class TpeSampler final : public Sampler {
 public:
  explicit TpeSampler(const Settings& settings)
      : settings_(settings), joint_model_(settings.constant_liar) {}

  void Observe(const History& history, size_t number) override {
    if (HasJointModel(history)) joint_model_.Observe(history, number);
  }

  // A space of one parameter is drawn on its own: that is how define-by-run code asks for what was
  // not foreseen, and for a declared space of one the joint model is the same.
  absl::StatusOr<Point> Propose(const StudyView& study, const Space& space,
                                std::span<const double> fixed) const override {
    const History& history = study.history;
    Models models(study, settings_);
    std::vector<double> joint(history.NameCount() + 1, kNoValue);
    if (space.size() > 1) {
      for (const DistributionValue& drawn : DrawJointly(study, models)) {
        joint[history.GetDistribution(drawn.distribution).name] = drawn.value;
      }
    }
    return FillPoint(space, fixed, [&](size_t i) {
      const auto& [name, domain, conditions] = space[i];
      if (IsSingle(domain)) return SingleValue(domain);
      const double drawn = joint[history.FindName(name)];
      return Contains(domain, drawn) ? drawn : DrawAlone(study, name, domain, models);
    });
  }

  std::vector<DistributionValue> Foresee(const StudyView& study) const override {
    Models models(study, settings_);
    return DrawJointly(study, models);
  }

  int64_t Work(const History& history, size_t parameters) const override {
    if (IsStartup(history)) return 0;
    const bool has_kernels = parameters > 1 && HasJointModel(history) && IsModelBuilt();
    return static_cast<int64_t>(history.size() * parameters *
                                (settings_.n_ei_candidates + (has_kernels ? 0 : kKernelWork)));
  }

 private:
  bool IsStartup(const History& history) const {
    return history.Count(TrialState::kComplete) + history.Count(TrialState::kPruned) <
           settings_.n_startup_trials;
  }

  bool IsJoint(const History& history) const {
    return settings_.multivariate.value_or(settings_.group || history.Directions().size() == 1);
  }

  bool HasJointModel(const History& history) const {
    return !settings_.group && history.Directions().size() == 1 && IsJoint(history);
  }

  std::vector<DistributionValue> DrawJointly(const StudyView& study, Models& models) const {
    const History& history = study.history;
    if (IsStartup(history) || !IsJoint(history)) return {};
    if (HasJointModel(history) && CurrentModel(history).IsCurrent(history, study.number)) {
      return DrawFromJointModel(study);
    }
    if (!settings_.group) return DrawSpace(study, IntersectionSpace(history), "joint", models);
    std::vector<DistributionValue> drawn;
    for (const JointSpace& space : GroupedSpaces(history)) {
      const std::string& first = history.Name(history.GetDistribution(space[0]).name);
      const std::vector<DistributionValue> part = DrawSpace(study, space, "group:" + first, models);
      drawn.insert(drawn.end(), part.begin(), part.end());
    }
    return drawn;
  }

  // The first proposal that needs the model builds it: a restart and an import do not, and nor does
  // the thread that observes, when proposals are computed on another.
  const JointModel& CurrentModel(const History& history) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    joint_model_.BringUpToDate(history);
    return joint_model_;
  }

  bool IsModelBuilt() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return joint_model_.IsBuilt();
  }

  std::vector<DistributionValue> DrawFromJointModel(const StudyView& study) const {
    const std::vector<double> values =
        DrawBest(study, settings_.n_ei_candidates, joint_model_.Domains(), "joint",
                 joint_model_.Below(), joint_model_.Above());
    const JointSpace& space = joint_model_.Space();
    std::vector<DistributionValue> drawn;
    for (size_t i = 0; i < space.size(); ++i) drawn.push_back({space[i], values[i]});
    return drawn;
  }

  static std::vector<DistributionValue> DrawSpace(const StudyView& study, const JointSpace& space,
                                                  std::string_view stream, Models& models) {
    if (space.empty()) return {};
    std::vector<Domain> domains;
    std::vector<size_t> names;
    for (const uint32_t id : space) {
      domains.push_back(study.history.GetDistribution(id).domain);
      names.push_back(study.history.GetDistribution(id).name);
    }
    const std::vector<double> values = models.Draw(domains, names, stream);
    std::vector<DistributionValue> drawn;
    for (size_t i = 0; i < space.size(); ++i) drawn.push_back({space[i], values[i]});
    return drawn;
  }

  double DrawAlone(const StudyView& study, const std::string& name, const Domain& domain,
                   Models& models) const {
    if (IsStartup(study.history)) {
      Rng rng = Rng::ForTrial(study.seed, study.number, ParameterStream(name));
      return DrawUniform(domain, rng);
    }
    const size_t name_id = study.history.FindName(name);
    return models.Draw({&domain, 1}, {&name_id, 1}, ParameterStream(name))[0];
  }

  const Settings settings_;
  mutable std::mutex mutex_;  // held while the model is brought up to date
  mutable JointModel joint_model_;
};

constexpr OptionSpec kOptions[] = {
    {"n_startup_trials", OptionSpec::Type::kInt, "10", "0", "",
     "parameters are drawn at random until so many trials are complete or pruned"},
    {"n_ei_candidates", OptionSpec::Type::kInt, "24", "1", "10000",
     "candidates of which the one with the greatest expected improvement is proposed"},
    {"multivariate", OptionSpec::Type::kAutoBool, "auto", "", "",
     "draw the parameters that all trials have together; auto: for one objective, or with group"},
    {"group", OptionSpec::Type::kBool, "false", "", "",
     "draw together each group of parameters that the same trials have"},
    {"constant_liar", OptionSpec::Type::kBool, "true", "", "",
     "count running trials as bad ones, so that parallel workers spread out"},
};

}  // namespace

std::span<const OptionSpec> TpeOptions() { return kOptions; }

absl::StatusOr<std::unique_ptr<Sampler>> MakeTpeSampler(const OptionReader& options) {
  const Settings settings{.n_startup_trials = static_cast<size_t>(options.Int("n_startup_trials")),
                          .n_ei_candidates = static_cast<size_t>(options.Int("n_ei_candidates")),
                          .multivariate = options.AutoBool("multivariate"),
                          .group = options.Bool("group"),
                          .constant_liar = options.Bool("constant_liar")};
  if (settings.group && settings.multivariate == false) {
    return absl::InvalidArgumentError(
        "option 'group': 'true' needs option 'multivariate' to be auto or true");
  }
  return std::make_unique<TpeSampler>(settings);
}

}  // namespace hpod
