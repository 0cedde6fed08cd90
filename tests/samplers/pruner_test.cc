#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "samplers/registry.h"
#include "samplers/rng.h"

namespace hpod {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// A study with one objective, its pruner, and a running trial to judge.
class Judge {
 public:
  Judge(std::string_view pruner, const Options& options, Direction direction = Direction::kMinimize)
      : history_({direction}), pruner_(*MakePruner(pruner, options)) {}

  void AddFinished(const std::vector<Report>& reports, TrialState state = TrialState::kComplete) {
    const size_t number = AddRunning();
    for (const Report& report : reports) {
      history_.AddReport(number, report);
      pruner_->Observe(history_, number);
    }
    history_.SetState(number, state, std::vector<double>{0.0});
    pruner_->Observe(history_, number);
    pruner_->Observe(history_, number);
  }

  size_t AddRunning() {
    history_.Append(TrialState::kRunning);
    pruner_->Observe(history_, history_.size() - 1);
    return history_.size() - 1;
  }

  // Reports a value: whether the trial should stop.
  bool Judged(size_t number, int64_t step, double value) {
    const bool prune = pruner_->ShouldPrune(history_, number, {step, value});
    history_.AddReport(number, {step, value});
    pruner_->Observe(history_, number);
    return prune;
  }

  // The first report of a new trial.
  bool JudgedNew(int64_t step, double value) { return Judged(AddRunning(), step, value); }

  const History& history() const { return history_; }

