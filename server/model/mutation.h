// Mutations: the past-tense records of everything that changes. One format for memory (Apply), for
// the disk (Storage::Commit), for recovery (Storage::Load) and for watchers.

#ifndef HPOD_SERVER_MODEL_MUTATION_H_
#define HPOD_SERVER_MODEL_MUTATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "samplers/history.h"
#include "server/model/study_spec.h"

namespace hpod {

// Parameters as users gave them, by name.
using FixedParams = std::vector<std::pair<std::string, Value>>;

// A parameter as an Optuna client set it.
struct OptunaParam {
  std::string distribution;  // JSON text
  double value = 0;          // internal to it
  bool operator==(const OptunaParam&) const = default;
};

// What an Optuna client gave a trial and the rest of its record cannot hold as it is. Most trials
// have none of it.
struct OptunaFacts {
  // By name: those whose text is not the study's for their domain, or whose domain or value the
  // model does not have.
  std::map<std::string, OptunaParam> params;
  // Instead of TrialRecord::values: of a trial that is not finished, or not one per objective.
  std::vector<double> values;
  // Times as a template had them, instead of those of the record; empty: the record's.
  std::string started;
  std::string completed;
  bool operator==(const OptunaFacts&) const = default;
};

// A whole trial.
struct TrialRecord {
  int64_t id = 0;  // unique in the daemon; 0 until the core has given it one
  size_t number = 0;
  TrialState state = TrialState::kRunning;
  std::vector<DistributionValue> params;
  std::vector<DistributionValue> foreseen;
  FixedParams fixed;
  std::vector<double> values;
  std::vector<Report> reports;  // by step
  int64_t started_us = 0;       // wall clock; 0: not started
  int64_t completed_us = 0;     // 0: not finished
  std::string worker;
  // Positive: the lease's. Otherwise it has no lease and never expires; negative: the worker that
  // had a lease has lost the trial.
  int64_t lease_token = 0;
  Attributes attributes;
  Attributes system_attributes;  // Optuna's own, not its users'
  Constraints constraints;
  OptunaFacts optuna;
  std::optional<int64_t> retry_of;
  int32_t retry_count = 0;
  bool lost = false;  // its lease expired
  std::string failure;
  int64_t revision = 0;
  bool operator==(const TrialRecord&) const = default;
};

struct StudyCreated {
  StudySpec spec;
};
struct StudyDeleted {};
// The mutable part of the spec, whole.
struct StudyUpdated {
  Budget budget;
  int64_t lease_ms = 0;
  int32_t max_retries = 0;
  std::vector<std::string> metric_names;
  Attributes attributes;
  bool stopped = false;
};
// Number `index` of the study's distributions, in order.
struct DistributionAdded {
  uint32_t index = 0;
  std::string name;
  Domain domain;
  std::string optuna_text = {};  // as an Optuna client wrote it; empty: it came otherwise
};
// A trial that came whole: enqueued, added, or read back from storage.
struct TrialAdded {
  TrialRecord trial;
};
// A trial was handed to a worker, or an Optuna client took it (without a lease): the next number,
// or a waiting one.
struct TrialStarted {
  size_t number = 0;
  int64_t trial_id = 0;  // 0 until the core has given it one
  bool was_waiting = false;
  std::vector<DistributionValue> params;  // all of them, also those that a waiting trial had
  std::vector<DistributionValue> foreseen;
  std::string worker;
  int64_t lease_token = 0;
  int64_t started_us = 0;
};
// A running trial has these parameters now: all of them, the new one last.
struct ParamsSet {
  size_t number = 0;
  int64_t trial_id = 0;
  std::vector<DistributionValue> params;
};
struct ValueReported {
  size_t number = 0;
  int64_t trial_id = 0;
  Report report;
  bool replaces = false;  // the step has a value, which this one replaces
};
struct TrialFinished {
  size_t number = 0;
  int64_t trial_id = 0;
  TrialState state = TrialState::kComplete;
  std::vector<double> values;
  std::string failure;
  int64_t completed_us = 0;
  // The trial's token from now on: its own, or a newer one if its lease expired, so that the old
  // one is refused.
  int64_t lease_token = 0;
  bool lost = false;
};
// The trial's attributes and constraints from now on, whole.
struct TrialAttributesSet {
  size_t number = 0;
  int64_t trial_id = 0;
  Attributes attributes;
  Constraints constraints;
};
// A running trial waits again, and whoever had it has lost it.
struct TrialRequeued {
  size_t number = 0;
  int64_t trial_id = 0;
};
// Whom an attribute is for.
enum class AttributeScope { kUser, kSystem };
struct StudyAttributeSet {
  AttributeScope scope = AttributeScope::kUser;
  std::string key;
  std::string value;
};
struct TrialAttributeSet {
  size_t number = 0;
  int64_t trial_id = 0;
  AttributeScope scope = AttributeScope::kUser;
  std::string key;
  std::string value;
  // The trial's constraints from now on, if the attribute says any.
  std::optional<Constraints> constraints;
};
// From now on, whole.
struct OptunaFactsSet {
  size_t number = 0;
  int64_t trial_id = 0;
  OptunaFacts facts;
};
// Memory only: a restart grants every running trial one full lease.
struct LeaseRenewed {
  size_t number = 0;
  int64_t expires_steady_us = 0;
};
// The answer that a retry with this id gets.
struct RequestRemembered {
  std::string request_id;
  uint64_t fingerprint = 0;  // of the request's content
  std::vector<int64_t> answer;
  int64_t at_us = 0;
};
// The oldest `count` remembered requests of the study are dropped.
struct RequestsForgotten {
  size_t count = 0;
};

// Ids up to these have been given away, also to studies and trials that are deleted. Of study 0:
// the daemon.
struct IdsUsed {
  StudyId last_study_id = 0;
  int64_t last_trial_id = 0;
};

using Change =
    std::variant<StudyCreated, StudyDeleted, StudyUpdated, DistributionAdded, TrialAdded,
                 TrialStarted, ParamsSet, ValueReported, TrialFinished, TrialAttributesSet,
                 TrialRequeued, StudyAttributeSet, TrialAttributeSet, OptunaFactsSet, LeaseRenewed,
                 RequestRemembered, RequestsForgotten, IdsUsed>;

struct Mutation {
  StudyId study = 0;     // 0: the daemon (remembered requests that made or deleted studies, ids)
  int64_t revision = 0;  // of the study, once this is applied
  Change change;
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_MUTATION_H_
