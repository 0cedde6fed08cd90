// What the three verbs that end a trial share: complete, prune and fail.

#ifndef HPOD_CLIENTS_HPOCTL_FINISH_H_
#define HPOD_CLIENTS_HPOCTL_FINISH_H_

#include <string>
#include <string_view>

#include "clients/hpoctl/command.h"

namespace hpod {

struct FinishFlags {
  std::string study;
  int64_t number = 0;
  int64_t token = 0;
  std::string request_id;
};
// The arguments STUDY and NUMBER with the flags --token and --request-id.
void AddFinish(CLI::App& app, FinishFlags& flags);

// Completes `request`, which has the result, with `flags`, sends it and prints `studies/S/trials/N
// <done>`.
absl::Status Finish(const FinishFlags& flags, hpo::v1::CompleteTrialRequest request,
                    std::string_view done, Context& context);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_FINISH_H_
