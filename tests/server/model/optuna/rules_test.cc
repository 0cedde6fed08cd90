// What Optuna's clients may do to trials, and what native workers see of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/live_study.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr char kUnit[] = R"({"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}})";
constexpr char kLog[] =
    R"({"name": "FloatDistribution", "attributes": {"low": 1, "high": 9, "log": true}})";
constexpr char kLists[] =
    R"({"name": "CategoricalDistribution", "attributes": {"choices": [[1], [2]]}})";

class OptunaRules : public testing::Test {
 protected:
  size_t Create(std::optional<OptunaTemplate> made_up = {}) {
    return study_.Do(OptunaCreateTrial{std::move(made_up)}).value().number;
  }
  size_t CreateIn(TrialState state) {
    OptunaTemplate made_up;
    made_up.state = state;
    return Create(made_up);
  }
  int64_t Id(size_t number) const { return study_.State().TrialId(number); }
  absl::StatusOr<OptunaSetState::Result> Set(size_t number, TrialState state,
                                             std::vector<double> values = {}) {
    return study_.Do(OptunaSetState{Id(number), state, std::move(values)});
  }
  absl::Status SetParam(size_t number, const std::string& name, double value,
                        const std::string& text) {
    return study_.Do(OptunaSetParameter{Id(number), name, {text, value}}).status();
  }
  absl::Status SetAttribute(size_t number, const std::string& key, const std::string& value) {
    return study_.Do(OptunaSetTrialAttribute{Id(number), AttributeScope::kSystem, key, value})
        .status();
  }

  LiveStudy study_{ASpec().MaxRetries(1)};
};

