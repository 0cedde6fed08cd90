// A study's random life: commands of every kind, many of them refused.

#ifndef HPOD_TESTS_SUPPORT_RANDOM_LIFE_H_
#define HPOD_TESTS_SUPPORT_RANDOM_LIFE_H_

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
    switch (rng_.Below(14)) {
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
      default:
        return study_.TickAfterMs(static_cast<int64_t>(rng_.Below(6'000)));
    }
  }

 private:
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
