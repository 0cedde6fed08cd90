#include "server/core/core.h"

#include <algorithm>
#include <deque>
#include <fmt/format.h>

#include "server/model/errors.h"
#include "server/model/study_rules.h"

namespace hpod {
namespace {

absl::Status StudyNotFound(std::string_view study) {
  return Refuse(Reason::kStudyNotFound, fmt::format("studies/{} does not exist", study),
                {{"study", std::string(study)}});
}

// Whether the change is part of what watchers see, and is stored with its revision.
bool IsVisible(const Change& change) {
  return !std::holds_alternative<LeaseRenewed>(change) &&
         !std::holds_alternative<DistributionAdded>(change) &&
         !std::holds_alternative<RequestRemembered>(change) &&
         !std::holds_alternative<RequestsForgotten>(change);
}

bool IsDurable(const Mutation& mutation) {
  return !std::holds_alternative<LeaseRenewed>(mutation.change);
}

}  // namespace

// A batch of suggestions on its way. Its mutations are held back until it is complete, so that the
// batch is one commit; the study is parked while a round is computed elsewhere, so nobody sees it
// half done.
struct Core::SuggestRun {
  StudyId study;
  SuggestTrial command;
  size_t count;
  RememberSuggestion answer;
  Encode<RememberSuggestion> encode;
  Reply& reply;
  std::vector<Mutation> mutations;
};

Core::Core(Storage& storage, const Clock& clock, PostToLoop post, Options options)
    : storage_(storage),
      clock_(clock),
      options_(std::move(options)),
      proposals_(options_.proposal_threads, std::move(post)) {}

absl::Status Core::Recover() {
  if (absl::Status status = studies_.Recover(storage_, options_.recovery_threads); !status.ok())
    return status;
  const Now now = clock_.Read();
  for (auto& [id, entry] : studies_.All()) entry.state->GrantLeases(now);
  return absl::OkStatus();
}

StudyEntry* Core::Find(std::string_view study, Reply& reply) {
  if (!failure_.ok()) {
    reply.Done(failure_);
    return nullptr;
  }
  StudyEntry* entry = studies_.Find(study);
  if (entry == nullptr) Answer(reply, StudyNotFound(study));
  return entry;
}

absl::Status Core::FinishProposal(StudyId id) {
  StudyEntry& entry = *studies_.FindById(id);
  --entry.proposals;
  if (!entry.is_ahead_of_storage) return failure_;
  Reload(id);
  return Refuse(Reason::kStorageFull, "the disk is full, nothing was changed; free some space");
}

void Core::Resume(StudyId id) {
  for (StudyEntry* entry = studies_.FindById(id);
       entry != nullptr && !entry->IsParked() && !entry->waiting.empty();
       entry = studies_.FindById(id)) {
    Task next = std::move(entry->waiting.front());
    entry->waiting.pop_front();
    next();
  }
}

void Core::Suggest(std::string_view study, SuggestTrial command, size_t count, RequestKey request,
                   Encode<RememberSuggestion> encode, Reply& reply) {
  StudyEntry* entry = Find(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back([this, study = std::string(study), command = std::move(command), count,
                              request = std::move(request), encode = std::move(encode),
                              &reply]() mutable {
      Suggest(study, std::move(command), count, std::move(request), std::move(encode), reply);
    });
    return;
  }
  const auto recalled = entry->state->RecallSuggestion(request);
  if (!recalled.ok()) return Answer(reply, recalled.status());
  if (recalled->has_value()) {
    encode(*entry->state, **recalled);
    return Answer(reply, absl::OkStatus());
  }
  auto run =
      std::make_shared<SuggestRun>(SuggestRun{entry->state->Id(),
                                              std::move(command),
                                              count,
                                              {std::move(request), {}, StopReason::kNone, false},
                                              std::move(encode),
                                              reply,
                                              {}});
  NextRound(run);
}

void Core::NextRound(const std::shared_ptr<SuggestRun>& run) {
  DecideAnywhere<SuggestTrial>(
      *studies_.FindById(run->study), run->command, [this, run](DecisionOf<SuggestTrial> decision) {
        // A state that was read back from storage has none of the batch: nothing to keep.
        if (absl::IsResourceExhausted(decision.status()) ||
            absl::IsUnavailable(decision.status())) {
          return Answer(run->reply, decision.status());
        }
        if (!decision.ok() && run->answer.trials.empty())
          return Answer(run->reply, decision.status());
        if (!decision.ok()) return FinishSuggest(*run);
        std::vector<Mutation> applied =
            Apply(*studies_.FindById(run->study)->state, std::move(decision->changes));
        std::move(applied.begin(), applied.end(), std::back_inserter(run->mutations));
        if (decision->result.trial.has_value())
          run->answer.trials.push_back(*decision->result.trial);
        run->answer.stop_reason = decision->result.stop_reason;
        run->answer.final = decision->result.final;
        const bool more =
            decision->result.trial.has_value() && run->answer.trials.size() < run->count;
        more ? NextRound(run) : FinishSuggest(*run);
      });
}

void Core::FinishSuggest(SuggestRun& run) {
  StudyState& state = *studies_.FindById(run.study)->state;
  auto remembered = state.Decide(run.answer, clock_.Read());
  std::vector<Mutation> applied = Apply(state, std::move(remembered->changes));
  std::move(applied.begin(), applied.end(), std::back_inserter(run.mutations));
  run.encode(state, run.answer);
  Answer(run.reply, absl::OkStatus(), std::move(run.mutations));
}

void Core::CreateStudy(StudySpec spec, bool load_if_exists, const RequestKey& request,
                       Encode<bool> encode, Reply& reply) {
  if (!failure_.ok()) return reply.Done(failure_);
  const bool directions_given = !spec.directions.empty();
  FillDefaults(spec);
  absl::Status fit = CheckStudyName(spec.name);
  if (fit.ok()) fit = CheckSpec(spec);
  if (!fit.ok()) return Answer(reply, fit);
  const auto recalled = studies_.Requests().Recall(request);
  if (!recalled.ok()) return Answer(reply, recalled.status());
  if (*recalled != nullptr) {
    if (const StudyEntry* made = studies_.FindById((**recalled)[0])) {
      encode(*made->state, true);
      return Answer(reply, absl::OkStatus());
    }
  }
  if (const StudyEntry* entry = studies_.Find(spec.name)) {
    const ErrorMetadata metadata = {{"study", spec.name}};
    if (!load_if_exists)
      return Answer(reply, Refuse(Reason::kStudyExists,
                                  fmt::format("studies/{} exists already", spec.name), metadata));
    if (directions_given && entry->state->Spec().directions != spec.directions) {
      return Answer(reply, Refuse(Reason::kStudyMismatch,
                                  fmt::format("studies/{} exists with other directions", spec.name),
                                  metadata));
    }
    encode(*entry->state, false);
    return Answer(reply, absl::OkStatus());
  }
  AddStudy(std::move(spec), request, std::move(encode), reply);
}

void Core::AddStudy(StudySpec spec, const RequestKey& request, Encode<bool> encode, Reply& reply) {
  while (spec.seed == 0) spec.seed = options_.draw_seed();
  spec.created_us = clock_.Read().wall_us;
  auto state = StudyState::Make(studies_.NextStudyId(), spec);
  if (!state.ok()) return Answer(reply, state.status());
  const StudyId id = (*state)->Id();
  std::vector<Mutation> mutations = {{id, 1, StudyCreated{std::move(spec)}}};
  (*state)->Apply(mutations[0]);
  studies_.Add(*std::move(state));
  encode(*studies_.FindById(id)->state, true);
  RememberDaemonRequest(request, {id}, mutations);
  Answer(reply, absl::OkStatus(), std::move(mutations));
}

void Core::DeleteStudy(std::string_view study, RequestKey request, Reply& reply) {
  if (!failure_.ok()) return reply.Done(failure_);
  const auto recalled = studies_.Requests().Recall(request);
  if (!recalled.ok()) return Answer(reply, recalled.status());
  if (*recalled != nullptr && studies_.FindById((**recalled)[0]) == nullptr)
    return Answer(reply, absl::OkStatus());
  StudyEntry* entry = Find(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back([this, study = std::string(study), request = std::move(request),
                              &reply]() mutable { DeleteStudy(study, std::move(request), reply); });
    return;
  }
  RemoveStudy(*entry, request, reply);
}

void Core::RemoveStudy(StudyEntry& entry, const RequestKey& request, Reply& reply) {
  const StudyId id = entry.state->Id();
  std::deque<Task> waiting = std::move(entry.waiting);
  studies_.Remove(id);
  std::vector<Mutation> mutations = {{id, 0, StudyDeleted{}}};
  RememberDaemonRequest(request, {id}, mutations);
  Answer(reply, absl::OkStatus(), std::move(mutations));
  // Each will find that the study does not exist.
  for (Task& task : waiting) task();
}

void Core::RememberDaemonRequest(const RequestKey& request, std::vector<int64_t> answer,
                                 std::vector<Mutation>& mutations) {
  if (request.id.empty()) return;
  const int64_t at_us = clock_.Read().wall_us;
  if (const size_t overdue = studies_.Requests().Overdue(at_us); overdue > 0) {
    studies_.Requests().ForgetOldest(overdue);
    mutations.push_back({0, 0, RequestsForgotten{overdue}});
  }
  const RequestRemembered remembered{request.id, request.fingerprint, std::move(answer), at_us};
  studies_.Requests().Remember(remembered);
  mutations.push_back({0, 0, remembered});
}

void Core::Read(std::string_view study, absl::AnyInvocable<absl::Status(const StudyState&)> read,
                Reply& reply) {
  StudyEntry* entry = Find(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back([this, study = std::string(study), read = std::move(read),
                              &reply]() mutable { Read(study, std::move(read), reply); });
    return;
  }
  if (IsGathered(entry->state->Id())) {
    Flush();
    return Read(study, std::move(read), reply);
  }
  reply.Done(read(*entry->state));
}

void Core::ReadAll(absl::AnyInvocable<absl::Status(const std::map<StudyId, StudyEntry>&)> read,
                   Reply& reply) {
  if (!touched_.empty()) Flush();
  reply.Done(failure_.ok() ? read(studies_.All()) : failure_);
}

void Core::Tick() {
  if (!failure_.ok()) return;
  const Now now = clock_.Read();
  for (auto& [id, entry] : studies_.All()) {
    if (entry.IsParked()) continue;
    auto decision = entry.state->Decide(hpod::Tick{}, now);
    std::vector<Mutation> mutations = Apply(*entry.state, std::move(decision->changes));
    if (mutations.empty()) continue;
    touched_.insert(id);
    std::move(mutations.begin(), mutations.end(), std::back_inserter(mutations_));
  }
}

std::vector<Mutation> Core::Apply(StudyState& state, std::vector<Change> changes) {
  std::vector<Mutation> mutations;
  mutations.reserve(changes.size());
  for (Change& change : changes) {
    if (auto* added = std::get_if<TrialAdded>(&change))
      added->trial.id = studies_.NextTrialId(state.Id());
    if (auto* started = std::get_if<TrialStarted>(&change);
        started != nullptr && !started->was_waiting) {
      started->trial_id = studies_.NextTrialId(state.Id());
    }
    const int64_t revision = state.Revision() + (IsVisible(change) ? 1 : 0);
    mutations.push_back({state.Id(), revision, std::move(change)});
    state.Apply(mutations.back());
  }
  return mutations;
}

void Core::Answer(Reply& reply, absl::Status status, std::vector<Mutation> mutations) {
  for (Mutation& mutation : mutations) {
    if (!IsDurable(mutation)) continue;
    if (mutation.study != 0) touched_.insert(mutation.study);
    mutations_.push_back(std::move(mutation));
  }
  // Also an answer that stores nothing (a retry's, a refusal) may rest on changes of this group.
  group_.push_back({&reply, std::move(status), !mutations_.empty()});
}

void Core::Flush(absl::FunctionRef<void()> before_answers) {
  const absl::Status committed = CommitGroup();
  before_answers();
  const std::vector<GroupEntry> group = std::exchange(group_, {});
  const std::set<StudyId> touched = std::exchange(touched_, {});
  mutations_.clear();
  for (const GroupEntry& entry : group) {
    const bool keeps_its_answer = committed.ok() || (failure_.ok() && !entry.rests_on_commit);
    entry.reply->Done(keeps_its_answer ? entry.status : committed);
  }
  feed_.Notify(touched);
  if (absl::Status tidy = failure_.ok() ? storage_.Tidy() : absl::OkStatus(); !tidy.ok())
    Fail(tidy);
}

absl::Status Core::CommitGroup() {
  if (!failure_.ok()) return failure_;
  if (mutations_.empty()) return absl::OkStatus();
  absl::Status status = storage_.Commit(mutations_);
  if (absl::IsResourceExhausted(status)) {
    TakeBack();
  } else if (!status.ok()) {
    Fail(status);
  }
  return status.ok() || absl::IsResourceExhausted(status) ? status : failure_;
}

void Core::TakeBack() {
  for (const Mutation& mutation : mutations_) {
    const auto* request = std::get_if<RequestRemembered>(&mutation.change);
    if (request != nullptr && mutation.study == 0) studies_.Requests().Forget(request->request_id);
  }
  for (StudyId id : touched_) {
    StudyEntry* entry = studies_.FindById(id);
    if (entry != nullptr && entry->IsParked()) {
      entry->is_ahead_of_storage = true;
    } else {
      Reload(id);
    }
  }
}

void Core::Reload(StudyId id) {
  StudyEntry* entry = studies_.FindById(id);
  std::deque<Task> waiting;
  if (entry != nullptr) waiting = std::move(entry->waiting);
  if (absl::Status status = studies_.Reload(storage_, id, clock_.Read()); !status.ok())
    Fail(status);
  entry = studies_.FindById(id);
  if (entry != nullptr) {
    entry->waiting = std::move(waiting);
  } else {
    // Each will find that the study does not exist, or that the storage has failed.
    for (Task& task : waiting) task();
  }
}

void Core::Fail(const absl::Status& status) {
  if (!failure_.ok()) return;
  const auto message = status.message();
  failure_ =
      Refuse(Reason::kStorageFailed,
             fmt::format("the storage has failed: {}; the daemon ends and should be started again",
                         std::string_view(message.data(), message.size())));
}

}  // namespace hpod
