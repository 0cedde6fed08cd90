#include "samplers/space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInf = std::numeric_limits<double>::infinity();

std::string Refusal(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message().data(), status.message().size());
}

std::string Refusal(const Domain& domain) {
  return Refusal(NormalizeDomain(domain, "parameter 'x'").status());
}

std::string Refusal(std::vector<ParameterSpec> specs) {
  return Refusal(Space::Make(std::move(specs)).status());
}

Domain Normalized(const Domain& domain) {
  const absl::StatusOr<Domain> normalized = NormalizeDomain(domain, "x");
  EXPECT_TRUE(normalized.ok()) << normalized.status();
  return normalized.value_or(domain);
}

TEST(Value, IsWrittenAsJsonThatKeepsTheKind) {
  EXPECT_EQ(ToString(Value()), "null");
  EXPECT_EQ(ToString(Value(true)), "true");
  EXPECT_EQ(ToString(Value(int64_t{1})), "1");
  EXPECT_EQ(ToString(Value(1.0)), "1.0");
  EXPECT_EQ(ToString(Value(0.1)), "0.1");
  EXPECT_EQ(ToString(Value(1e300)), "1e+300");
  EXPECT_EQ(ToString(Value(-kInf)), "-Infinity");
  EXPECT_EQ(ToString(Value(kNoValue)), "NaN");
  EXPECT_EQ(ToString(Value(std::string("a\"\\\n\x01é"))), "\"a\\\"\\\\\\n\\u0001é\"");
}

TEST(NormalizeDomain, LowersHighToTheLastValueOfTheGrid) {
  EXPECT_EQ(Normalized(IntDomain{1, 10, false, 4}), Domain(IntDomain{1, 9, false, 4}));
  EXPECT_EQ(Normalized(IntDomain{-7, 10, false, 0}), Domain(IntDomain{-7, 10, false, 1}));
  EXPECT_EQ(Normalized(FloatDomain{0, 1, false, 0.25}), Domain(FloatDomain{0, 1, false, 0.25}));
  const auto lowered = std::get<FloatDomain>(Normalized(FloatDomain{0, 1, false, 0.3}));
  EXPECT_DOUBLE_EQ(lowered.high, 0.9);
}

TEST(NormalizeDomain, KeepsHighThatTheGridReachesUpToRounding) {
  const auto domain = std::get<FloatDomain>(Normalized(FloatDomain{0, 0.7, false, 0.1}));
  EXPECT_EQ(domain.high, 0.7);
  EXPECT_EQ(Cardinality(domain), 8U);
}

TEST(NormalizeDomain, NamesWhatIsWrong) {
  EXPECT_THAT(Refusal(FloatDomain{0, kInf, false, 0}),
              HasSubstr("parameter 'x': low 0 and high inf must be finite"));
  EXPECT_THAT(Refusal(FloatDomain{kNoValue, 1, false, 0}), HasSubstr("must be finite"));
  EXPECT_THAT(Refusal(FloatDomain{-1.7e308, 1.7e308, false, 0}), HasSubstr("must be finite"));
  EXPECT_THAT(Refusal(FloatDomain{2, 1, false, 0}), HasSubstr("low 2 must be at most high 1"));
  EXPECT_THAT(Refusal(FloatDomain{0, 1, true, 0}), HasSubstr("low 0 must be above 0 for log"));
  EXPECT_THAT(Refusal(FloatDomain{1, 2, true, 0.5}), HasSubstr("step 0.5 must be 0 for log"));
  EXPECT_THAT(Refusal(FloatDomain{0, 1, false, -0.5}), HasSubstr("step -0.5"));
  EXPECT_THAT(Refusal(FloatDomain{0, 1, false, kInf}), HasSubstr("step inf"));
  EXPECT_THAT(Refusal(FloatDomain{0, 1e300, false, 1e-300}), HasSubstr("too fine beside 1e+300"));
  EXPECT_THAT(Refusal(FloatDomain{1e9, 1e9 + 1, false, 1e-6}), HasSubstr("step 1e-06 is too fine"));
  EXPECT_THAT(Refusal(IntDomain{2, 1, false, 1}), HasSubstr("low 2 must be at most high 1"));
  EXPECT_THAT(Refusal(IntDomain{0, kMaxInt + 1, false, 1}), HasSubstr("2^53"));
  EXPECT_THAT(Refusal(IntDomain{0, 5, true, 1}), HasSubstr("low 0 must be at least 1 for log"));
  EXPECT_THAT(Refusal(IntDomain{1, 5, true, 2}), HasSubstr("step 2 must be 1 for log"));
  EXPECT_THAT(Refusal(IntDomain{1, 5, false, -1}), HasSubstr("step -1 must be at least 1"));
  EXPECT_THAT(Refusal(CategoricalDomain{}), HasSubstr("choices must not be empty"));
  EXPECT_THAT(Refusal(CategoricalDomain{std::vector<Value>(kMaxChoices + 1)}),
              HasSubstr("10001 choices"));
}

