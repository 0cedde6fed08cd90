// StudyState's construction and Apply: what each mutation does to memory. The rules are in
// decide*.cc, the reads in study_queries.cc.

#include "server/model/study_state.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "samplers/registry.h"
#include "server/model/errors.h"

namespace hpod {

absl::StatusOr<std::unique_ptr<StudyState>> StudyState::Make(StudyId id, StudySpec spec) {
  auto sampler = MakeSampler(spec.sampler.name, spec.sampler.options);
  if (!sampler.ok()) return AboutField("study.sampler", sampler.status());
  if (absl::Status supported = (*sampler)->Supports(spec.space); !supported.ok())
    return AboutField("study.sampler", supported);
  auto pruner = MakePruner(spec.pruner.name, spec.pruner.options);
  if (!pruner.ok()) return AboutField("study.pruner", pruner.status());
  return std::unique_ptr<StudyState>(
      new StudyState(id, std::move(spec), *std::move(sampler), *std::move(pruner)));
}

StudyState::StudyState(StudyId id, StudySpec spec, std::unique_ptr<Sampler> sampler,
                       std::unique_ptr<Pruner> pruner)
    : id_(id),
      spec_(std::move(spec)),
      history_(spec_.directions),
      sampler_(std::move(sampler)),
      pruner_(std::move(pruner)) {
  for (const Parameter& parameter : spec_.space)
    ApplyChange(DistributionAdded{0, parameter.name, parameter.domain}, 0);
}

void StudyState::Apply(const Mutation& mutation) {
  std::visit([&](const auto& change) { ApplyChange(change, mutation.revision); }, mutation.change);
  revision_ = std::max(revision_, mutation.revision);
}

void StudyState::GrantLeases(const Now& now) {
  for (size_t number : history_.Running()) {
    if (meta_[number].lease_token > 0) leases_[number] = Renewal(number, now).expires_steady_us;
  }
}

void StudyState::ApplyChange(const StudyUpdated& change, int64_t /*revision*/) {
  spec_.budget = change.budget;
  spec_.lease_ms = change.lease_ms;
  spec_.max_retries = change.max_retries;
  spec_.metric_names = change.metric_names;
  spec_.attributes = change.attributes;
  spec_.stopped = change.stopped;
}

void StudyState::ApplyChange(const DistributionAdded& change, int64_t /*revision*/) {
  const uint32_t index = history_.InternDistribution(change.name, change.domain);
  optuna_texts_.Add(history_, index, change.optuna_text);
}

void StudyState::ApplyChange(const TrialAdded& change, int64_t revision) {
  const TrialRecord& trial = change.trial;
  const size_t number = trial.number;
  AppendTrial(trial.state == TrialState::kWaiting ? TrialState::kWaiting : TrialState::kRunning,
              trial.id);
  SetParams(number, trial.params);
  if (!trial.foreseen.empty()) history_.SetForeseen(number, trial.foreseen);
  for (const Report& report : trial.reports) history_.SetReport(number, report);
  Meta& meta = meta_[number];
  meta.completed_us = trial.completed_us;
  worker_ids_[number] = InternWorker(trial.worker);
  meta.lease_token = trial.lease_token;
  NoteToken(trial.lease_token);
  NoteStart(number, trial.started_us);
  if (!trial.attributes.empty()) extras_[number].attributes = trial.attributes;
  if (!trial.system_attributes.empty()) extras_[number].system_attributes = trial.system_attributes;
  if (trial.optuna != OptunaFacts()) {
    extras_[number].optuna = trial.optuna;
    optuna_texts_.Add(number, trial.optuna);
  }
  if (!trial.constraints.empty()) SetConstraints(number, trial.constraints);
  if (!trial.fixed.empty()) extras_[number].fixed = trial.fixed;
  if (trial.retry_of.has_value()) {
    extras_[number].retry_of = trial.retry_of;
    extras_[number].retry_count = trial.retry_count;
  }
  if (trial.lost) {
    extras_[number].lost = true;
    ++lost_count_;
  }
  if (!trial.failure.empty()) extras_[number].failure = trial.failure;
  if (IsFinished(trial.state)) history_.SetState(number, trial.state, trial.values);
  Touch(number, revision);
}

void StudyState::ApplyChange(const TrialStarted& change, int64_t revision) {
  const size_t number = change.number;
  if (change.was_waiting) {
    history_.SetState(number, TrialState::kRunning);
  } else {
    AppendTrial(TrialState::kRunning, change.trial_id);
  }
  SetParams(number, change.params);
  if (!change.foreseen.empty()) history_.SetForeseen(number, change.foreseen);
  Meta& meta = meta_[number];
  worker_ids_[number] = InternWorker(change.worker);
  meta.lease_token = change.lease_token;
  NoteToken(change.lease_token);
  NoteStart(number, change.started_us);
  if (const auto it = extras_.find(number); it != extras_.end()) it->second.optuna.started.clear();
  Touch(number, revision);
}

void StudyState::ApplyChange(const ParamsSet& change, int64_t revision) {
  SetParams(change.number, change.params);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const ValueReported& change, int64_t revision) {
  history_.SetReport(change.number, change.report);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const TrialFinished& change, int64_t revision) {
  const size_t number = change.number;
  history_.SetState(number, change.state, change.values);
  Meta& meta = meta_[number];
  meta.completed_us = change.completed_us;
  meta.lease_token = change.lease_token;
  NoteToken(change.lease_token);
  leases_.erase(number);
  if (const auto it = extras_.find(number); it != extras_.end()) {
    it->second.optuna.completed.clear();
    it->second.optuna.values.clear();
  }
  if (!change.failure.empty()) extras_[number].failure = change.failure;
  if (change.lost) {
    extras_[number].lost = true;
    ++lost_count_;
  }
  Touch(number, revision);
}

void StudyState::ApplyChange(const TrialAttributesSet& change, int64_t revision) {
  extras_[change.number].attributes = change.attributes;
  SetConstraints(change.number, change.constraints);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const TrialRequeued& change, int64_t revision) {
  history_.SetState(change.number, TrialState::kWaiting);
  // The old token is refused from now on, and never given again, also after a restart.
  int64_t& token = meta_[change.number].lease_token;
  token = -std::abs(token);
  leases_.erase(change.number);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const StudyAttributeSet& change, int64_t /*revision*/) {
  const bool is_user = change.scope == AttributeScope::kUser;
  (is_user ? spec_.attributes : spec_.system_attributes)[change.key] = change.value;
}

void StudyState::ApplyChange(const TrialAttributeSet& change, int64_t revision) {
  Extra& extra = extras_[change.number];
  const bool is_user = change.scope == AttributeScope::kUser;
  (is_user ? extra.attributes : extra.system_attributes)[change.key] = change.value;
  if (change.constraints.has_value()) SetConstraints(change.number, *change.constraints);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const OptunaFactsSet& change, int64_t revision) {
  extras_[change.number].optuna = change.facts;
  optuna_texts_.Add(change.number, change.facts);
  Touch(change.number, revision);
}

void StudyState::ApplyChange(const LeaseRenewed& change, int64_t /*revision*/) {
  leases_[change.number] = change.expires_steady_us;
}

void StudyState::ApplyChange(const RequestRemembered& change, int64_t /*revision*/) {
  requests_.Remember(change);
}

void StudyState::ApplyChange(const RequestsForgotten& change, int64_t /*revision*/) {
  requests_.ForgetOldest(change.count);
}

void StudyState::AppendTrial(TrialState state, int64_t id) {
  history_.Append(state);
  meta_.push_back({.id = id});
  worker_ids_.push_back(0);
  last_trial_id_ = std::max(last_trial_id_, id);
}

void StudyState::SetParams(size_t number, const std::vector<DistributionValue>& params) {
  for (size_t i = 0; i < params.size(); ++i) {
    const auto [distribution, value] = params[i];
    const Shape& shape = history_.ShapeOf(number);
    const size_t name = history_.GetDistribution(distribution).name;
    const bool is_known = i < shape.size() && shape[i] == distribution;
    if (!is_known || history_.Param(number, name) != value)
      history_.SetParam(number, distribution, value);
  }
}

void StudyState::SetConstraints(size_t number, const Constraints& constraints) {
  double violation = 0;
  for (const auto& [name, value] : constraints) violation += std::max(value, 0.0);
  history_.SetViolation(number, violation);
  extras_[number].constraints = constraints;
}

void StudyState::NoteStart(size_t number, int64_t started_us) {
  const int64_t before = std::exchange(meta_[number].started_us, started_us);
  if (before > 0 && before == first_start_us_) {
    // The trial that was started first had to wait again, and starts now.
    first_start_us_ = 0;
    for (const Meta& meta : meta_) NoteFirstStart(meta.started_us);
    return;
  }
  NoteFirstStart(started_us);
}

void StudyState::NoteFirstStart(int64_t started_us) {
  if (started_us > 0 && (first_start_us_ == 0 || started_us < first_start_us_))
    first_start_us_ = started_us;
}

void StudyState::NoteToken(int64_t token) { last_token_ = std::max(last_token_, std::abs(token)); }

void StudyState::Touch(size_t number, int64_t revision) {
  meta_[number].revision = revision;
  change_log_.Add(revision, number);
  pruner_->Observe(history_, number);
  // Until somebody asks for a trial, nobody needs a model of the history. Optuna's clients, whose
  // workers propose by themselves, never do.
  if (last_token_ == 0 && spec_.space.empty()) return;
  while (observed_ < number) sampler_->Observe(history_, observed_++);
  sampler_->Observe(history_, number);
  observed_ = std::max(observed_, number + 1);
}

uint32_t StudyState::InternWorker(const std::string& worker) {
  const auto [it, is_new] = worker_index_.emplace(worker, static_cast<uint32_t>(workers_.size()));
  if (is_new) workers_.push_back(worker);
  return it->second;
}

}  // namespace hpod
