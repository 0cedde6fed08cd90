#include "samplers/tpe/search_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "samplers/rng.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Domain kUnit = FloatDomain{0, 1, false, 0};
const Domain kWide = FloatDomain{0, 2, false, 0};

// Adds a trial that has the given names.
void AddNames(History& history, const std::vector<std::string>& names,
              TrialState state = TrialState::kComplete, const Domain& domain = kUnit) {
  history.Append(TrialState::kRunning);
  const size_t number = history.size() - 1;
  for (const std::string& name : names)
    history.SetParam(number, history.InternDistribution(name, domain), 0.5);
  if (IsFinished(state)) history.SetState(number, state, std::vector<double>{0.0});
}

std::vector<std::string> NamesIn(const History& history, const JointSpace& space) {
  std::vector<std::string> names;
  for (const uint32_t id : space) names.push_back(history.Name(history.GetDistribution(id).name));
  return names;
}

std::vector<std::vector<std::string>> GroupsIn(const History& history) {
  std::vector<std::vector<std::string>> groups;
  for (const JointSpace& space : GroupedSpaces(history)) groups.push_back(NamesIn(history, space));
  return groups;
}

TEST(IntersectionSpace, HasWhatAllFinishedTrialsHave) {
  History history({Direction::kMinimize});
  EXPECT_THAT(IntersectionSpace(history), IsEmpty());
  AddNames(history, {"z", "a", "m"});
  AddNames(history, {"q"}, TrialState::kFail);
  AddNames(history, {"q"}, TrialState::kRunning);
  EXPECT_THAT(NamesIn(history, IntersectionSpace(history)), ElementsAre("a", "m", "z"));
  AddNames(history, {"z", "m", "b"}, TrialState::kPruned);
  EXPECT_THAT(NamesIn(history, IntersectionSpace(history)), ElementsAre("m", "z"));
  AddNames(history, {});
  EXPECT_THAT(IntersectionSpace(history), IsEmpty());
}

TEST(IntersectionSpace, TakesANewDomainForAnotherParameter) {
  History history({Direction::kMinimize});
  AddNames(history, {"a", "b"});
  history.Append(TrialState::kRunning);
  history.SetParam(1, history.InternDistribution("a", kWide), 0.5);
  history.SetParam(1, history.InternDistribution("b", kUnit), 0.5);
  history.SetState(1, TrialState::kComplete, std::vector<double>{0.0});
  EXPECT_THAT(NamesIn(history, IntersectionSpace(history)), ElementsAre("b"));
}

TEST(IntersectionSpace, LeavesSingleValuesOut) {
  History history({Direction::kMinimize});
  AddNames(history, {"a"}, TrialState::kComplete, IntDomain{3, 3, false, 1});
  EXPECT_THAT(IntersectionSpace(history), IsEmpty());
  EXPECT_THAT(GroupedSpaces(history), IsEmpty());
}

TEST(GroupedSpaces, SplitGroupsWithEachTrial) {
  History history({Direction::kMinimize});
  AddNames(history, {"a", "b", "c"});
  EXPECT_THAT(GroupsIn(history), ElementsAre(ElementsAre("a", "b", "c")));
  AddNames(history, {"x", "b"}, TrialState::kFail);
  AddNames(history, {"b", "d", "e"}, TrialState::kPruned);
  EXPECT_THAT(GroupsIn(history),
              ElementsAre(ElementsAre("a", "c"), ElementsAre("b"), ElementsAre("d", "e")));
}

TEST(GroupedSpaces, KeepTheFirstDomainOfAName) {
  History history({Direction::kMinimize});
  // The shape of trial 1 exists before that of trial 0, as with parallel workers.
  history.Append(TrialState::kRunning);
  AddNames(history, {"a"}, TrialState::kComplete, kWide);
  history.SetParam(0, history.InternDistribution("a", kUnit), 0.5);
  history.SetState(0, TrialState::kComplete, std::vector<double>{0.0});
  const std::vector<JointSpace> groups = GroupedSpaces(history);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(history.GetDistribution(groups[0][0]).domain, kUnit);
}

TEST(GroupedSpaces, PutNamesTogetherThatTheSameTrialsHave) {
  Rng rng = Rng::ForTrial(1, 0, "groups");
  for (int study = 0; study < 30; ++study) {
    History history({Direction::kMinimize});
    std::map<std::string, std::set<size_t>> trials_of;
    for (size_t number = 0; number < 4; ++number) {
      std::vector<std::string> names;
      for (const std::string name : {"a", "b", "c", "d", "e", "f"}) {
        if (rng.Below(2) == 0) continue;
        names.push_back(name);
        trials_of[name].insert(number);
      }
      AddNames(history, names);
    }
    std::map<std::set<size_t>, std::vector<std::string>> by_trials;
    for (const auto& [name, trials] : trials_of) by_trials[trials].push_back(name);
    std::vector<std::vector<std::string>> expected;
    for (const auto& [trials, names] : by_trials) expected.push_back(names);
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(GroupsIn(history), expected);
  }
}

TEST(CollectObservations, TakesTrialsThatHaveAllNames) {
  History history({Direction::kMinimize});
  AddNames(history, {"a", "b"});
  AddNames(history, {"a"});
  AddNames(history, {"b", "a"}, TrialState::kRunning);
  const std::vector<size_t> names = {history.FindName("a"), history.FindName("b")};
  const std::vector<size_t> numbers = {0, 1, 2};
  EXPECT_THAT(CollectObservations(history, names, numbers),
              ElementsAre(ElementsAre(0.5, 0.5), ElementsAre(0.5, 0.5)));
  EXPECT_THAT(CollectObservations(history, std::vector<size_t>{names[0]}, numbers),
              ElementsAre(ElementsAre(0.5, 0.5, 0.5)));
  EXPECT_THAT(
      CollectObservations(history, std::vector<size_t>{history.FindName("unknown")}, numbers),
      ElementsAre(IsEmpty()));
}

TEST(CollectObservations, FillsRunningTrialsWithWhatWasForeseen) {
  History history({Direction::kMinimize});
  const uint32_t a = history.InternDistribution("a", kUnit);
  const uint32_t b = history.InternDistribution("b", kUnit);
  AddNames(history, {"a"}, TrialState::kRunning);
  history.SetForeseen(0, {{a, 0.1}, {b, 0.2}});
  const std::vector<size_t> names = {history.FindName("a"), history.FindName("b")};
  EXPECT_THAT(CollectObservations(history, names, std::vector<size_t>{0}),
              ElementsAre(ElementsAre(0.5), ElementsAre(0.2)));
}

}  // namespace
}  // namespace hpod
