#include "samplers/tpe/cell_sums.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "samplers/math/truncated_normal.h"
#include "samplers/rng.h"
#include "samplers/tpe/mixture.h"
#include "tests/samplers/instruction_sets.h"

namespace hpod {
namespace {

struct Trial {
  std::vector<double> centre;
  size_t number;
};

const std::vector<Interval> kIntervals = {{0, 1}, {-3, 5}};
constexpr double kShare = 0.02;  // width of a kernel, of the range

std::span<const Interval> Intervals(size_t dimensions) {
  return std::span(kIntervals).first(dimensions);
}

CellSums MakeSums(size_t dimensions) {
  std::vector<double> scales;
  for (const auto& [low, high] : Intervals(dimensions)) {
    scales.push_back(ScaleOf(kShare * (high - low)));
  }
  return {scales, Intervals(dimensions)};
}

// In a box of `width` of the range whose corner is at `corner` of it.
std::vector<Trial> Trials(size_t count, size_t dimensions, double corner, double width, Rng& rng) {
  std::vector<Trial> trials;
  for (size_t i = 0; i < count; ++i) {
    Trial trial{{}, 40 + 3 * i};
    for (const auto& [low, high] : Intervals(dimensions)) {
      trial.centre.push_back(low + (high - low) * (corner + width * rng.Uniform()));
    }
    trials.push_back(trial);
  }
  return trials;
}

std::vector<CellSums::Kernel> Kernels(const CellSums& sums, std::span<const Trial> trials) {
  std::vector<CellSums::Kernel> kernels;
  for (const Trial& t : trials) kernels.push_back(sums.MakeKernel(t.centre, t.number));
  return kernels;
}

// The kernels in cell 1, of which the last came when it was there.
CellSums SumsOf(size_t dimensions, std::span<const Trial> trials) {
  CellSums sums = MakeSums(dimensions);
  const std::vector<CellSums::Kernel> kernels = Kernels(sums, trials);
  const size_t first = kernels.size() / 2;
  sums.Open(1, std::span(kernels).first(first));
  for (size_t i = first; i < kernels.size(); ++i) sums.Add(1, kernels[i]);
  return sums;
}

// How many numbers less than a trial's are missing: of the first trial and of the last.
struct Missing {
  double at_first = 0;
  double at_last = 0;
};

double Sum(const std::vector<Trial>& trials, std::span<const double> point,
           const RampWeights& weights, const Missing& missing) {
  double sum = 0.0;
  for (size_t k = 0; k < trials.size(); ++k) {
    const Trial& trial = trials[k];
    double term = 0.0;
    for (size_t j = 0; j < point.size(); ++j) {
      const auto& [low, high] = kIntervals[j];
      const double sigma = kShare * (high - low);
      const double mu = trial.centre[j];
      term += LogNormalPdf((point[j] - mu) / sigma) - std::log(sigma) -
              LogNormalMass((low - mu) / sigma, (high - mu) / sigma);
    }
    const double share = static_cast<double>(k) / static_cast<double>(trials.size());
    const double rank = static_cast<double>(trial.number) - missing.at_first -
                        share * (missing.at_last - missing.at_first);
    sum += std::min(weights.first + weights.slope * rank, 1.0) * std::exp(term);
  }
  return sum;
}

// What is known of the weights, if only the ends of what is missing are.
NumberWeights WeightsOf(const RampWeights& weights, const Missing& missing, size_t last_number) {
  const double most = weights.first + weights.slope * static_cast<double>(last_number);
  return {.first = weights.first - weights.slope * missing.at_last,
          .slope = weights.slope,
          .gap = weights.slope * (missing.at_last - missing.at_first),
          .excess = std::max(most - 1.0, 0.0)};
}

struct Known {
  double least;
  double most;
};

// At one of several points, which are beside it in the lanes.
Known BoundsAt(const CellSums& sums, std::span<const double> point, const NumberWeights& weights) {
  CellSums::Points points{};
  const CellSums::Vector x = sums.Scaled(point.data());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    for (size_t j = 0; j < point.size(); ++j) {
      points.x[j].lane[lane] = x[j] + 3.0 * (static_cast<double>(lane) - 5.0);
    }
  }
  DoubleLanes least;
  DoubleLanes most;
  sums.BoundsAt(1, points, weights, 0.0, {least, most});
  return {least.lane[5], most.lane[5]};
}

// `position` of the range from its lower ends.
std::vector<double> PointAt(size_t dimensions, double position) {
  std::vector<double> point;
  for (const auto& [low, high] : Intervals(dimensions)) {
    point.push_back(low + position * (high - low));
  }
  return point;
}

TEST(CellSums, BoundWhatTheKernelsOfACellAddUpTo) {
  OnEachInstructionSet([] {
    Rng rng = Rng::ForTrial(1, 0, "cell");
    for (const size_t dimensions : {1U, 2U}) {
      for (const double width : {0.5, 0.1, 0.03, 0.01, 0.0}) {
        for (const double corner : {0.0, 0.02, 0.4}) {
          for (const Missing missing : {Missing{}, Missing{0, 30}, Missing{20, 30}}) {
            // All on the ramp, or not.
            for (const size_t count : {1200U, 700U}) {
              const RampWeights weights = MakeRampWeights(count, true);
              const std::vector<Trial> trials = Trials(300, dimensions, corner, width, rng);
              const CellSums sums = SumsOf(dimensions, trials);
              EXPECT_EQ(sums.Count(1), 300);
              const NumberWeights known = WeightsOf(weights, missing, trials.back().number);
              for (int i = 0; i < 30; ++i) {
                const std::vector<double> point = PointAt(dimensions, 0.6 * rng.Uniform());
                const double sum = Sum(trials, point, weights, missing);
                const auto [least, most] = BoundsAt(sums, point, known);
                EXPECT_LE(least, sum * (1 + 1e-12)) << dimensions << " " << width << " " << corner;
                EXPECT_GE(most, sum * (1 - 1e-12) - 1e-300)
                    << dimensions << " " << width << " " << corner;
              }
            }
          }
        }
      }
    }
  });
}

TEST(CellSums, BoundASmallCellClosely) {
  OnEachInstructionSet([] {
    const NumberWeights weights{.first = 0.3, .slope = 2e-4};
    Rng rng = Rng::ForTrial(2, 0, "cell");
    for (const size_t dimensions : {1U, 2U}) {
      // A kernel wide.
      const std::vector<Trial> trials = Trials(300, dimensions, 0.5, kShare, rng);
      const CellSums sums = SumsOf(dimensions, trials);
      const std::vector<double> point = PointAt(dimensions, 0.5 + kShare);
      const double sum = Sum(trials, point, {weights.first, weights.slope}, {});
      const auto [least, most] = BoundsAt(sums, point, weights);
      EXPECT_LT(most - least, 1e-4 * sum) << dimensions;
      EXPECT_NEAR(0.5 * (least + most), sum, 1e-4 * sum) << dimensions;
    }
  });
}

TEST(CellSums, BoundACellThatHasBecomeWide) {
  const NumberWeights weights{.first = 0.1, .slope = 1e-4};
  Rng rng = Rng::ForTrial(4, 0, "cell");
  std::vector<Trial> trials = Trials(300, 2, 0.5, 0.004, rng);
  const std::vector<double> point = PointAt(2, 0.52);
  const double close = Sum(trials, point, {weights.first, weights.slope}, {});
  for (Trial& t : Trials(5, 2, 0.6, 0.004, rng)) trials.push_back(t);
  const CellSums sums = SumsOf(2, trials);
  const double sum = Sum(trials, point, {weights.first, weights.slope}, {});
  const auto [least, most] = BoundsAt(sums, point, weights);
  EXPECT_GT(sum, close);
  EXPECT_LE(least, sum);
  EXPECT_GE(most, sum);
}

TEST(CellSums, ForgetKernelsThatHaveLeft) {
  const NumberWeights weights{.first = 0.1, .slope = 1e-4};
  Rng rng = Rng::ForTrial(3, 0, "cell");
  const std::vector<Trial> trials = Trials(300, 2, 0.5, 0.004, rng);
  const std::vector<Trial> others = Trials(300, 2, 0.5, 0.004, rng);
  CellSums sums = SumsOf(2, others);
  for (const CellSums::Kernel& k : Kernels(sums, trials)) sums.Add(1, k);
  for (const CellSums::Kernel& k : Kernels(sums, others)) sums.Remove(1, k);
  EXPECT_EQ(sums.Count(1), 300);
  const std::vector<double> point = {0.53, 1.2};
  const double sum = Sum(trials, point, {weights.first, weights.slope}, {});
  const auto [least, most] = BoundsAt(sums, point, weights);
  EXPECT_LE(least, sum);
  EXPECT_GE(most, sum);
  EXPECT_LT(most - least, 1e-3 * sum);
  for (const CellSums::Kernel& k : Kernels(sums, trials)) sums.Remove(1, k);
  EXPECT_EQ(BoundsAt(sums, point, weights).most, 0.0);
}

}  // namespace
}  // namespace hpod
