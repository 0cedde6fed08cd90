// Parameters: asked for one by one, declared, conditional, on a grid.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <set>

#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(DefineByRun, GivesAValueInTheDomainAndKeepsIt) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto first = study.Do(Ask(trial, "x", Whole(3, 9))).value();
  EXPECT_TRUE(Contains(Whole(3, 9), first.value));
  EXPECT_EQ(study.Do(Ask(trial, "x", Whole(3, 9))).value().value, first.value);
  EXPECT_EQ(study.Do(Ask(trial, "x", Whole(100, 200))).value().value, first.value);
  EXPECT_THAT(study.Record(0).params, SizeIs(1));
}

TEST(DefineByRun, MayChangeTheBoundsFromTrialToTrial) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  const auto a = study.Do(Ask(KeyOf(trials[0]), "x", Whole(0, 1))).value();
  const auto b = study.Do(Ask(KeyOf(trials[1]), "x", Whole(10, 12))).value();
  EXPECT_NE(a.distribution, b.distribution);
  EXPECT_TRUE(Contains(Whole(10, 12), b.value));
}

TEST(DefineByRun, RefusesAChangedKindLogOrChoices) {
  LiveStudy study(ASpec());
  const auto trials = study.Suggest(2);
  ASSERT_THAT(study.Do(Ask(KeyOf(trials[0]), "x", Real(1, 2))), IsOk());
  ASSERT_THAT(study.Do(Ask(KeyOf(trials[0]), "c", OneOf({Text("a"), Text("b")}))), IsOk());
  const std::string before = DumpWithLeases(study.State(), study.time.Now());
  const auto changed = IsRefused(Reason::kParameterChanged);
  for (const HandedOut& trial : trials) {
    EXPECT_THAT(study.Do(Ask(KeyOf(trial), "x", Whole(1, 2))), changed);
    EXPECT_THAT(study.Do(Ask(KeyOf(trial), "x", LogReal(1, 2))), changed);
    EXPECT_THAT(study.Do(Ask(KeyOf(trial), "c", OneOf({Text("b"), Text("a")}))), changed);
    EXPECT_THAT(study.Do(Ask(KeyOf(trial), "c", OneOf({Text("a")}))), changed);
    EXPECT_THAT(study.Do(Ask(KeyOf(trial), "c", Real(0, 1))), changed);
  }
  EXPECT_EQ(DumpWithLeases(study.State(), study.time.Now()), before);
}

TEST(DefineByRun, RefusesABadDomainOrName) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  const auto invalid = IsRefused(Reason::kInvalidField);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(study.Do(Ask(trial, "x", Real(1, 0))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, "x", Real(0, infinity))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, "x", LogReal(0, 1))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, "x", OneOf({}))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, "", Real(0, 1))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, "", Real(1, 1))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, std::string(kMaxNameBytes + 1, 'x'), Real(0, 1))), invalid);
  EXPECT_THAT(study.Do(Ask(trial, std::string(kMaxNameBytes + 1, 'x'), Real(1, 1))), invalid);
  EXPECT_THAT(study.Record(0).params, IsEmpty());
}

TEST(DefineByRun, UsesFixedValuesEvenOutsideTheDomainAsked) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Enqueue({{"x", 5.0}, {"c", Text("b")}})), IsOk());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_EQ(study.Do(Ask(trial, "x", Real(0, 1))).value().value, 5.0);
  EXPECT_EQ(study.Do(Ask(trial, "c", OneOf({Text("a"), Text("b")}))).value().value, 1);
}

