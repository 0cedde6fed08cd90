#include "samplers/tpe/split.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

#include "samplers/rng.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr size_t kNobody = std::numeric_limits<size_t>::max();

size_t AddComplete(History& history, double value) {
  history.Append(TrialState::kRunning);
  history.SetState(history.size() - 1, TrialState::kComplete, std::vector<double>{value});
  return history.size() - 1;
}

size_t AddPruned(History& history, std::vector<Report> reports) {
  history.Append(TrialState::kRunning);
  const size_t number = history.size() - 1;
  for (const Report& report : reports) history.AddReport(number, report);
  history.SetState(number, TrialState::kPruned);
  return number;
}

TEST(BelowCount, IsATenthAndAtMost25ForOneObjective) {
  EXPECT_EQ(BelowCount(0, 1), 0U);
  EXPECT_EQ(BelowCount(1, 1), 1U);
  EXPECT_EQ(BelowCount(10, 1), 1U);
  EXPECT_EQ(BelowCount(11, 1), 2U);
  EXPECT_EQ(BelowCount(1'000, 1), 25U);
  EXPECT_EQ(BelowCount(1'000, 2), 100U);
}

TEST(SplitTrials, TakesTheBestAndTheLowerNumberOfEquals) {
  for (const Direction direction : {Direction::kMinimize, Direction::kMaximize}) {
    History history({direction});
    const double sign = direction == Direction::kMinimize ? 1 : -1;
    for (int i = 0; i < 21; ++i)
      AddComplete(history, sign * (i == 4 || i == 9 || i == 13 || i == 17 ? 0.0 : 1.0 + i));
    const Split split = SplitTrials(history, true, kNobody);
    EXPECT_THAT(split.below, ElementsAre(4, 9, 13));
    EXPECT_EQ(split.above.size(), 18U);
    EXPECT_TRUE(std::is_sorted(split.above.begin(), split.above.end()));
  }
}

TEST(SplitTrials, RanksPrunedTrialsByHowFarTheyWent) {
  History history({Direction::kMinimize});
  const size_t none = AddPruned(history, {});
  const size_t early = AddPruned(history, {{1, 0.0}});
  const size_t not_a_number = AddPruned(history, {{1, 0.0}, {5, kNoValue}});
  const size_t worse = AddPruned(history, {{5, 2.0}});
  const size_t better = AddPruned(history, {{1, 9.0}, {5, 1.0}});
  std::vector<size_t> order;
  // Each added trial that no one can take moves the limit up by a tenth.
  for (int added = 0; added < 50; ++added) {
    const Split split = SplitTrials(history, true, kNobody);
    for (const size_t number : split.below) {
      if (std::find(order.begin(), order.end(), number) == order.end()) order.push_back(number);
    }
    history.Append(TrialState::kRunning);
    history.SetViolation(history.size() - 1, 1.0);
    history.SetState(history.size() - 1, TrialState::kPruned);
  }
  order.resize(5);
  EXPECT_THAT(order, ElementsAre(better, worse, not_a_number, early, none));
}

TEST(SplitTrials, TakesCompleteBeforePrunedBeforeInfeasible) {
  History history({Direction::kMinimize});
  const size_t very_infeasible = AddComplete(history, 0.0);
  history.SetViolation(very_infeasible, 2.0);
  const size_t infeasible = AddPruned(history, {{100, 0.0}});
  history.SetViolation(infeasible, 0.5);
  const size_t pruned = AddPruned(history, {{1, 5.0}});
  const size_t complete = AddComplete(history, kInf);
  EXPECT_THAT(SplitTrials(history, true, kNobody).below, ElementsAre(complete));
  EXPECT_THAT(SplitTrials(history, true, complete).below, ElementsAre(pruned));
  for (int i = 0; i < 20; ++i) history.SetViolation(AddComplete(history, 0.0), 3.0);
  EXPECT_THAT(SplitTrials(history, true, kNobody).below, ElementsAre(infeasible, pruned, complete));
}

TEST(SplitTrials, PutsRunningTrialsAboveIfToldToAndOthersNowhere) {
  History history({Direction::kMinimize});
  for (int i = 0; i < 4; ++i) history.Append(TrialState::kRunning);
  history.SetState(0, TrialState::kFail);
  history.SetState(1, TrialState::kComplete, std::vector<double>{1.0});
  history.Append(TrialState::kWaiting);
  EXPECT_THAT(SplitTrials(history, true, 3).above, ElementsAre(2));
  EXPECT_THAT(SplitTrials(history, true, 3).below, ElementsAre(1));
  EXPECT_THAT(SplitTrials(history, false, 3).above, IsEmpty());
}

TEST(SplitTrials, CutsTheFrontThatDoesNotFitByHypervolume) {
  History history({Direction::kMinimize, Direction::kMaximize});
  // One front of 5, of which 2 fit, and dominated ones.
  const double front[5][2] = {{0, 1}, {1, 2}, {1.1, 2.05}, {5, 4}, {10, 4.1}};
  for (const auto& values : front) {
    history.Append(TrialState::kRunning);
    history.SetState(history.size() - 1, TrialState::kComplete, values);
  }
  for (int i = 0; i < 15; ++i) {
    history.Append(TrialState::kRunning);
    history.SetState(history.size() - 1, TrialState::kComplete,
                     std::vector<double>{20.0 + i, -1.0});
  }
  // As losses the front ends at (10, -1), so the reference is (11, -0.9). (5, -4) covers 6 * 3.1,
  // the most; after it (1, -2) would add 4 * 1.1, and (1.1, -2.05) adds 3.9 * 1.15, a little more.
  EXPECT_THAT(SplitTrials(history, true, kNobody).below, ElementsAre(2, 3));
}

TEST(SplitTrials, AgreesWithAFullSort) {
  Rng rng = Rng::ForTrial(1, 1, "split");
  History history({Direction::kMaximize});
  for (int i = 0; i < 300; ++i) AddComplete(history, static_cast<double>(rng.Below(40)));
  for (size_t exclude : {size_t{0}, size_t{17}, kNobody}) {
    std::vector<size_t> numbers(history.size());
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    std::erase(numbers, exclude);
    std::stable_sort(numbers.begin(), numbers.end(), [&](size_t a, size_t b) {
      return history.ObjectiveValue(a) > history.ObjectiveValue(b);
    });
    numbers.resize(25);
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(SplitTrials(history, true, exclude).below, numbers);
  }
}

}  // namespace
}  // namespace hpod
