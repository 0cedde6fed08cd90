// Holds the median and percentile pruners to the decisions of Optuna 5.0.0: tests/golden/README.md.

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "samplers/pruner.h"
#include "samplers/registry.h"
#include "tests/golden/golden.h"

namespace hpod {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 1> kFiles = {"pruners"};

std::unique_ptr<Pruner> MakeGoldenPruner(const json& entry) {
  Options options;
  for (const auto& [name, value] : entry.at("options").items()) options[name] = value.dump();
  auto pruner = MakePruner(entry.at("pruner").get<std::string>(), options);
  EXPECT_TRUE(pruner.ok()) << pruner.status();
  return pruner.ok() ? std::move(*pruner) : nullptr;
}

// Starts a trial, makes the run's reports, ends it as the run says, and returns the decisions.
std::vector<bool> Replay(const json& run, Pruner& pruner, History& history) {
  const size_t number = history.size();
  history.Append(TrialState::kRunning);
  pruner.Observe(history, number);
  std::vector<bool> decisions;
  for (const json& pair : run.at("reports")) {
    const Report report{pair.at(0), GoldenNumber(pair.at(1))};
    decisions.push_back(pruner.ShouldPrune(history, number, report));
    history.AddReport(number, report);
    pruner.Observe(history, number);
  }
  const std::string end = run.at("end");
  if (end == "COMPLETE") history.SetState(number, TrialState::kComplete, std::array{0.0});
  if (end == "PRUNED") history.SetState(number, TrialState::kPruned);
  pruner.Observe(history, number);
  return decisions;
}

class PrunerGolden : public testing::TestWithParam<GoldenEntry> {};

TEST_P(PrunerGolden, DecidesAsOptunaAtEveryReport) {
  const json entry = json::parse(GetParam().text);
  const std::unique_ptr<Pruner> pruner = MakeGoldenPruner(entry);
  ASSERT_NE(pruner, nullptr);
  History history = MakeGoldenHistory(entry.at("history")).history;
  for (size_t number = 0; number < history.size(); ++number) pruner->Observe(history, number);

  for (const json& run : entry.at("runs")) {
    const std::vector<bool> decisions = Replay(run, *pruner, history);
    EXPECT_EQ(decisions, run.at("prune").get<std::vector<bool>>()) << run;
  }
}

INSTANTIATE_TEST_SUITE_P(Optuna5, PrunerGolden, testing::ValuesIn(GoldenEntries(kFiles)),
                         GoldenTestName);

}  // namespace
}  // namespace hpod
