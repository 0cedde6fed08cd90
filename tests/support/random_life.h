// A study's random life: commands of every kind, many of them refused.

#ifndef HPOD_TESTS_SUPPORT_RANDOM_LIFE_H_
#define HPOD_TESTS_SUPPORT_RANDOM_LIFE_H_

#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <string>

#include "samplers/rng.h"
#include "tests/support/live_study.h"

namespace hpod {

// Draws one command and has the study do it. Accepted or refused, both are fine.
class RandomLife {
 public:
  RandomLife(LiveStudy& study, uint64_t seed)
      : study_(study), rng_(Rng::ForTrial(seed, 0, "random life")) {}

  void Step() {
    const TrialKey trial = AnyTrial();
    const size_t objectives = study_.State().Spec().directions.size();
    switch (rng_.Below(20)) {
      case 0:
      case 1:
      case 2:
        return Do(SuggestTrial{fmt::format("worker{}", rng_.Below(3))});
      case 3:
        return Do(Remembered(Ask(trial, "x", Real(0, 1 + static_cast<double>(rng_.Below(2))))));
      case 4:
        return Do(Ask(trial, "kind", OneOf({Text("a"), int64_t{1}, true})));
      case 5:
      case 6:
        return Do(Remembered(ReportAt(trial, static_cast<int64_t>(rng_.Below(9)), Number())));
      case 7:
        return Do(Remembered(Complete(trial, std::vector<double>(objectives, Number()))));
      case 8:
        return Do(rng_.Below(2) == 0 ? Prune(trial) : Fail(trial, "why"));
      case 9:
        return Do(Remembered(Enqueue({{rng_.Below(2) == 0 ? "lr" : "x", 0.01}})));
      case 10:
        return Do(SetAttributes(trial, {{fmt::format("a{}", rng_.Below(3)), Json()}}));
      case 11:
        return Do(SetConstraints(trial, {{fmt::format("c{}", rng_.Below(3)), Number()}}));
      case 12:
        return Do(Remembered(Stop(rng_.Below(8) == 0)));
      case 13:
        return DoAsOptuna();
      case 14:
        return Do(OptunaSetParameter{AnyId(), rng_.Below(2) == 0 ? "x" : "odd", AnyParam()});
      case 15:
        return Do(OptunaSetState{AnyId(), AnyState(), AnyValues()});
      case 16:
        return Do(OptunaReport{AnyId(), {static_cast<int64_t>(rng_.Below(4)) - 2, std::nan("")}});
      case 17:
        return Do(OptunaSetTrialAttribute{AnyId(), AnyScope(),
                                          rng_.Below(2) == 0 ? "constraints" : "constraints:b",
                                          rng_.Below(2) == 0 ? "[1, -0.5, NaN]" : "0.25"});
      case 18:
        return Do(OptunaSetStudyAttribute{AnyScope(), fmt::format("s{}", rng_.Below(3)), Json()});
      default:
        return study_.TickAfterMs(static_cast<int64_t>(rng_.Below(6'000)));
    }
  }

 private:
  void DoAsOptuna() {
    OptunaCreateTrial create;
    if (rng_.Below(2) == 0) {
      create.made_up.emplace();
      create.made_up->state = AnyState();
      create.made_up->values = AnyValues();
      create.made_up->started = "2024-01-01 10:00:00.5";
      create.made_up->started_us = 1'700'000'000'500'000;
      create.made_up->params = {{"x", AnyParam()}, {"odd", AnyParam()}};
      create.made_up->system_attributes = {{"fixed_params", R"({"x": 0.5})"}};
      create.made_up->intermediate_values = {{-3, 1.0}, {4, -0.0}};
    }
    Do(create);
  }

  int64_t AnyId() {
    const size_t number = rng_.Below(study_.State().Trials().size() + 1);
    return number == study_.State().Trials().size() ? 1 : study_.State().TrialId(number);
  }
  TrialState AnyState() {
    constexpr TrialState kStates[] = {TrialState::kRunning, TrialState::kWaiting,
                                      TrialState::kComplete, TrialState::kFail};
    return kStates[rng_.Below(4)];
  }
  AttributeScope AnyScope() {
    return rng_.Below(2) == 0 ? AttributeScope::kUser : AttributeScope::kSystem;
  }
  std::vector<double> AnyValues() { return std::vector<double>(rng_.Below(3), Number()); }
  OptunaParam AnyParam() {
    const std::string texts[] = {
        R"({"name": "FloatDistribution", "attributes": {"low": 0, "high": 1}})",
        R"({"name": "FloatDistribution", "attributes": {"low": 0.0, "high": 1.0}})",
        R"({"name": "IntDistribution", "attributes": {"low": 0, "high": 36893488147419103232}})",
        R"({"name": "CategoricalDistribution", "attributes": {"choices": ["a", [1]]}})"};
    return {texts[rng_.Below(4)], Number()};
  }

  template <class Command>
  void Do(const Command& command) {
    const auto ignored = study_.Do(command);
  }

  template <class Command>
  Command Remembered(Command command) {
    return rng_.Below(2) == 0 ? command : WithRequest(command, fmt::format("r{}", ++requests_));
  }

  TrialKey AnyTrial() { return Unfenced(rng_.Below(study_.State().Trials().size() + 1)); }
  std::string Json() { return rng_.Below(3) == 0 ? "" : fmt::format("{{\"n\": {}}}", rng_.Next()); }
  double Number() {
    switch (rng_.Below(8)) {
      case 0:
        return std::numeric_limits<double>::infinity();
      case 1:
        return -0.0;
      default:
        return rng_.Uniform() - 0.5;
    }
  }

  LiveStudy& study_;
  Rng rng_;
  int requests_ = 0;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_RANDOM_LIFE_H_