 private:
  History history_;
  std::unique_ptr<Pruner> pruner_;
};

const Options kNoStartup = {{"n_startup_trials", "0"}};

TEST(NonePruner, NeverPrunes) {
  Judge judge("none", {});
  for (int i = 0; i < 9; ++i) judge.AddFinished({{0, 0.0}});
  EXPECT_FALSE(judge.JudgedNew(0, kInf));
}

TEST(MedianPruner, PrunesWhatIsStrictlyWorseThanTheMedian) {
  for (const Direction direction : {Direction::kMinimize, Direction::kMaximize}) {
    const double sign = direction == Direction::kMinimize ? 1 : -1;
    Judge judge("median", {}, direction);
    for (int i = 0; i < 5; ++i) judge.AddFinished({{0, sign * i}});
    EXPECT_TRUE(judge.JudgedNew(0, sign * 2.1));
    EXPECT_FALSE(judge.JudgedNew(0, sign * 2.0));
    EXPECT_FALSE(judge.JudgedNew(0, sign * 1.9));
  }
}

TEST(MedianPruner, InterpolatesBetweenTheMiddleTwo) {
  Judge judge("median", kNoStartup);
  for (const double value : {0.0, 1.0, 2.0, 10.0}) judge.AddFinished({{0, value}});
  EXPECT_FALSE(judge.JudgedNew(0, 1.5));
  EXPECT_TRUE(judge.JudgedNew(0, 1.5000001));
}

TEST(MedianPruner, WaitsForEnoughCompleteTrials) {
  Judge judge("median", {{"n_startup_trials", "3"}});
  judge.AddFinished({{0, 0.0}});
  judge.AddFinished({{0, 0.0}});
  judge.AddFinished({{0, 0.0}}, TrialState::kPruned);
  judge.AddFinished({{0, 0.0}}, TrialState::kFail);
  EXPECT_FALSE(judge.JudgedNew(0, 1.0));
  judge.AddFinished({{0, 0.0}});
  EXPECT_TRUE(judge.JudgedNew(0, 1.0));
}

TEST(MedianPruner, NeverPrunesWithoutCompleteTrials) {
  Judge judge("median", kNoStartup);
  judge.AddFinished({{0, 0.0}}, TrialState::kPruned);
  EXPECT_FALSE(judge.JudgedNew(0, kNoValue));
}

TEST(MedianPruner, ComparesItsBestWithOthersAtTheSameStep) {
  Judge judge("median", kNoStartup);
  judge.AddFinished({{0, 0.0}, {1, 5.0}});
  judge.AddFinished({{0, 0.0}, {1, 5.0}});
  const size_t number = judge.AddRunning();
  EXPECT_TRUE(judge.Judged(number, 0, 4.0));
  EXPECT_FALSE(judge.Judged(number, 1, 100.0)) << "4 is its best, and better than 5";
  EXPECT_FALSE(judge.Judged(number, 2, 100.0)) << "nobody has reported step 2";
}

TEST(MedianPruner, ChecksFromTheWarmupStepOn) {
  Judge judge("median", {{"n_startup_trials", "0"}, {"n_warmup_steps", "3"}});
  judge.AddFinished({{2, 0.0}, {3, 0.0}});
  const size_t number = judge.AddRunning();
  EXPECT_FALSE(judge.Judged(number, 2, 1.0));
  EXPECT_TRUE(judge.Judged(number, 3, 1.0));
}

TEST(MedianPruner, ChecksOncePerInterval) {
  Judge judge("median",
              {{"n_startup_trials", "0"}, {"n_warmup_steps", "1"}, {"interval_steps", "4"}});
  std::vector<Report> all;
  for (int64_t step = 0; step < 20; ++step) all.push_back({step, 0.0});
  judge.AddFinished(all);
  const size_t number = judge.AddRunning();
  // Intervals begin at 1, 5, 9, 13; the report at 12 is the first since 9.
  const std::pair<int64_t, bool> expected[] = {{0, false}, {2, true},  {3, false},
                                               {5, true},  {6, false}, {8, false},
                                               {12, true}, {13, true}, {16, false}};
  for (const auto& [step, prune] : expected)
    EXPECT_EQ(judge.Judged(number, step, 1.0), prune) << step;
}

TEST(MedianPruner, JudgesALateReportByTheHighestStep) {
  Judge judge("median", {{"n_startup_trials", "0"}, {"interval_steps", "5"}});
  judge.AddFinished({{4, 0.0}, {7, 0.0}});
  const size_t number = judge.AddRunning();
  EXPECT_TRUE(judge.Judged(number, 7, 1.0));
  EXPECT_TRUE(judge.Judged(number, 4, 1.0)) << "7 is still its last, and the first of its interval";
  EXPECT_FALSE(judge.Judged(number, 9, 1.0)) << "7 is in the same interval";
}

TEST(MedianPruner, IgnoresASecondReportOfAStep) {
  Judge judge("median", kNoStartup);
  judge.AddFinished({{0, 1.0}});
  const size_t number = judge.AddRunning();
  EXPECT_TRUE(judge.Judged(number, 0, 2.0));
  EXPECT_TRUE(judge.Judged(number, 0, 0.0));
}

TEST(MedianPruner, LeavesNanOut) {
  Judge judge("median", kNoStartup);
  for (const double value : {kNoValue, 1.0, kNoValue, 3.0})
    judge.AddFinished({{0, value}, {1, kNoValue}});
  EXPECT_TRUE(judge.JudgedNew(0, kNoValue)) << "it has reported nothing else";
  EXPECT_TRUE(judge.JudgedNew(1, kNoValue));
  EXPECT_FALSE(judge.JudgedNew(1, 1e9)) << "all others are NaN at this step";
  EXPECT_FALSE(judge.JudgedNew(0, 2.0));
  EXPECT_TRUE(judge.JudgedNew(0, 2.1));
  const size_t number = judge.AddRunning();
  EXPECT_FALSE(judge.Judged(number, 0, 1.0));
  EXPECT_FALSE(judge.Judged(number, 1, kNoValue));
}

TEST(MedianPruner, NeedsEnoughTrialsAtTheStep) {
  Judge judge("median", {{"n_startup_trials", "0"}, {"n_min_trials", "3"}});
  judge.AddFinished({{0, 0.0}});
  judge.AddFinished({{0, 0.0}});
  judge.AddFinished({{1, 0.0}});
  EXPECT_FALSE(judge.JudgedNew(0, 1.0));
  judge.AddFinished({{0, kNoValue}});
  EXPECT_TRUE(judge.JudgedNew(0, 1.0)) << "a NaN counts";
}

TEST(MedianPruner, ComparesInfinities) {
  Judge judge("median", kNoStartup);
  for (const double value : {-1.0, 0.0, 1.0}) judge.AddFinished({{0, value}, {1, kInf}});
  EXPECT_TRUE(judge.JudgedNew(0, kInf));
  EXPECT_FALSE(judge.JudgedNew(0, -kInf));
  EXPECT_FALSE(judge.JudgedNew(1, kInf)) << "the percentile between infinities is none";
}

TEST(PercentilePruner, KeepsTheBestPercentage) {
  for (const Direction direction : {Direction::kMinimize, Direction::kMaximize}) {
    const double sign = direction == Direction::kMinimize ? 1 : -1;
    Judge judge("percentile", {{"percentile", "10"}}, direction);
    for (int i = 0; i <= 10; ++i) judge.AddFinished({{0, sign * i}});
    EXPECT_FALSE(judge.JudgedNew(0, sign * 1.0));
    EXPECT_TRUE(judge.JudgedNew(0, sign * 1.1));
  }
}

// By definition, from the history alone.
bool NaiveShouldPrune(const History& history, size_t number, Report latest, double percentile,
                      size_t startup, int64_t warmup, int64_t interval) {
  std::vector<Report> own(history.Reports(number).begin(), history.Reports(number).end());
  own.push_back(latest);
  std::sort(own.begin(), own.end(),
            [](const Report& a, const Report& b) { return a.step < b.step; });
  const int64_t step = own.back().step;
  if (history.Count(TrialState::kComplete) < std::max<size_t>(startup, 1) || step < warmup)
    return false;
  for (size_t i = 0; i + 1 < own.size(); ++i) {
    if (own[i].step >= warmup && (own[i].step - warmup) / interval == (step - warmup) / interval)
      return false;
  }
  double best = kInf;
  for (const Report& report : own) best = std::min(best, report.value);
  std::vector<double> others;
  for (size_t other = 0; other < history.size(); ++other) {
    if (history.State(other) != TrialState::kComplete) continue;
    for (const Report& report : history.Reports(other)) {
      if (report.step == step) others.push_back(report.value);
    }
  }
  if (others.empty()) return false;
  std::sort(others.begin(), others.end());
  const double position = percentile / 100 * static_cast<double>(others.size() - 1);
  const auto below = static_cast<size_t>(position);
  const double above = others[std::min(below + 1, others.size() - 1)];
  return best > others[below] + (above - others[below]) * (position - std::floor(position)) + 1e-12;
}

TEST(PercentilePruner, AgreesWithTheDefinitionOnRandomStudies) {
  Rng rng = Rng::ForTrial(3, 0, "pruning");
  Judge judge("percentile", {{"percentile", "37.5"},
                             {"n_startup_trials", "4"},
                             {"n_warmup_steps", "2"},
                             {"interval_steps", "3"}});
  size_t pruned = 0;
  for (int trial = 0; trial < 120; ++trial) {
    const size_t number = judge.AddRunning();
    std::vector<Report> reports;
    for (int64_t step = static_cast<int64_t>(rng.Below(3)); step < 12;
         step += 1 + static_cast<int64_t>(rng.Below(3))) {
      const double value = rng.Uniform();
      const bool expected = NaiveShouldPrune(judge.history(), number, {step, value}, 37.5, 4, 2, 3);
      reports.push_back({step, value});
      EXPECT_EQ(judge.Judged(number, step, value), expected) << trial << " " << step;
      pruned += expected ? 1 : 0;
    }
    judge.AddFinished(reports);
  }
  EXPECT_GT(pruned, 50U);
}

class PrunerConformance : public testing::TestWithParam<PrunerEntry> {};

TEST_P(PrunerConformance, AnswersTheSameWhenItObservesAfresh) {
  const std::unique_ptr<Pruner> pruner = *MakePruner(GetParam().name, {});
  History history({Direction::kMaximize});
  Rng rng = Rng::ForTrial(4, 0, "conformance");
  for (size_t number = 0; number < 60; ++number) {
    history.Append(TrialState::kRunning);
    pruner->Observe(history, number);
    TrialState state = TrialState::kComplete;
    for (int64_t step = 0; step < 8; ++step) {
      const Report report{step, rng.Below(20) == 0 ? kNoValue : rng.Uniform()};
      const std::unique_ptr<Pruner> fresh = *MakePruner(GetParam().name, {});
      for (size_t observed = 0; observed <= number; ++observed) fresh->Observe(history, observed);
      const bool prune = pruner->ShouldPrune(history, number, report);
      EXPECT_EQ(fresh->ShouldPrune(history, number, report), prune);
      history.AddReport(number, report);
      pruner->Observe(history, number);
      if (prune) state = TrialState::kPruned;
      if (prune) break;
    }
    history.SetState(number, state, std::vector<double>{0.5});
    pruner->Observe(history, number);
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, PrunerConformance,
                         testing::ValuesIn(Pruners().begin(), Pruners().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace hpod
