// The life cycle of trials once more, as simply as it can be written: what the property tests
// compare StudyState with. It knows no samplers: values that were handed out are told to it.

#ifndef HPOD_TESTS_SERVER_MODEL_NAIVE_STUDY_H_
#define HPOD_TESTS_SERVER_MODEL_NAIVE_STUDY_H_

#include <map>
#include <optional>
#include <set>
#include <string>

#include "server/model/study_state.h"

namespace hpod {

struct NaiveTrial {
  std::string state;  // as in the protocol
  int64_t token = 0;
  int64_t expires_us = 0;
  std::map<std::string, double> params;
  std::map<std::string, double> fixed;
  std::map<int64_t, double> reports;
  std::optional<double> value;
  std::map<std::string, std::string> attributes;
  int64_t retry_of = -1;
  int retries = 0;
  bool lost = false;
};

class NaiveStudy {
 public:
  NaiveStudy(const StudySpec& spec, FakeTime& time)
      : max_trials_(spec.budget.max_trials),
        max_running_(spec.budget.max_running),
        max_retries_(spec.max_retries),
        lease_us_(spec.lease_ms * 1'000),
        time_(time) {}

  // The trial to hand out next; -1 and `reason` if there is none.
  int64_t Next(std::string& reason) const {
    int64_t counted = 0, running = 0, first_waiting = -1;
    for (const auto& [number, trial] : trials) {
      if (trial.state == "WAITING" && first_waiting < 0) first_waiting = number;
      if (trial.state == "RUNNING") ++running;
      if (trial.state != "WAITING" && !trial.lost) ++counted;
    }
    if (stopped) return reason = "stopped", -1;
    if (max_trials_ > 0 && counted >= max_trials_) return reason = "max_trials", -1;
    if (max_running_ > 0 && running >= max_running_) return reason = "max_running", -1;
    return first_waiting >= 0 ? first_waiting : static_cast<int64_t>(trials.size());
  }

  void Start(int64_t number, int64_t token) {
    trials[number].state = "RUNNING";
    trials[number].token = token;
    Renew(number);
  }

  // The reason for which a call for a running trial is refused; empty if it is not. Accepted calls
  // renew the lease.
  std::string Call(int64_t number, int64_t token) {
    if (!trials.contains(number)) return "TRIAL_NOT_FOUND";
    if (token != 0 && token != trials[number].token) return "LEASE_LOST";
    if (trials[number].state == "WAITING") return "TRIAL_WAITING";
    if (trials[number].state != "RUNNING") return "TRIAL_FINISHED";
    Renew(number);
    return "";
  }

  void Finish(int64_t number, const std::string& state, std::optional<double> value) {
    trials[number].state = state;
    trials[number].value = value;
    if (state == "PRUNED" && !trials[number].reports.empty()) {
      trials[number].value = trials[number].reports.rbegin()->second;
    }
  }

  int64_t Enqueue(std::map<std::string, double> fixed) {
    const auto number = static_cast<int64_t>(trials.size());
    trials[number].state = "WAITING";
    trials[number].fixed = std::move(fixed);
    return number;
  }

  void Expire() {
    const auto before = trials;
    for (const auto& [number, trial] : before) {
      if (trial.state != "RUNNING" || trial.expires_us > time_.Now().steady_us) continue;
      trials[number].state = "FAIL";
      trials[number].lost = true;
      trials[number].token = -1;  // newer than any that was handed out
      if (trial.params.empty() && trial.fixed.empty()) continue;
      if (trial.retries >= max_retries_) continue;
      auto fixed = trial.fixed;
      for (const auto& [name, value] : trial.params) fixed[name] = value;
      NaiveTrial& retry = trials[Enqueue(fixed)];
      retry.attributes = trial.attributes;
      retry.retry_of = trial.retry_of >= 0 ? trial.retry_of : number;
      retry.retries = trial.retries + 1;
    }
  }

  // After a restart every running trial has a full lease.
  void RenewAll() {
    for (const auto& [number, trial] : trials) {
      if (trial.state == "RUNNING") Renew(number);
    }
  }

  std::map<int64_t, NaiveTrial> trials;
  bool stopped = false;

 private:
  void Renew(int64_t number) { trials[number].expires_us = time_.Now().steady_us + lease_us_; }

  int64_t max_trials_, max_running_;
  int max_retries_;
  int64_t lease_us_;
  FakeTime& time_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SERVER_MODEL_NAIVE_STUDY_H_
