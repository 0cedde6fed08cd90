// Calls that several verbs make.

#ifndef HPOD_CLIENTS_HPOCTL_REQUESTS_H_
#define HPOD_CLIENTS_HPOCTL_REQUESTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "clients/hpoctl/connection.h"

namespace hpod {

absl::StatusOr<hpo::v1::Study> GetStudy(Connection& connection, const std::string& name);

// Sends `request` until its pages end, `limit` trials were visited (0: no limit) or `visit` returns
// an error.
absl::Status ForEachTrial(Connection& connection, hpo::v1::ListTrialsRequest request, int64_t limit,
                          absl::FunctionRef<absl::Status(const hpo::v1::Trial&)> visit);

// The best trials, best first; of several objectives the Pareto front by number. limit 0: all.
absl::StatusOr<std::vector<hpo::v1::Trial>> BestTrials(Connection& connection,
                                                       const std::string& study, int64_t limit);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_REQUESTS_H_
