#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "samplers/registry.h"
#include "samplers/uniform.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

constexpr int kDraws = 40'000;

std::vector<double> Draws(const Domain& domain) {
  Rng rng = Rng::ForTrial(5, 0, "draws");
  std::vector<double> draws;
  for (int i = 0; i < kDraws; ++i) draws.push_back(DrawUniform(domain, rng));
  return draws;
}

std::map<double, int> Counts(const Domain& domain) {
  std::map<double, int> counts;
  for (const double draw : Draws(domain)) ++counts[draw];
  return counts;
}

double ShareBelow(const std::vector<double>& draws, double bound) {
  int below = 0;
  for (const double draw : draws) below += draw < bound ? 1 : 0;
  return static_cast<double>(below) / kDraws;
}

TEST(DrawUniform, IsUniformOverFloats) {
  const std::vector<double> draws = Draws(FloatDomain{-2, 6, false, 0});
  for (const double bound : {-1.0, 0.0, 2.0, 5.5}) {
    EXPECT_NEAR(ShareBelow(draws, bound), (bound + 2) / 8, 0.01);
  }
}

TEST(DrawUniform, IsUniformInTheLogarithm) {
  const std::vector<double> draws = Draws(FloatDomain{1e-6, 1e2, true, 0});
  for (const double power : {-5.0, -2.0, 0.0, 1.0}) {
    EXPECT_NEAR(ShareBelow(draws, std::pow(10.0, power)), (power + 6) / 8, 0.01);
  }
}

TEST(DrawUniform, GivesEdgeCellsTheSameShare) {
  for (const Domain& domain :
       {Domain(IntDomain{-3, 4, false, 1}), Domain(IntDomain{10, 31, false, 3}),
        Domain(FloatDomain{0, 0.7, false, 0.1}), Choice("c", 8).domain}) {
    const std::map<double, int> counts = Counts(domain);
    EXPECT_EQ(counts.size(), 8U);
    for (const auto& [value, count] : counts) {
      EXPECT_TRUE(Contains(domain, value)) << value;
      EXPECT_NEAR(count, kDraws / 8, 300) << value;
    }
  }
}

TEST(DrawUniform, GivesLogIntsTheCellAroundThem) {
  const std::map<double, int> counts = Counts(IntDomain{1, 6, true, 1});
  ASSERT_EQ(counts.size(), 6U);
  for (const auto& [value, count] : counts) {
    const double share = std::log((value + 0.5) / (value - 0.5)) / std::log(6.5 / 0.5);
    EXPECT_NEAR(count, share * kDraws, 400) << value;
  }
}

TEST(DrawUniform, NeverReachesTheUpperEndOfAFloat) {
  const double high = std::nextafter(std::nextafter(1.0, 2.0), 2.0);
  for (const bool log : {false, true}) {
    for (const double draw : Draws(FloatDomain{1.0, high, log, 0})) ASSERT_LT(draw, high);
  }
}

TEST(DrawUniform, GivesTheOnlyValue) {
  EXPECT_EQ(Counts(FloatDomain{0.25, 0.25, false, 0}).begin()->first, 0.25);
  EXPECT_EQ(Counts(IntDomain{3, 3, true, 1}).size(), 1U);
}

TEST(RandomSampler, DrawsEachParameterFromItsOwnStream) {
  const std::unique_ptr<Sampler> sampler = *MakeSampler("random", {});
  const History history({Direction::kMinimize});
  const Space both = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const Space alone = MakeSpace({Float("y", 0, 1)});
  const Point point = *sampler->Propose({history, 1, 0}, both, {});
  EXPECT_NE(point[0], point[1]);
  EXPECT_EQ((*sampler->Propose({history, 1, 0}, alone, {}))[0], point[1]);
  EXPECT_NE((*sampler->Propose({history, 1, 1}, alone, {}))[0], point[1]);
}

TEST(RandomSampler, IsUniformOverTrials) {
  const std::unique_ptr<Sampler> sampler = *MakeSampler("random", {});
  const History history({Direction::kMinimize});
  const Space space = MakeSpace({Choice("c", 4), Float("x", 0, 1)});
  std::map<double, int> counts;
  double sum = 0;
  for (size_t number = 0; number < 8'000; ++number) {
    const Point point = *sampler->Propose({history, 3, number}, space, {});
    ++counts[point[0]];
    sum += point[1];
  }
  for (const auto& [choice, count] : counts) EXPECT_NEAR(count, 2'000, 150) << choice;
  EXPECT_NEAR(sum / 8'000, 0.5, 0.015);
}

}  // namespace
}  // namespace hpod
