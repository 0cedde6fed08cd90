// A study as a worker sees it.

#ifndef HPOD_STUDY_H_
#define HPOD_STUDY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"
#include "hpod/space.h"
#include "hpod/trial.h"

namespace hpod {

struct Session;

// Why there is no trial.
struct NoTrial {
  hpo::v1::StopReason reason;
  // No later question gets a trial unless somebody changes the study: end the worker.
  bool is_final;
};

struct EnqueueOptions {
  // Key to JSON text.
  std::map<std::string, std::string> user_attributes = {};
  // If a trial of any state but FAIL has, or fixes, exactly these parameters, make none.
  bool skip_if_exists = false;
};

// Cheap to copy. Safe to use from several threads. Any call may fail with NOT_FOUND: the study was
// deleted.
class Study {
 public:
  Study(std::shared_ptr<Session> session, std::string name);

  const std::string& name() const { return name_; }
  // Name of this worker, shown to people. Before: HOSTNAME and the process id.
  void set_worker(std::string worker) { worker_ = std::move(worker); }

  // A trial to run, or why there is none now.
  absl::StatusOr<std::variant<Trial, NoTrial>> Suggest() const;
  // A trial to run. Waits while a place may become free; nothing once no trial will come.
  absl::StatusOr<std::optional<Trial>> NextTrial() const;

  // The study as it is now: counts, budget, attributes.
  absl::StatusOr<hpo::v1::Study> Get() const;
  // The best trial of one objective, or the Pareto front of several; empty before one is complete.
  absl::StatusOr<std::vector<hpo::v1::Trial>> BestTrials() const;
  // The trials in one of `states`, by number; without states: all.
  absl::StatusOr<std::vector<hpo::v1::Trial>> Trials(
      std::span<const hpo::v1::TrialState> states = {}) const;
  // NOT_FOUND: there is none of that number.
  absl::StatusOr<hpo::v1::Trial> GetTrial(int64_t number) const;

  // Lets the next worker try these parameters, any part of the space. Returns the number of the
  // waiting trial, or of the one that was there.
  absl::StatusOr<int64_t> Enqueue(const std::map<std::string, Value>& params,
                                  const EnqueueOptions& options = {}) const;
  // Sets attributes, as JSON text; an empty text removes.
  absl::Status SetAttributes(const std::map<std::string, std::string>& user_attributes) const;
  // Hands out no further trial to anybody; running ones may finish.
  absl::Status Stop() const;
  // Hands out trials again.
  absl::Status Resume() const;

 private:
  absl::Status Update(const std::string& field, const hpo::v1::Study& update) const;

  std::shared_ptr<Session> session_;
  std::string name_;
  std::string worker_;
};

}  // namespace hpod

#endif  // HPOD_STUDY_H_