TEST(NormalizeDomain, TellsChoicesApartByKindAndContent) {
  const Domain distinct =
      CategoricalDomain{{int64_t{1}, 1.0, true, std::string("1"), Value(), kNoValue}};
  EXPECT_TRUE(NormalizeDomain(distinct, "x").ok());
  EXPECT_THAT(Refusal(CategoricalDomain{{1.0, int64_t{1}, 1.0}}),
              HasSubstr("choice 1.0 is there twice"));
  EXPECT_THAT(Refusal(CategoricalDomain{{kNoValue, std::string(), kNoValue}}),
              HasSubstr("choice NaN is there twice"));
}

TEST(Domain, ConvertsValuesBothWays) {
  const Domain choices = CategoricalDomain{{int64_t{1}, 1.0, true, kNoValue}};
  for (size_t i = 0; i < 4; ++i) {
    const Value external = ToExternal(choices, static_cast<double>(i));
    EXPECT_EQ(ToInternal(choices, external, "x").value(), static_cast<double>(i));
  }
  EXPECT_EQ(ToExternal(IntDomain{0, 9, false, 1}, 3.0), Value(int64_t{3}));
  EXPECT_EQ(ToExternal(FloatDomain{0, 9, false, 0}, 3.0), Value(3.0));
  EXPECT_EQ(ToInternal(FloatDomain{0, 9, false, 0}, int64_t{3}, "x").value(), 3.0);
  EXPECT_EQ(ToInternal(IntDomain{0, 9, false, 1}, 3.0, "x").value(), 3.0);
}

TEST(Domain, RefusesValuesOfAnotherKind) {
  const Domain integer = IntDomain{0, 9, false, 1};
  EXPECT_THAT(Refusal(ToInternal(integer, 2.5, "parameter 'n'").status()),
              HasSubstr("parameter 'n': 2.5 must be a whole number"));
  EXPECT_THAT(Refusal(ToInternal(integer, true, "n").status()),
              HasSubstr("true is a bool, expected a number"));
  EXPECT_THAT(Refusal(ToInternal(integer, 1e17, "n").status()), HasSubstr("2^53"));
  EXPECT_THAT(Refusal(ToInternal(FloatDomain{0, 1, false, 0}, kInf, "x").status()),
              HasSubstr("must be finite"));
  EXPECT_THAT(Refusal(ToInternal(Choice("c", 3).domain, std::string("z"), "c").status()),
              HasSubstr("\"z\" is not one of the choices (\"a\", \"b\", \"c\")"));
}

TEST(Domain, ContainsItsGridUpToRounding) {
  const Domain stepped = FloatDomain{0, 1, false, 0.1};
  EXPECT_TRUE(Contains(stepped, 3 * 0.1));
  EXPECT_FALSE(Contains(stepped, 0.35));
  EXPECT_FALSE(Contains(stepped, 1.1));
  EXPECT_FALSE(Contains(stepped, kNoValue));
  EXPECT_TRUE(Contains(IntDomain{1, 9, false, 4}, 5));
  EXPECT_FALSE(Contains(IntDomain{1, 9, false, 4}, 4));
  EXPECT_FALSE(Contains(Choice("c", 3).domain, 3));
  EXPECT_FALSE(Contains(Choice("c", 3).domain, 0.5));
}

TEST(Domain, CountsAndNumbersItsValues) {
  for (const ParameterSpec& spec : AllKinds()) {
    const Domain domain = Normalized(spec.domain);
    EXPECT_EQ(IsSingle(domain), spec.name.starts_with("single")) << spec.name;
    for (uint64_t i = 0; i < Cardinality(domain); ++i) {
      const double value = ValueAt(domain, i);
      EXPECT_TRUE(Contains(domain, value)) << spec.name << " " << value;
      EXPECT_EQ(IndexOfValue(domain, value), i) << spec.name;
    }
  }
  EXPECT_EQ(Cardinality(FloatDomain{0, 1, false, 0}), 0U);
  EXPECT_EQ(Cardinality(Normalized(FloatDomain{0.1, 0.95, false, 0.1})), 9U);
  EXPECT_EQ(Cardinality(IntDomain{-kMaxInt, kMaxInt, false, 1}), (uint64_t{1} << 54U) + 1);
}

