#include "clients/hpoctl/text.h"

#include <cmath>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

TEST(Printable, EscapesWhatWouldMoveTheCursorOrEndTheLine) {
  EXPECT_EQ(Printable("a\nb\tc\x1b[2Jd"), "a\\nb\\tc\\x1b[2Jd");
  EXPECT_EQ(Printable("\xC2\x9B"
                      "1m"),
            "\\x9b1m");
}

TEST(Printable, KeepsOtherScripts) { EXPECT_EQ(Printable("größe 学習"), "größe 学習"); }

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(DisplayWidth("größe"), 5u);
  EXPECT_EQ(DisplayWidth("学習"), 4u);
  EXPECT_EQ(DisplayWidth("e\xCC\x81"), 1u);  // e and a combining acute
  EXPECT_EQ(DisplayWidth("⣿┤…"), 3u);
}

TEST(Ellipsize, KeepsWhatFits) {
  EXPECT_EQ(Ellipsize("mnist", 5), "mnist");
  EXPECT_EQ(Ellipsize("mnist-large", 6), "mnist…");
}

TEST(Ellipsize, DoesNotCutAWideCharacterInHalf) { EXPECT_EQ(Ellipsize("学習学習", 4), "学…"); }

TEST(Pad, FillsToColumns) {
  EXPECT_EQ(PadRight("学", 4), "学  ");
  EXPECT_EQ(PadLeft("12", 4), "  12");
  EXPECT_EQ(PadLeft("12345", 4), "12345");
}

TEST(Wrap, BreaksBetweenWords) {
  EXPECT_THAT(Wrap("one two three", 8), testing::ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("", 8), testing::ElementsAre(""));
}

TEST(ExactNumber, ReadsBackEqual) {
  for (const double value : {0.1, 1.0 / 3, 1e-300, 5e-324, 1.7976931348623157e308, -0.0}) {
    const double back = std::strtod(ExactNumber(value).c_str(), nullptr);
    EXPECT_EQ(back, value);
    EXPECT_EQ(std::signbit(back), std::signbit(value));
  }
  EXPECT_EQ(ExactNumber(std::nan("")), "NaN");
  EXPECT_EQ(ExactNumber(-std::numeric_limits<double>::infinity()), "-Infinity");
}

TEST(ShortNumber, KeepsFewDigits) {
  EXPECT_EQ(ShortNumber(0.123456789), "0.123457");
  EXPECT_EQ(ShortNumber(0.000012345678), "1.235e-05");
  EXPECT_EQ(ShortNumber(12345678), "1.235e+07");
  EXPECT_EQ(ShortNumber(0), "0");
}

TEST(RelativeTime, NamesTheLargestUnit) {
  EXPECT_EQ(RelativeTime(kNow - 400ms, kNow), "now");
  EXPECT_EQ(RelativeTime(kNow - 59s, kNow), "59s ago");
  EXPECT_EQ(RelativeTime(kNow - 119s, kNow), "1m ago");
  EXPECT_EQ(RelativeTime(kNow - 47h, kNow), "1d ago");
  EXPECT_EQ(RelativeTime(kNow - 24h * 800, kNow), "2y ago");
  EXPECT_EQ(RelativeTime(kNow + 90min, kNow), "in 1h");
}

}  // namespace
}  // namespace hpod
