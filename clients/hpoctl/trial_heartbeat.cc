#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  int64_t number = 0;
  int64_t token = 0;
};

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::HeartbeatTrialRequest request;
  request.set_study(options.study);
  request.set_number(options.number);
  request.set_lease_token(options.token);
  const auto response =
      context.connection.Call(&hpo::v1::TrialService::Stub::HeartbeatTrial, request);
  if (!response.ok()) return response.status();
  PrintDone(
      context, PathOf(options.study, options.number), "renewed",
      {{"lease", LeaseJson(response->lease())}, {"study_stopped", response->study_stopped()}});
  return absl::OkStatus();
}

}  // namespace

Action BindTrialHeartbeat(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddTrial(app, options->study, options->number);
  AddToken(app, options->token);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
