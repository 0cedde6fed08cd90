// Studies and trials of Optuna's database as messages of hpo.v1 and back, without loss.
//
// What the daemon has no field for is kept in one user attribute of the study (`optuna:study`) and
// of the trial (`optuna:trial`), a JSON object: system attributes, distributions whose text the
// domain does not give back, and whatever else the daemon would refuse or change. What Optuna has
// no place for is kept in one system attribute each (`hpod:study`, `hpod:trial`).

#ifndef HPOD_CLIENTS_HPOCTL_OPTUNA_CONVERT_H_
#define HPOD_CLIENTS_HPOCTL_OPTUNA_CONVERT_H_

#include "absl/status/statusor.h"
#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

#include "clients/hpoctl/optuna/study.h"

namespace hpod::optuna {

inline constexpr const char* kStudyRecord = "optuna:study";
inline constexpr const char* kTrialRecord = "optuna:trial";

// INVALID_ARGUMENT: a direction or state that Optuna does not have, or a damaged `hpod:` attribute.
absl::StatusOr<hpo::v1::Study> ToProto(const Study& study);
// index: the number that the daemon will give it. objectives: of its study.
absl::StatusOr<hpo::v1::Trial> ToProto(const Trial& trial, int64_t index, int objectives);

Study FromProto(const hpo::v1::Study& message);
Trial FromProto(const hpo::v1::Trial& message);

// Constraint name to value, from system attributes in the older and the present form; without NaN.
std::map<std::string, double> ConstraintsOf(const Attributes& system_attributes);

// UTC as Optuna's database has it.
std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace hpod::optuna

#endif  // HPOD_CLIENTS_HPOCTL_OPTUNA_CONVERT_H_
