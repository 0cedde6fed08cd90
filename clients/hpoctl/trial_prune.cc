#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/finish.h"

namespace hpod {

Action BindTrialPrune(CLI::App& app) {
  const auto flags = std::make_shared<FinishFlags>();
  AddFinish(app, *flags);
  return [flags](Context& context) {
    hpo::v1::CompleteTrialRequest request;
    request.set_state(hpo::v1::TRIAL_STATE_PRUNED);
    return Finish(*flags, std::move(request), "pruned", context);
  };
}

}  // namespace hpod
