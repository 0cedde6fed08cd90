#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/value_text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  std::vector<std::string> params;
  bool skip_if_exists = false;
  std::string request_id;
};

absl::StatusOr<hpo::v1::EnqueueTrialRequest> MakeRequest(const Options& options,
                                                         const hpo::v1::Study& study) {
  hpo::v1::EnqueueTrialRequest request;
  request.set_study(options.study);
  request.set_skip_if_exists(options.skip_if_exists);
  request.set_request_id(options.request_id);
  for (const std::string& text : options.params) {
    const auto param = ParseAssignment(text, "PARAM");
    if (!param.ok()) return param.status();
    const auto value = ParseValue(study, param->first, param->second);
    if (!value.ok()) return value.status();
    hpo::v1::Assignment& assignment = *request.add_params();
    assignment.set_name(param->first);
    *assignment.mutable_value() = *value;
  }
  return request;
}

absl::Status Run(const Options& options, Context& context) {
  const auto study = GetStudy(context.connection, options.study);
  if (!study.ok()) return study.status();
  const auto request = MakeRequest(options, *study);
  if (!request.ok()) return request.status();
  const auto response =
      context.connection.Call(&hpo::v1::TrialService::Stub::EnqueueTrial, *request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.study, response->number()),
            response->created() ? "enqueued" : "exists",
            {{"number", response->number()}, {"created", response->created()}});
  return absl::OkStatus();
}

}  // namespace

Action BindTrialEnqueue(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("PARAM", options->params, "name=value for each parameter to fix")->required();
  app.add_flag("--skip-if-exists", options->skip_if_exists,
               "Make none if a trial has these parameters already");
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
