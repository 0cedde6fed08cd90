// What a study is made with.

#ifndef HPOD_STUDY_SPEC_H_
#define HPOD_STUDY_SPEC_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hpo/v1/study.pb.h"
#include "hpod/space.h"

namespace hpod {

enum class Direction { kMinimize = 1, kMaximize = 2 };

// A sampler or pruner by name, with options as text. An empty name: the daemon's default.
struct Algorithm {
  std::string name = {};
  std::map<std::string, std::string> options = {};
};

struct StudySpec {
  // Unique in the daemon.
  std::string name;
  // One per objective. Empty: one, minimize.
  std::vector<Direction> directions = {};
  // Declared parameters, which a trial has all at once. Empty: define-by-run (Trial::Suggest).
  std::vector<Parameter> space = {};
  Algorithm sampler = {};
  Algorithm pruner = {};
  // Equal seeds, spaces and histories give equal trials. 0: one is drawn.
  uint64_t seed = 0;
  // Trials handed out in all, and running at one time; exact however many workers there are.
  // 0: no limit.
  int64_t max_trials = 0;
  int64_t max_running = 0;
  // Time since the first trial started in which trials start. 0: no limit.
  std::chrono::milliseconds max_duration{0};
  // How long a worker may be silent before its trial is given up, 1 s to 7 days. 0: 60 s.
  std::chrono::milliseconds lease{0};
  // How often a trial that was lost so is run again. Absent: once.
  std::optional<int32_t> max_retries = {};
  // Names of the objective values, in their order.
  std::vector<std::string> metric_names = {};
  // Key to JSON text.
  std::map<std::string, std::string> user_attributes = {};
};

hpo::v1::Study ToProto(const StudySpec& spec);

}  // namespace hpod

#endif  // HPOD_STUDY_SPEC_H_
