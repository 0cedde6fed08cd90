#include <fmt/format.h>
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
  int32_t count = 1;
  std::string worker;
  std::string request_id;
};

Table SuggestionTable(const std::vector<hpo::v1::Trial>& trials, Time now) {
  const std::vector<std::string> names = ParameterNames({}, trials);
  std::vector<Column> columns = {{"number", "TRIAL", Column::Fit::kFixed, true},
                                 {"lease.token", "TOKEN", Column::Fit::kFixed, true},
                                 {"lease.expire_time", "LEASE ENDS"}};
  for (Column& column : ParameterColumns(names)) columns.push_back(std::move(column));
  Table table(std::move(columns));
  for (const auto& trial : trials) {
    std::vector<Cell> row = {CountCell(trial.number()), CountCell(trial.lease().token()),
                             TimeCell(FromProto(trial.lease().expire_time()), now)};
    AddParameterCells(trial, names, row);
    table.Add(std::move(row));
  }
  return table;
}

void Print(const Options& options, const std::vector<hpo::v1::Trial>& trials, Context& context) {
  if (context.output != Output::kJson) {
    SuggestionTable(trials, context.io.now()).Print(context.io, context.output, "");
  } else if (options.count == 1) {
    PrintJson(context.io, TrialJson(trials.front()));
  } else {
    JsonArrayPrinter printer(context.io);
    for (const auto& trial : trials) printer.Add(TrialJson(trial));
    printer.Finish();
  }
}

// Why there are fewer trials than asked for, and whether asking again may help.
absl::StatusOr<std::string> Shortage(const Options& options,
                                     const hpo::v1::SuggestTrialsResponse& response,
                                     Connection& connection) {
  const auto study = GetStudy(connection, options.study);  // for the numbers
  if (!study.ok()) return study.status();
  return fmt::format("{} hands out no further trial{}: {}", PathOf(options.study),
                     response.final() ? "" : " at present",
                     ReasonText(*study, response.stop_reason()));
}

absl::Status Run(const Options& options, Context& context) {
  hpo::v1::SuggestTrialsRequest request;
  request.set_study(options.study);
  request.set_count(options.count);
  request.set_worker(options.worker);
  request.set_request_id(options.request_id);
  const auto response =
      context.connection.Call(&hpo::v1::TrialService::Stub::SuggestTrials, request);
  if (!response.ok()) return response.status();
  const std::vector<hpo::v1::Trial> trials(response->trials().begin(), response->trials().end());
  if (!trials.empty()) Print(options, trials, context);
  if (response->stop_reason() == hpo::v1::STOP_REASON_UNSPECIFIED) return absl::OkStatus();
  const auto shortage = Shortage(options, *response, context.connection);
  if (!shortage.ok()) return shortage.status();
  if (!trials.empty()) {
    context.io.err << *shortage << '\n';
    return absl::OkStatus();
  }
  if (context.output == Output::kJson) {
    PrintJson(context.io,
              {{"stop_reason", NameOf(response->stop_reason())}, {"final", response->final()}});
  }
  return Refused(*shortage);  // so that `while hpoctl trial suggest ...` ends
}

}  // namespace

Action BindTrialSuggest(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("--count", options->count, "How many trials, 1 to 1000 (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--worker", options->worker, "Who asks, shown to people")->type_name("NAME");
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
