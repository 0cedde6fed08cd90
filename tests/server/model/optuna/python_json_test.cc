#include "server/model/optuna/python_json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

PythonJson Parsed(std::string_view text) { return ParsePythonJson(text).value(); }

TEST(PythonJson, ReadsWhatPythonReads) {
  for (std::string_view text : {"null", " true\n", "[]", "{}", "-0", "0.5e-3", "1E400", "NaN",
                                "-Infinity", "[1,[2,{\"a\":3}]]", R"("\u00e9\n\"")", R"("\ud800")",
                                R"({"a": 1, "a": 2})", "\"\xc3\xa9\""}) {
    EXPECT_THAT(CheckPythonJson(text), IsOk()) << text;
    EXPECT_THAT(ParsePythonJson(text), IsOk()) << text;
  }
}

TEST(PythonJson, RefusesWhatPythonDoesNotRead) {
  for (std::string_view text :
       {"",     "nan", "+1",     "01",      "1.",  ".5",        "1e",          "-",
        "[1,]", "[1",  "{1: 2}", "{\"a\"}", "\"a", R"("\x41")", R"("\u12g4")", "\"a\tb\"",
        "'a'",  "1 2", "None",   "True"}) {
    EXPECT_THAT(CheckPythonJson(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(PythonJson, IsRefusedWhereItsDepthOrDigitsAreTooMuchForPython) {
  EXPECT_THAT(CheckPythonJson(std::string(800, '[') + std::string(800, ']')), IsOk());
  EXPECT_THAT(CheckPythonJson(std::string(100'000, '[')),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckPythonJson(std::string(4'300, '9')), IsOk());
  EXPECT_THAT(CheckPythonJson(std::string(4'301, '9')),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(PythonJson, DecodesEscapesToUtf8) {
  EXPECT_EQ(Parsed(R"("\u00e9\ud83d\ude00\/\b")").text, "\xc3\xa9\xf0\x9f\x98\x80/\b");
  EXPECT_TRUE(Parsed(R"("\udc00")").has_lone_surrogate);
  EXPECT_TRUE(Parsed(R"("\ud800\u0041")").has_lone_surrogate);
}

TEST(PythonJson, FindsTheLastItemOfAKey) {
  const PythonJson json = Parsed(R"({"a": 1, "b": 2, "a": 3})");
  ASSERT_NE(json.Find("a"), nullptr);
  EXPECT_EQ(json.Find("a")->text, "3");
  EXPECT_EQ(json.Find("c"), nullptr);
}

TEST(EqualInPython, GoesByValueNotByKind) {
  const std::pair<std::string_view, std::string_view> kEqual[] = {
      {"1", "1.0"},
      {"true", "1"},
      {"0.0", "false"},
      {"NaN", "NaN"},
      {"0", "-0"},
      {"[1, 2]", "[1.0, 2]"},
      {R"({"a": 1, "b": 2})", R"({"b": 2.0, "a": 1})"},
      {R"("é")", R"("\u00e9")"}};
  for (const auto& [a, b] : kEqual) EXPECT_TRUE(EqualInPython(Parsed(a), Parsed(b))) << a << b;
  const std::pair<std::string_view, std::string_view> kDifferent[] = {
      {"1", "\"1\""},
      {"null", "NaN"},
      {"null", "false"},
      {"[1]", "[1, 2]"},
      {R"({"a": 1})", R"({"a": 1, "b": 2})"},
      {"123456789012345678901", "123456789012345678902"}};
  for (const auto& [a, b] : kDifferent) EXPECT_FALSE(EqualInPython(Parsed(a), Parsed(b))) << a << b;
}

TEST(ToValue, GivesWhatTheModelCanHold) {
  EXPECT_EQ(ToValue(Parsed("-9223372036854775808")), Value(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(ToValue(Parsed("1.0")), Value(1.0));
  EXPECT_EQ(ToValue(Parsed("\"a\"")), Value(std::string("a")));
  EXPECT_EQ(ToValue(Parsed("null")), Value(std::monostate()));
  EXPECT_EQ(ToValue(Parsed("9223372036854775808")), std::nullopt);
  EXPECT_EQ(ToValue(Parsed("[]")), std::nullopt);
  EXPECT_EQ(ToValue(Parsed(R"("\ud800")")), std::nullopt);
}

}  // namespace
}  // namespace hpod
