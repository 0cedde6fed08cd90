#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <ostream>

#include "clients/hpoctl/json_read.h"

namespace hpod {
namespace {

using testing::HasSubstr;

TEST(SpaceFile, ReadsEachKindInTheOrderOfTheFile) {
  const auto space = ParseSpace(R"({
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
    "layers": {"type": "int", "low": 1, "high": 8, "step": 2},
    "opt": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"opt": ["sgd"]}}})",
                                "space.json");
  ASSERT_TRUE(space.ok()) << space.status();
  ASSERT_EQ(space->size(), 4);
  EXPECT_EQ((*space)[0].name(), "lr");
  EXPECT_EQ((*space)[0].float_domain().low(), 1e-5);
  EXPECT_TRUE((*space)[0].float_domain().log());
  EXPECT_EQ((*space)[1].int_domain().high(), 8);
  EXPECT_EQ((*space)[1].int_domain().step(), 2);
  EXPECT_EQ((*space)[2].categorical_domain().choices(1).string_value(), "sgd");
  ASSERT_EQ((*space)[3].conditions_size(), 1);
  EXPECT_EQ((*space)[3].conditions(0).parent(), "opt");
  EXPECT_EQ((*space)[3].conditions(0).values(0).string_value(), "sgd");
}

TEST(SpaceFile, KeepsIntAndFloatChoicesApart) {
  const auto space = ParseSpace(
      R"({"c": {"type": "categorical", "choices": [1, 1.0, true, null, "1", {"double": "NaN"}]}})",
      "f");
  ASSERT_TRUE(space.ok()) << space.status();
  const auto& choices = (*space)[0].categorical_domain().choices();
  using hpo::v1::Value;
  EXPECT_EQ(choices[0].kind_case(), Value::kIntValue);
  EXPECT_EQ(choices[1].kind_case(), Value::kDoubleValue);
  EXPECT_EQ(choices[2].kind_case(), Value::kBoolValue);
  EXPECT_EQ(choices[3].kind_case(), Value::kNullValue);
  EXPECT_EQ(choices[4].kind_case(), Value::kStringValue);
  EXPECT_EQ(choices[5].kind_case(), Value::kDoubleValue);
}

TEST(SpaceFile, ReadsSeveralConditionsOnOneParent) {
  const auto space = ParseSpace(
      R"({"x": {"type": "int", "low": 0, "high": 1, "when": [{"a": [1, 2]}, {"a": [2]}]}})", "f");
  ASSERT_TRUE(space.ok()) << space.status();
  ASSERT_EQ((*space)[0].conditions_size(), 2);
  EXPECT_EQ((*space)[0].conditions(1).parent(), "a");
}

struct BadSpace {
  const char* text;
  const char* message;
};
// In the names of tests.
void PrintTo(const BadSpace& bad, std::ostream* out) { *out << bad.message; }

class SpaceFileError : public testing::TestWithParam<BadSpace> {};

TEST_P(SpaceFileError, NamesTheParameterAndTheKey) {
  const auto space = ParseSpace(GetParam().text, "space.json");
  ASSERT_FALSE(space.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(space.status()));
  EXPECT_EQ(std::string(space.status().message()), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Each, SpaceFileError,
    testing::Values(
        BadSpace{"{\"lr\"", "space.json is not JSON: error at byte 6"},
        BadSpace{"[1]", "a space must be an object of name to domain, is array"},
        BadSpace{R"({"lr": 3})", "parameter 'lr' must be an object, is number"},
        BadSpace{R"({"lr": {"low": 0}})",
                 "parameter 'lr': 'type' is missing (known: categorical, float, int)"},
        BadSpace{R"({"lr": {"type": "flaot"}})",
                 "parameter 'lr': unknown type 'flaot' (known: categorical, float, int)"},
        BadSpace{R"({"lr": {"type": "float", "low": 0}})",
                 "parameter 'lr': 'high' is missing (a number)"},
        BadSpace{R"({"lr": {"type": "float", "low": "a", "high": 1}})",
                 "parameter 'lr': 'low' must be a number"},
        BadSpace{R"({"n": {"type": "int", "low": 1.5, "high": 3}})",
                 "parameter 'n': 'low' must be a whole number"},
        BadSpace{R"({"n": {"type": "int", "low": 1, "high": 99999999999999999999}})",
                 "parameter 'n': 'high' must be a whole number"},
        BadSpace{R"({"lr": {"type": "float", "low": 0, "high": 1, "log": 1}})",
                 "parameter 'lr': 'log' must be true or false"},
        BadSpace{R"({"lr": {"type": "float", "low": 0, "high": 1, "lgo": true}})",
                 "parameter 'lr': unknown key 'lgo' (known: type, low, high, log, step, when)"},
        BadSpace{R"({"o": {"type": "categorical"}})",
                 "parameter 'o': 'choices' is missing (an array)"},
        BadSpace{R"({"o": {"type": "categorical", "choices": [[1]]}})",
                 "parameter 'o': 'choices' must hold null, booleans, numbers or strings"},
        BadSpace{R"({"o": {"type": "categorical", "choices": "adam"}})",
                 "parameter 'o': 'choices' must be an array"},
        BadSpace{R"({"m": {"type": "int", "low": 0, "high": 1, "when": "opt"}})",
                 "parameter 'm': 'when' must be an object of a parameter's name to an array of its "
                 "values"},
        BadSpace{R"({"m": {"type": "int", "low": 0, "high": 1, "when": {"opt": "sgd"}}})",
                 "parameter 'm': 'when' 'opt' must be an array of values"},
        BadSpace{R"({"lr": {"type": "int", "low": 0, "high": 1}, "lr": {"type": "int"}})",
                 "space.json: 'lr' appears twice"}));

}  // namespace
}  // namespace hpod
