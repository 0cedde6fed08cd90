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
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "samplers/algorithms.h"
#include "samplers/fill_point.h"
#include "samplers/rng.h"
#include "samplers/tpe/kept_models.h"
#include "samplers/tpe/parzen.h"
#include "samplers/tpe/scratch.h"
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
std::pmr::vector<double> WithoutRepetitions(const std::pmr::vector<double>& points, size_t d) {
  std::set<std::vector<double>> seen;
  std::pmr::vector<double> distinct(points.get_allocator());
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
  Scratch scratch;
  std::pmr::vector<double> candidates = l.Sample(count, rng, scratch.Memory());
  if (AllDiscrete(domains)) candidates = WithoutRepetitions(candidates, d);
  const size_t best = g.GreatestRatio(candidates, l.LogDensity(candidates));
  const auto row = candidates.begin() + static_cast<std::ptrdiff_t>(best * d);
  return {row, row + static_cast<std::ptrdiff_t>(d)};
}

// The densities behind one proposal, made of the history alone. Trials are divided once for all of
// them.
class FreshModels {
 public:
  FreshModels(const StudyView& study, const Settings& settings)
      : study_(study), settings_(settings) {}

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
    return {ParzenEstimator(domains, CollectObservations(history, names, split_->below),
                            WeightingBelow(history.Directions().size())),
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
      : settings_(settings), kept_(settings.constant_liar) {}

  void Observe(const History& history, size_t number) override { kept_.Observe(history, number); }

  // A space of one parameter is drawn on its own: that is how define-by-run code asks for what was
  // not foreseen, and for a declared space of one the joint model is the same.
  absl::StatusOr<Point> Propose(const StudyView& study, const Space& space,
                                std::span<const double> fixed) const override {
    const History& history = study.history;
    FreshModels fresh(study, settings_);
    std::vector<double> joint(history.NameCount() + 1, kNoValue);
    if (space.size() > 1) {
      for (const DistributionValue& drawn : DrawJointly(study, fresh)) {
        joint[history.GetDistribution(drawn.distribution).name] = drawn.value;
      }
    }
    return FillPoint(space, fixed, [&](size_t i) {
      const auto& [name, domain, conditions] = space[i];
      if (IsSingle(domain)) return SingleValue(domain);
      const double drawn = joint[history.FindName(name)];
      return Contains(domain, drawn) ? drawn : DrawAlone(study, name, domain, fresh);
    });
  }

  std::vector<DistributionValue> Foresee(const StudyView& study) const override {
    FreshModels fresh(study, settings_);
    return DrawJointly(study, fresh);
  }

  int64_t Work(const History& history, std::span<const Parameter> parameters) const override {
    if (IsStartup(history)) return 0;
    const bool is_alone = parameters.size() == 1;
    // Which parameters are in a group takes long to tell: all of the study's are counted.
    if (settings_.group && !is_alone) return WorkOf(history, history.NameCount(), kept_.HasAny());
    int64_t work = 0;
    std::vector<bool> is_joint(history.NameCount() + 1, false);
    if (IsJoint(history) && !is_alone) {
      const JointSpace space = IntersectionSpace(history);
      work += WorkOf(history, space.size(), kept_.Has(space));
      for (const size_t name : NamesOf(history, space)) is_joint[name] = true;
    }
    for (const Parameter& parameter : parameters) {
      if (IsSingle(parameter.domain) || is_joint[history.FindName(parameter.name)]) continue;
      const auto id = history.FindDistribution(parameter.name, parameter.domain);
      work += WorkOf(history, 1, id.has_value() && kept_.Has({*id}));
    }
    return work;
  }

 private:
  bool IsStartup(const History& history) const {
    return history.Count(TrialState::kComplete) + history.Count(TrialState::kPruned) <
           settings_.n_startup_trials;
  }

  bool IsJoint(const History& history) const {
    return settings_.multivariate.value_or(settings_.group || history.Directions().size() == 1);
  }

  int64_t WorkOf(const History& history, size_t dimensions, bool has_densities) const {
    // With several objectives a tenth of the trials are below, and are divided and sorted again.
    const size_t following = history.Directions().size() == 1 ? 0 : kKernelWork / 10;
    return static_cast<int64_t>(
        history.size() * dimensions *
        (settings_.n_ei_candidates + (has_densities ? following : kKernelWork)));
  }

  // The spaces of which each is drawn jointly.
  std::vector<JointSpace> JointSpaces(const History& history) const {
    if (!IsJoint(history)) return {};
    if (settings_.group) return GroupedSpaces(history);
    JointSpace space = IntersectionSpace(history);
    if (space.empty()) return {};
    return {std::move(space)};
  }

  std::vector<DistributionValue> DrawJointly(const StudyView& study, FreshModels& fresh) const {
    const History& history = study.history;
    if (IsStartup(history)) return {};
    std::vector<DistributionValue> drawn;
    for (const JointSpace& space : JointSpaces(history)) {
      const std::string& first = history.Name(history.GetDistribution(space[0]).name);
      const std::vector<double> values =
          DrawSpace(study, space, settings_.group ? "group:" + first : "joint", fresh);
      drawn.reserve(drawn.size() + space.size());
      for (size_t i = 0; i < space.size(); ++i) drawn.push_back({space[i], values[i]});
    }
    return drawn;
  }

  std::vector<double> DrawSpace(const StudyView& study, const JointSpace& space,
                                std::string_view stream, FreshModels& fresh) const {
    const History& history = study.history;
    const KeptDensities* kept = kept_.Find(history, study.number, space);
    if (kept == nullptr) {
      return fresh.Draw(DomainsOf(history, space), NamesOf(history, space), stream);
    }
    return DrawBest(study, settings_.n_ei_candidates, kept->Domains(), stream, kept->Below(),
                    kept->GetAbove());
  }

  double DrawAlone(const StudyView& study, const std::string& name, const Domain& domain,
                   FreshModels& fresh) const {
    const History& history = study.history;
    const std::string stream = ParameterStream(name);
    if (IsStartup(history)) {
      Rng rng = Rng::ForTrial(study.seed, study.number, stream);
      return DrawUniform(domain, rng);
    }
    if (const auto id = history.FindDistribution(name, domain); id.has_value()) {
      return DrawSpace(study, {*id}, stream, fresh)[0];
    }
    const size_t name_id = history.FindName(name);
    return fresh.Draw({&domain, 1}, {&name_id, 1}, stream)[0];
  }

  const Settings settings_;
  // The first proposal that needs densities builds them: a restart and an import do not, and nor
  // does the thread that observes, when proposals are computed on another.
  mutable KeptModels kept_;
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
