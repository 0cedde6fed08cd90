// StudyState: one study in memory, and all the rules there are about it.
//
// `Decide` answers a command: it is const and pure, refuses what breaks a rule, and otherwise says
// what changes (mutations) and what the caller is told (result). `Apply` makes a mutation true; it
// cannot fail, and is the same code for live calls and for recovery.
//
// Thread-compatible: any number of threads may read or Decide while nobody calls Apply.

#ifndef HPOD_SERVER_MODEL_STUDY_STATE_H_
#define HPOD_SERVER_MODEL_STUDY_STATE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "samplers/history.h"
#include "samplers/pruner.h"
#include "samplers/sampler.h"
#include "server/model/change_log.h"
#include "server/model/command.h"
#include "server/model/mutation.h"
#include "server/model/optuna/commands.h"
#include "server/model/optuna/distribution_texts.h"
#include "server/model/request_memory.h"
#include "server/model/study_spec.h"

namespace hpod {

template <class Result>
struct Decision {
  std::vector<Change> changes;
  Result result;  // tell the caller once `changes` are durable
};

class StudyState {
 public:
  // INVALID_ARGUMENT: a spec that no study can have; the message names the field. The spec's seed
  // and creation time must be set.
  static absl::StatusOr<std::unique_ptr<StudyState>> Make(StudyId id, StudySpec spec);

  // --- Rules (decide*.cc)
  // ------------------------------------------------------------------------------------------ Any
  // of these may answer: REQUEST_ID_REUSED; and, for a trial: TRIAL_NOT_FOUND, LEASE_LOST,
  // TRIAL_FINISHED, TRIAL_WAITING. A request that is remembered gets its first answer and changes
  // nothing.

  absl::StatusOr<Decision<SuggestTrial::Result>> Decide(const SuggestTrial& command,
                                                        const Now& now) const;
  absl::StatusOr<Decision<RememberSuggestion::Result>> Decide(const RememberSuggestion& command,
                                                              const Now& now) const;
  absl::StatusOr<Decision<SuggestParameter::Result>> Decide(const SuggestParameter& command,
                                                            const Now& now) const;
  absl::StatusOr<Decision<ReportValue::Result>> Decide(const ReportValue& command,
                                                       const Now& now) const;
  absl::StatusOr<Decision<CompleteTrial::Result>> Decide(const CompleteTrial& command,
                                                         const Now& now) const;
  absl::StatusOr<Decision<HeartbeatTrial::Result>> Decide(const HeartbeatTrial& command,
                                                          const Now& now) const;
  absl::StatusOr<Decision<EnqueueTrial::Result>> Decide(const EnqueueTrial& command,
                                                        const Now& now) const;
  absl::StatusOr<Decision<AddTrials::Result>> Decide(const AddTrials& command,
                                                     const Now& now) const;
  absl::StatusOr<Decision<SetTrialAttributes::Result>> Decide(const SetTrialAttributes& command,
                                                              const Now& now) const;
  absl::StatusOr<Decision<UpdateStudy::Result>> Decide(const UpdateStudy& command,
                                                       const Now& now) const;
  absl::StatusOr<Decision<Tick::Result>> Decide(const Tick& command, const Now& now) const;

  // Optuna's storage protocol (decide_optuna*.cc).
  absl::StatusOr<Decision<OptunaCreateTrial::Result>> Decide(const OptunaCreateTrial& command,
                                                             const Now& now) const;
  absl::StatusOr<Decision<OptunaSetParameter::Result>> Decide(const OptunaSetParameter& command,
                                                              const Now& now) const;
  absl::StatusOr<Decision<OptunaSetState::Result>> Decide(const OptunaSetState& command,
                                                          const Now& now) const;
  absl::StatusOr<Decision<OptunaReport::Result>> Decide(const OptunaReport& command,
                                                        const Now& now) const;
  absl::StatusOr<Decision<OptunaSetTrialAttribute::Result>> Decide(
      const OptunaSetTrialAttribute& command, const Now& now) const;
  absl::StatusOr<Decision<OptunaSetStudyAttribute::Result>> Decide(
      const OptunaSetStudyAttribute& command, const Now& now) const;

  // The remembered answer to a batch of suggestions, if the request is a retry.
  absl::StatusOr<std::optional<RememberSuggestion>> RecallSuggestion(
      const RequestKey& request) const;

  // About how many kernel evaluations a decision costs: what the core compares to decide whether to
  // compute it on the loop or on a worker thread.
  int64_t Cost(const SuggestTrial& command) const;
  int64_t Cost(const SuggestParameter& command) const;