TEST(DefineByRun, RefusesADomainThatTheFixedValueCannotBelongTo) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Enqueue({{"x", Text("red")}})), IsOk());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_THAT(study.Do(Ask(trial, "x", Real(0, 1))), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(study.Do(Ask(trial, "x", OneOf({Text("blue")}))),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(DefineByRun, UsesTheValuesThatWereForeseenTogether) {
  LiveStudy study(ASpec().Sampler("tpe", {{"n_startup_trials", "4"}}));
  for (int i = 0; i < 10; ++i) {
    const TrialKey trial = KeyOf(study.Suggest());
    ASSERT_THAT(study.Do(Ask(trial, "x", Real(0, 1))), IsOk());
    ASSERT_THAT(study.Do(Ask(trial, "y", Real(0, 1))), IsOk());
    ASSERT_THAT(study.Do(Complete(trial, {static_cast<double>(i)})), IsOk());
  }
  const HandedOut trial = study.Suggest();
  const auto foreseen = study.Record(trial.number).foreseen;
  ASSERT_THAT(foreseen, SizeIs(2));
  const auto y = study.Do(Ask(KeyOf(trial), "y", Real(0, 1))).value();
  const auto x = study.Do(Ask(KeyOf(trial), "x", Real(0, 1))).value();
  EXPECT_EQ(foreseen[0].value, foreseen[0].distribution == x.distribution ? x.value : y.value);
  EXPECT_EQ(foreseen[1].value, foreseen[1].distribution == y.distribution ? y.value : x.value);
}

TEST(DefineByRun, HasALimitOfParametersPerTrial) {
  LiveStudy study(ASpec());
  const TrialKey trial = KeyOf(study.Suggest());
  for (size_t i = 0; i < kMaxParameters; ++i) {
    ASSERT_TRUE(study.Do(Ask(trial, "x" + std::to_string(i), Whole(1, 1))).ok());
  }
  EXPECT_THAT(study.Do(Ask(trial, "more", Whole(1, 1))), IsRefused(Reason::kLimitExceeded));
  EXPECT_THAT(study.Do(Ask(trial, "x0", Whole(1, 1))), IsOk());
}

TEST(DeclaredSpace, GivesAllParametersWithTheTrial) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  const HandedOut trial = study.Suggest();
  const TrialRecord record = study.Record(trial.number);
  ASSERT_THAT(record.params, SizeIs(3));
  for (const auto& [distribution, value] : record.params) {
    EXPECT_TRUE(Contains(study.State().Trials().GetDistribution(distribution).domain, value));
    EXPECT_EQ(distribution, &record.params[distribution] - record.params.data());
  }
  const auto asked = study.Do(Ask(KeyOf(trial), "layers", Whole(1, 8))).value();
  EXPECT_EQ(asked.value, record.params[1].value);
}

TEST(DeclaredSpace, RefusesOtherAndInactiveParameters) {
  LiveStudy study(ASpec().Over(ConditionalSpace()));
  ASSERT_THAT(study.Do(Enqueue({{"optimizer", Text("adam")}})), IsOk());
  const TrialKey trial = KeyOf(study.Suggest());
  EXPECT_THAT(study.Do(Ask(trial, "depth", Whole(1, 8))), IsInvalidField("parameter"));
  EXPECT_THAT(study.Do(Ask(trial, "depth", Whole(1, 8))), SaysThat("not in the declared space"));
  EXPECT_THAT(study.Do(Ask(trial, "momentum", Real(0, 0.99))), SaysThat("not active"));
}

TEST(DeclaredSpace, HasAConditionalParameterExactlyWhenItsParentAllowsIt) {
  LiveStudy study(ASpec().Over(ConditionalSpace()));
  std::set<double> optimizers;
  for (const HandedOut& trial : study.Suggest(40)) {
    const History& history = study.State().Trials();
    const double optimizer = history.Param(trial.number, history.FindName("optimizer"));
    const double momentum = history.Param(trial.number, history.FindName("momentum"));
    EXPECT_EQ(HasValue(momentum), optimizer == 1);
    optimizers.insert(optimizer);
  }
  EXPECT_THAT(optimizers, SizeIs(2));
}

TEST(Grid, HandsOutEachPointOnceAndSaysWhenItIsDone) {
  LiveStudy study(ASpec().Sampler("grid").Over(SmallGrid()));
  std::set<std::pair<double, double>> points;
  for (const HandedOut& trial : study.Suggest(6)) {
    const auto params = study.Record(trial.number).params;
    points.emplace(params[0].value, params[1].value);
  }
  EXPECT_THAT(points, SizeIs(6));
  const auto refused = study.Do(SuggestTrial{"worker"}).value();
  EXPECT_FALSE(refused.trial.has_value());
  EXPECT_EQ(refused.stop_reason, StopReason::kGridExhausted);
}

TEST(Grid, IsFinishedForGoodOnlyWhenNoPointCanComeBack) {
  LiveStudy study(ASpec().Sampler("grid").Over(SmallGrid()));
  const auto trials = study.Suggest(6);
  for (size_t i = 0; i < 5; ++i) ASSERT_THAT(study.Do(Complete(KeyOf(trials[i]), {1})), IsOk());
  EXPECT_FALSE(study.Do(SuggestTrial{""}).value().final);
  study.TickAfterMs(10'000);
  const HandedOut retry = study.Suggest();
  EXPECT_EQ(study.Record(retry.number).params, study.Record(trials[5].number).params);
  ASSERT_THAT(study.Do(Complete(KeyOf(retry), {1})), IsOk());
  const auto refused = study.Do(SuggestTrial{""}).value();
  EXPECT_EQ(refused.stop_reason, StopReason::kGridExhausted);
  EXPECT_TRUE(refused.final);
}

TEST(Grid, IsFinalAtOnceIfLostTrialsAreNotRetried) {
  LiveStudy study(ASpec().Sampler("grid").Over(SmallGrid()).MaxRetries(0));
  study.Suggest(6);
  EXPECT_TRUE(study.Do(SuggestTrial{""}).value().final);
}

TEST(Grid, HandsOutAnEnqueuedPointOnceInAll) {
  LiveStudy study(ASpec().Sampler("grid").Over(SmallGrid()));
  ASSERT_THAT(study.Do(Enqueue({{"x", int64_t{2}}, {"y", int64_t{1}}})), IsOk());
  std::set<std::pair<double, double>> points;
  for (const HandedOut& trial : study.Suggest(6)) {
    const auto params = study.Record(trial.number).params;
    points.emplace(params[0].value, params[1].value);
  }
  EXPECT_THAT(points, SizeIs(6));
  EXPECT_EQ(study.Do(SuggestTrial{""}).value().stop_reason, StopReason::kGridExhausted);
}

}  // namespace
}  // namespace hpod
