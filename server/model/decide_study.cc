// Rules for the study itself: what a spec may be, and how it may change.

#include <fmt/format.h>

#include "server/model/attributes.h"
#include "server/model/errors.h"
#include "server/model/study_rules.h"
#include "server/model/study_state.h"

namespace hpod {
namespace {

absl::Status CheckBudget(const Budget& budget) {
  if (budget.max_trials < 0) {
    return InvalidField(
        "budget.max_trials",
        fmt::format("budget.max_trials is {}, it must be 0 (no limit) or more", budget.max_trials));
  }
  if (budget.max_running < 0) {
    return InvalidField("budget.max_running",
                        fmt::format("budget.max_running is {}, it must be 0 (no limit) or more",
                                    budget.max_running));
  }
  if (budget.max_duration_us < 0) {
    return InvalidField("budget.max_duration",
                        "budget.max_duration is negative, it must be 0 (no limit) or more");
  }
  return absl::OkStatus();
}

absl::Status CheckLease(int64_t lease_ms) {
  if (lease_ms >= kMinLeaseMs && lease_ms <= kMaxLeaseMs) return absl::OkStatus();
  return InvalidField("lease", fmt::format("lease is {} ms, it must be {} ms to {} ms (7 days)",
                                           lease_ms, kMinLeaseMs, kMaxLeaseMs));
}

absl::Status CheckRetries(int32_t max_retries) {
  if (max_retries >= 0 && max_retries <= kMaxRetries) return absl::OkStatus();
  return InvalidField("max_retries", fmt::format("max_retries is {}, it must be 0 to {}",
                                                 max_retries, kMaxRetries));
}

absl::Status CheckMetricNames(const std::vector<std::string>& names, size_t objectives) {
  if (names.empty() || names.size() == objectives) return absl::OkStatus();
  return InvalidField("metric_names",
                      fmt::format("{} metric_names were given, the study has {} objectives",
                                  names.size(), objectives));
}

}  // namespace

void FillDefaults(StudySpec& spec) {
  if (spec.directions.empty()) spec.directions = {Direction::kMinimize};
  if (spec.sampler.name.empty()) spec.sampler.name = "tpe";
  if (spec.pruner.name.empty()) spec.pruner.name = spec.directions.size() == 1 ? "median" : "none";
}

absl::Status CheckStudyName(std::string_view name) {
  if (name.empty()) return InvalidField("study.name", "study.name is empty, a study needs a name");
  if (name.size() > kMaxStudyNameBytes) {
    return InvalidField("study.name", fmt::format("study.name has {} bytes, at most {} are allowed",
                                                  name.size(), kMaxStudyNameBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckSpec(const StudySpec& spec) {
  if (spec.directions.size() > kMaxDirections) {
    return InvalidField("study.directions", fmt::format("{} directions, at most {} are allowed",
                                                        spec.directions.size(), kMaxDirections));
  }
  if (spec.directions.size() > 1 && spec.pruner.name != "none") {
    return InvalidField("study.pruner",
                        fmt::format("pruner '{}' needs one objective, the study has {}; use none",
                                    spec.pruner.name, spec.directions.size()));
  }
  if (absl::Status status = CheckBudget(spec.budget); !status.ok()) return status;
  if (absl::Status status = CheckLease(spec.lease_ms); !status.ok()) return status;
  if (absl::Status status = CheckRetries(spec.max_retries); !status.ok()) return status;
  if (absl::Status status = CheckMetricNames(spec.metric_names, spec.directions.size());
      !status.ok())
    return status;
  return CheckAttributes(spec.attributes);
}

absl::StatusOr<Decision<UpdateStudy::Result>> StudyState::Decide(const UpdateStudy& command,
                                                                 const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (*answer != nullptr) return Decision<UpdateStudy::Result>{};
  StudySpec spec = spec_;
  spec.budget = command.budget.value_or(spec.budget);
  spec.lease_ms = command.lease_ms.value_or(spec.lease_ms);
  spec.max_retries = command.max_retries.value_or(spec.max_retries);
  spec.metric_names = command.metric_names.value_or(spec.metric_names);
  spec.stopped = command.stopped.value_or(spec.stopped);
  MergeAttributes(command.attributes, spec.attributes);
  if (absl::Status status = CheckSpec(spec); !status.ok()) return status;
  Decision<UpdateStudy::Result> decision;
  decision.changes.push_back(StudyUpdated{spec.budget, spec.lease_ms, spec.max_retries,
                                          spec.metric_names, spec.attributes, spec.stopped});
  RememberAnswer(command.request, {}, now, decision.changes);
  return decision;
}

}  // namespace hpod