  // --- Changes
  // ----------------------------------------------------------------------------------------------------

  void Apply(const Mutation& mutation);
  // Gives every running trial one full lease from now on: after recovery.
  void GrantLeases(const Now& now);

  // --- Reading
  // ----------------------------------------------------------------------------------------------------

  StudyId Id() const { return id_; }
  const StudySpec& Spec() const { return spec_; }
  const History& Trials() const { return history_; }
  int64_t Revision() const { return revision_; }
  // Wall clock; 0: no trial started yet.
  int64_t FirstStartUs() const { return first_start_us_; }
  // Trials that failed because their lease expired.
  size_t LostCount() const { return lost_count_; }
  int64_t LastTrialId() const { return last_trial_id_; }

  // Why no trial would be handed out now, apart from what only the sampler knows (an exhausted
  // grid).
  StopReason BudgetStop(const Now& now) const;
  // The same with what the sampler knows.
  StopReason NextStop(const Now& now) const;

  // TRIAL_NOT_FOUND.
  absl::Status CheckExists(int64_t number) const;
  // The whole trial. O(its size).
  TrialRecord Record(size_t number, bool with_reports = true) const;
  int64_t LeaseToken(size_t number) const { return meta_[number].lease_token; }
  // A running trial that an Optuna client has made or taken has none.
  bool HasLease(size_t number) const { return leases_.contains(number); }
  // Of a trial that has a lease.
  int64_t LeaseExpiresSteadyUs(size_t number) const { return leases_.at(number); }

  // The parts of a trial's record that Optuna's clients ask for, without a copy.
  int64_t TrialId(size_t number) const { return meta_[number].id; }
  // The number of the trial that has the id, if it is of this study. O(log n): both grow together.
  std::optional<size_t> FindTrial(int64_t trial_id) const;
  // The number of the first trial with a greater id; Trials().size() if there is none.
  size_t FirstTrialAfter(int64_t trial_id) const;
  int64_t StartedUs(size_t number) const { return meta_[number].started_us; }
  int64_t CompletedUs(size_t number) const { return meta_[number].completed_us; }
  const Attributes& UserAttributes(size_t number) const;
  const Attributes& SystemAttributes(size_t number) const;
  const Constraints& TrialConstraints(size_t number) const;
  const FixedParams& Fixed(size_t number) const;
  const OptunaFacts& Optuna(size_t number) const;
  const DistributionTexts& OptunaTexts() const { return optuna_texts_; }

  // Feasible complete trials that have values, best first (ties: lower number). One objective. O(n
  // + k log n) for the first k.
  std::vector<size_t> BestTrials(size_t limit) const;
  // The feasible complete trials that no other dominates, by number.
  std::vector<size_t> ParetoFront() const;
  // The feasible complete trials that were best when they finished, in the order of finishing. One
  // objective.
  std::vector<size_t> Improvements() const;
  // Numbers of the trials that changed after `revision`, in the order of their last change.
  std::vector<size_t> ChangedSince(int64_t revision) const;

  // Bytes held by the columns, capacity included.
  size_t MemoryBytes() const;

 private:
  // What the engine knows of a trial beyond the history; facts that few trials have are in `Extra`.
  struct Meta {
    int64_t id = 0;
    int64_t started_us = 0;
    int64_t completed_us = 0;
    int64_t lease_token = 0;
    int64_t revision = 0;
  };
  struct Extra {
    Attributes attributes;
    Attributes system_attributes;
    Constraints constraints;
    FixedParams fixed;
    OptunaFacts optuna;
    std::optional<int64_t> retry_of;
    int32_t retry_count = 0;
    bool lost = false;
    std::string failure;
  };
  // Where a parameter of an Optuna client goes: into the history, into the facts beside it, or
  // both.
  struct PlacedParam {
    std::optional<DistributionValue> column;
    std::optional<OptunaParam> exact;
  };

  StudyState(StudyId id, StudySpec spec, std::unique_ptr<Sampler> sampler,
             std::unique_ptr<Pruner> pruner);

