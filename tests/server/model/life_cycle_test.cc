// Random commands, compared after each with a naive model of the life cycle.

#include <array>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/rng.h"
#include "tests/server/model/naive_study.h"
#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

std::string ReasonName(StopReason reason) {
  switch (reason) {
    case StopReason::kStopped:
      return "stopped";
    case StopReason::kMaxTrials:
      return "max_trials";
    case StopReason::kMaxRunning:
      return "max_running";
    default:
      return "other";
  }
}

class LifeCycle : public testing::TestWithParam<int> {
 protected:
  static constexpr int kCommands = 600;

  void Step() {
    constexpr std::array<void (LifeCycle::*)(), 16> kSteps = {
        &LifeCycle::Suggest,  &LifeCycle::Suggest,    &LifeCycle::Suggest,
        &LifeCycle::Ask,      &LifeCycle::Ask,        &LifeCycle::Report,
        &LifeCycle::Report,   &LifeCycle::Finish,     &LifeCycle::Finish,
        &LifeCycle::Enqueue,  &LifeCycle::Heartbeat,  &LifeCycle::SetAttribute,
        &LifeCycle::PassTime, &LifeCycle::StopOrGoOn, &LifeCycle::Restart,
        &LifeCycle::Finish};
    (this->*kSteps[rng_.Below(kSteps.size())])();
  }

  void Suggest() {
    const auto result = study_.Do(SuggestTrial{"w"}).value();
    std::string reason;
    const int64_t number = naive_.Next(reason);
    ASSERT_EQ(result.trial.has_value(), number >= 0);
    if (number < 0) {
      ASSERT_EQ(ReasonName(result.stop_reason), reason);
      return;
    }
    ASSERT_EQ(static_cast<int64_t>(result.trial->number), number);
    ASSERT_GT(result.trial->lease_token, newest_token_);
    newest_token_ = result.trial->lease_token;
    naive_.Start(number, newest_token_);
  }

  // Any trial, now and then one that does not exist; its token, none, or a wrong one.
  TrialKey AnyTrial() {
    const auto count = static_cast<uint64_t>(naive_.trials.size());
    TrialKey key = {static_cast<int64_t>(rng_.Below(count + 1)), 0};
    const uint64_t kind = rng_.Below(4);
    if (kind == 0 || !naive_.trials.contains(key.number)) return key;
    key.lease_token = std::max<int64_t>(naive_.trials[key.number].token, 1);
    if (kind == 1) key.lease_token += static_cast<int64_t>(rng_.Below(3)) - 1;
    return key;
  }

  // Both must accept the call, or refuse it for the same reason.
  template <class Command>
  bool Agree(const Command& command) {
    const std::string before = DumpWithLeases(study_.State(), study_.time.Now());
    const auto result = study_.Do(command);
    const std::string reason = naive_.Call(command.trial.number, command.trial.lease_token);
    EXPECT_EQ(ReasonOf(result.status()), reason) << result.status();
    if (!result.ok()) {
      EXPECT_EQ(DumpWithLeases(study_.State(), study_.time.Now()), before);
    }
    return result.ok();
  }

  void Ask() {
    const SuggestParameter command =
        hpod::Ask(AnyTrial(), rng_.Below(2) == 0 ? "x" : "y", Real(0, 1));
    if (!Agree(command)) return;
    NaiveTrial& trial = naive_.trials[command.trial.number];
    const double value = study_.Do(command).value().value;
    if (trial.fixed.contains(command.name)) {
      ASSERT_EQ(value, trial.fixed[command.name]);
    }
    ASSERT_EQ(trial.params.emplace(command.name, value).first->second, value);
  }

  void Report() {
    const ReportValue command =
        ReportAt(AnyTrial(), static_cast<int64_t>(rng_.Below(5)), rng_.Uniform());
    if (Agree(command)) {
      naive_.trials[command.trial.number].reports.emplace(command.report.step,
                                                          command.report.value);
    }
  }

