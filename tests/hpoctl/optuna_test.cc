// What files of Optuna hold, as messages and back. Whole files are tested against Optuna itself, in
// clients/python/tests/test_optuna_files.py.

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "clients/hpoctl/optuna/convert.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/optuna/distribution.h"

namespace hpod::optuna {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Categorical(const std::string& choices) {
  return R"({"name": "CategoricalDistribution", "attributes": {"choices": [)" + choices + "]}}";
}

std::string Float(const std::string& step, const std::string& low, const std::string& high,
                  const std::string& log) {
  return R"({"name": "FloatDistribution", "attributes": {"step": )" + step + R"(, "low": )" + low +
         R"(, "high": )" + high + R"(, "log": )" + log + "}}";
}

// Texts as Python's json module writes them.
class ExactDistributions : public testing::TestWithParam<Param> {};

TEST_P(ExactDistributions, AreWrittenAsOptunaWritesThem) {
  const auto mapped = Map(GetParam());
  ASSERT_TRUE(mapped.has_value());
  EXPECT_TRUE(mapped->is_exact);
  EXPECT_EQ(DistributionText(mapped->parameter), GetParam().distribution);
  EXPECT_EQ(InternalValue(mapped->parameter, mapped->value), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Optuna, ExactDistributions,
    testing::Values(
        Param{"x", 0.5, Float("null", "-1.0", "1.0", "false")},
        Param{"x", 1e-05, Float("null", "1e-07", "0.1", "true")},
        Param{"x", 3, Float("null", "0.0", "1.2345678901234568e+17", "false")},
        Param{
            "n", 3,
            R"({"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 1, "high": 64}})"},
        Param{"c", 1, Categorical(R"("a", null, true, 1, 1.0, 2.5)")},
        Param{"c", 3,
              Categorical(R"(NaN, Infinity, -Infinity, "NaN", "\u00e9 \ud834\udd1e \"q\" \\")")}));

TEST(Optuna, KeepsTheTextOfAGridWhoseEndTheDaemonMayMove) {
  const auto mapped = Map({"x", 0.3, Float("0.1", "0.0", "0.9", "false")});
  ASSERT_TRUE(mapped.has_value());
  EXPECT_FALSE(mapped->is_exact);
  EXPECT_EQ(mapped->parameter.float_domain().step(), 0.1);
}

TEST(Optuna, WidensARangeToAValueOutsideOfIt) {
  const auto mapped = Map({"x", 25, Float("0.5", "-1.0", "1.0", "false")});
  ASSERT_TRUE(mapped.has_value());
  EXPECT_FALSE(mapped->is_exact);
  EXPECT_EQ(mapped->parameter.float_domain().low(), -1);
  EXPECT_EQ(mapped->parameter.float_domain().high(), 25);
  EXPECT_EQ(mapped->parameter.float_domain().step(), 0);
  EXPECT_EQ(mapped->value.double_value(), 25);
}

TEST(Optuna, MapsTheDistributionsOfItsBeginnings) {
  const auto mapped = Map(
      {"x", 2,
       R"({"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 8, "step": 1}})"});
  ASSERT_TRUE(mapped.has_value());
  EXPECT_TRUE(mapped->parameter.int_domain().log());
  EXPECT_FALSE(mapped->is_exact);
}

TEST(Optuna, NamesChoicesByTextWhereTheDaemonCannotHaveThem) {
  for (const char* choices : {R"([1, 2], "a")", R"("a", "a")", R"({"b": NaN}, 1)"}) {
    const auto mapped = Map({"c", 1, Categorical(choices)});
    ASSERT_TRUE(mapped.has_value()) << choices;
    EXPECT_FALSE(mapped->is_exact);
    EXPECT_EQ(InternalValue(mapped->parameter, mapped->value), 1);
  }
}

TEST(Optuna, MapsNothingThatTheDaemonRefuses) {
  const std::string plain = Float("null", "0.0", "1.0", "false");
  EXPECT_FALSE(Map({"", 0.5, plain}));
  EXPECT_FALSE(Map({std::string(256, 'x'), 0.5, plain}));
  EXPECT_FALSE(Map({"x", std::nan(""), plain}));
  EXPECT_FALSE(Map({"x", 0.5, "{"}));
  EXPECT_FALSE(Map({"x", 0.5, "[]"}));
  EXPECT_FALSE(Map({"x", -1, Float("null", "0.1", "1.0", "true")}));
  EXPECT_FALSE(Map({"c", 2, Categorical("1, 2")}));
  EXPECT_FALSE(Map(
      {"n", 3,
       R"({"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 18014398509481984}})"}));
}

TEST(Optuna, ReadsConstraintsInBothForms) {
  const Attributes attributes = {{"constraints", "[0.5, -1, Infinity, NaN]"},
                                 {"constraints:size", "2.5"},
                                 {"constraintless", "1"}};
  EXPECT_THAT(ConstraintsOf(attributes),
              testing::ElementsAre(testing::Pair("0", 0.5), testing::Pair("1", -1),
                                   testing::Pair("2", kInfinity), testing::Pair("size", 2.5)));
}

Trial Finished(const std::string& state) {
  Trial trial;
  trial.state = state;
  trial.start = "2026-11-24 08:54:03.332545";
  trial.complete = "2026-11-24 08:54:04.000007";
  return trial;
}

TEST(Optuna, KeepsARecordOnlyOfWhatTheDaemonDoesNotGiveBack) {
  Trial trial = Finished("COMPLETE");
  trial.values = {-kInfinity};
  const auto message = ToProto(trial, 0, 1);
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(message->user_attributes().empty());
  EXPECT_EQ(FromProto(*message).complete, trial.complete);
}

// COMPLETE without values, times that are missing or of another form, values of a failed trial.
TEST(Optuna, GivesBackWhatTheDaemonWouldHaveRefused) {
  Trial without_values = Finished("COMPLETE");
  without_values.start = std::nullopt;
  Trial failed = Finished("FAIL");
  failed.values = {1, kInfinity};
  failed.complete = "2026-11-24 08:54:04";
  failed.number = 7;
  for (const Trial& trial : {without_values, failed}) {
    auto message = ToProto(trial, 0, 1);
    ASSERT_TRUE(message.ok());
    EXPECT_EQ(message->state(), hpo::v1::TRIAL_STATE_FAIL);
    EXPECT_TRUE(message->values().empty());
    // The daemon gives each started trial one.
    if (!message->has_start_time()) message->mutable_start_time()->set_seconds(1);
    const Trial back = FromProto(*message);
    EXPECT_EQ(back.state, trial.state);
    EXPECT_EQ(back.values, trial.values);
    EXPECT_EQ(back.start, trial.start);
    EXPECT_EQ(back.complete, trial.complete);
    EXPECT_EQ(back.number, trial.number);
  }
}

TEST(Optuna, ReadsADamagedRecordAsFarAsItGoes) {
  hpo::v1::Trial message;
  message.set_state(hpo::v1::TRIAL_STATE_RUNNING);
  for (const char* record :
       {"", "[]", "{", R"({"params": {"x": 3}, "as": 1, "system_attributes": []})",
        R"({"as": "RUNNING", "number": "x", "state": 3, "values": {"a": 1}, "params": 4})",
        R"({"params": {"x": {"value": 1, "distribution": 2}}, "distributions": "x"})"}) {
    (*message.mutable_user_attributes())[kTrialRecord] = record;
    EXPECT_EQ(FromProto(message).state, "RUNNING") << record;
  }
}

TEST(Optuna, RefusesAStateThatItDoesNotHave) {
  EXPECT_FALSE(ToProto(Finished("PAUSED"), 0, 1).ok());
  EXPECT_FALSE(ToProto(Study{"a", {"SIDEWAYS"}, {}, {}}).ok());
}

TEST(Optuna, TakesSqliteUrlsAndPaths) {
  EXPECT_EQ(*PathOfUrl("sqlite:///a.db"), "a.db");
  EXPECT_EQ(*PathOfUrl("sqlite:////tmp/a.db"), "/tmp/a.db");
  EXPECT_EQ(*PathOfUrl("a.db"), "a.db");
  EXPECT_FALSE(PathOfUrl("postgresql://host/a").ok());
}

}  // namespace
}  // namespace hpod::optuna
