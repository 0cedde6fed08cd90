// Pages for people, compared with the files of tests/hpoctl/pages. HPOD_REWRITE=1 writes them anew,
// to be reviewed as a difference.

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <sstream>

#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/study_page.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"
#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

using hpo::v1::Study;
using hpo::v1::Trial;

std::string Joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

void ExpectPage(const std::string& name, const Lines& lines) {
  const std::string path = HPOD_TEST_DATA "/hpoctl/pages/" + name + ".txt";
  if (std::getenv("HPOD_REWRITE") != nullptr) std::ofstream(path) << Joined(lines);
  std::ifstream file(path);
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(Joined(lines), expected.str()) << path;
}

google::protobuf::Timestamp Ago(int seconds) {
  return ToProto(kNow - std::chrono::seconds(seconds));
}

Trial CompleteTrial(int64_t number, double value, int seconds_ago) {
  Trial trial;
  trial.set_number(number);
  trial.set_state(hpo::v1::TRIAL_STATE_COMPLETE);
  trial.add_values(value);
  *trial.mutable_start_time() = Ago(seconds_ago + 90);
  *trial.mutable_complete_time() = Ago(seconds_ago);
  const auto add = [&](const char* name) {
    trial.add_params()->set_name(name);
    return trial.mutable_params()->rbegin()->mutable_value();
  };
  add("lr")->set_double_value(0.1 / static_cast<double>(number + 3));
  add("layers")->set_int_value(1 + number % 8);
  add("opt")->set_string_value(number % 2 == 0 ? "adam" : "sgd");
  if (number % 2 == 1) add("momentum")->set_double_value(0.9);
  return trial;
}

Trial RunningTrial(int64_t number, const std::string& worker, int renewed_seconds_ago) {
  Trial trial = CompleteTrial(number, 0, 30);
  trial.set_state(hpo::v1::TRIAL_STATE_RUNNING);
  trial.clear_values();
  trial.clear_complete_time();
  trial.set_worker(worker);
  trial.mutable_lease()->set_token(number + 1);
  *trial.mutable_lease()->mutable_expire_time() = Ago(renewed_seconds_ago - 60);
  trial.mutable_lease()->mutable_duration()->set_seconds(60);
  auto& report = *trial.add_intermediate_values();
  report.set_step(7);
  report.set_value(0.3125);
  return trial;
}

Study MnistStudy() {
  Study study;
  study.set_name("mnist");
  study.add_directions(hpo::v1::DIRECTION_MINIMIZE);
  study.add_metric_names("loss");
  study.mutable_sampler()->set_name("tpe");
  study.mutable_pruner()->set_name("median");
  study.set_seed(42);
  *study.mutable_space() = *ParseSpace(
      R"({"lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": true},
          "layers": {"type": "int", "low": 1, "high": 8},
          "opt": {"type": "categorical", "choices": ["adam", "sgd"]},
          "momentum": {"type": "float", "low": 0, "high": 0.99, "when": {"opt": ["sgd"]}}})",
      "space");
  study.mutable_budget()->set_max_trials(100);
  study.mutable_budget()->set_max_running(4);
  study.mutable_budget()->mutable_max_duration()->set_seconds(7200);
  study.mutable_lease()->set_seconds(60);
  study.set_max_retries(1);
  *study.mutable_create_time() = Ago(3700);
  *study.mutable_first_trial_time() = Ago(3600);
  study.mutable_counts()->set_complete(24);
  study.mutable_counts()->set_pruned(6);
  study.mutable_counts()->set_failed(2);
  study.mutable_counts()->set_running(2);
  study.mutable_counts()->set_waiting(1);
  return study;
}

StudyFacts MnistFacts() {
  StudyFacts facts;
  facts.study = MnistStudy();
  facts.improvements = {CompleteTrial(0, 2.31, 3500), CompleteTrial(3, 1.05, 3000),
                        CompleteTrial(8, 0.71, 2500), CompleteTrial(17, 0.4375, 1000)};
  for (int i = 0; i < 10; ++i) {
    facts.best.push_back(CompleteTrial(17 - i, 0.4375 + 0.01 * i, 1000 + 100 * i));
  }
  facts.running = {RunningTrial(33, "gpu-7", 12),
                   RunningTrial(34, "a-worker-with-a-long-name.example", 45)};
  facts.study.mutable_counts()->set_lost(1);
  return facts;
}

