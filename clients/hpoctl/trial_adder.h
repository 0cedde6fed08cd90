// Adds many trials to a study, for imports.

#ifndef HPOD_CLIENTS_HPOCTL_TRIAL_ADDER_H_
#define HPOD_CLIENTS_HPOCTL_TRIAL_ADDER_H_

#include <cstdint>
#include <string>

#include "clients/hpoctl/connection.h"

namespace hpod {

// Gathers trials and sends them in chunks. `connection` outlives it.
class TrialAdder {
 public:
  TrialAdder(Connection& connection, const std::string& study);

  // Errors as of Connection::Call.
  absl::Status Add(hpo::v1::Trial trial);
  // What was gathered last.
  absl::Status Send();

  int64_t added() const { return added_; }

 private:
  Connection& connection_;
  hpo::v1::AddTrialsRequest request_;
  size_t bytes_ = 0;
  int64_t added_ = 0;
};

// Takes back an import that has failed: deletes the study that it made. Returns `failure` with the
// outcome in its message.
absl::Status DeleteAfter(const absl::Status& failure, const std::string& study,
                         Connection& connection);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_TRIAL_ADDER_H_
