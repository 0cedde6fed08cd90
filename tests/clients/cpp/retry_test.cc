#include "clients/cpp/src/retry.h"

#include <gtest/gtest.h>

namespace hpod {
namespace {

TEST(RetryPause, DoublesToThreeSecondsWithARandomUpperHalf) {
  const int ceilings_ms[] = {100, 200, 400, 800, 1600, 3000, 3000};
  for (int failures = 0; failures < static_cast<int>(std::size(ceilings_ms)); ++failures) {
    const int ceiling_ms = ceilings_ms[failures];
    EXPECT_EQ(RetryPause(failures, 0).count(), ceiling_ms / 2);
    EXPECT_EQ(RetryPause(failures, 0.5).count(), ceiling_ms * 3 / 4);
  }
  EXPECT_EQ(RetryPause(1'000'000, 0).count(), 1500);
}

TEST(RandomFraction, StaysBelowOne) {
  for (int i = 0; i < 1000; ++i) {
    const double fraction = RandomFraction();
    EXPECT_GE(fraction, 0);
    EXPECT_LT(fraction, 1);
  }
}

}  // namespace
}  // namespace hpod