TEST(StudyPage, ShowsARunningStudyAtEightyColumns) {
  TestIo test;
  ExpectPage("study_80", StudyPage(MnistFacts(), test.Terminal(80)));
}

TEST(StudyPage, ShowsARunningStudyAtAHundredAndTwentyColumns) {
  TestIo test;
  ExpectPage("study_120", StudyPage(MnistFacts(), test.Terminal(120)));
}

TEST(StudyPage, ShowsAnEmptyStudy) {
  TestIo test;
  StudyFacts facts;
  facts.study = MnistStudy();
  facts.study.clear_counts();
  facts.study.clear_budget();
  facts.study.clear_first_trial_time();
  facts.study.clear_space();
  ExpectPage("study_empty", StudyPage(facts, test.Terminal(80)));
}

TEST(StudyPage, ShowsTheParetoFrontOfSeveralObjectives) {
  TestIo test;
  StudyFacts facts = MnistFacts();
  facts.study.add_directions(hpo::v1::DIRECTION_MAXIMIZE);
  facts.study.add_metric_names("accuracy");
  facts.study.set_stop_reason(hpo::v1::STOP_REASON_STOPPED);
  facts.improvements.clear();
  facts.running.clear();
  facts.best.clear();
  for (int i = 0; i < 25; ++i) {
    facts.best.push_back(CompleteTrial(i, 1 - 0.01 * i, 60 * i));
    facts.best.back().add_values(0.5 + 0.01 * i);
  }
  ExpectPage("study_pareto", StudyPage(facts, test.Terminal(80)));
}

TEST(StudyPage, CutsLongNamesWithAnEllipsis) {
  TestIo test;
  StudyFacts facts = MnistFacts();
  facts.study.set_name(std::string(200, 'n'));
  facts.study.set_metric_names(0, std::string(200, 'm'));
  (*facts.study.mutable_sampler()->mutable_options())["a_long_option"] = std::string(200, 'o');
  facts.best[0].mutable_params(0)->set_name(std::string(200, 'p'));
  facts.best[0].mutable_params(1)->mutable_value()->set_string_value(std::string(200, 'v'));
  for (const size_t width : {40u, 80u, 120u}) {
    for (const std::string& line : StudyPage(facts, test.Terminal(width))) {
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
  }
}

TEST(StudyPage, IsTheSameWithoutTheColours) {
  TestIo test;
  Io io = test.Terminal(80);
  io.colour = true;
  std::string text = Joined(StudyPage(MnistFacts(), io));
  EXPECT_THAT(text, testing::HasSubstr("\x1b[32m"));
  for (size_t begin = text.find('\x1b'); begin != text.npos; begin = text.find('\x1b')) {
    text.erase(begin, text.find('m', begin) - begin + 1);
  }
  EXPECT_EQ(text, Joined(StudyPage(MnistFacts(), test.Terminal(80))));
}

TEST(StudyFactsJson, SaysWhatIsLeftOfTheBudgets) {
  const Json json = StudyFactsJson(MnistFacts(), kNow);
  EXPECT_EQ(json["budget_left"].dump(), R"({"trials":67,"running":2,"duration_ms":3600000})");
  EXPECT_EQ(json["best_trials"].size(), 10u);
  EXPECT_EQ(json["improvements"].size(), 4u);
  EXPECT_EQ(json["running_trials"][1]["number"], 34);
}

TEST(StudyFactsJson, HasNullForABudgetWithoutLimit) {
  StudyFacts facts = MnistFacts();
  facts.study.clear_budget();
  EXPECT_EQ(StudyFactsJson(facts, kNow)["budget_left"].dump(),
            R"({"trials":null,"running":null,"duration_ms":null})");
}

TEST(StudyState, FollowsTheStopReason) {
  Study study;
  EXPECT_EQ(StudyState(study), "active");
  study.set_stop_reason(hpo::v1::STOP_REASON_MAX_RUNNING);
  EXPECT_EQ(StudyState(study), "full");
  study.set_stop_reason(hpo::v1::STOP_REASON_STOPPED);
  EXPECT_EQ(StudyState(study), "stopped");
  study.set_stop_reason(hpo::v1::STOP_REASON_GRID_EXHAUSTED);
  EXPECT_EQ(StudyState(study), "done");
}

}  // namespace
}  // namespace hpod
