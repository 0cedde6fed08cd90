// What a report costs the median pruner, in process, by the number of finished trials. Reads lines
// "TRIALS ASKS" from standard input and answers each with a line of JSON. Finished trials have
// kSteps reports each; a new trial reports at the same steps and is judged at each.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "samplers/history.h"
#include "samplers/registry.h"
#include "samplers/rng.h"

namespace hpod {
namespace {

constexpr int64_t kSteps = 10;

class JudgedTrials {
 public:
  JudgedTrials() : history_({Direction::kMinimize}), pruner_(*MakePruner("median", {})) {}

  void Extend(size_t trials) {
    while (history_.size() < trials) RunTrial(0, nullptr);
  }

  // Reports are good ones, so that each is compared and none ends the trial.
  std::vector<double> Measure(size_t trials) {
    std::vector<double> times_us;
    for (size_t i = 0; i < trials; ++i) RunTrial(-1, &times_us);
    return times_us;
  }

 private:
  void RunTrial(double offset, std::vector<double>* times_us) {
    const size_t number = history_.size();
    Rng rng = Rng::ForTrial(1, number, "bench");
    history_.Append(TrialState::kRunning);
    pruner_->Observe(history_, number);
    double value = 0;
    for (int64_t step = 0; step < kSteps; ++step) {
      value = rng.Uniform() + offset;
      const auto began = std::chrono::steady_clock::now();
      const bool is_pruned = pruner_->ShouldPrune(history_, number, {step, value});
      history_.AddReport(number, {step, value});
      pruner_->Observe(history_, number);
      if (times_us != nullptr) {
        times_us->push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began)
                .count());
        if (is_pruned) std::fputs("a trial was pruned that should not be\n", stderr);
      }
    }
    history_.SetState(number, TrialState::kComplete, {&value, 1});
    pruner_->Observe(history_, number);
  }

  History history_;
  std::unique_ptr<Pruner> pruner_;
};

void Serve() {
  JudgedTrials judged;
  std::string line;
  while (std::getline(std::cin, line)) {
    size_t trials = 0, asks = 0;
    std::istringstream(line) >> trials >> asks;
    judged.Extend(trials);
    std::vector<double> times_us = judged.Measure(asks);
    std::sort(times_us.begin(), times_us.end());
    const nlohmann::json answer = {{"report_us", times_us[times_us.size() / 2]},
                                   {"report_p95_us", times_us[times_us.size() * 95 / 100]}};
    std::cout << answer.dump() << std::endl;
  }
}

}  // namespace
}  // namespace hpod

int main() {
  hpod::Serve();
  return 0;
}
