#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  std::string request_id;
};

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::UpdateStudyRequest request;
  request.set_study(options.study);
  request.set_request_id(options.request_id);
  request.mutable_update()->set_stopped(false);
  request.mutable_update_mask()->add_paths("stopped");
  const auto response = context.connection.Call(&hpo::v1::StudyService::Stub::UpdateStudy, request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.study), "resumed", {{"study", StudyJson(response->study())}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyResume(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