  void Finish() {
    const double value = static_cast<double>(rng_.Below(100));
    CompleteTrial command = Complete(AnyTrial(), {value});
    const std::array<TrialState, 3> states = {TrialState::kComplete, TrialState::kPruned,
                                              TrialState::kFail};
    command.state = states[rng_.Below(3)];
    if (command.state != TrialState::kComplete) command.values.clear();
    if (!Agree(command)) return;
    naive_.Finish(command.trial.number, std::string(ToString(command.state)),
                  command.values.empty() ? std::nullopt : std::optional(value));
  }

  void Heartbeat() { Agree(HeartbeatTrial{AnyTrial()}); }

  void SetAttribute() {
    const TrialKey key = AnyTrial();
    const std::string value = std::to_string(rng_.Below(3));
    const auto trial = naive_.trials.find(key.number);
    if (trial != naive_.trials.end() && trial->second.state == "WAITING") return;
    if (Agree(SetAttributes(key, {{"a", value}}))) trial->second.attributes["a"] = value;
  }

  void Enqueue() {
    std::map<std::string, double> fixed;
    if (rng_.Below(3) > 0) fixed["x"] = rng_.Uniform();
    const int64_t number = naive_.Enqueue(fixed);
    const auto result = study_.Do(hpod::Enqueue({fixed.begin(), fixed.end()})).value();
    ASSERT_EQ(static_cast<int64_t>(result.number), number);
  }

  void PassTime() {
    study_.TickAfterMs(static_cast<int64_t>(rng_.Below(12'000)));
    naive_.Expire();
  }

  void StopOrGoOn() {
    naive_.stopped = rng_.Below(4) == 0;
    ASSERT_THAT(study_.Do(Stop(naive_.stopped)), IsOk());
  }

  void Restart() {
    const std::string before = Dump(study_.State(), study_.time.Now());
    study_.ReplaceBy(study_.Log());
    naive_.RenewAll();
    ASSERT_EQ(Dump(study_.State(), study_.time.Now()), before);
  }

  void Compare() {
    ASSERT_EQ(study_.State().Trials().size(), naive_.trials.size());
    for (const auto& [number, expected] : naive_.trials) {
      const TrialRecord record = study_.Record(static_cast<size_t>(number));
      ASSERT_EQ(ToString(record.state), expected.state) << number;
      ASSERT_EQ(record.lost, expected.lost) << number;
      ASSERT_EQ(record.retry_of.value_or(-1), expected.retry_of) << number;
      ASSERT_EQ(record.retry_count, expected.retries) << number;
      ASSERT_EQ(record.attributes, expected.attributes) << number;
      if (expected.token >= 0) {
        ASSERT_EQ(record.lease_token, expected.token) << number;
      }
      if (record.lost) newest_token_ = std::max(newest_token_, record.lease_token);
      ASSERT_EQ(record.values,
                expected.value.has_value() ? std::vector{*expected.value} : std::vector<double>())
          << number;
      std::map<int64_t, double> reports;
      for (const auto& [step, value] : record.reports) reports[step] = value;
      ASSERT_EQ(reports, expected.reports) << number;
      const History& history = study_.State().Trials();
      std::map<std::string, double> params;
      for (const auto& [distribution, value] : record.params) {
        params[history.Name(history.GetDistribution(distribution).name)] = value;
      }
      ASSERT_EQ(params, expected.params) << number;
      if (expected.state == "RUNNING") {
        ASSERT_EQ(study_.State().LeaseExpiresSteadyUs(record.number), expected.expires_us);
      }
    }
  }

  Rng rng_ = Rng::ForTrial(20, static_cast<uint64_t>(GetParam()), "life cycle");
  const StudySpec spec_ = ASpec()
                              .MaxTrials(GetParam() % 3 == 0 ? 0 : 60)
                              .MaxRunning(GetParam() % 2 == 0 ? 0 : 5)
                              .MaxRetries(GetParam() % 4);
  LiveStudy study_{spec_};
  NaiveStudy naive_{spec_, study_.time};
  int64_t newest_token_ = 0;
};

TEST_P(LifeCycle, IsTheNaiveOneAfterEveryCommand) {
  for (int command = 0; command < kCommands && !HasFatalFailure() && !HasFailure(); ++command) {
    SCOPED_TRACE(fmt::format("command {}", command));
    Step();
    if (!HasFailure()) Compare();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LifeCycle, testing::Range(0, 16));

}  // namespace
}  // namespace hpod
