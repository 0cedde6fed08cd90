#include "server/model/optuna/distribution.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"
#include "tests/support/study_builder.h"

namespace hpod {
namespace {

std::string Text(std::string_view name, std::string_view attributes) {
  return fmt::format(R"({{"name": "{}", "attributes": {{{}}}}})", name, attributes);
}

OptunaDistribution Parsed(const std::string& text) { return ParseOptunaDistribution(text).value(); }

TEST(OptunaDistribution, BecomesADomain) {
  const std::pair<std::string, Domain> kCases[] = {
      {Text("FloatDistribution", R"("step": null, "low": 0.5, "high": 2, "log": true)"),
       LogReal(0.5, 2)},
      {Text("FloatDistribution", R"("step": 0.25, "low": 0, "high": 0.9, "log": false)"),
       Stepped(0, 0.75, 0.25)},
      {Text("IntDistribution", R"("log": false, "step": 3, "low": 0, "high": 10)"),
       IntDomain{0, 9, false, 3}},
      {Text("CategoricalDistribution", R"("choices": [null, 1, "a"])"),
       OneOf({std::monostate(), int64_t{1}, Value(std::string("a"))})},
      {Text("UniformDistribution", R"("low": 0, "high": 1)"), Real(0, 1)},
      {Text("LogUniformDistribution", R"("low": 1, "high": 2)"), LogReal(1, 2)},
      {Text("DiscreteUniformDistribution", R"("low": 0, "high": 1, "q": 0.5)"), Stepped(0, 1, 0.5)},
      {Text("IntUniformDistribution", R"("low": 0, "high": 4, "step": 2)"),
       IntDomain{0, 4, false, 2}},
      {Text("IntLogUniformDistribution", R"("low": 1, "high": 4)"), IntDomain{1, 4, true, 1}},
      {R"({"type": "float", "low": 0, "high": 1})", Real(0, 1)},
      {R"({"type": "int", "low": 0, "high": 1, "step": null})", Whole(0, 1)}};
  for (const auto& [text, domain] : kCases) EXPECT_EQ(Parsed(text).domain, domain) << text;
}

TEST(OptunaDistribution, HasNoDomainWhereTheModelHasNoneLikeIt) {
  for (const std::string& text :
       {Text("FloatDistribution", R"("low": -Infinity, "high": Infinity)"),
        Text("IntDistribution", R"("low": 0, "high": 9007199254740993000)"),
        Text("CategoricalDistribution", R"("choices": [1, 1])"),
        Text("CategoricalDistribution", R"("choices": [[1], {}])")}) {
    EXPECT_EQ(Parsed(text).domain, std::nullopt) << text;
  }
}

TEST(OptunaDistribution, ThatOptunaCouldNotReadIsRefused) {
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string(R"({"name": "FloatDistribution"})"),
        Text("Float", R"("low": 0, "high": 1)"), Text("FloatDistribution", R"("low": 0)"),
        Text("FloatDistribution", R"("low": 1, "high": 0)"),
        Text("FloatDistribution", R"("low": "0", "high": 1)"),
        Text("FloatDistribution", R"("low": 0, "high": 1, "log": true)"),
        Text("FloatDistribution", R"("low": 1, "high": 2, "log": true, "step": 1)"),
        Text("FloatDistribution", R"("low": 0, "high": 1, "step": 0)"),
        Text("FloatDistribution", R"("low": 0, "high": 1, "extra": 0)"),
        Text("IntDistribution", R"("low": 0, "high": 1, "log": true)"),
        Text("IntDistribution", R"("low": 0, "high": 1, "step": null)"),
        Text("CategoricalDistribution", R"("choices": [])"),
        Text("CategoricalDistribution", R"("choices": 1)"),
        std::string(R"({"type": "uniform", "low": 0, "high": 1})")}) {
    EXPECT_THAT(ParseOptunaDistribution(text), HasCode(absl::StatusCode::kInvalidArgument)) << text;
  }
}

TEST(OptunaDistribution, OfADomainIsReadBackAsTheDomain) {
  for (const Domain& domain :
       {Real(0, 1e-7), LogReal(1e-5, 1e22), Stepped(-1, 1, 0.5), Whole(-3, 9),
        OneOf({std::monostate(), true, int64_t{-1}, 0.1, std::nan(""),
               Value(std::string("\"é\n"))})}) {
    EXPECT_EQ(Parsed(ToOptunaJson(domain)).domain, domain) << ToOptunaJson(domain);
  }
  EXPECT_EQ(
      ToOptunaJson(Real(0, 1e-5)),
      R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1e-05, "log": false}})");
}

TEST(OptunaDistribution, IsCompatibleByClassLogAndChoices) {
  const auto real = Parsed(Text("FloatDistribution", R"("low": 1, "high": 2)"));
  const auto wider = Parsed(Text("FloatDistribution", R"("low": 1, "high": 3, "step": 1)"));
  const auto log = Parsed(Text("FloatDistribution", R"("low": 1, "high": 2, "log": true)"));
  const auto legacy = Parsed(Text("UniformDistribution", R"("low": 1, "high": 2)"));
  EXPECT_THAT(CheckCompatible(real, wider, "x"), IsOk());
  EXPECT_THAT(CheckCompatible(real, log, "x"), SaysThat("log false"));
  EXPECT_THAT(CheckCompatible(real, legacy, "x"), SaysThat("FloatDistribution"));
  const auto choices = Parsed(Text("CategoricalDistribution", R"("choices": [1, NaN])"));
  const auto equal = Parsed(Text("CategoricalDistribution", R"("choices": [1.0, NaN])"));
  const auto turned = Parsed(Text("CategoricalDistribution", R"("choices": [NaN, 1])"));
  EXPECT_THAT(CheckCompatible(choices, equal, "x"), IsOk());
  EXPECT_THAT(CheckCompatible(choices, turned, "x"), SaysThat("other choices"));
}

TEST(OptunaDistribution, OfADomainIsCompatibleWithItsOwnText) {
  for (const Domain& domain : {Real(0, 1), Whole(0, 5), OneOf({true, int64_t{7}, 0.5})}) {
    EXPECT_THAT(CheckCompatible(ToOptunaDistribution(domain), Parsed(ToOptunaJson(domain)), "x"),
                IsOk());
  }
}

}  // namespace
}  // namespace hpod
