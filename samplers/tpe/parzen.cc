#include "samplers/tpe/parzen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "samplers/math/truncated_normal.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A numeric domain as kernels need it.
struct NumericDomain {
  double low;
  double high;
  double step;  // 0: continuous
  bool log;
};

NumericDomain AsNumeric(const Domain& domain) {
  if (const auto* d = std::get_if<IntDomain>(&domain)) {
    return {static_cast<double>(d->low), static_cast<double>(d->high), static_cast<double>(d->step),
            d->log};
  }
  const auto& d = std::get<FloatDomain>(domain);
  return {d.low, d.high, d.step, d.log};
}

// ln, kept finite for values that an earlier domain of the same name may have had.
double SafeLog(double value) {
  return std::log(std::max(value, std::numeric_limits<double>::min()));
}

double ToModel(double value, bool log) { return log ? SafeLog(value) : value; }

// Width of each kernel: the larger distance to its neighbours, within [range / min(100, m + 2),
// range]. The outermost centres have one neighbour; a single centre has the bounds as its
// neighbours.
std::vector<double> NeighbourDistances(const std::vector<double>& mu,
                                       std::span<const uint32_t> ascending, double low,
                                       double high) {
  const size_t m = ascending.size();
  // Bounds of a log domain may have equal logarithms.
  const double most = std::max(high - low, std::numeric_limits<double>::min());
  const double least = most / std::min(100.0, static_cast<double>(m) + 2.0);
  std::vector<double> sigma(m);
  for (size_t i = 0; i < m; ++i) {
    const double here = mu[ascending[i]];
    double left = i > 0 ? here - mu[ascending[i - 1]] : 0.0;
    double right = i + 1 < m ? mu[ascending[i + 1]] - here : 0.0;
    if (m == 1) {
      left = here - low;
      right = high - here;
    }
    sigma[ascending[i]] = std::clamp(std::max(left, right), least, most);
  }
  return sigma;
}

double LogSumExp(std::span<const double> terms) {
  const double largest = *std::max_element(terms.begin(), terms.end());
  if (largest == -kInfinity) return -kInfinity;
  double sum = 0.0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

// Ends of the cell around the grid value `x`, in the model's numbers.
struct Cell {
  double left;
  double right;
};
Cell CellAround(double x, double step, bool log) {
  const double left = x - 0.5 * step;
  const double right = x + 0.5 * step;
  return log ? Cell{std::log(left), std::log(right)} : Cell{left, right};
}

double SampleNumeric(const NumericKernels& kernels, size_t k, const Domain& domain, double u) {
  const NumericDomain d = AsNumeric(domain);
  const double mu = kernels.mu[k];
  const double sigma = kernels.sigma[k];
  const double z =
      TruncatedNormalQuantile(u, (kernels.low - mu) / sigma, (kernels.high - mu) / sigma);
  const double x = d.log ? std::exp(mu + sigma * z) : mu + sigma * z;
  // Both bounds are written so that NaN, should it ever come up, becomes the lower one.
  if (d.step > 0) {
    // nearbyint rounds halves to even in the default rounding mode.
    const double index = std::nearbyint((x - d.low) / d.step);
    const auto last = static_cast<double>(Cardinality(domain) - 1);
    return ValueAt(domain, index > 0 ? static_cast<uint64_t>(std::min(index, last)) : 0);
  }
  return x > d.low ? std::min(x, d.high) : d.low;
}

}  // namespace

