#include "clients/hpoctl/run/live_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/hpoctl/text.h"
#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

using std::chrono_literals::operator""s;
using testing::ElementsAre;

RunView ThreeWorkers() {
  RunView view;
  view.workers = {
      {.state = "running", .trial = 14, .last_report = Report{7, 0.25}, .elapsed = 65s},
      {.state = "running", .trial = 15, .last_report = std::nullopt, .elapsed = 3s},
      {.state = "waiting", .trial = std::nullopt, .last_report = std::nullopt, .elapsed = 0s},
  };
  view.counts.complete = 9;
  view.counts.pruned = 1;
  view.elapsed = 120s;
  return view;
}

TEST(LiveLines, ShowEachWorkerTheBestAndTheRate) {
  TestIo test;
  RunView view = ThreeWorkers();
  view.best.emplace();
  view.best->set_number(4);
  view.best->add_values(0.125);
  auto& param = *view.best->add_params();
  param.set_name("lr");
  param.mutable_value()->set_double_value(0.01);
  EXPECT_THAT(LiveLines(view, test.Terminal(80)),
              ElementsAre("worker 1  running   trial 14      step 7      0.25            1:05",
                          "worker 2  running   trial 15                                  0:03",
                          "worker 3  waiting   ", "best 0.125 in trial 4: lr=0.01",
                          "9 complete, 1 pruned, 0 failed  5.0 trials/min  2:00"));
}

TEST(LiveLines, FitTheTerminal) {
  TestIo test;
  Io io = test.Terminal(40);
  io.height = 10;
  RunView view = ThreeWorkers();
  view.workers.resize(20, view.workers[0]);
  const auto lines = LiveLines(view, io);
  EXPECT_EQ(lines.size(), 8u);
  EXPECT_EQ(lines[5], "and 15 more workers");
  for (const std::string& line : lines) EXPECT_LT(DisplayWidth(line), 40u) << line;
}

TEST(CountsText, NamesLostAndInterruptedTrialsOnlyIfThereAreAny) {
  EXPECT_EQ(CountsText({}), "0 complete, 0 pruned, 0 failed");
  EXPECT_EQ(CountsText({.complete = 1, .pruned = 2, .failed = 3, .lost = 4, .interrupted = 5}),
            "1 complete, 2 pruned, 3 failed, 4 lost, 5 interrupted");
}

TEST(ClockText, ShowsHoursOnlyIfThereAreAny) {
  EXPECT_EQ(ClockText(59s), "0:59");
  EXPECT_EQ(ClockText(3599s), "59:59");
  EXPECT_EQ(ClockText(3661s), "1:01:01");
}

}  // namespace
}  // namespace hpod
