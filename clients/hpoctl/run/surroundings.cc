#include "clients/hpoctl/run/surroundings.h"

#include <algorithm>
#include <fmt/format.h>

#include "clients/hpoctl/run/child.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

constexpr std::string_view kOwnPrefix = "HPOD_PARAM_";
constexpr std::string_view kOwnVariables[] = {"HPOD_STUDY",       "HPOD_TRIAL",     "HPOD_SERVER",
                                              "HPOD_PARAMS_FILE", "HPOD_TRIAL_DIR", "HPOD_FD",
                                              "HPOD_PRUNE_FD"};

bool IsOwn(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return name.starts_with(kOwnPrefix) ||
         std::find(std::begin(kOwnVariables), std::end(kOwnVariables), name) !=
             std::end(kOwnVariables);
}

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string ParameterVariable(std::string_view name) {
  std::string variable(kOwnPrefix);
  for (const char c : name) variable += IsPlain(c) ? c : '_';
  return variable;
}

std::vector<std::string> TemplateNames(const hpo::v1::Study& study) {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(study.space_size()));
  for (const auto& parameter : study.space()) names.push_back(parameter.name());
  names.insert(names.end(), {"hpod.study", "hpod.trial", "hpod.dir", "hpod.params_file"});
  return names;
}

std::map<std::string, std::string> TemplateValues(const RunSettings& settings,
                                                  const hpo::v1::Trial& trial,
                                                  const TrialFolder& folder) {
  std::map<std::string, std::string> values;
  for (const auto& param : trial.params()) values[param.name()] = ValueText(param.value(), false);
  values.insert({{"hpod.study", settings.study.name()},
                 {"hpod.trial", std::to_string(trial.number())},
                 {"hpod.dir", folder.path().string()},
                 {"hpod.params_file", folder.params_path().string()}});
  return values;
}

std::vector<std::string> CommandEnvironment(const std::vector<std::string>& inherited,
                                            const RunSettings& settings,
                                            const hpo::v1::Trial& trial,
                                            const TrialFolder& folder) {
  std::vector<std::string> environment;
  std::copy_if(inherited.begin(), inherited.end(), std::back_inserter(environment),
               [](const std::string& variable) { return !IsOwn(variable); });
  std::map<std::string, std::string> own = {{"HPOD_STUDY", settings.study.name()},
                                            {"HPOD_TRIAL", std::to_string(trial.number())},
                                            {"HPOD_SERVER", settings.server},
                                            {"HPOD_PARAMS_FILE", folder.params_path().string()},
                                            {"HPOD_TRIAL_DIR", folder.path().string()},
                                            {"HPOD_FD", std::to_string(kMessageFd)}};
  if (settings.has_prune_pipe) own["HPOD_PRUNE_FD"] = std::to_string(kPruneFd);
  for (const auto& param : trial.params()) {  // of names that look alike the first counts
    own.insert({ParameterVariable(param.name()), ValueText(param.value(), false)});
  }
  for (const auto& [name, value] : own) environment.push_back(fmt::format("{}={}", name, value));
  return environment;
}

}  // namespace hpod
