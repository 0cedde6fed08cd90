#include "server/core/studies.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/core/parallel_replay.h"

namespace hpod {

namespace {

bool IsPossible(const DistributionValue& param, const History& history) {
  if (param.distribution >= history.DistributionCount()) return false;
  const Domain& domain = history.GetDistribution(param.distribution).domain;
  return !std::holds_alternative<CategoricalDomain>(domain) || Contains(domain, param.value);
}

// What Apply takes for granted. Somebody may have edited the file.
bool Fits(const TrialRecord& trial, const StudyState& study) {
  const auto is_possible = [&](const DistributionValue& param) {
    return IsPossible(param, study.Trials());
  };
  const bool has_all_values =
      trial.values.empty() || trial.values.size() == study.Spec().directions.size();
  return trial.number == study.Trials().size() && has_all_values &&
         std::all_of(trial.params.begin(), trial.params.end(), is_possible) &&
         std::all_of(trial.foreseen.begin(), trial.foreseen.end(), is_possible);
}

}  // namespace

absl::Status Studies::Recover(Storage& storage, size_t threads) {
  absl::Status applied;
  ParallelReplay replay(threads, [this](const Mutation& trial) { return ReplayInStudy(trial); });
  const absl::Status loaded = storage.Load(
      std::nullopt,
      [&](const Mutation& mutation) {
        if (applied.ok()) applied = Replay(mutation);
      },
      [&](const std::shared_ptr<StoredTrials>& trials) {
        for (const auto& [study, trial_id] : trials->Keys()) trial_index_.Note(trial_id, study);
        replay.Add(trials);
      });
  const absl::Status replayed = replay.Finish();
  for (const absl::Status& status : {applied, replayed, loaded})
    if (!status.ok()) return status;
  for (auto& [id, entry] : studies_)
    last_trial_id_ = std::max(last_trial_id_, entry.state->LastTrialId());
  return absl::OkStatus();
}

absl::Status Studies::Reload(Storage& storage, StudyId id, const Now& now) {
  Remove(id);
  absl::Status failure;
  absl::Status loaded = LoadDecoded(storage, id, [&](const Mutation& mutation) {
    if (failure.ok()) failure = Replay(mutation);
  });
  if (!loaded.ok()) return loaded;
  if (StudyEntry* entry = FindById(id)) entry->state->GrantLeases(now);
  return failure;
}

absl::Status Studies::Replay(const Mutation& mutation) {
  if (const auto* ids = std::get_if<IdsUsed>(&mutation.change)) {
    last_study_id_ = std::max(last_study_id_, ids->last_study_id);
    last_trial_id_ = std::max(last_trial_id_, ids->last_trial_id);
    return absl::OkStatus();
  }
  if (const auto* request = std::get_if<RequestRemembered>(&mutation.change);
      request != nullptr && mutation.study == 0) {
    requests_.Remember(*request);
    return absl::OkStatus();
  }
  if (const auto* forgotten = std::get_if<RequestsForgotten>(&mutation.change);
      forgotten != nullptr && mutation.study == 0) {
    requests_.ForgetOldest(forgotten->count);
    return absl::OkStatus();
  }
  if (const auto* created = std::get_if<StudyCreated>(&mutation.change)) {
    auto state = StudyState::Make(mutation.study, created->spec);
    if (!state.ok()) {
      return absl::DataLossError(fmt::format("study '{}' of the database cannot be used: {}",
                                             created->spec.name,
                                             std::string(state.status().message())));
    }
    (*state)->Apply(mutation);
    Add(*std::move(state));
    return absl::OkStatus();
  }
  if (absl::Status status = ReplayInStudy(mutation); !status.ok()) return status;
  trial_index_.Note(FindById(mutation.study)->state->LastTrialId(), mutation.study);
  return absl::OkStatus();
}

absl::Status Studies::ReplayInStudy(const Mutation& mutation) {
  StudyEntry* entry = FindById(mutation.study);
  if (entry == nullptr) {
    return absl::DataLossError(
        fmt::format("the database has rows of study {}, which does not exist", mutation.study));
  }
  if (const auto* added = std::get_if<TrialAdded>(&mutation.change);
      added != nullptr && !Fits(added->trial, *entry->state)) {
    return absl::DataLossError(
        fmt::format("trial {} of study '{}' of the database does not fit the rest of it",
                    added->trial.number, entry->state->Spec().name));
  }
  entry->state->Apply(mutation);
  return absl::OkStatus();
}

int64_t Studies::NextTrialId(StudyId study) {
  trial_index_.Note(++last_trial_id_, study);
  return last_trial_id_;
}

StudyEntry* Studies::FindByTrial(int64_t trial_id) {
  const std::optional<StudyId> study = trial_index_.Find(trial_id);
  return study.has_value() ? FindById(*study) : nullptr;
}

StudyEntry* Studies::Find(std::string_view name) {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : FindById(it->second);
}

StudyEntry* Studies::FindById(StudyId id) {
  const auto it = studies_.find(id);
  return it == studies_.end() ? nullptr : &it->second;
}

void Studies::Add(std::unique_ptr<StudyState> state) {
  const StudyId id = state->Id();
  last_study_id_ = std::max(last_study_id_, id);
  by_name_[state->Spec().name] = id;
  studies_[id].state = std::move(state);
}

void Studies::Remove(StudyId id) {
  const auto it = studies_.find(id);
  if (it == studies_.end()) return;
  // Another study may have taken the name since.
  const auto named = by_name_.find(it->second.state->Spec().name);
  if (named != by_name_.end() && named->second == id) by_name_.erase(named);
  studies_.erase(it);
}

}  // namespace hpod
