#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/finish.h"

namespace hpod {
namespace {

struct Options {
  FinishFlags finish;
  std::string reason;
};

}  // namespace

Action BindTrialFail(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddFinish(app, options->finish);
  app.add_option("--reason", options->reason, "Why, for people to read")->type_name("TEXT");
  return [options](Context& context) {
    hpo::v1::CompleteTrialRequest request;
    request.set_state(hpo::v1::TRIAL_STATE_FAIL);
    request.set_failure(options->reason);
    return Finish(options->finish, std::move(request), "failed", context);
  };
}

}  // namespace hpod
