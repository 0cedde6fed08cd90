#include "samplers/rng.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

namespace hpod {
namespace {

// From a second implementation, in Python, that gives the published outputs of xoshiro256** for the
// state 1, 2, 3, 4.
TEST(Rng, GivesTheSameNumbersOnEveryMachine) {
  struct {
    uint64_t seed;
    uint64_t number;
    std::string_view stream;
    std::array<uint64_t, 4> expected;
  } const kCases[] = {
      {0, 0, "", {0xd4e9384e6f5a37c4, 0x98f31a73738390ff, 0x4853b0223447cbcf, 0xfb0d1d227f304676}},
      {42,
       7,
       "joint",
       {0xb6eae65fe0c566a8, 0xdb4ffa6c7c7a7639, 0x5b7ac2de59b79f99, 0xa5b46b1e911b6fb5}},
      {~uint64_t{0},
       123456,
       "parameter:lr",
       {0xf75f4248495a0d55, 0x64ec71b90b6da24f, 0x6e7d328ae344cbe3, 0xfa59c4d543148c0e}},
  };
  for (const auto& [seed, number, stream, expected] : kCases) {
    Rng rng = Rng::ForTrial(seed, number, stream);
    for (const uint64_t value : expected) EXPECT_EQ(rng.Next(), value) << stream;
  }
}

TEST(Rng, MakesUniformNumbersOfTheHighBits) {
  Rng rng = Rng::ForTrial(42, 7, "joint");
  EXPECT_EQ(rng.Uniform(), 0.7145217880322625);
  EXPECT_EQ(rng.Uniform(), 0.8566891207560532);
  EXPECT_EQ(rng.Uniform(), 0.3573419373367116);
}

TEST(Rng, StartsEachKeyElsewhere) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (uint64_t number = 0; number < 20; ++number) {
      for (const std::string_view stream : {"", "a", "b", "joint"}) {
        first.insert(Rng::ForTrial(seed, number, stream).Next());
      }
    }
  }
  EXPECT_EQ(first.size(), 20U * 20U * 4U);
}

TEST(Rng, IsUniform) {
  Rng rng = Rng::ForTrial(1, 2, "uniform");
  constexpr int kDraws = 100'000;
  std::array<int, 10> counts{};
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.Uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    ++counts[static_cast<size_t>(u * 10)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 10, 500);
}

TEST(Rng, DrawsBelowABoundWithoutBias) {
  Rng rng = Rng::ForTrial(3, 4, "below");
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts[rng.Below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(rng.Below(1), 0U);
  // Two thirds of the range: without rejection the lower half would come twice as often.
  const uint64_t bound = uint64_t{3} << 62U;
  int lower = 0;
  for (int i = 0; i < 30'000; ++i) lower += rng.Below(bound) < bound / 2 ? 1 : 0;
  EXPECT_NEAR(lower, 15'000, 500);
}

}  // namespace
}  // namespace hpod
