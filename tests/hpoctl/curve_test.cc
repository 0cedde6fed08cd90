#include "clients/hpoctl/curve.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Curve, DrawsAStaircaseBetweenLabelledAxes) {
  const Curve curve = DrawCurve({{0, 3}, {10, 2}, {20, 1}}, 30, "trial", 28, 4);
  EXPECT_THAT(curve.lines,
              ElementsAre("3 ┤⠉⠉⠉⠉⠉⠉⠉⠉⡇",  //
                          "  │        ⡇", "  │        ⠉⠉⠉⠉⠉⠉⠉⠉⢹", "1 ┤                ⢸⣀⣀⣀⣀⣀⣀⣀⣀",
                          "  └┬───────────────────────┬", "   0         trial        30"));
}

TEST(Curve, FitsItsWidth) {
  for (const size_t width : {40u, 80u, 120u}) {
    const Curve curve = DrawCurve({{0, 123456.7}, {5, -1e-9}}, 1'000'000, "trial", width, 8);
    ASSERT_EQ(curve.lines.size(), 10u);
    for (const std::string& line : curve.lines) EXPECT_LE(DisplayWidth(line), width);
  }
}

TEST(Curve, LeavesOutValuesThatAreNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Curve with =
      DrawCurve({{0, infinity}, {1, 2}, {2, std::nan("")}, {3, 1}}, 5, "trial", 40, 4);
  const Curve without = DrawCurve({{1, 2}, {3, 1}}, 5, "trial", 40, 4);
  EXPECT_EQ(with.lines, without.lines);
}

TEST(Curve, IsEmptyWithoutAFiniteValue) {
  EXPECT_THAT(DrawCurve({{0, std::nan("")}}, 3, "trial", 40, 4).lines, IsEmpty());
}

TEST(Curve, IsFlatForOneValue) {
  const Curve curve = DrawCurve({{0, 0.5}}, 9, "trial", 24, 4);
  EXPECT_THAT(curve.lines[2], HasSubstr("0.5 ┤"));
  EXPECT_EQ(curve.lines[0], "    │");
}

TEST(Curve, TurnsLogarithmicWhenValuesSpanMoreThanAFactorOfAHundred) {
  EXPECT_TRUE(DrawCurve({{0, 1e6}, {1, 1}}, 9, "trial", 40, 5).is_log);
  EXPECT_FALSE(DrawCurve({{0, 1e6}, {1, -1}}, 9, "trial", 40, 5).is_log);
  EXPECT_FALSE(DrawCurve({{0, 50}, {1, 1}}, 9, "trial", 40, 5).is_log);
}

TEST(Curve, SurvivesTheLargestRange) {
  const double max = std::numeric_limits<double>::max();
  const Curve curve = DrawCurve({{0, max}, {1, -max}}, 9, "trial", 40, 5);
  EXPECT_THAT(curve.lines.front(), HasSubstr("1.798e+308 ┤"));
}

}  // namespace
}  // namespace hpod
