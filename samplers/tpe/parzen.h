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
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

#include "samplers/rng.h"
#include "samplers/space.h"

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

// m + 1 weights that sum to 1, the oldest observation's first, the prior's last.
std::vector<double> MixtureWeights(size_t observation_count, Weighting weighting);

// Points are rows of one internal value per dimension.
class ParzenEstimator {
 public:
  // domains       d >= 1 domains, none with a single value
  // observations  d columns of m internal values each, oldest first; m >= 0
  ParzenEstimator(std::span<const Domain> domains,
                  std::span<const std::vector<double>> observations, Weighting weighting);

  size_t KernelCount() const { return weights_.size(); }

  // count x d values, each inside its domain. From `rng`: `count` numbers for the kernels, then
  // `count` for each categorical dimension, then `count` for each numeric one.
  std::vector<double> Sample(size_t count, Rng& rng) const;

  // ln of the density (of the probability, in dimensions with steps or choices) at each of
  // `points`, which is c x d values. In numeric log dimensions the density is that of the
  // logarithm. -inf outside the bounds, never NaN. O(c * d * m).
  std::vector<double> LogDensity(std::span<const double> points) const;

 private:
  // Truncated normal density: ln f_k(x) = constant - ((x - mu_k) * inverse_sigma_k)^2 / 2.
  struct Continuous {
    NumericKernels kernels;
    bool log = false;
    std::vector<double> inverse_sigma;
  };
  // Probability of the cell around x: the normal's mass in (x - step/2, x + step/2).
  struct Stepped {
    NumericKernels kernels;
    bool log = false;
    double step = 1;
    // Kernels with equal mu and sigma, which ints have many of, are evaluated once.
    std::vector<double> distinct_mu;
    std::vector<double> distinct_sigma;
    std::vector<uint32_t> distinct_of;  // m + 1 indices
  };
  struct Categorical {
    std::vector<double> observed;  // m choices
    double hit = 0;                // probability of the observed choice
    double miss = 0;               // of each other choice
    double log_hit = 0;
    double log_miss = 0;
    size_t choice_count = 0;
  };
  using Dimension = std::variant<Continuous, Stepped, Categorical>;

  // These add to `constants_` what does not depend on the point.
  Dimension MakeDimension(const Domain& domain, const std::vector<double>& observations);
  Dimension MakeContinuous(NumericKernels kernels, bool log);
  Dimension MakeStepped(NumericKernels kernels, bool log, double step);
  void SubtractMass(size_t kernel, double log_mass);

  static const NumericKernels& KernelsOf(const Dimension& dimension);

  std::vector<size_t> SampleKernels(size_t count, Rng& rng) const;
  static double SampleChoice(const Categorical& categorical, size_t kernel, double u);

  // By grid value: ln of the mass of its cell, for each distinct kernel of a stepped dimension.
  using CellTable = std::unordered_map<double, std::vector<double>>;
  // Empty if the dimension has no step.
  CellTable TabulateCells(size_t dimension, std::span<const double> points) const;

  // Add ln of the dimension's factor at a value to the terms of the kernels.
  static void AddContinuous(const Continuous& dimension, double value, std::span<double> terms);
  static void AddStepped(const Stepped& dimension, std::span<const double> log_mass,
                         std::span<double> terms);
  static void AddCategorical(const Categorical& dimension, double value, std::span<double> terms);

  std::vector<Domain> domains_;
  std::vector<double> weights_;
  std::vector<Dimension> dimensions_;
  // Per kernel: ln of its weight and of all factors that do not depend on the point.
  std::vector<double> constants_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PARZEN_H_
