#include "samplers/tpe/normal_lanes.h"

#include <cmath>
#include <gtest/gtest.h>

#include "samplers/math/truncated_normal.h"

namespace hpod {
namespace {

TEST(CutNormalQuantiles, AgreesWithTheExactOne) {
  const Interval interval = {-1, 3};
  std::vector<double> u;
  std::vector<double> mu;
  std::vector<double> sigma;
  for (const double width : {0.04, 0.3, 1.0, 4.0}) {
    for (const double centre : {-1.0, -0.9, 0.5, 2.0, 2.99, 3.0}) {
      for (const double share : {0.0, 1e-15, 1e-9, 0.01, 0.3, 0.5, 0.77, 0.999, 1 - 1e-12}) {
        u.push_back(share);
        mu.push_back(centre);
        sigma.push_back(width);
      }
    }
  }
  std::vector<double> x(u.size());
  std::vector<double> below(u.size());
  std::vector<double> above(u.size());
  CutTails(mu, sigma, interval, below, above);
  CutNormalQuantiles(u, {mu, sigma, below, above}, interval, x);
  for (size_t i = 0; i < x.size(); ++i) {
    const double a = (interval.low - mu[i]) / sigma[i];
    const double b = (interval.high - mu[i]) / sigma[i];
    EXPECT_GE(x[i], interval.low);
    EXPECT_LE(x[i], interval.high);
    // Where the density is small, the distribution function says more than the quantile.
    const double expected = mu[i] + sigma[i] * TruncatedNormalQuantile(u[i], a, b);
    const double share =
        std::exp(LogNormalMass(a, (x[i] - mu[i]) / sigma[i]) - LogNormalMass(a, b));
    EXPECT_TRUE(std::abs(x[i] - expected) < 1e-11 || std::abs(share - u[i]) < 1e-14)
        << u[i] << " " << mu[i] << " " << sigma[i] << ": " << x[i] << " " << expected;
  }
}

TEST(LogNormalMasses, AgreeWithTheExactOne) {
  for (const double length : {1e-9, 1e-4, 0.01, 0.06, 0.4, 3.0, 40.0}) {
    for (const double distance :
         {-300.0, -60.0, -41.0, -20.0, -9.01, -8.99, -3.0, -0.5, -1e-3, 0.0, 0.2, 5.0, 9.5, 70.0}) {
      const std::vector<double> mu = {0.25};
      const std::vector<double> sigma = {0.5};
      const Interval interval = {mu[0] + sigma[0] * distance,
                                 mu[0] + sigma[0] * (distance + length)};
      std::vector<double> actual(1);
      LogNormalMasses(mu, sigma, interval, actual);
      const double a = (interval.low - mu[0]) / sigma[0];
      const double b = (interval.high - mu[0]) / sigma[0];
      // What rounding the ends to doubles does to the length.
      const double rounding = std::max(std::abs(a), std::abs(b)) * 1e-15 / length;
      EXPECT_NEAR(actual[0], LogNormalMass(a, b), 1e-10 + rounding) << a << " " << b;
    }
  }
}

TEST(LogNormalMasses, AreNeverNaN) {
  for (const double sigma : {1e-300, 1e-5, 1.0, 1e300}) {
    for (const double low : {-1e308, -1e150, -1e-300, 0.0, 1.0, 1e9, 1e200}) {
      for (const double length : {0.0, 1e-300, 1e-9, 1.0, 1e200}) {
        std::vector<double> actual(1);
        LogNormalMasses(std::vector{0.5}, std::vector{sigma}, {low, low + length}, actual);
        EXPECT_FALSE(std::isnan(actual[0])) << sigma << " " << low << " " << length;
        EXPECT_LE(actual[0], 1e-12);
      }
    }
  }
}

TEST(PortableLog, IsAccurate) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_NEAR(PortableLog(x), std::log(x), 2e-15 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
}

}  // namespace
}  // namespace hpod
