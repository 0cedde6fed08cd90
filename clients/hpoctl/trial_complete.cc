#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/finish.h"
#include "clients/hpoctl/flags.h"

namespace hpod {
namespace {

struct Options {
  FinishFlags finish;
  std::vector<std::string> values;
};

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::CompleteTrialRequest request;
  request.set_state(hpo::v1::TRIAL_STATE_COMPLETE);
  for (const std::string& text : options.values) {
    const auto value = ParseNumber(text, "VALUE");
    if (!value.ok()) return value.status();
    request.add_values(*value);
  }
  return Finish(options.finish, std::move(request), "completed", context);
}

}  // namespace

Action BindTrialComplete(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddFinish(app, options->finish);
  app.add_option("VALUE", options->values, "The result: one value for each objective")->required();
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
