// Rules for handing out: trials, parameters of running trials, enqueued trials.

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "server/model/attributes.h"
#include "server/model/distribution_draft.h"
#include "server/model/errors.h"
#include "server/model/params_of.h"
#include "server/model/study_state.h"

namespace hpod {
namespace {

const Value* FindFixed(const FixedParams& fixed, const std::string& name) {
  const auto it = std::find_if(fixed.begin(), fixed.end(),
                               [&](const auto& entry) { return entry.first == name; });
  return it == fixed.end() ? nullptr : &it->second;
}

std::optional<DistributionValue> FindParam(const History& history, size_t number,
                                           const std::string& name) {
  for (const DistributionValue& param : ParamsOf(history, number)) {
    if (history.Name(history.GetDistribution(param.distribution).name) == name) return param;
  }
  return std::nullopt;
}

// The active parameters of a point in a declared space, whose distributions have the indices of its
// parameters.
std::vector<DistributionValue> ActiveParams(const Point& point) {
  std::vector<DistributionValue> params;
  params.reserve(point.size());
  for (size_t i = 0; i < point.size(); ++i) {
    if (HasValue(point[i])) params.push_back({static_cast<uint32_t>(i), point[i]});
  }
  return params;
}

// Blanks what is fixed for parameters that the fixed values of their parents do not make active.
Point OnlyActive(const Space& space, const Point& fixed) {
  Point active(fixed.size(), kNoValue);
  for (size_t i : space.ParentsFirst()) {
    if (HasValue(fixed[i]) && space.IsActive(i, active)) active[i] = fixed[i];
  }
  return active;
}

}  // namespace

StopReason StudyState::BudgetStop(const Now& now) const {
  const Budget& budget = spec_.budget;
  const auto running = static_cast<int64_t>(history_.Count(TrialState::kRunning));
  const auto handed_out =
      static_cast<int64_t>(history_.size() - history_.Count(TrialState::kWaiting) - lost_count_);
  if (spec_.stopped) return StopReason::kStopped;
  if (budget.max_duration_us > 0 && first_start_us_ > 0 &&
      now.wall_us - first_start_us_ >= budget.max_duration_us) {
    return StopReason::kMaxDuration;
  }
  if (budget.max_trials > 0 && handed_out >= budget.max_trials) return StopReason::kMaxTrials;
  if (budget.max_running > 0 && running >= budget.max_running) return StopReason::kMaxRunning;
  return StopReason::kNone;
}

StopReason StudyState::NextStop(const Now& now) const {
  const StopReason reason = BudgetStop(now);
  if (reason != StopReason::kNone || spec_.space.empty() || !history_.Waiting().empty()) {
    return reason;
  }
  const bool exhausted =
      sampler_->IsExhausted({history_, spec_.seed, history_.size()}, spec_.space);
  return exhausted ? StopReason::kGridExhausted : StopReason::kNone;
}

bool StudyState::IsFinalWithoutNewTrials() const {
  return history_.Count(TrialState::kRunning) == 0;
}

absl::StatusOr<Point> StudyState::FixedPoint(const FixedParams& fixed) const {
  Point point(spec_.space.size(), kNoValue);
  for (const auto& [name, value] : fixed) {
    const size_t i = spec_.space.IndexOf(name);
    if (i == spec_.space.size()) {
      return InvalidField("params",
                          fmt::format("parameter '{}' is not in the space of the study", name));
    }
    const Parameter& parameter = spec_.space[i];
    const auto internal = ToInternal(parameter.domain, value, fmt::format("parameter '{}'", name));
    if (!internal.ok()) return AboutField("params", internal.status());
    point[i] = *internal;
  }
  return point;
}

absl::Status StudyState::CheckFixed(const FixedParams& fixed) const {
  if (fixed.size() > kMaxParameters) {
    return InvalidField("params", fmt::format("{} parameters are fixed, at most {} are allowed",
                                              fixed.size(), kMaxParameters));
  }
  if (spec_.space.empty()) return absl::OkStatus();
  const auto point = FixedPoint(fixed);
  if (!point.ok()) return point.status();
  for (size_t i = 0; i < point->size(); ++i) {
    const double value = (*point)[i];
    if (!HasValue(value) || Contains(spec_.space[i].domain, value)) continue;
    const Domain& domain = spec_.space[i].domain;
    return InvalidField(
        "params", fmt::format("parameter '{}' = {} is outside its domain {}", spec_.space[i].name,
                              ToString(ToExternal(domain, value)), ToString(domain)));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DistributionValue>> StudyState::ProposeParams(size_t number,
                                                                         const Extra* extra) const {
  Point fixed;
  if (extra != nullptr && !extra->fixed.empty()) {
    auto point = FixedPoint(extra->fixed);
    if (!point.ok()) return point.status();
    fixed = *std::move(point);
  }
  // A waiting trial keeps what it has, in its order.
  std::vector<DistributionValue> params;
  if (number < history_.size()) params = ParamsOf(history_, number);
  if (!params.empty()) fixed.resize(spec_.space.size(), kNoValue);
  std::set<size_t> has;
  for (const DistributionValue& param : params) {
    const size_t name = history_.GetDistribution(param.distribution).name;
    const size_t i = spec_.space.IndexOf(history_.Name(name));
    if (i < spec_.space.size()) fixed[i] = param.value;
    has.insert(name);
  }
  const auto point = sampler_->Propose({history_, spec_.seed, number}, spec_.space, fixed);
  if (!point.ok()) return point.status();
  if (params.empty()) return ActiveParams(*point);
  for (const DistributionValue& param : ActiveParams(*point)) {
    if (!has.contains(history_.GetDistribution(param.distribution).name)) params.push_back(param);
  }
  return params;
}

absl::StatusOr<Decision<SuggestTrial::Result>> StudyState::Decide(const SuggestTrial& command,
                                                                  const Now& now) const {
  Decision<SuggestTrial::Result> decision;
  SuggestTrial::Result& result = decision.result;
  result.stop_reason = BudgetStop(now);
  if (result.stop_reason != StopReason::kNone) {
    result.final = result.stop_reason == StopReason::kStopped ||
                   result.stop_reason == StopReason::kMaxDuration ||
                   (result.stop_reason == StopReason::kMaxTrials && IsFinalWithoutNewTrials());
    return decision;
  }
  const bool from_queue = !history_.Waiting().empty();
  const size_t number = from_queue ? history_.Waiting().front() : history_.size();
  const Extra* extra = from_queue ? FindExtra(number) : nullptr;

  TrialStarted started;
  started.number = number;
  started.trial_id = from_queue ? meta_[number].id : 0;
  started.was_waiting = from_queue;
  if (spec_.space.empty()) {
    if (from_queue) started.params = ParamsOf(history_, number);
    started.foreseen = sampler_->Foresee({history_, spec_.seed, number});
  } else {
    auto params = ProposeParams(number, extra);
    if (absl::IsOutOfRange(params.status())) {
      result.stop_reason = StopReason::kGridExhausted;
      result.final = IsFinalWithoutNewTrials() || spec_.max_retries == 0;
      return decision;
    }
    if (!params.ok()) return params.status();
    started.params = *std::move(params);
  }
  started.worker = command.worker;
  started.lease_token = last_token_ + 1;
  started.started_us = now.wall_us;
  result.trial = HandedOut{number, started.lease_token};
  decision.changes = {std::move(started), Renewal(number, now)};
  return decision;
}

absl::StatusOr<Decision<RememberSuggestion::Result>> StudyState::Decide(
    const RememberSuggestion& command, const Now& now) const {
  Answer answer = {static_cast<int64_t>(command.stop_reason), command.final ? 1 : 0};
  for (const HandedOut& trial : command.trials) {
    answer.push_back(static_cast<int64_t>(trial.number));
    answer.push_back(trial.lease_token);
  }
  Decision<RememberSuggestion::Result> decision;
  RememberAnswer(command.request, std::move(answer), now, decision.changes);
  return decision;
}

absl::StatusOr<std::optional<RememberSuggestion>> StudyState::RecallSuggestion(
    const RequestKey& request) const {
  const auto answer = requests_.Recall(request);
  if (!answer.ok()) return answer.status();
  if (*answer == nullptr) return std::nullopt;
  const Answer& numbers = **answer;
  RememberSuggestion recalled{request, {}, static_cast<StopReason>(numbers[0]), numbers[1] != 0};
  for (size_t i = 2; i + 1 < numbers.size(); i += 2) {
    recalled.trials.push_back({static_cast<size_t>(numbers[i]), numbers[i + 1]});
  }
  return recalled;
}

int64_t StudyState::Cost(const SuggestTrial& /*command*/) const {
  return sampler_->Work(history_, spec_.space.Parameters());
}

int64_t StudyState::Cost(const SuggestParameter& command) const {
  const Parameter parameter{command.name, command.domain, {}};
  return sampler_->Work(history_, {&parameter, 1});
}

absl::Status StudyState::CheckAskable(const std::string& name, const Domain& domain) const {
  if (!spec_.space.empty()) {
    const bool declared = spec_.space.IndexOf(name) < spec_.space.size();
    return InvalidField(
        "parameter",
        declared
            ? fmt::format("parameter '{}' is not active in this trial: its conditions do not hold",
                          name)
            : fmt::format("parameter '{}' is not in the declared space of the study", name));
  }
  return DistributionDraft(history_).CheckCompatible(name, domain);
}

absl::StatusOr<double> StudyState::ChooseParameter(size_t number, const Space& space) const {
  const auto& [name, domain, conditions] = space[0];
  if (const Extra* extra = FindExtra(number)) {
    if (const Value* fixed = FindFixed(extra->fixed, name)) {
      auto internal =
          ToInternal(domain, *fixed, fmt::format("fixed value of parameter '{}'", name));
      return internal.ok() ? std::move(internal) : AboutField("parameter", internal.status());
    }
  }
  for (const DistributionValue& foreseen : history_.Foreseen(number)) {
    const Distribution& distribution = history_.GetDistribution(foreseen.distribution);
    if (history_.Name(distribution.name) == name && Contains(domain, foreseen.value))
      return foreseen.value;
  }
  if (IsSingle(domain)) return SingleValue(domain);
  const auto point = sampler_->Propose({history_, spec_.seed, number}, space, {});
  if (!point.ok()) return point.status();
  return point->front();
}

absl::StatusOr<Decision<SuggestParameter::Result>> StudyState::Decide(
    const SuggestParameter& command, const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (*answer != nullptr) {
    const DistributionValue first =
        *FindParam(history_, static_cast<size_t>(command.trial.number), command.name);
    return Decision<SuggestParameter::Result>{{}, {first.distribution, first.value}};
  }
  const auto number = CheckRunning(command.trial);
  if (!number.ok()) return number.status();
  const auto space = Space::Make({{command.name, command.domain, {}}});
  if (!space.ok()) return AboutField("parameter", space.status());
  const Domain& domain = (*space)[0].domain;
  Decision<SuggestParameter::Result> decision;
  Renew(*number, now, decision.changes);

  if (const auto first = FindParam(history_, *number, command.name)) {
    const absl::Status compatible =
        DistributionDraft(history_).CheckCompatible(command.name, domain);
    if (!compatible.ok()) return compatible;
    decision.result = {first->distribution, first->value};
    return decision;
  }
  if (absl::Status askable = CheckAskable(command.name, domain); !askable.ok()) return askable;
  std::vector<DistributionValue> params = ParamsOf(history_, *number);
  if (params.size() >= kMaxParameters) {
    return Refuse(Reason::kLimitExceeded,
                  fmt::format("{} has {} parameters, the most allowed",
                              TrialName(command.trial.number), params.size()),
                  {{"limit", "parameters"}});
  }
  const auto value = ChooseParameter(*number, *space);
  if (!value.ok()) return value.status();
  DistributionDraft draft(history_);
  const uint32_t distribution = draft.IndexOf(command.name, domain);
  decision.changes.insert(decision.changes.end(), draft.Added().begin(), draft.Added().end());
  params.push_back({distribution, *value});
  decision.changes.push_back(ParamsSet{*number, meta_[*number].id, std::move(params)});
  decision.result = {distribution, *value};
  RememberAnswer(command.request, {}, now, decision.changes);
  return decision;
}

std::optional<size_t> StudyState::FindSame(const FixedParams& params) const {
  const FixedParams wanted = [&] {
    FixedParams sorted = params;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }();
  for (size_t number = 0; number < history_.size(); ++number) {
    if (history_.State(number) == TrialState::kFail) continue;
    FixedParams has;
    for (const DistributionValue& param : ParamsOf(history_, number)) {
      const Distribution& distribution = history_.GetDistribution(param.distribution);
      has.emplace_back(history_.Name(distribution.name),
                       ToExternal(distribution.domain, param.value));
    }
    std::sort(has.begin(), has.end());
    if (has == wanted) return number;
    const Extra* extra = FindExtra(number);
    if (extra == nullptr) continue;
    has = extra->fixed;
    std::sort(has.begin(), has.end());
    if (has == wanted) return number;
  }
  return std::nullopt;
}

absl::StatusOr<Decision<EnqueueTrial::Result>> StudyState::Decide(const EnqueueTrial& command,
                                                                  const Now& now) const {
  const auto answer = requests_.Recall(command.request);
  if (!answer.ok()) return answer.status();
  if (*answer != nullptr) {
    return Decision<EnqueueTrial::Result>{{},
                                          {static_cast<size_t>((**answer)[0]), (**answer)[1] != 0}};
  }
  if (absl::Status status = CheckAttributes(command.attributes); !status.ok()) return status;
  if (absl::Status status = CheckFixed(command.params); !status.ok()) return status;
  TrialRecord trial;
  if (!spec_.space.empty())
    trial.params = ActiveParams(OnlyActive(spec_.space, *FixedPoint(command.params)));
  Decision<EnqueueTrial::Result> decision;
  if (command.skip_if_exists) {
    if (const auto same = FindSame(command.params)) {
      decision.result = {*same, false};
      return decision;
    }
  }
  trial.number = history_.size();
  trial.state = TrialState::kWaiting;
  trial.fixed = command.params;
  trial.attributes = command.attributes;
  decision.result = {trial.number, true};
  decision.changes.push_back(TrialAdded{std::move(trial)});
  RememberAnswer(command.request, {static_cast<int64_t>(decision.result.number), 1}, now,
                 decision.changes);
  return decision;
}

}  // namespace hpod