TEST_F(OptunaRules, ATrialOfAClientNeverExpires) {
  const size_t number = Create();
  const size_t claimed = CreateIn(TrialState::kWaiting);
  ASSERT_THAT(Set(claimed, TrialState::kRunning), IsOk());
  ASSERT_THAT(study_.Do(HeartbeatTrial{Unfenced(number)}), IsOk());
  ASSERT_THAT(study_.Do(ReportAt(Unfenced(number), 0, 1)), IsOk());
  study_.GrantLeases();
  study_.TickAfterMs(1'000'000'000);
  EXPECT_EQ(study_.StateOf(number), TrialState::kRunning);
  EXPECT_EQ(study_.StateOf(claimed), TrialState::kRunning);
  EXPECT_FALSE(study_.State().HasLease(number));
}

TEST_F(OptunaRules, AWaitingTrialIsTakenOnce) {
  const size_t number = CreateIn(TrialState::kWaiting);
  EXPECT_TRUE(Set(number, TrialState::kRunning)->updated);
  EXPECT_FALSE(Set(number, TrialState::kRunning, {7})->updated);
  EXPECT_THAT(study_.Record(number).optuna.values, IsEmpty());
  EXPECT_TRUE(Set(number, TrialState::kWaiting)->updated);
  EXPECT_TRUE(Set(number, TrialState::kRunning)->updated);
}

TEST_F(OptunaRules, AWaitingTrialGoesToAClientOrToAWorkerNotToBoth) {
  CreateIn(TrialState::kWaiting);
  const size_t second = CreateIn(TrialState::kWaiting);
  EXPECT_EQ(study_.Suggest().number, 0u);
  EXPECT_FALSE(Set(0, TrialState::kRunning)->updated);
  EXPECT_TRUE(Set(second, TrialState::kRunning)->updated);
  EXPECT_EQ(study_.Suggest().number, 2u);
}

TEST_F(OptunaRules, AWorkerWhoseTrialWaitsAgainHasLostIt) {
  const HandedOut trial = study_.Suggest();
  ASSERT_THAT(Set(trial.number, TrialState::kWaiting), IsOk());
  EXPECT_THAT(study_.Do(Complete(KeyOf(trial), {1})), SaysThat("lease_token"));
  ASSERT_THAT(Set(trial.number, TrialState::kRunning), IsOk());
  EXPECT_THAT(study_.Do(Complete(KeyOf(trial), {1})), SaysThat("lease_token"));
  EXPECT_EQ(study_.StateOf(trial.number), TrialState::kRunning);
}

TEST_F(OptunaRules, ALostTokenIsNeverGivenAgainAlsoAfterARestart) {
  const HandedOut trial = study_.Suggest();
  ASSERT_THAT(Set(trial.number, TrialState::kWaiting), IsOk());
  ASSERT_THAT(Set(trial.number, TrialState::kRunning), IsOk());
  ASSERT_THAT(Set(trial.number, TrialState::kWaiting), IsOk());
  const TrialRecord stored = study_.Record(trial.number);
  study_.ReplaceBy(std::vector<Mutation>{study_.Log()[0], {1, 9, TrialAdded{stored}}});
  EXPECT_GT(study_.Suggest().lease_token, trial.lease_token);
}

TEST_F(OptunaRules, ACallForATrialWithALeaseRenewsIt) {
  const HandedOut trial = study_.Suggest();
  study_.time.AdvanceMs(9'000);
  ASSERT_THAT(study_.Do(OptunaReport{Id(trial.number), {0, 1}}), IsOk());
  study_.TickAfterMs(9'000);
  EXPECT_EQ(study_.StateOf(trial.number), TrialState::kRunning);
  study_.TickAfterMs(2'000);
  EXPECT_EQ(study_.StateOf(trial.number), TrialState::kFail);
}

TEST_F(OptunaRules, AFinishedTrialRefusesEverything) {
  const size_t number = Create();
  ASSERT_THAT(Set(number, TrialState::kComplete, {1}), IsOk());
  const TrialRecord before = study_.Record(number);
  const auto code = absl::StatusCode::kFailedPrecondition;
  EXPECT_THAT(Set(number, TrialState::kComplete, {2}), HasCode(code));
  EXPECT_THAT(Set(number, TrialState::kRunning), HasCode(code));
  EXPECT_THAT(SetParam(number, "x", 9, "no JSON"), HasCode(code));
  EXPECT_THAT(SetAttribute(number, "k", "no JSON"), HasCode(code));
  EXPECT_THAT(study_.Do(OptunaReport{Id(number), {0, 1}}), HasCode(code));
  EXPECT_EQ(study_.Record(number), before);
}

TEST_F(OptunaRules, ATrialThatIsNotThereIsNotFound) {
  EXPECT_THAT(study_.Do(OptunaReport{4'711, {0, 1}}), HasCode(absl::StatusCode::kNotFound));
  EXPECT_THAT(study_.Do(OptunaSetParameter{4'711, "x", {kUnit, 0}}),
              HasCode(absl::StatusCode::kNotFound));
}

TEST_F(OptunaRules, ValuesThatDoNotFitTheObjectivesAreKeptAsideFromTheAlgorithms) {
  const size_t two = Create(), none = Create(), one = Create();
  ASSERT_THAT(Set(two, TrialState::kComplete, {1, 2}), IsOk());
  ASSERT_THAT(Set(none, TrialState::kComplete), IsOk());
  ASSERT_THAT(Set(one, TrialState::kComplete, {3}), IsOk());
  EXPECT_THAT(study_.Record(two).optuna.values, ElementsAre(1, 2));
  EXPECT_THAT(study_.Record(two).values, IsEmpty());
  EXPECT_THAT(study_.Record(one).values, ElementsAre(3));
  EXPECT_THAT(study_.State().BestTrials(9), ElementsAre(one));
  EXPECT_THAT(study_.State().ParetoFront(), ElementsAre(one));
}

TEST_F(OptunaRules, ValuesOfARunningTrialAreThoseOfItsEndUnlessItBringsOthers) {
  const size_t kept = CreateIn(TrialState::kWaiting), replaced = CreateIn(TrialState::kWaiting);
  for (size_t number : {kept, replaced})
    ASSERT_THAT(Set(number, TrialState::kRunning, {5}), IsOk());
  EXPECT_THAT(study_.Record(kept).optuna.values, ElementsAre(5));
  ASSERT_THAT(Set(kept, TrialState::kComplete), IsOk());
  ASSERT_THAT(Set(replaced, TrialState::kComplete, {6}), IsOk());
  EXPECT_THAT(study_.Record(kept).values, ElementsAre(5));
  EXPECT_THAT(study_.Record(replaced).values, ElementsAre(6));
  EXPECT_EQ(study_.Record(kept).optuna, OptunaFacts());
}

TEST_F(OptunaRules, AParameterSetTwiceHasTheLastValueForAll) {
  const size_t number = Create();
  ASSERT_THAT(SetParam(number, "x", 0.25, kUnit), IsOk());
  ASSERT_THAT(SetParam(number, "x", 0.75, kUnit), IsOk());
  ASSERT_EQ(study_.Record(number).params.size(), 1u);
  EXPECT_EQ(study_.Record(number).params[0].value, 0.75);
}

TEST_F(OptunaRules, AlgorithmsSeeValuesOutOfBoundsButNoneThatBreakThem) {
  const size_t number = Create();
  ASSERT_THAT(SetParam(number, "x", 7.5, kUnit), IsOk());
  ASSERT_THAT(SetParam(number, "log", -1, kLog), IsOk());
  ASSERT_THAT(SetParam(number, "lists", 1, kLists), IsOk());
  const TrialRecord trial = study_.Record(number);
  ASSERT_EQ(trial.params.size(), 1u);
  EXPECT_EQ(trial.params[0].value, 7.5);
  EXPECT_THAT(trial.optuna.params, ElementsAre(Pair("lists", OptunaParam{kLists, 1}),
                                               Pair("log", OptunaParam{kLog, -1})));
}

TEST_F(OptunaRules, AParameterMustGoWithTheFirstOfItsNameInTheStudy) {
  const size_t number = Create();
  ASSERT_THAT(study_.Do(Ask(Unfenced(number), "x", Real(0, 1))), IsOk());
  EXPECT_THAT(SetParam(number, "x", 0.5, kUnit), IsOk());
  EXPECT_THAT(SetParam(number, "x", 2, kLog), HasCode(absl::StatusCode::kInvalidArgument));
  ASSERT_THAT(SetParam(number, "lists", 1, kLists), IsOk());
  EXPECT_THAT(SetParam(number, "lists", 0.5, kUnit), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(OptunaRules, ATemplateMayGoWithNothing) {
  ASSERT_THAT(SetParam(Create(), "x", 0.5, kUnit), IsOk());
  OptunaTemplate made_up;
  made_up.params = {{"x", {kLog, 2}}};
  const size_t number = Create(made_up);
  EXPECT_THAT(study_.Record(number).params, IsEmpty());
  EXPECT_THAT(study_.Record(number).optuna.params, ElementsAre(Pair("x", OptunaParam{kLog, 2})));
  EXPECT_THAT(SetParam(Create(), "x", 2, kLog), HasCode(absl::StatusCode::kInvalidArgument));
}

TEST_F(OptunaRules, ConstraintsInSystemAttributesAreConstraints) {
  const size_t number = Create();
  ASSERT_THAT(SetAttribute(number, "constraints", "[-1, 0.5, NaN]"), IsOk());
  EXPECT_TRUE(std::isinf(study_.Record(number).constraints.at("2")));
  ASSERT_THAT(SetAttribute(number, "constraints", "[-1]"), IsOk());
  EXPECT_TRUE(study_.State().Trials().IsFeasible(number));
  ASSERT_THAT(SetAttribute(number, "constraints:size", "2"), IsOk());
  EXPECT_THAT(study_.Record(number).constraints, ElementsAre(Pair("0", -1), Pair("size", 2)));
  EXPECT_FALSE(study_.State().Trials().IsFeasible(number));
}

TEST_F(OptunaRules, AnEnqueuedTrialFixesItsParametersForWorkersToo) {
  OptunaTemplate made_up;
  made_up.state = TrialState::kWaiting;
  made_up.system_attributes = {{"fixed_params", R"({"x": 0.125, "y": [1]})"}};
  Create(made_up);
  const HandedOut trial = study_.Suggest();
  ASSERT_THAT(study_.Do(Ask(KeyOf(trial), "x", Real(0, 1))), IsOk());
  EXPECT_EQ(study_.Record(trial.number).params[0].value, 0.125);
}

TEST_F(OptunaRules, MetricNamesInSystemAttributesAreMetricNames) {
  const auto set = [&](const std::string& text) {
    return study_.Do(OptunaSetStudyAttribute{AttributeScope::kSystem, "study:metric_names", text});
  };
  ASSERT_THAT(set(R"(["loss"])"), IsOk());
  EXPECT_THAT(study_.State().Spec().metric_names, ElementsAre("loss"));
  ASSERT_THAT(set(R"(["loss", "size"])"), IsOk());
  EXPECT_THAT(study_.State().Spec().metric_names, ElementsAre("loss"));
}

TEST_F(OptunaRules, BudgetsHoldForClientsToo) {
  LiveStudy study(ASpec().MaxTrials(2));
  ASSERT_THAT(study.Do(OptunaCreateTrial{}), IsOk());
  OptunaTemplate waiting;
  waiting.state = TrialState::kWaiting;
  ASSERT_THAT(study.Do(OptunaCreateTrial{waiting}), IsOk());
  study.Suggest();
  EXPECT_THAT(study.Do(OptunaCreateTrial{}), HasCode(absl::StatusCode::kResourceExhausted));
  EXPECT_FALSE(study.Do(SuggestTrial{"worker"})->trial.has_value());
  LiveStudy stopped{ASpec()};
  ASSERT_THAT(stopped.Do(OptunaCreateTrial{waiting}), IsOk());
  ASSERT_THAT(stopped.Do(Stop()), IsOk());
  EXPECT_THAT(stopped.Do(OptunaCreateTrial{}), SaysThat("it was stopped"));
  EXPECT_THAT(stopped.Do(OptunaSetState{stopped.State().TrialId(0), TrialState::kRunning, {}}),
              SaysThat("it was stopped"));
}

}  // namespace
}  // namespace hpod
