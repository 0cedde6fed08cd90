// Rules for trials made elsewhere.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "server/model/attributes.h"
#include "server/model/distribution_draft.h"
#include "server/model/errors.h"
#include "server/model/study_state.h"

namespace hpod {
namespace {

absl::Status CheckValues(const TrialRecord& record, size_t objectives, std::string_view field) {
  const size_t count = record.values.size();
  const bool may_have =
      record.state == TrialState::kComplete || record.state == TrialState::kPruned;
  const bool must_have = record.state == TrialState::kComplete;
  if ((count != 0 || must_have) && (count != objectives || !may_have)) {
    return InvalidField(
        field, fmt::format("{}.values has {} values; a {} trial of this study has {}", field, count,
                           ToString(record.state),
                           must_have  ? fmt::format("{}", objectives)
                           : may_have ? fmt::format("none or {}", objectives)
                                      : std::string("none")));
  }
  const bool nan = std::any_of(record.values.begin(), record.values.end(),
                               [](double value) { return std::isnan(value); });
  if (nan)
    return InvalidField(field,
                        fmt::format("{}.values has a NaN; add the trial as FAIL instead", field));
  return absl::OkStatus();
}

absl::Status CheckReports(std::vector<Report>& reports, std::string_view field) {
  std::sort(reports.begin(), reports.end(),
            [](const Report& a, const Report& b) { return a.step < b.step; });
  if (reports.size() > kMaxReportsPerTrial) {
    return InvalidField(field, fmt::format("{} has {} intermediate values, at most {} are allowed",
                                           field, reports.size(), kMaxReportsPerTrial));
  }
  for (size_t i = 0; i < reports.size(); ++i) {
    if (reports[i].step < 0) {
      return InvalidField(
          field, fmt::format("{} has an intermediate value at step {}, steps are 0 or more", field,
                             reports[i].step));
    }
    if (i > 0 && reports[i].step == reports[i - 1].step) {
      return InvalidField(
          field, fmt::format("{} has two intermediate values at step {}", field, reports[i].step));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrialRecord> StudyState::ImportTrial(const ForeignTrial& foreign,
                                                    std::string_view field, const Now& now,
                                                    DistributionDraft& draft) const {
  TrialRecord record = foreign.record;
  if (absl::Status status = CheckValues(record, spec_.directions.size(), field); !status.ok())
    return status;
  if (absl::Status status = CheckReports(record.reports, field); !status.ok()) return status;
  if (absl::Status status = CheckAttributes(record.attributes); !status.ok()) return status;
  if (absl::Status status = CheckConstraints(record.constraints); !status.ok()) return status;
  if (absl::Status status = CheckFixed(record.fixed); !status.ok())
    return AboutField(field, status);
  if (record.retry_of.value_or(0) < 0 || record.retry_count < 0) {
    return InvalidField(
        field, fmt::format("{} has retry_of {} and retry_count {}, both are 0 or more", field,
                           record.retry_of.value_or(0), record.retry_count));
  }
  if (foreign.params.size() > kMaxParameters) {
    return InvalidField(field, fmt::format("{} has {} parameters, at most {} are allowed", field,
                                           foreign.params.size(), kMaxParameters));
  }
  for (const ForeignTrial::Param& param : foreign.params) {
    const std::string label = fmt::format("{} parameter '{}'", field, param.name);
    if (param.name.empty() || param.name.size() > kMaxNameBytes) {
      return InvalidField(
          field, fmt::format("{}: a parameter's name has 1 to {} bytes", field, kMaxNameBytes));
    }
    const auto domain = NormalizeDomain(param.domain, label);
    if (!domain.ok()) return AboutField(field, domain.status());
    if (!Contains(*domain, param.value)) {
      return InvalidField(field, fmt::format("{} = {} is outside its distribution {}", label,
                                             param.value, ToString(*domain)));
    }
    if (absl::Status status = draft.CheckCompatible(param.name, *domain); !status.ok())
      return status;
    const uint32_t distribution = draft.IndexOf(param.name, *domain);
    const bool twice = std::any_of(
        record.params.begin(), record.params.end(),
        [&](const DistributionValue& other) { return other.distribution == distribution; });
    if (twice) return InvalidField(field, fmt::format("{} is there twice", label));
    record.params.push_back({distribution, param.value});
  }
  if (record.state != TrialState::kWaiting && record.started_us == 0)
    record.started_us = now.wall_us;
  if (IsFinished(record.state) && record.completed_us == 0) record.completed_us = now.wall_us;
  return record;
}

absl::StatusOr<Decision<AddTrials::Result>> StudyState::Decide(const AddTrials& command,
                                                               const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (*answer != nullptr) return Decision<AddTrials::Result>{{}, {**answer}};
  Decision<AddTrials::Result> decision;
  DistributionDraft draft(history_);
  std::vector<TrialRecord> records;
  int64_t token = last_token_;
  for (size_t i = 0; i < command.trials.size(); ++i) {
    auto record = ImportTrial(command.trials[i], fmt::format("trials[{}]", i), now, draft);
    if (!record.ok()) return record.status();
    record->number = history_.size() + i;
    if (record->state == TrialState::kRunning) record->lease_token = ++token;
    decision.result.numbers.push_back(static_cast<int64_t>(record->number));
    records.push_back(*std::move(record));
  }
  decision.changes.insert(decision.changes.end(), draft.Added().begin(), draft.Added().end());
  for (TrialRecord& record : records) {
    const bool running = record.state == TrialState::kRunning;
    const size_t number = record.number;
    decision.changes.push_back(TrialAdded{std::move(record)});
    if (running) decision.changes.push_back(Renewal(number, now));
  }
  RememberAnswer(command.request, decision.result.numbers, now, decision.changes);
  return decision;
}

}  // namespace hpod
