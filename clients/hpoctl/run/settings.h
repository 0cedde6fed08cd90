// What a run was asked for.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_SETTINGS_H_
#define HPOD_CLIENTS_HPOCTL_RUN_SETTINGS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "hpo/v1/study.pb.h"

#include "clients/hpoctl/run/command_template.h"

namespace hpod {

struct RunSettings {
  hpo::v1::Study study;  // as it was at the start
  CommandTemplate command;
  std::string server;
  std::string worker;  // the start of the workers' names
  int parallel = 1;
  std::optional<std::chrono::milliseconds> timeout;  // of a trial
  std::chrono::milliseconds grace{};                 // between SIGTERM and SIGKILL
  int64_t max_trials = 0;                            // of this run; 0: as many as the study has
  int64_t max_failures = 0;                          // in a row; 0: any number
  bool has_prune_pipe = false;
  std::string output_dir;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_SETTINGS_H_
