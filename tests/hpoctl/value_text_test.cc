#include "clients/hpoctl/value_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/hpoctl/json_read.h"

namespace hpod {
namespace {

using hpo::v1::Value;

hpo::v1::Study StudyWithSpace(const std::string& json) {
  hpo::v1::Study study;
  const auto space = ParseSpace(json, "space");
  EXPECT_TRUE(space.ok()) << space.status();
  if (space.ok()) *study.mutable_space() = *space;
  return study;
}

TEST(GuessValue, TakesTheKindThatTheTextLooksLike) {
  EXPECT_EQ(GuessValue("3").int_value(), 3);
  EXPECT_EQ(GuessValue("3").kind_case(), Value::kIntValue);
  EXPECT_EQ(GuessValue("3.0").kind_case(), Value::kDoubleValue);
  EXPECT_EQ(GuessValue("-1e-3").double_value(), -1e-3);
  EXPECT_EQ(GuessValue("true").kind_case(), Value::kBoolValue);
  EXPECT_EQ(GuessValue("null").kind_case(), Value::kNullValue);
  EXPECT_EQ(GuessValue("adam").string_value(), "adam");
  EXPECT_EQ(GuessValue("\"3\"").string_value(), "3");
  EXPECT_EQ(GuessValue("[1]").string_value(), "[1]");
  EXPECT_EQ(GuessValue("").kind_case(), Value::kStringValue);
}

TEST(ParseValue, TakesTheKindOfTheDomain) {
  const auto study = StudyWithSpace(
      R"({"lr": {"type": "float", "low": 0, "high": 9}, "n": {"type": "int", "low": 0, "high": 9}})");
  EXPECT_EQ(ParseValue(study, "lr", "3")->kind_case(), Value::kDoubleValue);
  EXPECT_EQ(ParseValue(study, "n", "3")->kind_case(), Value::kIntValue);
  EXPECT_EQ(std::string(ParseValue(study, "n", "3.5").status().message()),
            "parameter 'n': '3.5' is not a whole number");
  EXPECT_EQ(std::string(ParseValue(study, "lr", "fast").status().message()),
            "parameter 'lr': 'fast' is not a number");
}

TEST(ParseValue, FindsTheChoiceThatIsMeant) {
  const auto study = StudyWithSpace(
      R"({"c": {"type": "categorical", "choices": ["3", 3, 3.5, "adam", null, "true"]}})");
  EXPECT_EQ(ParseValue(study, "c", "3")->kind_case(), Value::kIntValue);
  EXPECT_EQ(ParseValue(study, "c", "\"3\"")->kind_case(), Value::kStringValue);
  EXPECT_EQ(ParseValue(study, "c", "3.5")->double_value(), 3.5);
  EXPECT_EQ(ParseValue(study, "c", "adam")->string_value(), "adam");
  EXPECT_EQ(ParseValue(study, "c", "null")->kind_case(), Value::kNullValue);
  EXPECT_EQ(ParseValue(study, "c", "true")->kind_case(), Value::kStringValue);
  EXPECT_EQ(std::string(ParseValue(study, "c", "sgd").status().message()),
            "parameter 'c': 'sgd' is not one of the choices (known: 3, 3, 3.5, adam, null, true)");
}

TEST(ParseValue, ListsTheParametersOfADeclaredSpace) {
  const auto study = StudyWithSpace(R"({"lr": {"type": "float", "low": 0, "high": 9}})");
  EXPECT_EQ(std::string(ParseValue(study, "rl", "3").status().message()),
            "parameter 'rl' is not in the space of the study (known: lr)");
}

TEST(ParseValue, GuessesWithoutADeclaredSpace) {
  EXPECT_EQ(ParseValue({}, "anything", "7")->int_value(), 7);
}

}  // namespace
}  // namespace hpod
