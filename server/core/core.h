// Core: all the sequencing there is. It takes commands, asks the study's state to decide, applies
// what was decided, gathers, commits, and only then has callers answered.
//
// One thread calls it (the loop); it does not drive itself. The driver calls Flush when it has
// nothing more to pass in.

#ifndef HPOD_SERVER_CORE_CORE_H_
#define HPOD_SERVER_CORE_CORE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "server/core/clock.h"
#include "server/core/feed.h"
#include "server/core/proposals.h"
#include "server/core/studies.h"
#include "server/model/command.h"
#include "server/model/study_state.h"
#include "server/storage/storage.h"

namespace hpod {

// A caller that waits. Done is called once, on the loop: OK when what it was told is durable.
class Reply {
 public:
  virtual ~Reply() = default;
  virtual void Done(const absl::Status& status) = 0;
};

class Core {
 public:
  struct Options {
    // StudyState::Cost from which a decision goes to a worker thread: about 100 microseconds.
    int64_t inline_cost_max = 2'000'000;
    // From which it goes to the thread for those that take long: about 50 milliseconds.
    int64_t short_cost_max = 1'000'000'000;
    size_t proposal_threads = 1;
    // Threads of Recover beside the one that reads.
    size_t recovery_threads = 1;
    // Where the seeds of studies come from that were made without one.
    absl::AnyInvocable<uint64_t()> draw_seed;
  };

  // What the caller is told of a result, filled in as soon as it is decided, sent when it is
  // durable.
  template <class Result>
  using Encode = absl::AnyInvocable<void(const StudyState&, const Result&)>;

  // `storage` and `clock` must outlive the core.
  Core(Storage& storage, const Clock& clock, PostToLoop post, Options options);

  // Reads everything back from storage, once, before anything else. As Studies::Recover.
  absl::Status Recover();

  // Decides, applies and gathers one command of a study. STUDY_NOT_FOUND, or as StudyState::Decide.
  template <class Command>
  void Execute(std::string_view study, Command command, Encode<typename Command::Result> encode,
               Reply& reply);

  // Up to `count` rounds of SuggestTrial, one answer.
  void Suggest(std::string_view study, SuggestTrial command, size_t count, RequestKey request,
               Encode<RememberSuggestion> encode, Reply& reply);

  // Makes a study; an existing one is refused (STUDY_EXISTS), or with `load_if_exists` told
  // (STUDY_MISMATCH if its directions differ). `encode` is also told whether the study is new.
  void CreateStudy(StudySpec spec, bool load_if_exists, const RequestKey& request,
                   Encode<bool> encode, Reply& reply);
  // STUDY_NOT_FOUND.
  void DeleteStudy(std::string_view study, RequestKey request, Reply& reply);

  // --- By id (core_by_id.cc): for Optuna's storage protocol, whose clients know ids.

  // A study by its name, its id, or the id of one of its trials.
  struct ById {
    StudyId id;
  };
  struct OfTrial {
    int64_t trial_id;
  };
  using StudyKey = std::variant<std::string, ById, OfTrial>;

  // As Execute. STUDY_NOT_FOUND, TRIAL_NOT_FOUND.
  template <class Command>
  void ExecuteIn(StudyKey study, Command command, Encode<typename Command::Result> encode,
                 Reply& reply);
  // Makes a study of any name, also an empty one. STUDY_EXISTS.
  void CreateStudyOfAnyName(StudySpec spec, Encode<bool> encode, Reply& reply);
  void DeleteStudy(ById study, Reply& reply);
  // Shows a study, or all, as they are now, and answers with the group: after the commit of what it
  // shows. It costs no commit of its own, as Read may.
  void ReadInGroup(StudyKey study, absl::AnyInvocable<absl::Status(const StudyState&)> read,
                   Reply& reply);
  void ReadAllInGroup(absl::AnyInvocable<void(const std::map<StudyId, StudyEntry>&)> read,
                      Reply& reply);

  // Shows a study, or all, as they are durable now; what is gathered is committed first if it
  // concerns them. `read` may refuse.
  void Read(std::string_view study, absl::AnyInvocable<absl::Status(const StudyState&)> read,
            Reply& reply);
  void ReadAll(absl::AnyInvocable<absl::Status(const std::map<StudyId, StudyEntry>&)> read,
               Reply& reply);

  // Time has passed: leases end.
  void Tick();

  // Commits what has gathered in one transaction, then answers its callers in order. Between the
  // two, calls `before_answers`.
  void Flush(absl::FunctionRef<void()> before_answers = [] {});
  size_t GroupSize() const { return group_.size(); }
  // Callers wait, or a Tick has changed something.
  bool HasWork() const { return !group_.empty() || !mutations_.empty(); }

  // Storage has failed for good: every call is refused with STORAGE_FAILED, and the process should
  // end.
  const absl::Status& Failure() const { return failure_; }

  // For a look at what Recover found, before the loop runs.
  const std::map<StudyId, StudyEntry>& Studies() const { return studies_.All(); }

  Feed& Watchers() { return feed_; }
  Now ReadClock() const { return clock_.Read(); }

