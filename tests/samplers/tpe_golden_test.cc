// Holds TPE's parts to what Optuna 5.0.0 computes for the same histories: tests/golden/README.md.

#include <array>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "samplers/tpe/parzen.h"
#include "samplers/tpe/search_space.h"
#include "samplers/tpe/split.h"
#include "tests/golden/golden.h"

namespace hpod {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 14> kFiles = {
    "tpe_small",        "tpe_255",
    "tpe_1000",         "tpe_2000",
    "tpe_ties",         "tpe_states",
    "tpe_running",      "tpe_constraints",
    "tpe_conditional",  "tpe_groups",
    "tpe_domains",      "tpe_objectives",
    "tpe_out_of_range", "tpe_hard_objectives",
};

// One side of a recorded split, and our model of it.
struct Side {
  const json& expected;
  std::vector<size_t> trials;
  std::vector<std::vector<double>> observations;
  Weighting weighting = Weighting::kForgetting;
};

class TpeGolden : public testing::TestWithParam<GoldenEntry> {
 protected:
  const json& Cases() const { return entry_.at("cases"); }
  const History& GetHistory() const { return recorded_.history; }

  // Below and above, as the entry's case says they are: a wrong split does not hide the rest.
  std::array<Side, 2> Sides(const json& golden_case) const {
    const bool several = GetHistory().Directions().size() > 1;
    return {MakeSide(golden_case, "below", several ? Weighting::kUniform : Weighting::kForgetting),
            MakeSide(golden_case, "above", Weighting::kForgetting)};
  }

  // The recorded parameters at these indices, as distributions of our history.
  JointSpace SpaceOf(const json& indices) const {
    JointSpace space;
    for (const size_t index : indices) space.push_back(recorded_.distributions.at(index));
    return space;
  }

  const json entry_ = json::parse(GetParam().text);

 private:
  Side MakeSide(const json& golden_case, const char* name, Weighting weighting) const {
    std::vector<size_t> names;
    for (const json& parameter : golden_case.at("space")) {
      names.push_back(GetHistory().FindName(parameter.at("name").get<std::string>()));
    }
    const json& expected = golden_case.at(name);
    const auto trials = expected.at("trials").get<std::vector<size_t>>();
    return {expected, trials, CollectObservations(GetHistory(), names, trials), weighting};
  }

  const GoldenHistory recorded_ = MakeGoldenHistory(entry_.at("history"));
};

std::vector<Domain> DomainsOf(const json& golden_case) {
  std::vector<Domain> domains;
  for (const json& parameter : golden_case.at("space")) domains.push_back(GoldenDomain(parameter));
  return domains;
}

void ExpectKernels(const Domain& domain, const std::vector<double>& observations,
                   const json& expected) {
  if (const auto* categorical = std::get_if<CategoricalDomain>(&domain)) {
    std::vector<double> rows;
    for (const json& row : expected.at("rows")) {
      for (const double probability : GoldenNumbers(row)) rows.push_back(probability);
    }
    EXPECT_TRUE(AreClose(CategoricalRows(categorical->choices.size(), observations), rows));
    return;
  }
  const NumericKernels kernels = MakeNumericKernels(domain, observations);
  EXPECT_TRUE(IsClose(kernels.low, GoldenNumber(expected.at("low"))));
  EXPECT_TRUE(IsClose(kernels.high, GoldenNumber(expected.at("high"))));
  EXPECT_TRUE(AreClose(kernels.mu, GoldenNumbers(expected.at("mu"))));
  EXPECT_TRUE(AreClose(kernels.sigma, GoldenNumbers(expected.at("sigma"))));
}

TEST_P(TpeGolden, SearchesTheSameSpaces) {
  EXPECT_EQ(IntersectionSpace(GetHistory()), SpaceOf(entry_.at("intersection")));
  std::vector<JointSpace> groups;
  for (const json& group : entry_.at("groups")) groups.push_back(SpaceOf(group));
  EXPECT_EQ(GroupedSpaces(GetHistory()), groups);
}

TEST_P(TpeGolden, DividesTheSameTrials) {
  for (const json& golden_case : Cases()) {
    SCOPED_TRACE(golden_case.at("name"));
    const Split split =
        SplitTrials(GetHistory(), golden_case.at("constant_liar"), golden_case.at("number"));
    const std::array<Side, 2> sides = Sides(golden_case);
    EXPECT_EQ(split.below, sides[0].trials);
    EXPECT_EQ(split.above, sides[1].trials);
  }
}

TEST_P(TpeGolden, MakesTheSameKernels) {
  for (const json& golden_case : Cases()) {
    SCOPED_TRACE(golden_case.at("name"));
    const std::vector<Domain> domains = DomainsOf(golden_case);
    for (const Side& side : Sides(golden_case)) {
      if (!side.expected.contains("dimensions")) continue;
      const size_t m = side.observations[0].size();
      EXPECT_TRUE(
          AreClose(MixtureWeights(m, side.weighting), GoldenNumbers(side.expected.at("weights"))));
      for (size_t i = 0; i < domains.size(); ++i) {
        SCOPED_TRACE(golden_case.at("space")[i].at("name"));
        ExpectKernels(domains[i], side.observations[i], side.expected.at("dimensions")[i]);
      }
    }
  }
}

TEST_P(TpeGolden, GivesTheSameLogDensities) {
  for (const json& golden_case : Cases()) {
    SCOPED_TRACE(golden_case.at("name"));
    std::vector<double> points;
    for (const json& point : golden_case.at("candidates")) {
      for (const double value : GoldenNumbers(point)) points.push_back(value);
    }
    for (const Side& side : Sides(golden_case)) {
      const ParzenEstimator estimator(DomainsOf(golden_case), side.observations, side.weighting);
      EXPECT_TRUE(
          AreClose(estimator.LogDensity(points), GoldenNumbers(side.expected.at("log_density"))));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Optuna5, TpeGolden, testing::ValuesIn(GoldenEntries(kFiles)),
                         GoldenTestName);

}  // namespace
}  // namespace hpod
