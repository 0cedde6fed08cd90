#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/limits.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  LimitFlags limits;
  std::string request_id;
};

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::UpdateStudyRequest request;
  request.set_study(options.study);
  request.set_request_id(options.request_id);
  auto fields = ApplyLimits(options.limits, *request.mutable_update());
  if (!fields.ok()) return fields.status();
  if (fields->empty()) {
    return UsageError("nothing to change (see: hpoctl study update --help)");
  }
  if (fields->front() == "budget") {  // is replaced as a whole: start from what it is
    const auto study = GetStudy(context.connection, options.study);
    if (!study.ok()) return study.status();
    *request.mutable_update()->mutable_budget() = study->budget();
    fields = ApplyLimits(options.limits, *request.mutable_update());
    if (!fields.ok()) return fields.status();
  }
  for (const std::string& field : *fields) request.mutable_update_mask()->add_paths(field);
  const auto response = context.connection.Call(&hpo::v1::StudyService::Stub::UpdateStudy, request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.study), "updated", {{"study", StudyJson(response->study())}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyUpdate(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  AddLimits(app, options->limits);
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
