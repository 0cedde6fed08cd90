#include "clients/hpoctl/bench/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hpod {
namespace {

using testing::ElementsAre;

TEST(Summarize, GivesRateMedianAndP95) {
  std::vector<double> latencies_ms;
  for (int i = 100; i >= 1; --i) latencies_ms.push_back(i);
  const Measurement measurement = Summarize(latencies_ms, 4);
  EXPECT_EQ(measurement.calls, 100);
  EXPECT_EQ(measurement.per_second, 25);
  EXPECT_EQ(measurement.median_ms, 51);
  EXPECT_EQ(measurement.p95_ms, 96);
  EXPECT_EQ(Summarize({7}, 1).p95_ms, 7);
}

TEST(Verdict, TakesTheCostOfATrialAloneAndTheRateOfMany) {
  const std::vector<Part> parts = {
      {kRead, 1, {.calls = 1, .per_second = 5000, .median_ms = 0.25, .p95_ms = 1}},
      {kReport, 1, {.calls = 1, .per_second = 500, .median_ms = 2, .p95_ms = 3}},
      {kComplete, 1, {.calls = 1, .per_second = 500, .median_ms = 2, .p95_ms = 3}},
      {kSuggestTpe, 1, {.calls = 1, .per_second = 400, .median_ms = 1, .p95_ms = 3}},
      {kReport, 16, {.calls = 1, .per_second = 6000, .median_ms = 9, .p95_ms = 3}},
  };
  EXPECT_THAT(
      Verdict(parts),
      ElementsAre("A trial with one report costs 5 ms of the daemon with tpe and 1000 trials: "
                  "trials of 0.5 s or more lose less than 1 % to it.",
                  "A report is on disk after 2 ms; 1.75 ms of that is for storing it.",
                  "With 16 in flight 6000 reports are stored a second: enough for as many workers "
                  "that report once a second."));
}

}  // namespace
}  // namespace hpod
