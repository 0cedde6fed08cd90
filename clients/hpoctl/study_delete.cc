#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  bool yes = false;
  std::string request_id;
};

// Asks whoever sits at the terminal.
absl::Status Confirm(const Options& options, Context& context) {
  Io& io = context.io;
  if (!io.in_is_terminal) {
    return UsageError(fmt::format("will not delete {} unasked: add --yes", PathOf(options.study)));
  }
  const auto study = GetStudy(context.connection, options.study);
  if (!study.ok()) return study.status();
  io.err << fmt::format("Delete {} with {}? [y/N] ", Printable(PathOf(options.study)),
                        Counted(TotalTrials(study->counts()), "trial"))
         << std::flush;
  std::string answer;
  std::getline(io.in, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return absl::OkStatus();
  return Refused("not deleted");
}

absl::Status Run(const Options& options, Context& context) {
  if (!options.yes) {
    const absl::Status confirmed = Confirm(options, context);
    if (!confirmed.ok()) return confirmed;
  }
  hpo::v1::DeleteStudyRequest request;
  request.set_study(options.study);
  request.set_request_id(options.request_id);
  const auto response = context.connection.Call(&hpo::v1::StudyService::Stub::DeleteStudy, request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.study), "deleted", {{"deleted", true}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyDelete(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_flag("-y,--yes", options->yes, "Do not ask");
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
