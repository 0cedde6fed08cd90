// Rules for running trials: reports, results, leases; and what time does to them.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "server/model/attributes.h"
#include "server/model/errors.h"
#include "server/model/study_state.h"

namespace hpod {

absl::StatusOr<size_t> StudyState::CheckToken(const TrialKey& key) const {
  if (absl::Status exists = CheckExists(key.number); !exists.ok()) return exists;
  const auto number = static_cast<size_t>(key.number);
  if (key.lease_token != 0 && key.lease_token != meta_[number].lease_token) {
    return Refuse(Reason::kLeaseLost,
                  fmt::format("lease_token {} is not the newest of {}: its lease expired and the "
                              "trial was given up, or "
                              "the token is another trial's; drop this work",
                              key.lease_token, TrialName(key.number)),
                  {{"study", spec_.name}, {"trial", std::to_string(key.number)}});
  }
  return number;
}

absl::StatusOr<size_t> StudyState::CheckRunning(const TrialKey& key) const {
  auto number = CheckToken(key);
  if (!number.ok()) return number;
  const TrialState state = history_.State(*number);
  if (state == TrialState::kRunning) return number;
  const bool waiting = state == TrialState::kWaiting;
  return Refuse(waiting ? Reason::kTrialWaiting : Reason::kTrialFinished,
                fmt::format("{} is {}; only a RUNNING trial can be changed so",
                            TrialName(key.number), ToString(state)),
                {{"state", std::string(ToString(state))}});
}

LeaseRenewed StudyState::Renewal(size_t number, const Now& now) const {
  return {number, now.steady_us + spec_.lease_ms * 1'000};
}

void StudyState::Renew(size_t number, const Now& now, std::vector<Change>& changes) const {
  if (meta_[number].lease_token > 0) changes.push_back(Renewal(number, now));
}

void StudyState::RememberAnswer(const RequestKey& request, Answer answer, const Now& now,
                                std::vector<Change>& changes) const {
  if (request.id.empty()) return;
  if (const size_t overdue = requests_.Overdue(now.wall_us); overdue > 0)
    changes.push_back(RequestsForgotten{overdue});
  changes.push_back(
      RequestRemembered{request.id, request.fingerprint, std::move(answer), now.wall_us});
}

absl::StatusOr<Decision<ReportValue::Result>> StudyState::Decide(const ReportValue& command,
                                                                 const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (absl::Status exists = CheckExists(command.trial.number); !exists.ok()) return exists;
  if (*answer != nullptr) {
    const Answer& first = **answer;
    return Decision<ReportValue::Result>{{}, {first[0] != 0, first[1] != 0, first[2] != 0}};
  }
  const auto number = CheckRunning(command.trial);
  if (!number.ok()) return number.status();
  if (spec_.directions.size() > 1) {
    return Refuse(Reason::kSeveralObjectives,
                  "reports and pruning are for studies with one objective");
  }
  if (command.report.step < 0) {
    return InvalidField("step",
                        fmt::format("step is {}, it must be 0 or more", command.report.step));
  }
  const auto reports = history_.Reports(*number);
  if (reports.size() >= kMaxReportsPerTrial) {
    return Refuse(Reason::kLimitExceeded,
                  fmt::format("{} has {} reports, the most allowed",
                              TrialName(command.trial.number), reports.size()),
                  {{"limit", "reports"}});
  }
  Decision<ReportValue::Result> decision;
  Renew(*number, now, decision.changes);
  const auto at =
      std::lower_bound(reports.begin(), reports.end(), command.report.step,
                       [](const Report& report, int64_t step) { return report.step < step; });
  const bool was_reported = at != reports.end() && at->step == command.report.step;
  decision.result = {pruner_->ShouldPrune(history_, *number, command.report), spec_.stopped,
                     was_reported};
  if (!was_reported)
    decision.changes.push_back(ValueReported{*number, meta_[*number].id, command.report});
  RememberAnswer(command.request, {decision.result.should_prune, spec_.stopped, was_reported}, now,
                 decision.changes);
  return decision;
}

absl::Status StudyState::CheckResult(const CompleteTrial& command) const {
  if (!IsFinished(command.state)) {
    return InvalidField("state", fmt::format("state is {}, it must be COMPLETE, PRUNED or FAIL",
                                             ToString(command.state)));
  }
  if (command.state != TrialState::kComplete && !command.values.empty()) {
    return InvalidField("values", fmt::format("a {} trial has no values, {} were given",
                                              ToString(command.state), command.values.size()));
  }
  if (command.state == TrialState::kComplete && command.values.size() != spec_.directions.size()) {
    return InvalidField("values", fmt::format("{} values were given, the study has {} objectives",
                                              command.values.size(), spec_.directions.size()));
  }
  for (size_t i = 0; i < command.values.size(); ++i) {
    if (!std::isnan(command.values[i])) continue;
    return InvalidField("values",
                        fmt::format("values[{}] is NaN; complete the trial as FAIL instead", i));
  }
  if (command.failure.size() > kMaxFailureBytes) {
    return InvalidField("failure", fmt::format("failure has {} bytes, at most {} are allowed",
                                               command.failure.size(), kMaxFailureBytes));
  }
  if (absl::Status status = CheckAttributes(command.attributes); !status.ok()) return status;
  return CheckConstraints(command.constraints);
}

absl::StatusOr<Decision<CompleteTrial::Result>> StudyState::Decide(const CompleteTrial& command,
                                                                   const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (absl::Status exists = CheckExists(command.trial.number); !exists.ok()) return exists;
  if (*answer != nullptr) return Decision<CompleteTrial::Result>{{}, {(**answer)[0] != 0}};
  const auto number = CheckRunning(command.trial);
  if (!number.ok()) return number.status();
  if (absl::Status status = CheckResult(command); !status.ok()) return status;

  Decision<CompleteTrial::Result> decision;
  if (!command.attributes.empty() || !command.constraints.empty()) {
    auto merged =
        Decide(SetTrialAttributes{command.trial, command.attributes, command.constraints, {}}, now);
    if (!merged.ok()) return merged.status();
    decision.changes = std::move(merged->changes);
  }
  TrialFinished finished{
      *number,     meta_[*number].id,          command.state, command.values, command.failure,
      now.wall_us, meta_[*number].lease_token, false};
  const auto reports = history_.Reports(*number);
  if (command.state == TrialState::kPruned && spec_.directions.size() == 1 && !reports.empty() &&
      !std::isnan(reports.back().value)) {
    finished.values = {reports.back().value};
  }
  decision.changes.push_back(std::move(finished));
  decision.result = {spec_.stopped};
  RememberAnswer(command.request, {spec_.stopped}, now, decision.changes);
  return decision;
}

absl::StatusOr<Decision<HeartbeatTrial::Result>> StudyState::Decide(const HeartbeatTrial& command,
                                                                    const Now& now) const {
  const auto number = CheckRunning(command.trial);
  if (!number.ok()) return number.status();
  Decision<HeartbeatTrial::Result> decision{{}, {spec_.stopped}};
  Renew(*number, now, decision.changes);
  return decision;
}

absl::StatusOr<Decision<SetTrialAttributes::Result>> StudyState::Decide(
    const SetTrialAttributes& command, const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (*answer != nullptr) return Decision<SetTrialAttributes::Result>{};
  const auto number = CheckToken(command.trial);
  if (!number.ok()) return number.status();
  const TrialState state = history_.State(*number);
  if (IsFinished(state)) {
    return Refuse(Reason::kTrialFinished,
                  fmt::format("{} is {}; a finished trial never changes",
                              TrialName(command.trial.number), ToString(state)),
                  {{"state", std::string(ToString(state))}});
  }
  TrialAttributesSet set{*number, meta_[*number].id, {}, {}};
  if (const Extra* extra = FindExtra(*number)) {
    set.attributes = extra->attributes;
    set.constraints = extra->constraints;
  }
  MergeAttributes(command.attributes, set.attributes);
  for (const auto& [name, value] : command.constraints) set.constraints[name] = value;
  if (absl::Status status = CheckAttributes(set.attributes); !status.ok()) return status;
  if (absl::Status status = CheckConstraints(set.constraints); !status.ok()) return status;
  Decision<SetTrialAttributes::Result> decision;
  if (state == TrialState::kRunning) Renew(*number, now, decision.changes);
  decision.changes.push_back(std::move(set));
  RememberAnswer(command.request, {}, now, decision.changes);
  return decision;
}

TrialRecord StudyState::RetryOf(size_t number, size_t retry_number) const {
  const TrialRecord lost = Record(number, /*with_reports=*/false);
  TrialRecord retry;
  retry.number = retry_number;
  retry.state = TrialState::kWaiting;
  retry.fixed = lost.fixed;
  for (const DistributionValue& param : lost.params) {
    const Distribution& distribution = history_.GetDistribution(param.distribution);
    const std::string& name = history_.Name(distribution.name);
    std::erase_if(retry.fixed, [&](const auto& entry) { return entry.first == name; });
    // A trial from elsewhere may have what the space has not: a suggestion could not fix it.
    if (!spec_.space.empty() && spec_.space.IndexOf(name) == spec_.space.size()) continue;
    retry.fixed.emplace_back(name, ToExternal(distribution.domain, param.value));
  }
  if (!spec_.space.empty()) retry.params = lost.params;
  retry.attributes = lost.attributes;
  retry.retry_of = lost.retry_of.value_or(static_cast<int64_t>(number));
  retry.retry_count = lost.retry_count + 1;
  return retry;
}

absl::StatusOr<Decision<Tick::Result>> StudyState::Decide(const Tick& /*command*/,
                                                          const Now& now) const {
  Decision<Tick::Result> decision;
  int64_t token = last_token_;
  size_t next_number = history_.size();
  for (size_t number : history_.Running()) {
    const auto lease = leases_.find(number);
    if (lease == leases_.end() || lease->second > now.steady_us) continue;
    decision.changes.push_back(TrialFinished{number,
                                             meta_[number].id,
                                             TrialState::kFail,
                                             {},
                                             "lease expired",
                                             now.wall_us,
                                             ++token,
                                             /*lost=*/true});
    const Extra* extra = FindExtra(number);
    const bool has_params =
        !history_.ShapeOf(number).empty() || (extra != nullptr && !extra->fixed.empty());
    if (!has_params || (extra != nullptr && extra->retry_count >= spec_.max_retries) ||
        spec_.max_retries == 0)
      continue;
    decision.changes.push_back(TrialAdded{RetryOf(number, next_number++)});
  }
  if (const size_t overdue = requests_.Overdue(now.wall_us); overdue > 0) {
    decision.changes.push_back(RequestsForgotten{overdue});
  }
  return decision;
}

}  // namespace hpod
