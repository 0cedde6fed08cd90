#include <fmt/format.h>
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
  int64_t step = 0;
  std::string value;
  int64_t token = 0;
  std::string request_id;
};

absl::StatusOr<hpo::v1::ReportValueRequest> MakeRequest(const Options& options) {
  const auto value = ParseNumber(options.value, "VALUE");
  if (!value.ok()) return value.status();
  hpo::v1::ReportValueRequest request;
  request.set_study(options.study);
  request.set_number(options.number);
  request.set_lease_token(options.token);
  request.set_step(options.step);
  request.set_value(*value);
  request.set_request_id(options.request_id);
  return request;
}

Json VerdictJson(const hpo::v1::ReportValueResponse& response) {
  return {{"should_prune", response.should_prune()},
          {"study_stopped", response.study_stopped()},
          {"step_was_reported", response.step_was_reported()},
          {"lease", LeaseJson(response.lease())}};
}

absl::Status Run(const Options& options, Context& context) {
  const auto request = MakeRequest(options);
  if (!request.ok()) return request.status();
  const auto response =
      context.connection.Call(&hpo::v1::TrialService::Stub::ReportValue, *request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.study, options.number),
            response->should_prune() ? "reported: prune" : "reported: continue",
            VerdictJson(*response));
  if (context.output == Output::kJson) return absl::OkStatus();
  if (response->step_was_reported()) {
    context.io.err << fmt::format("step {} had a value already, which stays\n", options.step);
  }
  if (response->study_stopped()) {
    context.io.err << "the study was stopped: nothing more will be handed out\n";
  }
  return absl::OkStatus();
}

}  // namespace

Action BindTrialReport(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddTrial(app, options->study, options->number);
  app.add_option("STEP", options->step, "Epoch, batch or fold: what counts the progress")
      ->required();
  app.add_option("VALUE", options->value, "Value of the objective at this step (nan, inf too)")
      ->required();
  AddToken(app, options->token);
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
