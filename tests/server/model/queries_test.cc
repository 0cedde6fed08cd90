// Reads: best trials, fronts, improvements, what changed since a revision; attributes and
// constraints.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "samplers/rng.h"
#include "server/model/attributes.h"
#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

void FinishWith(LiveStudy& study, std::vector<double> values, Constraints constraints) {
  CompleteTrial command = Complete(KeyOf(study.Suggest()), std::move(values));
  command.constraints = std::move(constraints);
  ASSERT_THAT(study.Do(command), IsOk());
}

TEST(BestTrials, AreSortedByValueThenNumber) {
  LiveStudy study(ASpec());
  for (double value : {3.0, 1.0, 2.0, 1.0, -kInfinity, kInfinity}) study.Finish({value});
  EXPECT_THAT(study.State().BestTrials(4), ElementsAre(4, 1, 3, 2));
  EXPECT_THAT(study.State().BestTrials(100), ElementsAre(4, 1, 3, 2, 0, 5));
  EXPECT_THAT(study.State().BestTrials(0), IsEmpty());
}

TEST(BestTrials, FollowTheDirection) {
  LiveStudy study(ASpec().Directions({Direction::kMaximize}));
  for (double value : {3.0, 1.0, 5.0}) study.Finish({value});
  EXPECT_THAT(study.State().BestTrials(2), ElementsAre(2, 0));
  EXPECT_THAT(study.State().Improvements(), ElementsAre(0, 2));
}

TEST(BestTrials, AreCompleteAndFeasible) {
  LiveStudy study(ASpec());
  FinishWith(study, {0}, {{"a", 0.1}, {"b", -5}});
  FinishWith(study, {1}, {{"a", 0}, {"b", -5}});
  const TrialKey pruned = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(ReportAt(pruned, 0, -9)), IsOk());
  ASSERT_THAT(study.Do(Prune(pruned)), IsOk());
  study.Suggest();
  EXPECT_THAT(study.State().BestTrials(10), ElementsAre(1));
  EXPECT_THAT(study.State().ParetoFront(), ElementsAre(1));
  EXPECT_THAT(study.State().Improvements(), ElementsAre(1));
}

TEST(ParetoFront, HoldsWhatNothingDominates) {
  LiveStudy study(TwoObjectives());
  study.Finish({1, 1});
  study.Finish({2, 2});
  study.Finish({2, 1});
  study.Finish({0, 0});
  study.Finish({1, 1});
  study.Finish({kInfinity, -kInfinity});
  EXPECT_THAT(study.State().ParetoFront(), ElementsAre(0, 1, 3, 4));
}

TEST(ParetoFront, EqualsTheDefinitionOnManyPoints) {
  LiveStudy study(
      ASpec().Directions({Direction::kMinimize, Direction::kMaximize, Direction::kMinimize}));
  std::vector<std::vector<double>> values;
  Rng rng = Rng::ForTrial(3, 0, "front");
  for (int i = 0; i < 150; ++i) {
    values.push_back({static_cast<double>(rng.Below(8)), static_cast<double>(rng.Below(8)),
                      static_cast<double>(rng.Below(8))});
    study.Finish(values.back());
  }
  const auto dominates = [&](size_t a, size_t b) {
    return values[a] != values[b] && values[a][0] <= values[b][0] && values[a][1] >= values[b][1] &&
           values[a][2] <= values[b][2];
  };
  std::vector<size_t> front;
  for (size_t b = 0; b < values.size(); ++b) {
    bool dominated = false;
    for (size_t a = 0; a < values.size(); ++a) dominated = dominated || dominates(a, b);
    if (!dominated) front.push_back(b);
  }
  EXPECT_EQ(study.State().ParetoFront(), front);
}

TEST(Improvements, GoByTheTimeOfFinishing) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(4);
  const auto finish = [&](size_t i, double value) {
    study.time.AdvanceMs(1);
    ASSERT_THAT(study.Do(Complete(KeyOf(trials[i]), {value})), IsOk());
  };
  finish(2, 5);
  finish(0, 5);
  finish(3, 4);
  finish(1, 9);
  EXPECT_THAT(study.State().Improvements(), ElementsAre(2, 3));
}

TEST(ChangedSince, NamesEachTrialOnceInTheOrderOfItsLastChange) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(3);
  const int64_t revision = study.State().Revision();
  ASSERT_THAT(study.Do(ReportAt(KeyOf(trials[2]), 0, 1)), IsOk());
  ASSERT_THAT(study.Do(Complete(KeyOf(trials[1]), {1})), IsOk());
  ASSERT_THAT(study.Do(Complete(KeyOf(trials[2]), {1})), IsOk());
  EXPECT_THAT(study.State().ChangedSince(revision), ElementsAre(1, 2));
  EXPECT_THAT(study.State().ChangedSince(0), ElementsAre(0, 1, 2));
  EXPECT_THAT(study.State().ChangedSince(study.State().Revision()), IsEmpty());
}

