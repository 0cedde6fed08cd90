#include "samplers/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/registry.h"

namespace hpod {
namespace {

using testing::HasSubstr;
using Type = OptionSpec::Type;

constexpr OptionSpec kSpecs[] = {
    {"count", Type::kInt, "10", "0", "100", "a number"},
    {"share", Type::kFloat, "0.5", "", "1", "a share"},
    {"fast", Type::kBool, "false", "", "", "a switch"},
    {"joint", Type::kAutoBool, "auto", "", "", "a choice"},
};

OptionReader Read(const Options& options) {
  const absl::StatusOr<OptionReader> reader = OptionReader::Make(kSpecs, options);
  EXPECT_TRUE(reader.ok()) << reader.status();
  return reader.value_or(OptionReader());
}

std::string Refusal(const Options& options) {
  const absl::Status status = OptionReader::Make(kSpecs, options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message().data(), status.message().size());
}

TEST(OptionReader, GivesDefaultsWhereNothingIsSaid) {
  const OptionReader reader = Read({});
  EXPECT_EQ(reader.Int("count"), 10);
  EXPECT_EQ(reader.Float("share"), 0.5);
  EXPECT_FALSE(reader.Bool("fast"));
  EXPECT_EQ(reader.AutoBool("joint"), std::nullopt);
}

TEST(OptionReader, ReadsEachType) {
  const OptionReader reader =
      Read({{"count", "100"}, {"share", "-2e3"}, {"fast", "true"}, {"joint", "false"}});
  EXPECT_EQ(reader.Int("count"), 100);
  EXPECT_EQ(reader.Float("share"), -2000.0);
  EXPECT_TRUE(reader.Bool("fast"));
  EXPECT_EQ(reader.AutoBool("joint"), false);
}

TEST(OptionReader, ListsTheKnownOptions) {
  EXPECT_EQ(Refusal({{"cuont", "1"}}), "unknown option 'cuont' (known: count, share, fast, joint)");
  EXPECT_THAT(std::string(OptionReader::Make({}, {{"a", "1"}}).status().message()),
              HasSubstr("it has none"));
}

TEST(OptionReader, SaysWhatIsExpected) {
  EXPECT_EQ(
      Refusal({{"count", "101"}}),
      "option 'count': '101' is not valid (expected a whole number, at least 0, at most 100)");
  EXPECT_THAT(Refusal({{"count", "-1"}}), HasSubstr("'-1'"));
  EXPECT_THAT(Refusal({{"count", "1.5"}}), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal({{"count", "1 "}}), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal({{"count", ""}}), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal({{"count", "99999999999999999999"}}), HasSubstr("a whole number"));
  EXPECT_THAT(Refusal({{"share", "nan"}}), HasSubstr("a number, at most 1"));
  EXPECT_THAT(Refusal({{"share", "-inf"}}), HasSubstr("a number"));
  EXPECT_THAT(Refusal({{"fast", "yes"}}), HasSubstr("true or false"));
  EXPECT_THAT(Refusal({{"fast", "auto"}}), HasSubstr("true or false"));
  EXPECT_THAT(Refusal({{"joint", "1"}}), HasSubstr("auto, true or false"));
}

TEST(Registry, ListsWhatIsKnown) {
  EXPECT_EQ(MakeSampler("tpee", {}).status().message(),
            "unknown sampler 'tpee' (known: grid, random, tpe)");
  EXPECT_EQ(MakePruner("x", {}).status().message(),
            "unknown pruner 'x' (known: median, none, percentile)");
}

TEST(Registry, NamesTheAlgorithmWhoseOptionsAreBad) {
  EXPECT_THAT(std::string(MakeSampler("random", {{"n_startup_trials", "3"}}).status().message()),
              HasSubstr("sampler 'random': unknown option 'n_startup_trials' (it has none)"));
  EXPECT_THAT(std::string(MakePruner("percentile", {{"percentile", "101"}}).status().message()),
              HasSubstr("pruner 'percentile': option 'percentile': '101'"));
  EXPECT_THAT(
      std::string(
          MakeSampler("tpe", {{"group", "true"}, {"multivariate", "false"}}).status().message()),
      HasSubstr("needs option 'multivariate'"));
}

TEST(Registry, HasValidDefaults) {
  for (const SamplerEntry& entry : Samplers()) {
    Options defaults;
    for (const OptionSpec& spec : entry.options) defaults.emplace(spec.name, spec.default_value);
    EXPECT_TRUE(MakeSampler(entry.name, defaults).ok()) << entry.name;
  }
  for (const PrunerEntry& entry : Pruners()) {
    Options defaults;
    for (const OptionSpec& spec : entry.options) defaults.emplace(spec.name, spec.default_value);
    EXPECT_TRUE(MakePruner(entry.name, defaults).ok()) << entry.name;
  }
}

}  // namespace
}  // namespace hpod