NumericKernels MakeNumericKernels(const Domain& domain, std::span<const double> observations) {
  const NumericDomain d = AsNumeric(domain);
  const size_t m = observations.size();
  NumericKernels kernels;
  kernels.low = ToModel(d.low - 0.5 * d.step, d.log);
  kernels.high = ToModel(d.high + 0.5 * d.step, d.log);

  kernels.mu.reserve(m + 1);
  for (const double x : observations) kernels.mu.push_back(ToModel(x, d.log));
  kernels.ascending.resize(m);
  std::iota(kernels.ascending.begin(), kernels.ascending.end(), uint32_t{0});
  std::stable_sort(kernels.ascending.begin(), kernels.ascending.end(),
                   [&](uint32_t i, uint32_t j) { return kernels.mu[i] < kernels.mu[j]; });
  kernels.sigma = NeighbourDistances(kernels.mu, kernels.ascending, kernels.low, kernels.high);

  kernels.mu.push_back(0.5 * kernels.low + 0.5 * kernels.high);
  kernels.sigma.push_back(std::max(kernels.high - kernels.low, std::numeric_limits<double>::min()));
  return kernels;
}

std::vector<double> CategoricalRows(size_t choice_count, std::span<const double> observations) {
  const size_t m = observations.size();
  const auto choices = static_cast<double>(choice_count);
  const double share = 1.0 / static_cast<double>(m + 1);
  const double row_sum = choices * share + 1.0;
  std::vector<double> rows((m + 1) * choice_count, share / row_sum);
  for (size_t k = 0; k < m; ++k) {
    rows[k * choice_count + static_cast<size_t>(observations[k])] = (share + 1.0) / row_sum;
  }
  std::fill(rows.end() - static_cast<std::ptrdiff_t>(choice_count), rows.end(), 1.0 / choices);
  return rows;
}

