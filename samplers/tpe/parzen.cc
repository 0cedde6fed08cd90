#include "samplers/tpe/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "samplers/math/truncated_normal.h"
#include "samplers/tpe/scratch.h"
#include "samplers/tpe/sorted_centres.h"

namespace hpod {
namespace {

// Among so few numbers, counting takes less time than sorting or halving, whose branches no
// processor can foresee.
constexpr size_t kFew = 40;

// Sets the width of each kernel: the larger distance to its neighbours, within [range / min(100,
// m + 2), range]. The outermost centres have one neighbour; a single centre has the bounds as its
// neighbours.
void SetNeighbourDistances(const WidthLimits& limits, NumericKernels& kernels) {
  const auto& mu = kernels.mu;
  const auto& ascending = kernels.ascending;
  const size_t m = ascending.size();
  for (size_t i = 0; i < m; ++i) {
    const double here = mu[ascending[i]];
    double left = i > 0 ? here - mu[ascending[i - 1]] : 0.0;
    double right = i + 1 < m ? mu[ascending[i + 1]] - here : 0.0;
    if (m == 1) {
      left = here - kernels.low;
      right = kernels.high - here;
    }
    kernels.sigma[ascending[i]] = std::clamp(std::max(left, right), limits.least, limits.most);
  }
}

// Positions so that mu ascends; equal ones stay in their order.
void SortPositions(const std::vector<double>& mu, std::span<uint32_t> ascending) {
  const size_t m = ascending.size();
  if (m <= kFew) {
    for (size_t k = 0; k < m; ++k) {
      uint32_t before = 0;
      for (size_t i = 0; i < k; ++i) before += mu[i] <= mu[k] ? 1 : 0;
      for (size_t i = k + 1; i < m; ++i) before += mu[i] < mu[k] ? 1 : 0;
      ascending[before] = static_cast<uint32_t>(k);
    }
    return;
  }
  std::iota(ascending.begin(), ascending.end(), uint32_t{0});
  std::sort(ascending.begin(), ascending.end(),
            [&](uint32_t i, uint32_t j) { return mu[i] < mu[j] || (mu[i] == mu[j] && i < j); });
}

// Makes kernels in the memory of others.
void RemakeNumericKernels(const NumericDomain& domain, const Interval& interval,
                          std::span<const double> observations, NumericKernels& kernels) {
  const size_t m = observations.size();
  kernels.low = interval.low;
  kernels.high = interval.high;
  kernels.mu.resize(m + 1);
  for (size_t k = 0; k < m; ++k) kernels.mu[k] = ToModel(observations[k], domain.log);
  kernels.ascending.resize(m);
  SortPositions(kernels.mu, kernels.ascending);
  const WidthLimits limits = LimitsOf(interval, m);
  kernels.sigma.resize(m + 1);
  SetNeighbourDistances(limits, kernels);
  kernels.mu[m] = 0.5 * kernels.low + 0.5 * kernels.high;
  kernels.sigma[m] = limits.most;
}

// The quantile of a kernel whose centre or width is out of the ordinary.
double ExtremeQuantile(const Interval& interval, double mu, double sigma, double u) {
  const double z =
      TruncatedNormalQuantile(u, (interval.low - mu) / sigma, (interval.high - mu) / sigma);
  return mu + sigma * z;
}

// A value of the domain near x, which is in the model's numbers. `last`: index of the greatest one,
// if the domain has steps. Both bounds are written so that NaN, should it ever come up, becomes the
// lower one.
double ToDomain(double x, const Domain& domain, const NumericDomain& d, double last) {
  const double value = d.log ? std::exp(x) : x;
  if (d.step > 0) {
    // nearbyint rounds halves to even in the default rounding mode.
    const double index = std::nearbyint((value - d.low) / d.step);
    return ValueAt(domain, index > 0 ? static_cast<uint64_t>(std::min(index, last)) : 0);
  }
  return value > d.low ? std::min(value, d.high) : d.low;
}

}  // namespace

NumericKernels MakeNumericKernels(const Domain& domain, std::span<const double> observations) {
  const NumericDomain d = AsNumeric(domain);
  NumericKernels kernels;
  RemakeNumericKernels(d, IntervalOf(d), observations, kernels);
  return kernels;
}

std::vector<double> CategoricalRows(size_t choice_count, std::span<const double> observations) {
  const size_t m = observations.size();
  const ChoiceShares shares = MakeChoiceShares(choice_count, m);
  std::vector<double> rows((m + 1) * choice_count, shares.miss);
  for (size_t k = 0; k < m; ++k) {
    rows[k * choice_count + static_cast<size_t>(observations[k])] = shares.hit;
  }
  std::fill(rows.end() - static_cast<std::ptrdiff_t>(choice_count), rows.end(),
            1.0 / static_cast<double>(choice_count));
  return rows;
}

std::vector<double> MixtureWeights(size_t observation_count, Weighting weighting) {
  const RampWeights ramp = MakeRampWeights(observation_count, weighting == Weighting::kForgetting);
  std::vector<double> weights(observation_count + 1, 1.0);
  for (size_t k = 0; k < observation_count; ++k) {
    weights[k] = std::min(ramp.first + ramp.slope * static_cast<double>(k), 1.0);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

ParzenEstimator::ParzenEstimator(std::span<const Domain> domains,
                                 std::span<const std::vector<double>> observations,
                                 Weighting weighting)
    : domains_(domains.begin(), domains.end()),
      weighting_(weighting),
      mixture_(domains, weighting == Weighting::kForgetting) {
  dimensions_.reserve(domains_.size());
  for (const Domain& domain : domains_) dimensions_.push_back(MakeDimension(domain));
  Fit(observations);
}

ParzenEstimator::Dimension ParzenEstimator::MakeDimension(const Domain& domain) {
  if (const auto* categorical = std::get_if<CategoricalDomain>(&domain)) {
    Categorical dimension;
    dimension.choice_count = categorical->choices.size();
    return dimension;
  }
  Numeric numeric;
  numeric.domain = AsNumeric(domain);
  numeric.interval = IntervalOf(numeric.domain);
  if (numeric.domain.step > 0) numeric.last = static_cast<double>(Cardinality(domain) - 1);
  return numeric;
}

void ParzenEstimator::Fit(std::span<const std::vector<double>> observations) {
  if (const size_t m = observations[0].size(); m != observation_count_ || mixture_.Slots() == 0) {
    observation_count_ = m;
    cumulative_weights_ = MixtureWeights(m, weighting_);
    std::partial_sum(cumulative_weights_.begin(), cumulative_weights_.end(),
                     cumulative_weights_.begin());
    mixture_.SetObservationCount(m);
  }
  mixture_.Empty();
  mixture_.Reserve(KernelCount());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (auto* categorical = std::get_if<Categorical>(&dimensions_[j])) {
      FitCategorical(j, observations[j], *categorical);
    } else {
      FitNumeric(j, observations[j], std::get<Numeric>(dimensions_[j]));
    }
  }
  for (size_t k = 0; k < observation_count_; ++k) mixture_.SetTrial(k, k);
  mixture_.SetPrior(observation_count_);
  UpdateConstants();
}

void ParzenEstimator::UpdateConstants() {
  Scratch scratch;
  std::pmr::vector<const double*> below(scratch.Memory());
  std::pmr::vector<const double*> above(scratch.Memory());
  below.reserve(dimensions_.size());
  above.reserve(dimensions_.size());
  for (const Dimension& dimension : dimensions_) {
    const auto* numeric = std::get_if<Numeric>(&dimension);
    if (numeric == nullptr || numeric->domain.step > 0) continue;
    below.push_back(numeric->below.data());
    above.push_back(numeric->above.data());
  }
  mixture_.UpdateConstants({below, above});
}

std::pmr::vector<double> ParzenEstimator::Sample(size_t count, Rng& rng,
                                                 std::pmr::memory_resource* memory) const {
  const size_t d = dimensions_.size();
  std::pmr::vector<double> points(count * d, memory);
  std::pmr::vector<size_t> kernels(count, memory);
  SampleKernels(rng, kernels);
  for (size_t j = 0; j < d; ++j) {
    const auto* categorical = std::get_if<Categorical>(&dimensions_[j]);
    if (categorical == nullptr) continue;
    for (size_t i = 0; i < count; ++i) {
      points[i * d + j] = SampleChoice(*categorical, kernels[i], rng.Uniform());
    }
  }
  Draws draws(count, memory);
  for (size_t j = 0; j < d; ++j) {
    const auto* numeric = std::get_if<Numeric>(&dimensions_[j]);
    if (numeric == nullptr) continue;
    SampleNormals(*numeric, kernels, rng, draws);
    // A copy, which what is written cannot change.
    const NumericDomain domain = numeric->domain;
    for (size_t i = 0; i < count; ++i) {
      points[i * d + j] = ToDomain(draws.values[i], domains_[j], domain, numeric->last);
    }
  }
  return points;
}

std::vector<double> ParzenEstimator::LogDensity(std::span<const double> points) const {
  return mixture_.LogDensity(points);
}

void ParzenEstimator::FitNumeric(size_t dimension, std::span<const double> observations,
                                 Numeric& numeric) {
  NumericKernels& kernels = numeric.kernels;
  RemakeNumericKernels(numeric.domain, numeric.interval, observations, kernels);
  Scratch scratch;
  std::pmr::vector<Mixture::Normal> normals(scratch.Memory());
  normals.reserve(KernelCount());
  const auto add = [&](size_t k) { normals.push_back({k, kernels.mu[k], kernels.sigma[k]}); };
  for (const uint32_t k : kernels.ascending) add(k);
  add(observation_count_);
  mixture_.SetNormals(dimension, normals);
  numeric.are_plain = std::all_of(normals.begin(), normals.end(), [&](const auto& normal) {
    return IsPlain(numeric.interval, normal.mu, normal.sigma);
  });
  // Whole blocks.
  numeric.below.resize(mixture_.Slots());
  numeric.above.resize(mixture_.Slots());
  CutTails(kernels.mu, kernels.sigma, numeric.interval, numeric.below, numeric.above);
}

void ParzenEstimator::FitCategorical(size_t dimension, std::span<const double> observations,
                                     Categorical& categorical) {
  for (size_t k = 0; k < observation_count_; ++k) {
    mixture_.SetChoice(k, dimension, static_cast<size_t>(observations[k]));
  }
  mixture_.SetChoice(observation_count_, dimension, categorical.choice_count);
  categorical.observed.assign(observations.begin(), observations.end());
  categorical.shares = MakeChoiceShares(categorical.choice_count, observation_count_);
}

void ParzenEstimator::SampleKernels(Rng& rng, std::span<size_t> kernels) const {
  const std::vector<double>& cumulative = cumulative_weights_;
  const bool are_few = cumulative.size() <= kFew;
  for (size_t& kernel : kernels) {
    const double u = rng.Uniform() * cumulative.back();
    const auto last = cumulative.end() - 1;
    kernel = static_cast<size_t>(
        are_few ? std::count_if(cumulative.begin(), last, [&](double sum) { return sum <= u; })
                : std::upper_bound(cumulative.begin(), last, u) - cumulative.begin());
  }
}

void ParzenEstimator::SampleNormals(const Numeric& numeric, std::span<const size_t> kernels,
                                    Rng& rng, Draws& draws) {
  for (double& share : draws.u) share = rng.Uniform();
  auto& [u, mu, sigma, below, above, values] = draws;
  for (size_t i = 0; i < kernels.size(); ++i) {
    const size_t kernel = kernels[i];
    mu[i] = numeric.kernels.mu[kernel];
    sigma[i] = numeric.kernels.sigma[kernel];
    below[i] = numeric.below[kernel];
    above[i] = numeric.above[kernel];
  }
  CutNormalQuantiles(u, {mu, sigma, below, above}, numeric.interval, values);
  for (size_t i = 0; i < kernels.size() && !numeric.are_plain; ++i) {
    if (IsPlain(numeric.interval, mu[i], sigma[i])) continue;
    values[i] = ExtremeQuantile(numeric.interval, mu[i], sigma[i], u[i]);
  }
}

double ParzenEstimator::SampleChoice(const Categorical& categorical, size_t kernel, double u) {
  const auto [hit, miss] = categorical.shares;
  const auto last = static_cast<double>(categorical.choice_count - 1);
  if (kernel == categorical.observed.size()) return std::min(std::floor(u * (last + 1.0)), last);
  // The inverse of the row's distribution function: all choices are `miss` wide, the observed one
  // `hit`.
  const double observed = categorical.observed[kernel];
  const double before = observed * miss;
  if (u < before) return std::min(std::floor(u / miss), observed);
  if (u < before + hit) return std::min(observed, last);
  return std::min(observed + 1.0 + std::floor((u - before - hit) / miss), last);
}

}  // namespace hpod
