// Parzen estimator: a mixture of kernels, one per observed trial and one prior, each a product over
// the dimensions of truncated normals (numeric) or categorical distributions. The same kernel index
// holds in all dimensions: the model is joint.
//
// After Bergstra et al., "Algorithms for hyper-parameter optimization", 2011, section 4, and
// Watanabe, "Tree-structured Parzen estimator", 2023, section 3; kernels and weights are those of
// Optuna 5.0 (docs/samplers.md).

#ifndef HPOD_SAMPLERS_TPE_PARZEN_H_
#define HPOD_SAMPLERS_TPE_PARZEN_H_

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <variant>
#include <vector>

#include "samplers/rng.h"
#include "samplers/space.h"
#include "samplers/tpe/mixture.h"

namespace hpod {

// Kernels of a numeric dimension: normals cut to [low, high]. All in the numbers of the domain, or
// in ln of them if the domain is log. With a step (every int has one) the bounds are half a step
// beyond the domain's.
struct NumericKernels {
  double low = 0;
  double high = 0;
  std::vector<double> mu;     // m + 1: the observations in the order given, then the prior's centre
  std::vector<double> sigma;  // m + 1, > 0
  std::vector<uint32_t> ascending;  // 0 .. m - 1 so that mu ascends; equal ones in the order given
};

// `observations`: m internal values of the domain (never ln); outside its bounds is possible.
// `domain` is not categorical and has more than one value.
NumericKernels MakeNumericKernels(const Domain& domain, std::span<const double> observations);

// Kernels of a categorical dimension: (m + 1) x choice_count probabilities, row by row, the prior's
// last. `observations`: m indices of choices.
std::vector<double> CategoricalRows(size_t choice_count, std::span<const double> observations);

enum class Weighting {
  kForgetting,  // the newest 25 weigh 1, older ones linearly down to 1/m for the oldest
  kUniform,     // all weigh 1
};
// Of the trials below.
inline Weighting WeightingBelow(size_t objectives) {
  return objectives == 1 ? Weighting::kForgetting : Weighting::kUniform;
}

// m + 1 weights that sum to 1, the oldest observation's first, the prior's last.
std::vector<double> MixtureWeights(size_t observation_count, Weighting weighting);

// Points are rows of one internal value per dimension.
class ParzenEstimator {
 public:
  // domains       d >= 1 domains, none with a single value
  // observations  d columns of m internal values each, oldest first; m >= 0
  ParzenEstimator(std::span<const Domain> domains,
                  std::span<const std::vector<double>> observations, Weighting weighting);

  // Makes it that of other observations.
  void Fit(std::span<const std::vector<double>> observations);

  size_t KernelCount() const { return observation_count_ + 1; }

  // count x d values, each inside its domain. From `rng`: `count` numbers for the kernels, then
  // `count` for each categorical dimension, then `count` for each numeric one.
  std::pmr::vector<double> Sample(
      size_t count, Rng& rng,
      std::pmr::memory_resource* memory = std::pmr::get_default_resource()) const;

  // ln of the density (of the probability, in dimensions with steps or choices) at each of
  // `points`, which is c x d values. In numeric log dimensions the density is that of the
  // logarithm. -inf outside the bounds, never NaN. O(c * d * m).
  std::vector<double> LogDensity(std::span<const double> points) const;

  // As Mixture::GreatestRatio of this density.
  size_t GreatestRatio(std::span<const double> points, std::span<const double> log_l) const {
    return mixture_.GreatestRatio(points, log_l, nullptr, {});
  }

 private:
  struct Categorical {
    size_t choice_count = 0;
    std::vector<double> observed;  // m choices
    ChoiceShares shares;
  };
  struct Numeric {
    NumericDomain domain;
    double last = 0;  // index of the greatest value, in a domain with steps
    Interval interval;
    NumericKernels kernels;
    // m + 1, and what fills up a block: what of each kernel is beyond the ends of the interval.
    std::vector<double> below;
    std::vector<double> above;
    bool are_plain = false;  // the formulas of normal_lanes.h hold for all of them
  };
  using Dimension = std::variant<Numeric, Categorical>;

  static Dimension MakeDimension(const Domain& domain);
  void FitNumeric(size_t dimension, std::span<const double> observations, Numeric& numeric);
  void FitCategorical(size_t dimension, std::span<const double> observations,
                      Categorical& categorical);
  void UpdateConstants();

  void SampleKernels(Rng& rng, std::span<size_t> kernels) const;
  // What is drawn in one dimension, one for each of some kernels; memory for all of them in turn.
  struct Draws {
    Draws(size_t count, std::pmr::memory_resource* memory)
        : u(count, memory),
          mu(count, memory),
          sigma(count, memory),
          below(count, memory),
          above(count, memory),
          values(count, memory) {}
    std::pmr::vector<double> u;
    std::pmr::vector<double> mu;
    std::pmr::vector<double> sigma;
    std::pmr::vector<double> below;
    std::pmr::vector<double> above;
    std::pmr::vector<double> values;  // in the model's numbers
  };
  static void SampleNormals(const Numeric& numeric, std::span<const size_t> kernels, Rng& rng,
                            Draws& draws);
  static double SampleChoice(const Categorical& categorical, size_t kernel, double u);

  std::vector<Domain> domains_;
  Weighting weighting_;
  size_t observation_count_ = 0;
  std::vector<double> cumulative_weights_;  // m + 1
  std::vector<Dimension> dimensions_;
  Mixture mixture_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PARZEN_H_
