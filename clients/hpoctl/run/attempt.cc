#include "clients/hpoctl/run/attempt.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr std::string_view kHowToGiveAValue =
    "print a line 'hpod: value V', or report with 'hpod: report STEP VALUE'";

void Fail(hpo::v1::CompleteTrialRequest& request, std::string text) {
  request.set_state(hpo::v1::TRIAL_STATE_FAIL);
  request.set_failure(std::move(text));
}

}  // namespace

std::string ExitText(const Exit& exit) {
  if (exit.signal == 0) return fmt::format("exit code {}", exit.code);
  const char* name = sigabbrev_np(exit.signal);
  return name == nullptr ? fmt::format("killed by signal {}", exit.signal)
                         : fmt::format("killed by SIG{}", name);
}

Attempt::Attempt(int objectives, bool has_prune_pipe)
    : objectives_(objectives), has_prune_pipe_(has_prune_pipe) {}

void Attempt::Take(const Message& message) {
  if (const auto* report = std::get_if<Report>(&message)) {
    last_report_ = *report;
    if (objectives_ == 1) reports_.push_back(*report);  // the daemon takes none of several
  } else if (const auto* result = std::get_if<Result>(&message)) {
    result_ = result->values;
  } else if (const auto* attributes = std::get_if<Attributes>(&message)) {
    for (const auto& [key, json] : attributes->values) attributes_[key] = json;
  } else {
    for (const auto& [name, value] : std::get<Constraints>(message).values) {
      constraints_[name] = value;
    }
  }
}

void Attempt::TakeBadLine(std::string why) {
  if (first_bad_line_.empty()) first_bad_line_ = std::move(why);
}

std::optional<Report> Attempt::NextReport() {
  if (is_reporting_ || reports_.empty() || IsDropped()) return std::nullopt;
  is_reporting_ = true;
  const Report report = reports_.front();
  reports_.pop_front();
  return report;
}

Order Attempt::OnReported(bool should_prune) {
  is_reporting_ = false;
  if (!should_prune) return Order::kNone;
  const Order order = Stop(StopCause::kPruned, "");
  return order == Order::kTerminate && has_prune_pipe_ ? Order::kTellPrune : order;
}

Order Attempt::Stop(StopCause cause, std::string text) {
  const bool is_stronger = cause == StopCause::kLeaseLost || cause == StopCause::kInterrupted;
  if (IsDropped() || (stop_cause_ && !is_stronger)) return Order::kNone;
  if (exit_ && cause == StopCause::kPruned) return Order::kNone;  // it came to its end
  stop_cause_ = cause;
  failure_ = std::move(text);
  return exit_ ? Order::kNone : Order::kTerminate;
}

void Attempt::OnExit(const Exit& exit, std::string last_lines) {
  exit_ = exit;
  last_lines_ = std::move(last_lines);
}

bool Attempt::IsDropped() const {
  return stop_cause_ == StopCause::kLeaseLost || stop_cause_ == StopCause::kInterrupted;
}

bool Attempt::IsOver() const {
  return exit_ && (IsDropped() || (reports_.empty() && !is_reporting_));
}

hpo::v1::CompleteTrialRequest Attempt::Outcome() const {
  hpo::v1::CompleteTrialRequest request;
  request.mutable_user_attributes()->insert(attributes_.begin(), attributes_.end());
  request.mutable_constraints()->insert(constraints_.begin(), constraints_.end());
  if (stop_cause_ == StopCause::kPruned ||
      (!stop_cause_ && exit_->signal == 0 && exit_->code == kPrunedExitCode)) {
    request.set_state(hpo::v1::TRIAL_STATE_PRUNED);
  } else if (stop_cause_) {
    Fail(request, failure_);
  } else if (exit_->signal != 0 || exit_->code != 0) {
    Fail(request, ExitText(*exit_) + (last_lines_.empty() ? "" : ":\n" + last_lines_));
  } else {
    SetResult(request);
  }
  return request;
}

void Attempt::SetResult(hpo::v1::CompleteTrialRequest& request) const {
  std::vector<double> values = result_.value_or(std::vector<double>());
  if (!result_ && last_report_ && objectives_ == 1) values = {last_report_->value};
  if (const std::string problem = ValuesProblem(values); !problem.empty()) {
    return Fail(request, problem);
  }
  request.set_state(hpo::v1::TRIAL_STATE_COMPLETE);
  request.mutable_values()->Assign(values.begin(), values.end());
}

std::string Attempt::ValuesProblem(const std::vector<double>& values) const {
  if (values.empty() && !first_bad_line_.empty()) {
    return fmt::format("exit code 0, but no value; not understood: {}", first_bad_line_);
  }
  if (values.empty() && objectives_ == 1) {
    return fmt::format("exit code 0, but no value: {}", kHowToGiveAValue);
  }
  if (static_cast<int>(values.size()) != objectives_) {
    return fmt::format("the command gave {}, but the study has {}: print a line 'hpod: value V{}'",
                       Counted(static_cast<int64_t>(values.size()), "value"),
                       Counted(objectives_, "objective"), objectives_ == 1 ? "" : " V2 ...");
  }
  if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) {
    return "the value is NaN";
  }
  return "";
}

}  // namespace hpod
