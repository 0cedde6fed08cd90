#include "clients/hpoctl/finish.h"

#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/wire.h"

namespace hpod {

void AddFinish(CLI::App& app, FinishFlags& flags) {
  AddTrial(app, flags.study, flags.number);
  AddToken(app, flags.token);
  AddRequestId(app, flags.request_id);
}

absl::Status Finish(const FinishFlags& flags, hpo::v1::CompleteTrialRequest request,
                    std::string_view done, Context& context) {
  request.set_study(flags.study);
  request.set_number(flags.number);
  request.set_lease_token(flags.token);
  request.set_request_id(flags.request_id);
  const auto response =
      context.connection.Call(&hpo::v1::TrialService::Stub::CompleteTrial, request);
  if (!response.ok()) return response.status();
  PrintDone(
      context, PathOf(flags.study, flags.number), done,
      {{"trial", TrialJson(response->trial())}, {"study_stopped", response->study_stopped()}});
  return absl::OkStatus();
}

}  // namespace hpod
