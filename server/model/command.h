// Commands: what callers ask of a study. Each names its Result; StudyState::Decide turns it into
// mutations and that.

#ifndef HPOD_SERVER_MODEL_COMMAND_H_
#define HPOD_SERVER_MODEL_COMMAND_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/model/mutation.h"
#include "server/model/study_spec.h"

namespace hpod {

// What makes a retry recognisable. Empty id: the caller does not retry.
struct RequestKey {
  std::string id;
  uint64_t fingerprint = 0;
};

// Which trial, and by what right. Token 0: not fenced.
struct TrialKey {
  int64_t number = 0;
  int64_t lease_token = 0;
};

struct HandedOut {
  size_t number = 0;
  int64_t lease_token = 0;
};

// One trial, enqueued or new. The core asks once per trial of a batch.
struct SuggestTrial {
  struct Result {
    std::optional<HandedOut> trial;
    StopReason stop_reason = StopReason::kNone;  // if there is no trial
    bool final = false;
  };
  std::string worker;
};

// A batch's answer is complete: remember it for retries.
struct RememberSuggestion {
  struct Result {};
  RequestKey request;
  std::vector<HandedOut> trials;
  StopReason stop_reason = StopReason::kNone;
  bool final = false;
};

struct SuggestParameter {
  struct Result {
    uint32_t distribution = 0;
    double value = 0;  // internal
  };
  TrialKey trial;
  std::string name;
  Domain domain;
  RequestKey request;
};

struct ReportValue {
  struct Result {
    bool should_prune = false;
    bool study_stopped = false;
    bool step_was_reported = false;
  };
  TrialKey trial;
  Report report;
  RequestKey request;
};

struct CompleteTrial {
  struct Result {
    bool study_stopped = false;
  };
  TrialKey trial;
  TrialState state = TrialState::kComplete;  // COMPLETE, PRUNED or FAIL
  std::vector<double> values;
  Constraints constraints;
  Attributes attributes;
  std::string failure;
  RequestKey request;
};

struct HeartbeatTrial {
  struct Result {
    bool study_stopped = false;
  };
  TrialKey trial;
};

struct EnqueueTrial {
  struct Result {
    size_t number = 0;
    bool created = false;
  };
  FixedParams params;
  Attributes attributes;
  bool skip_if_exists = false;
  RequestKey request;
};

// A trial from elsewhere; its parameters come with their domains, since the study may not have them
// yet.
struct ForeignTrial {
  struct Param {
    std::string name;
    Domain domain;
    double value = 0;  // internal
  };
  std::vector<Param> params;
  TrialRecord record;  // without params
};
struct AddTrials {
  struct Result {
    std::vector<int64_t> numbers;
  };
  std::vector<ForeignTrial> trials;
  RequestKey request;
};

struct SetTrialAttributes {
  struct Result {};
  TrialKey trial;
  Attributes attributes;  // an empty value removes its key
  Constraints constraints;
  RequestKey request;
};

// Absent: unchanged.
struct UpdateStudy {
  struct Result {};
  std::optional<Budget> budget;
  std::optional<int64_t> lease_ms;
  std::optional<int32_t> max_retries;
  std::optional<std::vector<std::string>> metric_names;
  Attributes attributes;  // merged; an empty value removes its key
  std::optional<bool> stopped;
  RequestKey request;
};

// Time has passed: expired leases, old remembered requests.
struct Tick {
  struct Result {};
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_COMMAND_H_
