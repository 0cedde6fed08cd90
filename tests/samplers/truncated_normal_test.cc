#include "samplers/math/truncated_normal.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "samplers/rng.h"

namespace hpod {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// Expected values to 20 digits by mpmath 1.3 with 60 digits (120 where a result is near 0).

double RelativeError(double actual, double expected) {
  return expected == 0 ? std::abs(actual) : std::abs(actual - expected) / std::abs(expected);
}

TEST(LogNormalCdf, IsAccurateFromTailToTail) {
  struct {
    double z;
    double expected;
  } const kCases[] = {
      {-1e8, -5000000000000019.3396},   {-1000, -500007.82669481218431},
      {-40, -804.60844201375378817},    {-25.5, -329.28414898717953476},
      {-24.5, -304.24427074096371117},  {-8, -35.013437159914549896},
      {-1, -1.8410216450092635058},     {-1e-3, -0.69394538346696517879},
      {0, -0.69314718055994530942},     {0.5, -0.36894641528865639307},
      {3, -0.0013508099647481937988},   {8, -6.2209605742717860585e-16},
      {20, -2.7536241186062336951e-89},
  };
  for (const auto& [z, expected] : kCases) {
    EXPECT_LT(RelativeError(LogNormalCdf(z), expected), 1e-13) << z;
  }
}

TEST(LogNormalMass, IsAccurateForNarrowWideAndFarIntervals) {
  struct {
    double a;
    double b;
    double expected;
  } const kCases[] = {
      {-1, 1, -0.38171514630212607227},       {-1e-9, 1e-9, -20.949057189591138526},
      {-0.3, 0.7, -0.97830505490629745503},   {-8, 9, -6.2220891626777398999e-16},
      {-3, -2, -3.844353426334205621},        {2, 3, -3.844353426334205621},
      {5, 5.001, -20.329192936978384058},     {-30, -29, -424.78741990973031183},
      {-30, -29.999, -457.81165648038470196}, {100, 100.5, -5005.5242086942050886},
      {100, 200, -5005.5242086942050886},     {-1000, -999.99, -499997.82678021493989},
      {-26, -24, -292.09872100320778812},     {-1e-3, 0, -7.8266939788534653286},
      {0, 1e-3, -7.8266939788534653286},      {-50, -1, -1.8410216450092635058},
      {12, 12.03, -76.600238932584014111},
  };
  for (const auto& [a, b, expected] : kCases) {
    EXPECT_LT(RelativeError(LogNormalMass(a, b), expected), 1e-12) << a << " " << b;
    EXPECT_EQ(LogNormalMass(a, b), LogNormalMass(-b, -a)) << a << " " << b;
  }
}

TEST(LogNormalMass, HasNoSeamBetweenItsFormulas) {
  // Short against long, and near against far: the mass must grow steadily with the interval.
  for (const double b : {-0.5, -5.0, -24.999, -25.001, -40.0}) {
    double previous = -kInf;
    for (double h = 1e-3 / std::max(1.0, -b); h < 1.0; h *= 1.01) {
      const double mass = LogNormalMass(b - h, b);
      EXPECT_GE(mass, previous) << b << " " << h;
      EXPECT_LE(mass, LogNormalCdf(b) + 1e-12) << b << " " << h;
      previous = mass;
    }
  }
}

TEST(LogNormalMass, IsNeverNan) {
  EXPECT_EQ(LogNormalMass(1, 1), -kInf);
  for (const double a : {-1e300, -1e10, -1.0, 0.0, 1.0, 1e10, 1e300}) {
    for (const double width : {5e-324, 1e-300, 1e-10, 1.0, 1e10, 1e300}) {
      EXPECT_FALSE(std::isnan(LogNormalMass(a, a + width))) << a << " " << width;
      EXPECT_LE(LogNormalMass(a, a + width), 0.0) << a << " " << width;
    }
  }
}

TEST(InverseLogNormalCdf, IsTheInverse) {
  for (double z = -60.0; z <= 8.0; z += 0.0625) {
    const double log_p = LogNormalCdf(z);
    const double back = InverseLogNormalCdf(log_p);
    EXPECT_LT(RelativeError(LogNormalCdf(back), log_p), 1e-12) << z;
    if (z < 5) {
      EXPECT_NEAR(back, z, 1e-9 * std::max(1.0, std::abs(z))) << z;
    }
  }
  EXPECT_EQ(InverseLogNormalCdf(0), kInf);
  EXPECT_EQ(InverseLogNormalCdf(-kInf), -kInf);
}

TEST(TruncatedNormalQuantile, DividesTheMass) {
  struct {
    double a;
    double b;
  } const kCases[] = {{-1, 2},  {-0.01, 0.01}, {3, 4},        {-40, -38},
                      {30, 31}, {-5, 50},      {1000, 1000.1}};
  for (const auto& [a, b] : kCases) {
    for (double u = 1e-6; u < 1; u += 0.01) {
      const double z = TruncatedNormalQuantile(u, a, b);
      ASSERT_GE(z, a);
      ASSERT_LE(z, b);
      const double share = std::exp(LogNormalMass(a, z) - LogNormalMass(a, b));
      EXPECT_NEAR(share, u, 1e-7) << a << " " << b;
    }
  }
}

TEST(TruncatedNormalQuantile, StaysInsideEvenFarFromTheCentre) {
  Rng rng = Rng::ForTrial(1, 1, "quantiles");
  for (const double a : {-1e300, -1e150, -1e9, -1.0, 0.0, 1.0, 1e9, 1e150, 1e300}) {
    for (const double width : {0.0, 5e-324, 1e-12, 1.0, 1e9, 1e300}) {
      for (const double u : {0.0, 0.5, rng.Uniform(), 1.0 - 0x1p-53}) {
        const double z = TruncatedNormalQuantile(u, a, a + width);
        EXPECT_TRUE(a <= z && z <= a + width) << a << " " << width << " " << u << " " << z;
      }
    }
  }
}

}  // namespace
}  // namespace hpod
