// Commands of Optuna's storage protocol. They are calls without a lease: whoever knows the trial's
// id may change it, and a RUNNING trial that an Optuna client has made or taken never expires. Each
// is a command as in command.h. TRIAL_NOT_FOUND, and TRIAL_FINISHED for every change of a finished
// trial.

#ifndef HPOD_SERVER_MODEL_OPTUNA_COMMANDS_H_
#define HPOD_SERVER_MODEL_OPTUNA_COMMANDS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "samplers/history.h"
#include "server/model/mutation.h"
#include "server/model/study_spec.h"

namespace hpod {

// A trial as a client made it up.
struct OptunaTemplate {
  TrialState state = TrialState::kRunning;
  std::vector<double> values;
  // Times: microseconds, and the texts they came as. 0 and empty: none.
  int64_t started_us = 0;
  int64_t completed_us = 0;
  std::string started;
  std::string completed;
  std::map<std::string, OptunaParam> params;
  Attributes user_attributes;
  Attributes system_attributes;
  std::map<int64_t, double> intermediate_values;
};

// Without a template: RUNNING from now on, if the study's budget allows another trial.
struct OptunaCreateTrial {
  struct Result {
    size_t number = 0;
  };
  std::optional<OptunaTemplate> made_up;
};

struct OptunaSetParameter {
  struct Result {};
  int64_t trial_id = 0;
  std::string name;
  OptunaParam param;
};

// To RUNNING only from WAITING: of several clients that ask, one is told that it has `updated` it.
struct OptunaSetState {
  struct Result {
    bool updated = true;
  };
  int64_t trial_id = 0;
  TrialState state = TrialState::kComplete;
  std::vector<double> values;  // empty: those that it has stay
};

struct OptunaReport {
  struct Result {};
  int64_t trial_id = 0;
  Report report;
};

struct OptunaSetTrialAttribute {
  struct Result {};
  int64_t trial_id = 0;
  AttributeScope scope = AttributeScope::kUser;
  std::string key;
  std::string value;
};

struct OptunaSetStudyAttribute {
  struct Result {};
  AttributeScope scope = AttributeScope::kUser;
  std::string key;
  std::string value;
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_COMMANDS_H_
