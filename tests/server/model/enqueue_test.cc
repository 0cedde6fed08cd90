// Trials that people ask for, and trials from elsewhere.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

double ParamOf(const LiveStudy& study, size_t number, const std::string& name) {
  const History& history = study.State().Trials();
  return history.Param(number, history.FindName(name));
}

TEST(Enqueue, IsHandedOutFirstAndInOrder) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  study.Suggest();
  ASSERT_THAT(study.Do(Enqueue({{"layers", int64_t{3}}})), IsOk());
  ASSERT_THAT(study.Do(Enqueue({{"layers", int64_t{5}}})), IsOk());
  EXPECT_EQ(study.Suggest().number, 1u);
  EXPECT_EQ(study.Suggest().number, 2u);
  EXPECT_EQ(study.Suggest().number, 3u);
  EXPECT_EQ(ParamOf(study, 1, "layers"), 3);
  EXPECT_EQ(ParamOf(study, 2, "layers"), 5);
}

TEST(Enqueue, ComesBeforeARetryThatWasEnqueuedLater) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  study.Suggest();
  ASSERT_THAT(study.Do(Enqueue({{"layers", int64_t{3}}})), IsOk());
  study.TickAfterMs(10'000);
  EXPECT_EQ(study.Suggest().number, 1u);
  EXPECT_EQ(study.Suggest().number, 2u);
  EXPECT_EQ(study.Record(2).retry_of, 0);
}

TEST(Enqueue, FixesWhatIsGivenAndLeavesTheRestToTheSampler) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  ASSERT_THAT(study.Do(Enqueue({{"optimizer", Text("sgd")}, {"lr", 0.01}})), IsOk());
  EXPECT_EQ(study.Record(0).params.size(), 2u);
  study.Suggest();
  EXPECT_EQ(ParamOf(study, 0, "optimizer"), 1);
  EXPECT_EQ(ParamOf(study, 0, "lr"), 0.01);
  EXPECT_TRUE(Contains(Whole(1, 8), ParamOf(study, 0, "layers")));
}

TEST(Enqueue, WithoutParametersIsATrialLikeAnyOther) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  ASSERT_THAT(study.Do(Enqueue({})), IsOk());
  EXPECT_EQ(study.Suggest().number, 0u);
  EXPECT_EQ(study.Record(0).params.size(), 3u);
}

TEST(Enqueue, OfAConditionalParameterCountsOnlyIfItsParentAllowsIt) {
  LiveStudy study(ASpec().Over(ConditionalSpace()));
  ASSERT_THAT(study.Do(Enqueue({{"optimizer", Text("adam")}, {"momentum", 0.5}})), IsOk());
  ASSERT_THAT(study.Do(Enqueue({{"optimizer", Text("sgd")}, {"momentum", 0.5}})), IsOk());
  study.Suggest(2);
  EXPECT_FALSE(HasValue(ParamOf(study, 0, "momentum")));
  EXPECT_EQ(ParamOf(study, 1, "momentum"), 0.5);
}

TEST(Enqueue, IsRefusedOffTheStepsOfItsDomain) {
  LiveStudy study(ASpec().Over(SpaceOf({{"width", IntDomain{16, 64, false, 16}, {}},
                                        {"rate", FloatDomain{0, 0.5, false, 0.25}, {}}})));
  EXPECT_THAT(study.Do(Enqueue({{"width", int64_t{20}}})),
              SaysThat("= 20 is outside its domain [16, 64] in steps of 16"));
  EXPECT_THAT(study.Do(Enqueue({{"rate", 0.3}})),
              SaysThat("= 0.3 is outside its domain [0.0, 0.5] in steps of 0.25"));
}

