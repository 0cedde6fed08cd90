#include "samplers/tpe/cell_sums.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

#include "samplers/math/truncated_normal.h"
#include "samplers/rng.h"
#include "samplers/tpe/mixture.h"

namespace hpod {
namespace {

struct Kernel {
  std::vector<double> centre;
  size_t number;
};

const std::vector<Interval> kIntervals = {{0, 1}, {-3, 5}};
constexpr double kShare = 0.02;  // width of a kernel, of the range

std::vector<double> Scales() {
  std::vector<double> scales;
  for (const auto& [low, high] : kIntervals) scales.push_back(ScaleOf(kShare * (high - low)));
  return scales;
}

// In a box of `width` of the range whose corner is at `corner` of it.
std::vector<Kernel> Kernels(size_t count, double corner, double width, Rng& rng) {
  std::vector<Kernel> kernels;
  for (size_t i = 0; i < count; ++i) {
    Kernel kernel{{}, 40 + 3 * i};
    for (const auto& [low, high] : kIntervals) {
      kernel.centre.push_back(low + (high - low) * (corner + width * rng.Uniform()));
    }
    kernels.push_back(kernel);
  }
  return kernels;
}

double Sum(const std::vector<Kernel>& kernels, std::span<const double> point,
           const RampWeights& weights, size_t missing) {
  double sum = 0.0;
  for (const Kernel& kernel : kernels) {
    double term = 0.0;
    for (size_t j = 0; j < point.size(); ++j) {
      const auto& [low, high] = kIntervals[j];
      const double sigma = kShare * (high - low);
      const double mu = kernel.centre[j];
      term += LogNormalPdf((point[j] - mu) / sigma) - std::log(sigma) -
              LogNormalMass((low - mu) / sigma, (high - mu) / sigma);
    }
    const auto rank = static_cast<double>(kernel.number - missing);
    sum += std::min(weights.first + weights.slope * rank, 1.0) * std::exp(term);
  }
  return sum;
}

TEST(CellSums, BoundWhatTheKernelsOfACellAddUpTo) {
  const RampWeights weights = MakeRampWeights(1000, true);
  Rng rng = Rng::ForTrial(1, 0, "cell");
  for (const double width : {0.5, 0.1, 0.01, 0.0}) {
    for (const double corner : {0.0, 0.02, 0.4}) {
      for (const size_t missing : {0U, 30U}) {
        CellSums sums(Scales(), kIntervals);
        const std::vector<Kernel> kernels = Kernels(300, corner, width, rng);
        for (const Kernel& k : kernels) sums.Add(7, k.centre, k.number);
        EXPECT_EQ(sums.Count(7), 300);
        for (int i = 0; i < 100; ++i) {
          const std::vector<double> point = {0.6 * rng.Uniform(), -3 + 5 * rng.Uniform()};
          const double sum = Sum(kernels, point, weights, missing);
          const auto [least, most] = sums.BoundsAt(7, point.data(), weights, missing, 0.0);
          EXPECT_LE(least, sum) << width << " " << corner;
          EXPECT_GE(most, sum) << width << " " << corner;
        }
      }
    }
  }
}

TEST(CellSums, BoundASmallCellClosely) {
  const RampWeights weights = MakeRampWeights(1000, true);
  Rng rng = Rng::ForTrial(2, 0, "cell");
  CellSums sums(Scales(), kIntervals);
  const std::vector<Kernel> kernels = Kernels(300, 0.5, 0.004, rng);
  for (const Kernel& k : kernels) sums.Add(0, k.centre, k.number);
  const std::vector<double> point = {0.53, 1.2};
  const auto [least, most] = sums.BoundsAt(0, point.data(), weights, 0, 0.0);
  EXPECT_LT(most - least, 0.05 * Sum(kernels, point, weights, 0));
}

TEST(CellSums, ForgetKernelsThatHaveLeft) {
  const RampWeights weights = MakeRampWeights(1000, true);
  Rng rng = Rng::ForTrial(3, 0, "cell");
  const std::vector<Kernel> kernels = Kernels(300, 0.5, 0.004, rng);
  const std::vector<Kernel> others = Kernels(300, 0.5, 0.004, rng);
  CellSums sums(Scales(), kIntervals);
  for (const Kernel& k : others) sums.Add(0, k.centre, k.number);
  for (const Kernel& k : kernels) sums.Add(0, k.centre, k.number);
  for (const Kernel& k : others) sums.Remove(0, k.centre, k.number);
  EXPECT_EQ(sums.Count(0), 300);
  const std::vector<double> point = {0.53, 1.2};
  const double sum = Sum(kernels, point, weights, 0);
  const auto [least, most] = sums.BoundsAt(0, point.data(), weights, 0, 0.0);
  EXPECT_LE(least, sum);
  EXPECT_GE(most, sum);
  EXPECT_LT(most - least, 0.1 * sum);
  for (const Kernel& k : kernels) sums.Remove(0, k.centre, k.number);
  EXPECT_EQ(sums.BoundsAt(0, point.data(), weights, 0, 0.0).most, 0.0);
}

}  // namespace
}  // namespace hpod