TEST(ChangedSince, IsTheSameFromTheLogAndFromAScan) {
  LiveStudy study(ASpec());
  std::vector<HandedOut> trials = study.Suggest(20);
  Rng rng = Rng::ForTrial(5, 0, "changes");
  for (int64_t step = 0; step < 9'000; ++step) {
    ASSERT_TRUE(study.Do(ReportAt(KeyOf(trials[rng.Below(20)]), step, 1)).ok());
  }
  const int64_t last = study.State().Revision();
  for (int64_t revision : {int64_t{0}, int64_t{500}, last - 8'193, last - 8'192, last - 8'191,
                           last - 30, last - 3, last}) {
    std::map<int64_t, size_t> expected;
    for (size_t number = 0; number < 20; ++number) {
      const int64_t changed = study.Record(number).revision;
      if (changed > revision) expected[changed] = number;
    }
    std::vector<size_t> numbers;
    for (const auto& [changed, number] : expected) numbers.push_back(number);
    EXPECT_EQ(study.State().ChangedSince(revision), numbers) << revision;
  }
}

// As a storage replays: by trial number, not by revision.
TEST(ChangedSince, IsTheSameAfterTrialsCameBackOutOfTheOrderOfTheirRevisions) {
  std::vector<Mutation> mutations = {{1, 1, StudyCreated{ASpec()}}};
  const std::vector<int64_t> revisions = {9, 3, 7, 4, 8};
  for (size_t number = 0; number < revisions.size(); ++number) {
    TrialRecord trial;
    trial.number = number;
    trial.id = static_cast<int64_t>(number) + 1;
    trial.state = TrialState::kComplete;
    trial.values = {1};
    mutations.push_back({1, revisions[number], TrialAdded{trial}});
  }
  const auto state = LiveStudy::Replay(mutations);
  EXPECT_THAT(state->ChangedSince(0), ElementsAre(1, 3, 2, 4, 0));
  EXPECT_THAT(state->ChangedSince(4), ElementsAre(2, 4, 0));
  EXPECT_THAT(state->ChangedSince(8), ElementsAre(0));
  EXPECT_THAT(state->ChangedSince(9), IsEmpty());
  state->Apply({1, 10, TrialAttributesSet{3, 4, {}, {}}});
  EXPECT_THAT(state->ChangedSince(8), ElementsAre(0, 3));
  EXPECT_THAT(state->ChangedSince(9), ElementsAre(3));
}

TEST(Attributes, AreMergedAndRemovedByAnEmptyValue) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(SetAttributes(trial, {{"a", "1"}, {"b", "2"}})), IsOk());
  ASSERT_THAT(study.Do(SetAttributes(trial, {{"a", ""}, {"none", ""}, {"c", "3"}})), IsOk());
  EXPECT_THAT(study.Record(0).attributes, ElementsAre(Pair("b", "2"), Pair("c", "3")));
  UpdateStudy update;
  update.attributes = {{"x", "1"}};
  ASSERT_THAT(study.Do(update), IsOk());
  update.attributes = {{"x", ""}, {"y", "2"}};
  ASSERT_THAT(study.Do(update), IsOk());
  EXPECT_THAT(study.State().Spec().attributes, ElementsAre(Pair("y", "2")));
}

TEST(Attributes, HaveLimitsOnTheWhole) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  Attributes half, other_half;
  for (size_t i = 0; i < kMaxAttributes; ++i) half[fmt::format("a{}", i)] = "1";
  other_half["b"] = "1";
  ASSERT_THAT(study.Do(SetAttributes(trial, half)), IsOk());
  EXPECT_THAT(study.Do(SetAttributes(trial, other_half)), IsInvalidField("user_attributes"));
  EXPECT_THAT(study.Do(SetAttributes(trial, {{"a0", ""}, {"b", "1"}})), IsOk());
  const std::string long_key(kMaxAttributeKeyBytes + 1, 'k');
  const std::string long_value(kMaxAttributeBytes + 1, 'v');
  EXPECT_THAT(CheckAttributes({{long_key, "1"}}), IsInvalidField("user_attributes"));
  EXPECT_THAT(CheckAttributes({{"k", long_value}}), IsInvalidField("user_attributes"));
  EXPECT_THAT(CheckAttributes({{long_key.substr(1), long_value.substr(1)}}), IsOk());
}

TEST(Constraints, AddUpTheirPositiveParts) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  ASSERT_THAT(study.Do(SetConstraints(trial, {{"a", 1.5}, {"b", -3}})), IsOk());
  ASSERT_THAT(study.Do(SetConstraints(trial, {{"c", 0.5}})), IsOk());
  EXPECT_EQ(study.State().Trials().Violation(0), 2.0);
  ASSERT_THAT(study.Do(SetConstraints(trial, {{"a", 0}, {"c", -kInfinity}})), IsOk());
  EXPECT_TRUE(study.State().Trials().IsFeasible(0));
  EXPECT_THAT(study.Record(0).constraints,
              ElementsAre(Pair("a", 0), Pair("b", -3), Pair("c", -kInfinity)));
}

TEST(Constraints, AreRefusedIfNanTooManyOrLongNamed) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(study.Do(SetConstraints(trial, {{"a", nan}})), IsInvalidField("constraints"));
  EXPECT_THAT(study.Do(SetConstraints(trial, {{std::string(kMaxNameBytes + 1, 'c'), 1}})),
              IsInvalidField("constraints"));
  Constraints many;
  for (size_t i = 0; i <= kMaxConstraints; ++i) many[fmt::format("c{}", i)] = 0;
  EXPECT_THAT(study.Do(SetConstraints(trial, many)), IsInvalidField("constraints"));
  EXPECT_THAT(study.Record(0).constraints, IsEmpty());
}

}  // namespace
}  // namespace hpod