TEST(Enqueue, IsRefusedOutsideTheDeclaredSpace) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  EXPECT_THAT(study.Do(Enqueue({{"lr", 0.2}})), IsInvalidField("params"));
  EXPECT_THAT(study.Do(Enqueue({{"lr", 0.2}})),
              SaysThat("'lr' = 0.2 is outside its domain [1e-05, 0.1]"));
  EXPECT_THAT(study.Do(Enqueue({{"layers", int64_t{9}}})),
              SaysThat("= 9 is outside its domain [1, 8]"));
  EXPECT_THAT(study.Do(Enqueue({{"depth", 3.0}})), IsInvalidField("params"));
  EXPECT_THAT(study.Do(Enqueue({{"layers", 1.5}})), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(study.Do(Enqueue({{"optimizer", Text("rms")}})),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(study.Do(Enqueue({{"lr", std::numeric_limits<double>::quiet_NaN()}})),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(study.State().Trials().size(), 0u);
}

TEST(Enqueue, UnlessThereFindsATrialWithTheSameParameters) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  const FixedParams params = {{"lr", 0.01}, {"layers", int64_t{3}}, {"optimizer", Text("sgd")}};
  const FixedParams reordered = {params[2], params[0], params[1]};
  ASSERT_TRUE(study.Do(EnqueueUnlessThere(params)).value().created);
  const auto waiting = study.Do(EnqueueUnlessThere(reordered)).value();
  EXPECT_FALSE(waiting.created);
  EXPECT_EQ(waiting.number, 0u);
  study.Suggest();
  EXPECT_FALSE(study.Do(EnqueueUnlessThere(reordered)).value().created);
  ASSERT_THAT(study.Do(Complete(Unfenced(0), {1})), IsOk());
  EXPECT_FALSE(study.Do(EnqueueUnlessThere(params)).value().created);
  EXPECT_TRUE(study.Do(EnqueueUnlessThere({{"lr", 0.01}})).value().created);
}

TEST(Enqueue, UnlessThereLooksPastFailedTrials) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(EnqueueUnlessThere({{"x", 1.0}})), IsOk());
  study.Suggest();
  ASSERT_THAT(study.Do(Fail(Unfenced(0))), IsOk());
  EXPECT_TRUE(study.Do(EnqueueUnlessThere({{"x", 1.0}})).value().created);
}

TEST(Enqueue, KeepsAttributes) {
  LiveStudy study(ASpec());
  EnqueueTrial command = Enqueue({{"x", 1.0}});
  command.attributes = {{"from", "\"me\""}};
  ASSERT_THAT(study.Do(command), IsOk());
  study.Suggest();
  EXPECT_THAT(study.Record(0).attributes, ElementsAre(Pair("from", "\"me\"")));
}

TEST(AddTrials, NumbersThemInOrderAndKeepsWhatTheyHad) {
  LiveStudy study(ASpec());
  study.Suggest();
  ForeignTrial whole = Foreign(TrialState::kComplete, {{"x", Real(0, 1), 0.5}}, {2});
  whole.record.reports = {{4, 0.4}, {1, 0.1}};
  whole.record.started_us = 100;
  whole.record.completed_us = 200;
  whole.record.constraints = {{"c", -1}};
  whole.record.attributes = {{"a", "1"}};
  whole.record.worker = "elsewhere";
  const auto added = study.Do(AddTrials{{whole, Foreign(TrialState::kFail, {}, {})}, {}}).value();
  EXPECT_THAT(added.numbers, ElementsAre(1, 2));
  const TrialRecord record = study.Record(1);
  EXPECT_THAT(record.reports, ElementsAre(Report{1, 0.1}, Report{4, 0.4}));
  EXPECT_EQ(record.started_us, 100);
  EXPECT_EQ(record.completed_us, 200);
  EXPECT_EQ(record.worker, "elsewhere");
  EXPECT_EQ(ParamOf(study, 1, "x"), 0.5);
  EXPECT_THAT(record.values, ElementsAre(2));
  EXPECT_EQ(study.Record(2).completed_us, study.time.Now().wall_us);
}

