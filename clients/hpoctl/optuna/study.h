// A study as Optuna's database has it.

#ifndef HPOD_CLIENTS_HPOCTL_OPTUNA_STUDY_H_
#define HPOD_CLIENTS_HPOCTL_OPTUNA_STUDY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hpod::optuna {

// Key to JSON text as Python writes it: NaN and Infinity occur.
using Attributes = std::map<std::string, std::string>;

struct Param {
  std::string name;
  // A number; of a categorical parameter the index of the choice.
  double value;
  // JSON text: {"name": "FloatDistribution", "attributes": {...}}
  std::string distribution;
};

struct Trial {
  int64_t number = 0;
  // RUNNING, COMPLETE, PRUNED, FAIL or WAITING.
  std::string state;
  // UTC as `2026-11-24 08:54:03.332545`.
  std::optional<std::string> start;
  std::optional<std::string> complete;
  std::vector<Param> params;
  // One per objective, or none. May be infinite.
  std::vector<double> values;
  // Step to value, which may be NaN or infinite.
  std::map<int64_t, double> intermediate_values;
  Attributes user_attributes;
  Attributes system_attributes;
};

struct Study {
  std::string name;
  // MINIMIZE or MAXIMIZE, one per objective.
  std::vector<std::string> directions;
  Attributes user_attributes;
  Attributes system_attributes;
};

// System attributes that mean something to a daemon too.
inline constexpr const char* kMetricNames = "study:metric_names";  // of a study: list of strings
inline constexpr const char* kFixedParams = "fixed_params";        // of a trial: name to value
inline constexpr const char* kConstraints = "constraints";         // list of numbers, older form
inline constexpr const char* kConstraintPrefix = "constraints:";   // + name: a number
// What Optuna has no place for, written by hpoctl: the study without trials, a trial's worker and
// its like, as the JSON of hpoctl.
inline constexpr const char* kDaemonStudy = "hpod:study";
inline constexpr const char* kDaemonTrial = "hpod:trial";

}  // namespace hpod::optuna

#endif  // HPOD_CLIENTS_HPOCTL_OPTUNA_STUDY_H_
