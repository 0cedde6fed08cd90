#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  std::vector<std::string> states;
  int64_t limit = 0;
  bool descending = false;
};

absl::Status PrintAsJson(const hpo::v1::ListTrialsRequest& request, int64_t limit,
                         Context& context) {
  JsonArrayPrinter printer(context.io);
  const absl::Status status =
      ForEachTrial(context.connection, request, limit, [&](const hpo::v1::Trial& trial) {
        printer.Add(TrialJson(trial));
        return absl::OkStatus();
      });
  if (status.ok()) printer.Finish();
  return status;
}

absl::Status PrintAsTable(hpo::v1::ListTrialsRequest request, int64_t limit, Context& context) {
  request.set_omit_intermediate_values(true);
  std::vector<hpo::v1::Trial> trials;
  const absl::Status status =
      ForEachTrial(context.connection, request, limit, [&](const hpo::v1::Trial& trial) {
        trials.push_back(trial);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  const auto study = GetStudy(context.connection, request.study());
  if (!study.ok()) return study.status();
  TrialTable(*study, trials, TrialColumns::kList, context.io.now())
      .Print(context.io, context.output, "no such trials");
  return absl::OkStatus();
}

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::ListTrialsRequest request;
  request.set_study(options.study);
  request.set_descending(options.descending);
  for (const std::string& name : options.states) {
    const auto state = ParseState(name);
    if (!state.ok()) return state.status();
    request.add_states(*state);
  }
  return context.output == Output::kJson ? PrintAsJson(request, options.limit, context)
                                         : PrintAsTable(request, options.limit, context);
}

}  // namespace

Action BindTrialList(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  AddRepeated(app, "--state", options->states, "STATE",
              "running, complete, pruned, fail or waiting; may be repeated (all)");
  app.add_option("--limit", options->limit, "At most so many trials (all)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{1}, int64_t{1'000'000'000}).description(""));
  app.add_flag("--descending", options->descending, "Highest number first");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
