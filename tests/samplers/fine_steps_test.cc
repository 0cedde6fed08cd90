#include "samplers/tpe/fine_steps.h"

#include <cmath>
#include <gtest/gtest.h>
#include <numbers>

#include "samplers/math/truncated_normal.h"

namespace hpod {
namespace {

TEST(FineSteps, AreOffByNoMoreThanTold) {
  for (const double step : {0.109, 0.05, 0.01}) {
    ASSERT_TRUE(IsFine(step));
    const double scale = ScaleOverCells(1.0 / std::numbers::sqrt2, step);
    for (double z = 0.0; z < 9.0; z += 0.125) {
      const double cost = z * scale * z * scale;
      const double about = std::log(step * scale) - 0.5 * std::log(std::numbers::pi) - cost;
      const double exact = LogNormalMass(z - 0.5 * step, z + 0.5 * step);
      const double error = FineError(std::pow(step, 4.0), cost);
      EXPECT_NEAR(about, exact, error + 1e-12) << step << " " << z;
    }
  }
}

TEST(FineSteps, AreKnownToLessThanAThousandthAtWhatMatters) {
  EXPECT_LT(FineError(std::pow(0.11, 4.0), 40.0), 1e-3);
}

}  // namespace
}  // namespace hpod
