// What one more trial costs the tpe sampler, in process, by the number of trials before it. Reads
// lines from standard input and answers each with a line of JSON:
//
//   suggest SPACE HISTORY TRIALS ASKS SECONDS   measures up to ASKS trials within SECONDS
//   history SPACE HISTORY TRIALS                the history itself: [[internal values, objective],
//   ...]
//
// SPACE and HISTORY ("uniform", "concentrated") are those of workload.h; a "grown" history is made
// by the sampler's own trials. A history is extended while TRIALS grows, and made afresh for
// another space or kind.

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/in_process_study.h"
#include "tests/bench/workload.h"

namespace hpod {
namespace {

using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

double Microseconds(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

double ThreadMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

double Quantile(std::vector<double>& values, double q) {
  const auto at =
      values.begin() + static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

HistoryKind KindOf(const std::string& name) {
  return name == "concentrated" ? HistoryKind::kConcentrated : HistoryKind::kUniform;
}

std::pair<Point, double> HistoricTrial(const Space& space, HistoryKind kind, size_t number) {
  const std::vector<double> positions = HistoricPositions(kind, number, space.size());
  Point point(space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    point[i] = ValueAtPosition(space[i].domain, positions[i]);
  }
  return {std::move(point), ObjectiveOf(positions)};
}

double Evaluate(const Space& space, const Point& point) {
  std::vector<double> positions(space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    positions[i] = PositionOf(space[i].domain, point[i]);
  }
  return ObjectiveOf(positions);
}

class Measurer {
 public:
  json Suggest(std::istream& arguments) {
    std::string space, kind;
    size_t trials = 0, asks = 0;
    double seconds = 0;
    arguments >> space >> kind >> trials >> asks >> seconds;
    if (space != space_ || kind != kind_) {
      study_ = std::make_unique<InProcessStudy>(WorkloadSpace(space), "tpe", 1);
      space_ = space;
      kind_ = kind;
    }
    const auto began = SteadyClock::now();
    kind == "grown" ? Grow(trials) : Extend(KindOf(kind), trials);
    Ask();
    const double build_us = Microseconds(SteadyClock::now() - began);
    json result = MeasureAsks(asks, seconds);
    result["build_s"] = build_us / 1e6;
    return result;
  }

  static json History(std::istream& arguments) {
    std::string space_name, kind;
    size_t trials = 0;
    arguments >> space_name >> kind >> trials;
    const Space space = WorkloadSpace(space_name);
    std::vector<std::vector<double>> rows;
    for (size_t number = 0; number < trials; ++number) {
      auto [row, value] = HistoricTrial(space, KindOf(kind), number);
      row.push_back(value);
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  struct Times {
    double propose_us, trial_us;
  };

  void Extend(HistoryKind kind, size_t trials) {
    while (study_->size() < trials) {
      const auto [point, value] = HistoricTrial(study_->space(), kind, study_->size());
      study_->Start(point);
      study_->Complete(value);
    }
  }

  void Grow(size_t trials) {
    while (study_->size() < trials) Ask();
  }

  Times Ask() {
    const auto asked = SteadyClock::now();
    const Point point = study_->Propose();
    const auto proposed = SteadyClock::now();
    study_->Start(point);
    const auto started = SteadyClock::now();
    const double value = Evaluate(study_->space(), point);
    const auto evaluated = SteadyClock::now();
    study_->Complete(value);
    const auto completed = SteadyClock::now();
    return {Microseconds(proposed - asked),
            Microseconds((started - asked) + (completed - evaluated))};
  }

  json MeasureAsks(size_t asks, double seconds) {
    std::vector<double> propose_us, trial_us;
    const double cpu_before = ThreadMicroseconds();
    const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
    do {
      const Times times = Ask();
      propose_us.push_back(times.propose_us);
      trial_us.push_back(times.trial_us);
    } while (trial_us.size() < asks && SteadyClock::now() < end);
    const double cpu_us = ThreadMicroseconds() - cpu_before;
    return {{"asks", trial_us.size()},
            {"suggest_us", Quantile(propose_us, 0.5)},
            {"suggest_p95_us", Quantile(propose_us, 0.95)},
            {"trial_us", Quantile(trial_us, 0.5)},
            {"trial_p95_us", Quantile(trial_us, 0.95)},
            {"trial_cpu_us", cpu_us / static_cast<double>(trial_us.size())}};
  }

  std::string space_;
  std::string kind_;
  std::unique_ptr<InProcessStudy> study_;
};

void Serve() {
  Measurer measurer;
  std::string line, command;
  while (std::getline(std::cin, line)) {
    std::istringstream arguments(line);
    arguments >> command;
    const json answer =
        command == "history" ? Measurer::History(arguments) : measurer.Suggest(arguments);
    std::cout << answer.dump() << std::endl;
  }
}

}  // namespace
}  // namespace hpod

int main() {
  hpod::Serve();
  return 0;
}
