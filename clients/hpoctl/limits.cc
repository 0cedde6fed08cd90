#include "clients/hpoctl/limits.h"

#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

absl::Status ApplyMaxSeconds(const std::string& text, hpo::v1::Budget& budget) {
  const auto number = ParseNumber(text, "--max-seconds");
  if (number.ok() && *number == 0) {
    budget.clear_max_duration();
    return absl::OkStatus();
  }
  const auto duration = ParseSeconds(text, "--max-seconds");
  if (duration.ok()) *budget.mutable_max_duration() = ToProto(*duration);
  return duration.status();
}

absl::Status ApplyBudget(const LimitFlags& flags, hpo::v1::Budget& budget) {
  if (flags.max_trials) budget.set_max_trials(*flags.max_trials);
  if (flags.max_running) budget.set_max_running(*flags.max_running);
  return flags.max_seconds.empty() ? absl::OkStatus() : ApplyMaxSeconds(flags.max_seconds, budget);
}

}  // namespace

void AddLimits(CLI::App& app, LimitFlags& flags) {
  app.add_option("--max-trials", flags.max_trials, "Trials to hand out; 0: no limit")
      ->type_name("N");
  app.add_option("--max-running", flags.max_running, "Trials running at one time; 0: no limit")
      ->type_name("N");
  app.add_option("--max-seconds", flags.max_seconds,
                 "Time from the first trial after which none starts; 0: no limit")
      ->type_name("SECONDS");
  app.add_option("--lease", flags.lease_s, "How long a running trial may be silent (60)")
      ->type_name("SECONDS");
  app.add_option("--max-retries", flags.max_retries,
                 "How often lost parameters are enqueued again (1)")
      ->type_name("N");
  AddRepeated(app, "--metric-name", flags.metric_names, "NAME",
              "Name of an objective; once for each");
}

absl::StatusOr<std::vector<std::string>> ApplyLimits(const LimitFlags& flags,
                                                     hpo::v1::Study& study) {
  std::vector<std::string> fields;
  if (flags.max_trials || flags.max_running || !flags.max_seconds.empty()) {
    const absl::Status status = ApplyBudget(flags, *study.mutable_budget());
    if (!status.ok()) return status;
    fields.push_back("budget");
  }
  if (!flags.lease_s.empty()) {
    const auto lease = ParseSeconds(flags.lease_s, "--lease");
    if (!lease.ok()) return lease.status();
    *study.mutable_lease() = ToProto(*lease);
    fields.push_back("lease");
  }
  if (flags.max_retries) {
    study.set_max_retries(*flags.max_retries);
    fields.push_back("max_retries");
  }
  if (!flags.metric_names.empty()) {
    study.clear_metric_names();
    for (const std::string& name : flags.metric_names) study.add_metric_names(name);
    fields.push_back("metric_names");
  }
  return fields;
}

}  // namespace hpod