std::vector<double> MixtureWeights(size_t observation_count, Weighting weighting) {
  constexpr size_t kNewest = 25;
  const size_t m = observation_count;
  std::vector<double> weights(m + 1, 1.0);
  if (weighting == Weighting::kForgetting && m > kNewest) {
    const size_t ramp = m - kNewest;
    const double first = 1.0 / static_cast<double>(m);
    // From 1/m to 1, both included; a ramp of one is its first.
    const double slope = ramp > 1 ? (1.0 - first) / static_cast<double>(ramp - 1) : 0.0;
    for (size_t i = 0; i < ramp; ++i) weights[i] = first + slope * static_cast<double>(i);
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

ParzenEstimator::ParzenEstimator(std::span<const Domain> domains,
                                 std::span<const std::vector<double>> observations,
                                 Weighting weighting)
    : domains_(domains.begin(), domains.end()),
      weights_(MixtureWeights(observations[0].size(), weighting)) {
  constants_.reserve(weights_.size());
  for (const double weight : weights_) constants_.push_back(std::log(weight));
  dimensions_.reserve(domains_.size());
  for (size_t i = 0; i < domains_.size(); ++i) {
    dimensions_.push_back(MakeDimension(domains_[i], observations[i]));
  }
}

std::vector<double> ParzenEstimator::Sample(size_t count, Rng& rng) const {
  const size_t d = dimensions_.size();
  const std::vector<size_t> kernels = SampleKernels(count, rng);
  std::vector<double> points(count * d);
  for (size_t j = 0; j < d; ++j) {
    const auto* categorical = std::get_if<Categorical>(&dimensions_[j]);
    if (categorical == nullptr) continue;
    for (size_t i = 0; i < count; ++i) {
      points[i * d + j] = SampleChoice(*categorical, kernels[i], rng.Uniform());
    }
  }
  for (size_t j = 0; j < d; ++j) {
    if (std::holds_alternative<Categorical>(dimensions_[j])) continue;
    const NumericKernels& numeric = KernelsOf(dimensions_[j]);
    for (size_t i = 0; i < count; ++i) {
      points[i * d + j] = SampleNumeric(numeric, kernels[i], domains_[j], rng.Uniform());
    }
  }
  return points;
}

std::vector<double> ParzenEstimator::LogDensity(std::span<const double> points) const {
  const size_t d = dimensions_.size();
  const size_t count = points.size() / d;
  std::vector<CellTable> tables;
  tables.reserve(d);
  for (size_t j = 0; j < d; ++j) tables.push_back(TabulateCells(j, points));
  // By kernel: ln of its weight times its density at the point.
  std::vector<double> terms(KernelCount());
  std::vector<double> result(count);
  for (size_t i = 0; i < count; ++i) {
    terms = constants_;
    for (size_t j = 0; j < d; ++j) {
      const double x = points[i * d + j];
      if (const auto* continuous = std::get_if<Continuous>(&dimensions_[j])) {
        AddContinuous(*continuous, x, terms);
      } else if (const auto* stepped = std::get_if<Stepped>(&dimensions_[j])) {
        AddStepped(*stepped, tables[j].at(x), terms);
      } else {
        AddCategorical(std::get<Categorical>(dimensions_[j]), x, terms);
      }
    }
    result[i] = LogSumExp(terms);
  }
  return result;
}

ParzenEstimator::Dimension ParzenEstimator::MakeDimension(const Domain& domain,
                                                          const std::vector<double>& observations) {
  if (const auto* categorical = std::get_if<CategoricalDomain>(&domain)) {
    const size_t choice_count = categorical->choices.size();
    const auto choices = static_cast<double>(choice_count);
    const double share = 1.0 / static_cast<double>(observations.size() + 1);
    const double row_sum = choices * share + 1.0;
    constants_.back() -= std::log(choices);
    return Categorical{.observed = observations,
                       .hit = (share + 1.0) / row_sum,
                       .miss = share / row_sum,
                       .log_hit = std::log((share + 1.0) / row_sum),
                       .log_miss = std::log(share / row_sum),
                       .choice_count = choice_count};
  }
  const NumericDomain d = AsNumeric(domain);
  NumericKernels kernels = MakeNumericKernels(domain, observations);
  if (d.step > 0) return MakeStepped(std::move(kernels), d.log, d.step);
  return MakeContinuous(std::move(kernels), d.log);
}

ParzenEstimator::Dimension ParzenEstimator::MakeContinuous(NumericKernels kernels, bool log) {
  Continuous continuous{.kernels = std::move(kernels), .log = log, .inverse_sigma = {}};
  const NumericKernels& k = continuous.kernels;
  continuous.inverse_sigma.reserve(KernelCount());
  for (size_t i = 0; i < KernelCount(); ++i) {
    const double inverse = 1.0 / k.sigma[i];
    continuous.inverse_sigma.push_back(inverse);
    SubtractMass(i, LogNormalMass((k.low - k.mu[i]) / k.sigma[i], (k.high - k.mu[i]) / k.sigma[i]));
    constants_[i] += LogNormalPdf(0.0) - std::log(k.sigma[i]);
  }
  return continuous;
}

ParzenEstimator::Dimension ParzenEstimator::MakeStepped(NumericKernels kernels, bool log,
                                                        double step) {
  Stepped stepped{.kernels = std::move(kernels),
                  .log = log,
                  .step = step,
                  .distinct_mu = {},
                  .distinct_sigma = {},
                  .distinct_of = std::vector<uint32_t>(KernelCount())};
  const NumericKernels& k = stepped.kernels;
  std::vector<double> log_mass;
  const auto add = [&](size_t i) {
    const bool is_known = !stepped.distinct_mu.empty() && stepped.distinct_mu.back() == k.mu[i] &&
                          stepped.distinct_sigma.back() == k.sigma[i];
    if (!is_known) {
      stepped.distinct_mu.push_back(k.mu[i]);
      stepped.distinct_sigma.push_back(k.sigma[i]);
      log_mass.push_back(
          LogNormalMass((k.low - k.mu[i]) / k.sigma[i], (k.high - k.mu[i]) / k.sigma[i]));
    }
    stepped.distinct_of[i] = static_cast<uint32_t>(stepped.distinct_mu.size() - 1);
    SubtractMass(i, log_mass.back());
  };
  for (const uint32_t i : k.ascending) add(i);
  add(KernelCount() - 1);
  return stepped;
}

void ParzenEstimator::SubtractMass(size_t kernel, double log_mass) {
  // A kernel so far outside the bounds that its mass in them is no double has no part in the
  // mixture.
  constants_[kernel] = std::isfinite(log_mass) ? constants_[kernel] - log_mass : -kInfinity;
}

const NumericKernels& ParzenEstimator::KernelsOf(const Dimension& dimension) {
  if (const auto* continuous = std::get_if<Continuous>(&dimension)) return continuous->kernels;
  return std::get<Stepped>(dimension).kernels;
}

std::vector<size_t> ParzenEstimator::SampleKernels(size_t count, Rng& rng) const {
  std::vector<double> cumulative(weights_.size());
  std::partial_sum(weights_.begin(), weights_.end(), cumulative.begin());
  std::vector<size_t> kernels(count);
  for (size_t& kernel : kernels) {
    const double u = rng.Uniform() * cumulative.back();
    const auto it = std::upper_bound(cumulative.begin(), cumulative.end() - 1, u);
    kernel = static_cast<size_t>(it - cumulative.begin());
  }
  return kernels;
}

double ParzenEstimator::SampleChoice(const Categorical& categorical, size_t kernel, double u) {
  const auto last = static_cast<double>(categorical.choice_count - 1);
  if (kernel == categorical.observed.size()) return std::min(std::floor(u * (last + 1.0)), last);
  // The inverse of the row's distribution function: all choices are `miss` wide, the observed one
  // `hit`.
  const double observed = categorical.observed[kernel];
  const double before = observed * categorical.miss;
  if (u < before) return std::min(std::floor(u / categorical.miss), observed);
  if (u < before + categorical.hit) return std::min(observed, last);
  return std::min(observed + 1.0 + std::floor((u - before - categorical.hit) / categorical.miss),
                  last);
}

ParzenEstimator::CellTable ParzenEstimator::TabulateCells(size_t dimension,
                                                          std::span<const double> points) const {
  CellTable table;
  const auto* stepped = std::get_if<Stepped>(&dimensions_[dimension]);
  if (stepped == nullptr) return table;
  for (size_t i = dimension; i < points.size(); i += dimensions_.size()) {
    const auto [entry, inserted] = table.try_emplace(points[i]);
    if (!inserted) continue;
    const Cell cell = CellAround(points[i], stepped->step, stepped->log);
    std::vector<double>& log_mass = entry->second;
    log_mass.reserve(stepped->distinct_mu.size());
    for (size_t k = 0; k < stepped->distinct_mu.size(); ++k) {
      const double mu = stepped->distinct_mu[k];
      const double sigma = stepped->distinct_sigma[k];
      log_mass.push_back(LogNormalMass((cell.left - mu) / sigma, (cell.right - mu) / sigma));
    }
  }
  return table;
}

void ParzenEstimator::AddContinuous(const Continuous& dimension, double value,
                                    std::span<double> terms) {
  const NumericKernels& kernels = dimension.kernels;
  const double x = ToModel(value, dimension.log);
  if (!(kernels.low <= x && x <= kernels.high)) {
    std::fill(terms.begin(), terms.end(), -kInfinity);
    return;
  }
  const double* mu = kernels.mu.data();
  const double* inverse_sigma = dimension.inverse_sigma.data();
  for (size_t k = 0; k < terms.size(); ++k) {
    const double z = (x - mu[k]) * inverse_sigma[k];
    terms[k] -= 0.5 * z * z;
  }
}

void ParzenEstimator::AddStepped(const Stepped& dimension, std::span<const double> log_mass,
                                 std::span<double> terms) {
  for (size_t k = 0; k < terms.size(); ++k) terms[k] += log_mass[dimension.distinct_of[k]];
}

void ParzenEstimator::AddCategorical(const Categorical& dimension, double value,
                                     std::span<double> terms) {
  // The prior is the last term; its factor is in the constants.
  for (size_t k = 0; k < dimension.observed.size(); ++k) {
    terms[k] += dimension.observed[k] == value ? dimension.log_hit : dimension.log_miss;
  }
}

}  // namespace hpod
