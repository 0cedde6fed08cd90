#include "samplers/reports.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;

std::vector<Report> ReportsOf(const Reports& reports, size_t number) {
  const auto all = reports.Of(number);
  return {all.begin(), all.end()};
}

TEST(Reports, AreByStepAndTheFirstOfEach) {
  Reports reports;
  EXPECT_TRUE(reports.Add(1, {5, 0.5}));
  EXPECT_TRUE(reports.Add(1, {2, 0.2}));
  EXPECT_FALSE(reports.Add(1, {5, 9.0}));
  EXPECT_THAT(ReportsOf(reports, 1), ElementsAre(Report{2, 0.2}, Report{5, 0.5}));
  EXPECT_THAT(ReportsOf(reports, 0), IsEmpty());
  EXPECT_THAT(ReportsOf(reports, 2), IsEmpty());
}

TEST(Reports, StayWhenTheirTrialsEndInAnyOrder) {
  Reports reports;
  for (size_t number = 0; number < 100; ++number) {
    for (size_t step = 0; step < number % 7; ++step) {
      reports.Add(number, {static_cast<int64_t>(step), static_cast<double>(number)});
    }
  }
  for (size_t i = 0; i < 100; ++i) reports.Close(i * 37 % 100);
  for (size_t number = 0; number < 100; ++number) {
    std::vector<Report> expected;
    for (size_t step = 0; step < number % 7; ++step) {
      expected.push_back({static_cast<int64_t>(step), static_cast<double>(number)});
    }
    EXPECT_THAT(ReportsOf(reports, number), ElementsAreArray(expected)) << number;
  }
}

TEST(Reports, OfATrialWithVeryManyAreAsGoodAsOthers) {
  Reports reports;
  const std::vector<int64_t> counts = {3, 4'096, 4'097, 5, 10'000, 2, 8'192, 4'000, 4'000};
  for (size_t number = 0; number < counts.size(); ++number) {
    for (int64_t step = 0; step < counts[number]; ++step) {
      reports.Add(number, {step, static_cast<double>(number) + 1e-6 * static_cast<double>(step)});
    }
    reports.Close(number);
  }
  for (size_t number = 0; number < counts.size(); ++number) {
    const auto all = reports.Of(number);
    ASSERT_EQ(all.size(), static_cast<size_t>(counts[number]));
    for (int64_t step = 0; step < counts[number]; ++step) {
      const Report expected{step, static_cast<double>(number) + 1e-6 * static_cast<double>(step)};
      ASSERT_EQ(all[static_cast<size_t>(step)], expected) << number;
    }
  }
}

TEST(Reports, OfATrialThatHasEndedMayChange) {
  Reports reports;
  reports.Add(4, {1, 0.1});
  reports.Add(4, {2, 0.2});
  reports.Close(4);
  EXPECT_FALSE(reports.Add(4, {1, 9.0}));
  EXPECT_THAT(ReportsOf(reports, 4), ElementsAre(Report{1, 0.1}, Report{2, 0.2}));
  reports.Set(4, {2, 0.7});
  reports.Set(4, {3, 0.3});
  EXPECT_THAT(ReportsOf(reports, 4), ElementsAre(Report{1, 0.1}, Report{2, 0.7}, Report{3, 0.3}));
  EXPECT_DOUBLE_EQ(reports.RangeOf(4).greatest, 0.7);
  reports.Close(4);
  EXPECT_THAT(ReportsOf(reports, 4), ElementsAre(Report{1, 0.1}, Report{2, 0.7}, Report{3, 0.3}));
}

TEST(Reports, HaveARangeWithoutNan) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Reports reports;
  EXPECT_TRUE(std::isnan(reports.RangeOf(0).least));
  reports.Add(0, {0, kNan});
  EXPECT_TRUE(std::isnan(reports.RangeOf(0).greatest));
  reports.Add(0, {1, 2.0});
  reports.Add(0, {2, -1.0});
  const auto expect_range = [&](double least, double greatest) {
    EXPECT_EQ(reports.RangeOf(0).least, least);
    EXPECT_EQ(reports.RangeOf(0).greatest, greatest);
  };
  expect_range(-1.0, 2.0);
  reports.Set(0, {2, 1.0});
  expect_range(1.0, 2.0);
  reports.Close(0);
  expect_range(1.0, 2.0);
}

TEST(Reports, OfEndedTrialsTakeLittleMoreThanTheirValues) {
  constexpr size_t kTrials = 100'000;
  Reports reports;
  for (size_t number = 0; number < kTrials; ++number) {
    for (int64_t step = 0; step < 3; ++step) reports.Add(number, {step, 0.0});
    reports.Close(number);
  }
  EXPECT_LT(reports.MemoryBytes(), kTrials * (3 * sizeof(Report) + 20));
}

}  // namespace
}  // namespace hpod