TEST(AddTrials, OfARunningTrialGivesItALeaseThatEnds) {
  LiveStudy study(ASpec());
  ASSERT_THAT(
      study.Do(AddTrials{{Foreign(TrialState::kRunning, {{"x", Real(0, 1), 0.5}}, {})}, {}}),
      IsOk());
  EXPECT_GT(study.Record(0).lease_token, 0);
  study.TickAfterMs(10'000);
  EXPECT_TRUE(study.Record(0).lost);
  EXPECT_EQ(study.Record(1).retry_of, 0);
}

TEST(AddTrials, OfAWaitingTrialIsHandedOutWithItsParameters) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  const Domain lr = LogReal(1e-5, 0.1);
  ASSERT_THAT(study.Do(AddTrials{{Foreign(TrialState::kWaiting, {{"lr", lr, 0.05}}, {})}, {}}),
              IsOk());
  study.Suggest();
  EXPECT_EQ(ParamOf(study, 0, "lr"), 0.05);
  const auto& started = std::get<TrialStarted>(study.Log().at(study.Log().size() - 2).change);
  EXPECT_EQ(started.params, study.Record(0).params);
}

TEST(AddTrials, IsAllOrNothing) {
  LiveStudy study(ASpec());
  const AddTrials command = {{Foreign(TrialState::kComplete, {{"x", Real(0, 1), 0.5}}, {1}),
                              Foreign(TrialState::kComplete, {{"x", Real(0, 1), 1.5}}, {1})},
                             {}};
  EXPECT_THAT(study.Do(command), IsInvalidField("trials[1]"));
  EXPECT_EQ(study.State().Trials().size(), 0u);
  EXPECT_EQ(study.State().Trials().DistributionCount(), 0u);
}

TEST(AddTrials, RefusesWhatNoTrialCanBe) {
  LiveStudy study(ASpec());
  const auto add = [&](ForeignTrial trial) { return study.Do(AddTrials{{std::move(trial)}, {}}); };
  const auto refused = IsInvalidField("trials[0]");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const ForeignTrial good = Foreign(TrialState::kComplete, {{"x", Real(0, 1), 0.5}}, {1});
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {}, {})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {}, {nan})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {}, {1, 2})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kFail, {}, {1})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {{"", Real(0, 1), 0.5}}, {1})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {good.params[0], good.params[0]}, {1})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {{"x", Real(1, 0), 0.5}}, {1})),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(add(Foreign(TrialState::kComplete, {{"x", Real(0, 1), nan}}, {1})), refused);
  EXPECT_THAT(add(Foreign(TrialState::kFail, {{"x", Real(0, 1), 1.5}}, {})),
              SaysThat("parameter 'x' = 1.5 is outside its distribution [0.0, 1.0]"));
  ForeignTrial reports = good;
  reports.record.reports = {{-1, 1}};
  EXPECT_THAT(add(reports), refused);
  reports.record.reports = {{1, 1}, {1, 2}};
  EXPECT_THAT(add(reports), refused);
  ForeignTrial constraints = good;
  constraints.record.constraints = {{"c", nan}};
  EXPECT_THAT(add(constraints), IsInvalidField("constraints"));
  EXPECT_EQ(study.State().Trials().size(), 0u);
  EXPECT_THAT(add(good), IsOk());
}

TEST(AddTrials, RefusesAParameterThatTheStudyKnowsAsAnotherKind) {
  LiveStudy study(ASpec());
  ASSERT_THAT(study.Do(Ask(KeyOf(study.Suggest()), "x", Real(0, 1))), IsOk());
  EXPECT_THAT(study.Do(AddTrials{{Foreign(TrialState::kFail, {{"x", Whole(0, 1), 1}}, {})}, {}}),
              IsRefused(Reason::kParameterChanged));
  const ForeignTrial as_int = Foreign(TrialState::kFail, {{"y", Whole(0, 1), 1}}, {});
  const ForeignTrial as_real = Foreign(TrialState::kFail, {{"y", Real(0, 1), 1}}, {});
  EXPECT_THAT(study.Do(AddTrials{{as_int, as_real}, {}}), IsRefused(Reason::kParameterChanged));
}

}  // namespace
}  // namespace hpod
