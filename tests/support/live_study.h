// One study and a clock, without a core: decides, stamps and applies commands as the core does, and
// keeps what it applied.

#ifndef HPOD_TESTS_SUPPORT_LIVE_STUDY_H_
#define HPOD_TESTS_SUPPORT_LIVE_STUDY_H_

#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

#include "server/model/study_state.h"
#include "tests/support/fake_clock.h"
#include "tests/support/study_builder.h"

namespace hpod {

class LiveStudy {
 public:
  // The spec must be valid.
  explicit LiveStudy(StudySpec spec, StudyId id = 1)
      : state_(StudyState::Make(id, spec).value()), last_trial_id_(id * 1'000) {
    log_.push_back({id, 1, StudyCreated{std::move(spec)}});
    state_->Apply(log_[0]);
  }

  // What the caller is told; the changes are applied.
  template <class Command>
  absl::StatusOr<typename Command::Result> Do(const Command& command) {
    auto decision = state_->Decide(command, time.Now());
    if (!decision.ok()) return decision.status();
    for (Change& change : decision->changes) Apply(std::move(change));
    return decision->result;
  }

  // A trial for a worker; there must be one.
  HandedOut Suggest() { return Do(SuggestTrial{"worker"}).value().trial.value(); }
  std::vector<HandedOut> Suggest(size_t count) {
    std::vector<HandedOut> trials;
    while (trials.size() < count) trials.push_back(Suggest());
    return trials;
  }
  // Suggests and completes at once.
  size_t Finish(std::vector<double> values) {
    const HandedOut trial = Suggest();
    Do(Complete(KeyOf(trial), std::move(values))).value();
    return trial.number;
  }
  // Time passes, leases end.
  void TickAfterMs(int64_t ms) {
    time.AdvanceMs(ms);
    Do(Tick{}).value();
  }

  // The state built afresh from other mutations, as after a restart.
  void ReplaceBy(std::span<const Mutation> mutations) {
    state_ = Replay(mutations);
    state_->GrantLeases(time.Now());
  }
  void GrantLeases() { state_->GrantLeases(time.Now()); }
  static std::unique_ptr<StudyState> Replay(std::span<const Mutation> mutations) {
    auto state =
        StudyState::Make(mutations[0].study, std::get<StudyCreated>(mutations[0].change).spec)
            .value();
    for (const Mutation& mutation : mutations) state->Apply(mutation);
    return state;
  }

  const StudyState& State() const { return *state_; }
  TrialRecord Record(size_t number) const { return state_->Record(number); }
  TrialState StateOf(size_t number) const { return state_->Trials().State(number); }
  // Everything since the study was made, as a storage gets it.
  const std::vector<Mutation>& Log() const { return log_; }

  FakeTime time;

 private:
  void Apply(Change change) {
    if (auto* added = std::get_if<TrialAdded>(&change)) added->trial.id = ++last_trial_id_;
    if (auto* started = std::get_if<TrialStarted>(&change)) {
      if (!started->was_waiting) started->trial_id = ++last_trial_id_;
    }
    const bool visible = !std::holds_alternative<LeaseRenewed>(change) &&
                         !std::holds_alternative<DistributionAdded>(change) &&
                         !std::holds_alternative<RequestRemembered>(change) &&
                         !std::holds_alternative<RequestsForgotten>(change);
    log_.push_back({state_->Id(), state_->Revision() + (visible ? 1 : 0), std::move(change)});
    state_->Apply(log_.back());
  }

  std::unique_ptr<StudyState> state_;
  std::vector<Mutation> log_;
  int64_t last_trial_id_;  // the daemon's: other studies must have others
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_LIVE_STUDY_H_
