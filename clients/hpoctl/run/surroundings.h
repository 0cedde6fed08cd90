// How a command finds its trial: the values for its arguments, and its environment.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_SURROUNDINGS_H_
#define HPOD_CLIENTS_HPOCTL_RUN_SURROUNDINGS_H_

#include <map>
#include <string>
#include <vector>

#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

#include "clients/hpoctl/run/settings.h"
#include "clients/hpoctl/run/trial_folder.h"

namespace hpod {

// The names that a command may use: the study's parameters, then those of hpoctl itself, such as
// `hpod.trial`.
std::vector<std::string> TemplateNames(const hpo::v1::Study& study);

// Their values in one trial; inactive parameters are missing. Of equal names the parameter counts.
std::map<std::string, std::string> TemplateValues(const RunSettings& settings,
                                                  const hpo::v1::Trial& trial,
                                                  const TrialFolder& folder);

// `inherited` (NAME=VALUE) without the variables of an outer run, and this one's: HPOD_STUDY,
// HPOD_TRIAL, HPOD_SERVER, HPOD_PARAMS_FILE, HPOD_TRIAL_DIR, HPOD_FD, HPOD_PRUNE_FD with the pipe,
// and HPOD_PARAM_name.
std::vector<std::string> CommandEnvironment(const std::vector<std::string>& inherited,
                                            const RunSettings& settings,
                                            const hpo::v1::Trial& trial, const TrialFolder& folder);

// HPOD_PARAM_ and the name, in which all but letters, digits and `_` becomes `_`.
std::string ParameterVariable(std::string_view name);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_SURROUNDINGS_H_