  // Rules in parts.
  absl::StatusOr<size_t> CheckRunning(const TrialKey& key) const;
  absl::StatusOr<size_t> CheckToken(const TrialKey& key) const;
  absl::StatusOr<std::vector<DistributionValue>> ProposeParams(size_t number,
                                                               const Extra* extra) const;
  // `space` is of the one parameter that is asked for.
  absl::StatusOr<double> ChooseParameter(size_t number, const Space& space) const;
  absl::StatusOr<Point> FixedPoint(const FixedParams& fixed) const;
  absl::Status CheckFixed(const FixedParams& fixed) const;
  absl::Status CheckAskable(const std::string& name, const Domain& domain) const;
  absl::Status CheckResult(const CompleteTrial& command) const;
  absl::StatusOr<TrialRecord> ImportTrial(const ForeignTrial& foreign, std::string_view field,
                                          const Now& now, class DistributionDraft& draft) const;
  std::optional<size_t> FindSame(const FixedParams& params) const;
  TrialRecord RetryOf(size_t number, size_t retry_number) const;
  bool IsFinalWithoutNewTrials() const;
  LeaseRenewed Renewal(size_t number, const Now& now) const;
  // Adds the renewal of a trial's lease, if it has one.
  void Renew(size_t number, const Now& now, std::vector<Change>& changes) const;
  absl::StatusOr<size_t> CheckUnfinished(int64_t trial_id) const;
  absl::Status CheckBudget(const Now& now) const;
  absl::StatusOr<PlacedParam> PlaceParam(const std::string& name, const OptunaParam& param,
                                         class DistributionDraft& draft) const;
  absl::Status CheckRegistered(const std::string& name, const OptunaParam& param) const;
  absl::StatusOr<Decision<OptunaCreateTrial::Result>> CopyTemplate(
      const OptunaTemplate& made_up) const;
  TrialFinished FinishWith(size_t number, const OptunaSetState& command, const Now& now) const;
  bool FitsObjectives(const std::vector<double>& values) const;
  void RememberAnswer(const RequestKey& request, Answer answer, const Now& now,
                      std::vector<Change>& changes) const;
  const Extra* FindExtra(size_t number) const;
  const Extra& ExtraOf(size_t number) const;
  std::string TrialName(int64_t number) const;

  // Applying, one per kind of change.
  void ApplyChange(const StudyCreated& /*change*/, int64_t /*revision*/) {}
  void ApplyChange(const StudyDeleted& /*change*/, int64_t /*revision*/) {}
  void ApplyChange(const IdsUsed& /*change*/, int64_t /*revision*/) {}
  void ApplyChange(const StudyUpdated& change, int64_t revision);
  void ApplyChange(const DistributionAdded& change, int64_t revision);
  void ApplyChange(const TrialAdded& change, int64_t revision);
  void ApplyChange(const TrialStarted& change, int64_t revision);
  void ApplyChange(const ParamsSet& change, int64_t revision);
  void ApplyChange(const ValueReported& change, int64_t revision);
  void ApplyChange(const TrialFinished& change, int64_t revision);
  void ApplyChange(const TrialAttributesSet& change, int64_t revision);
  void ApplyChange(const TrialRequeued& change, int64_t revision);
  void ApplyChange(const StudyAttributeSet& change, int64_t revision);
  void ApplyChange(const TrialAttributeSet& change, int64_t revision);
  void ApplyChange(const OptunaFactsSet& change, int64_t revision);
  void ApplyChange(const LeaseRenewed& change, int64_t revision);
  void ApplyChange(const RequestRemembered& change, int64_t revision);
  void ApplyChange(const RequestsForgotten& change, int64_t revision);
  void AppendTrial(TrialState state, int64_t id);
  void SetParams(size_t number, const std::vector<DistributionValue>& params);
  void SetConstraints(size_t number, const Constraints& constraints);
  void NoteStart(size_t number, int64_t started_us);
  void NoteFirstStart(int64_t started_us);
  void NoteToken(int64_t token);
  void Touch(size_t number, int64_t revision);
  uint32_t InternWorker(const std::string& worker);

  const StudyId id_;
  StudySpec spec_;
  History history_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Pruner> pruner_;

  std::vector<Meta> meta_;            // by trial number
  std::vector<uint32_t> worker_ids_;  // by trial number: index into workers_
  std::unordered_map<size_t, Extra> extras_;
  std::unordered_map<size_t, int64_t> leases_;  // running trial to expiry, steady clock
  std::vector<std::string> workers_;
  std::map<std::string, uint32_t> worker_index_;
  DistributionTexts optuna_texts_;
  RequestMemory requests_;
  ChangeLog change_log_;

  int64_t revision_ = 0;
  int64_t last_token_ = 0;
  int64_t last_trial_id_ = 0;
  int64_t first_start_us_ = 0;
  size_t lost_count_ = 0;
  size_t observed_ = 0;  // trials that the sampler has been shown
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_STUDY_STATE_H_