 private:
  struct GroupEntry {
    Reply* reply;
    absl::Status status;   // what the caller is told if the commit succeeds
    bool rests_on_commit;  // if the commit fails, the caller is told so instead
  };
  struct SuggestRun;

  template <class Command>
  using DecisionOf = absl::StatusOr<Decision<typename Command::Result>>;

  // The study; null, after having answered, if there is none or the storage has failed.
  StudyEntry* Find(std::string_view study, Reply& reply);
  StudyEntry* FindBy(const StudyKey& study, Reply& reply);
  // Decides a command of a study that is not parked, applies and gathers it.
  template <class Command>
  void Run(StudyEntry& entry, const Command& command, Encode<typename Command::Result> encode,
           Reply& reply);
  void AddStudy(StudySpec spec, const RequestKey& request, Encode<bool> encode, Reply& reply);
  void RemoveStudy(StudyEntry& entry, const RequestKey& request, Reply& reply);
  // Decides here or on a worker thread; `then` gets the decision, on the loop.
  template <class Command>
  void DecideAnywhere(StudyEntry& entry, const Command& command,
                      absl::AnyInvocable<void(DecisionOf<Command>)> then);
  // A proposal has come back: an error if the state it was made for is no longer what storage has.
  absl::Status FinishProposal(StudyId id);
  // Runs what waited for the study while it was parked.
  void Resume(StudyId id);
  void NextRound(const std::shared_ptr<SuggestRun>& run);
  void FinishSuggest(SuggestRun& run);

  // Stamps the changes with revisions and ids and applies them.
  std::vector<Mutation> Apply(StudyState& state, std::vector<Change> changes);
  // Answers with the group: after the commit of `mutations`, and of everything before.
  void Answer(Reply& reply, absl::Status status, std::vector<Mutation> mutations = {});
  void RememberDaemonRequest(const RequestKey& request, std::vector<int64_t> answer,
                             std::vector<Mutation>& mutations);
  bool IsGathered(StudyId id) const { return touched_.contains(id); }
  absl::Status CommitGroup();
  // Memory goes back to what storage has.
  void TakeBack();
  void Reload(StudyId id);
  void Fail(const absl::Status& status);

  Storage& storage_;
  const Clock& clock_;
  Options options_;
  hpod::Studies studies_;
  Feed feed_;

  std::vector<GroupEntry> group_;
  std::vector<Mutation> mutations_;
  std::set<StudyId> touched_;
  absl::Status failure_;

  Proposals proposals_;  // last: its threads end before what they use
};

template <class Command>
void Core::DecideAnywhere(StudyEntry& entry, const Command& command,
                          absl::AnyInvocable<void(DecisionOf<Command>)> then) {
  const StudyState& state = *entry.state;
  const Now now = clock_.Read();
  if constexpr (requires { state.Cost(command); }) {
    if (const int64_t cost = state.Cost(command); cost > options_.inline_cost_max) {
      const auto length =
          cost > options_.short_cost_max ? Proposals::Length::kLong : Proposals::Length::kShort;
      ++entry.proposals;
      auto decision = std::make_shared<DecisionOf<Command>>(absl::InternalError("not decided"));
      proposals_.Run(
          length, [&state, command, now, decision] { *decision = state.Decide(command, now); },
          [this, id = state.Id(), decision, then = std::move(then)]() mutable {
            const absl::Status usable = FinishProposal(id);
            then(usable.ok() ? std::move(*decision) : DecisionOf<Command>(usable));
            Resume(id);
          });
      return;
    }
  }
  then(state.Decide(command, now));
}

template <class Command>
void Core::Execute(std::string_view study, Command command, Encode<typename Command::Result> encode,
                   Reply& reply) {
  StudyEntry* entry = Find(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back(
        [this, study = std::string(study), command = std::move(command), encode = std::move(encode),
         &reply]() mutable { Execute(study, std::move(command), std::move(encode), reply); });
    return;
  }
  Run(*entry, command, std::move(encode), reply);
}

template <class Command>
void Core::ExecuteIn(StudyKey study, Command command, Encode<typename Command::Result> encode,
                     Reply& reply) {
  StudyEntry* entry = FindBy(study, reply);
  if (entry == nullptr) return;
  if (entry->IsParked()) {
    entry->waiting.push_back([this, study = std::move(study), command = std::move(command),
                              encode = std::move(encode), &reply]() mutable {
      ExecuteIn(std::move(study), std::move(command), std::move(encode), reply);
    });
    return;
  }
  Run(*entry, command, std::move(encode), reply);
}

template <class Command>
void Core::Run(StudyEntry& entry, const Command& command, Encode<typename Command::Result> encode,
               Reply& reply) {
  DecideAnywhere<Command>(entry, command,
                          [this, id = entry.state->Id(), encode = std::move(encode),
                           &reply](DecisionOf<Command> decision) mutable {
                            if (!decision.ok()) return Answer(reply, decision.status());
                            StudyState& state = *studies_.FindById(id)->state;
                            std::vector<Mutation> mutations =
                                Apply(state, std::move(decision->changes));
                            encode(state, decision->result);
                            Answer(reply, absl::OkStatus(), std::move(mutations));
                          });
}

}  // namespace hpod

#endif  // HPOD_SERVER_CORE_CORE_H_