TEST(CheckCompatible, AllowsNewBoundsButNotANewKind) {
  const Domain real = FloatDomain{0, 1, false, 0};
  EXPECT_TRUE(CheckCompatible(real, FloatDomain{5, 6, false, 0.5}, "x").ok());
  EXPECT_THAT(Refusal(CheckCompatible(real, IntDomain{0, 1, false, 1}, "parameter 'x'")),
              HasSubstr("parameter 'x': it was float in earlier trials and must not become int"));
  EXPECT_THAT(Refusal(CheckCompatible(real, FloatDomain{1, 2, true, 0}, "x")),
              HasSubstr("log was false"));
  EXPECT_TRUE(CheckCompatible(Choice("c", 2).domain, Choice("c", 2).domain, "c").ok());
  EXPECT_THAT(Refusal(CheckCompatible(Choice("c", 2).domain, Choice("c", 3).domain, "c")),
              HasSubstr("the choices were"));
}

TEST(Space, FindsParametersByName) {
  const Space space = MakeSpace(AllKinds());
  for (size_t i = 0; i < space.size(); ++i) EXPECT_EQ(space.IndexOf(space[i].name), i);
  EXPECT_EQ(space.IndexOf("unknown"), space.size());
  EXPECT_FALSE(space.IsConditional());
}

TEST(Space, PutsParentsBeforeChildren) {
  const Space space =
      MakeSpace({When(Int("grandchild", 0, 1), "child", {int64_t{1}}), Int("other", 0, 1),
                 When(Int("child", 0, 1), "parent", {int64_t{0}}), Int("parent", 0, 1)});
  EXPECT_THAT(space.ParentsFirst(), ElementsAre(1, 3, 2, 0));
  EXPECT_TRUE(space.IsConditional());
}

TEST(Space, ActivatesAParameterWhenAllItsConditionsHold) {
  const Space space = MakeSpace(DiscreteTree());
  const size_t both = space.IndexOf("both");
  Point point(space.size(), kNoValue);
  EXPECT_FALSE(space.IsActive(both, point));
  point[space.IndexOf("model")] = 2;
  EXPECT_FALSE(space.IsActive(both, point));
  point[space.IndexOf("seeds")] = 3;
  EXPECT_TRUE(space.IsActive(both, point));
  point[space.IndexOf("model")] = 1;
  EXPECT_FALSE(space.IsActive(both, point));
}

TEST(Space, ComparesConditionsOnStepsUpToRounding) {
  const Space space = MakeSpace({SteppedFloat("x", 0, 1, 0.1), When(Int("y", 0, 1), "x", {0.3})});
  EXPECT_TRUE(space.IsActive(1, Point{3 * 0.1, kNoValue}));
  EXPECT_FALSE(space.IsActive(1, Point{0.4, kNoValue}));
}

TEST(Space, NamesWhatIsWrongWithAParameter) {
  EXPECT_THAT(Refusal({Int("", 0, 1)}), HasSubstr("must not be empty"));
  EXPECT_THAT(Refusal({Int("x", 0, 1), Float("x", 0, 1)}),
              HasSubstr("parameter 'x' is there twice"));
  EXPECT_THAT(Refusal({Int("x", 3, 1)}), HasSubstr("parameter 'x': low 3"));
  EXPECT_THAT(Refusal({When(Int("x", 0, 1), "y", {int64_t{1}})}),
              HasSubstr("parameter 'x': its condition is on the unknown parameter 'y'"));
  EXPECT_THAT(Refusal({Int("y", 0, 1), When(Int("x", 0, 1), "y", {int64_t{2}})}),
              HasSubstr("outside its domain"));
  EXPECT_THAT(Refusal({Int("y", 0, 1), When(Int("x", 0, 1), "y", {})}), HasSubstr("has no values"));
  EXPECT_THAT(Refusal({Int("y", 0, 1), When(Int("x", 0, 1), "y", {true})}),
              HasSubstr("true is a bool"));
  EXPECT_THAT(
      Refusal({When(Int("x", 0, 1), "y", {int64_t{1}}), When(Int("y", 0, 1), "x", {int64_t{1}})}),
      HasSubstr("parameter 'x': its conditions lead into a cycle"));
  EXPECT_THAT(Refusal({When(Int("x", 0, 1), "x", {int64_t{1}})}), HasSubstr("cycle"));
  EXPECT_THAT(Refusal(std::vector<ParameterSpec>(kMaxParameters + 1, Int("x", 0, 1))),
              HasSubstr("1001 parameters"));
}

TEST(Space, CutsLongNamesInMessages) {
  std::string name(63, 'n');
  for (int i = 0; i < 500'000; ++i) name += "é";
  const std::string message = Refusal({Int(name, 0, 1)});
  EXPECT_LT(message.size(), 200U);
  EXPECT_THAT(message, HasSubstr(std::string(63, 'n') + "..."));
}

}  // namespace
}  // namespace hpod
