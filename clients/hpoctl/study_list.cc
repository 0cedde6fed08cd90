#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string prefix;
};

std::vector<Column> Columns() {
  using Fit = Column::Fit;
  return {{"name", "NAME", Fit::kFlexible},
          {"state", "STATE"},
          {"directions", "DIRECTION", Fit::kFlexible},
          {"trials", "TRIALS", Fit::kFixed, true},
          {"max_trials", "OF", Fit::kFixed, true},
          {"running", "RUNNING", Fit::kFixed, true},
          {"create_time", "CREATED"},
          {"sampler", "SAMPLER", Fit::kOptional},
          {"pruner", "PRUNER", Fit::kOptional}};
}

std::vector<Cell> Row(const hpo::v1::Study& study, Time now) {
  const int64_t max_trials = study.budget().max_trials();
  const std::string state = StudyState(study);
  return {TextCell(study.name()),
          {state, state, StudyStyle(study)},
          TextCell(DirectionsText(study)),
          CountCell(TotalTrials(study.counts())),
          max_trials > 0 ? CountCell(max_trials) : EmptyCell(),
          CountCell(study.counts().running()),
          TimeCell(FromProto(study.create_time()), now),
          TextCell(study.sampler().name()),
          TextCell(study.pruner().name())};
}

absl::StatusOr<std::vector<hpo::v1::Study>> ListStudies(const std::string& prefix,
                                                        Connection& connection) {
  std::vector<hpo::v1::Study> studies;
  hpo::v1::ListStudiesRequest request;
  request.set_page_size(1000);
  request.set_name_prefix(prefix);
  do {
    auto response = connection.Call(&hpo::v1::StudyService::Stub::ListStudies, request);
    if (!response.ok()) return response.status();
    for (auto& study : *response->mutable_studies()) studies.push_back(std::move(study));
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return studies;
}

absl::Status Run(const Options& options, Context& context) {
  const auto studies = ListStudies(options.prefix, context.connection);
  if (!studies.ok()) return studies.status();
  if (context.output == Output::kJson) {
    JsonArrayPrinter printer(context.io);
    for (const auto& study : *studies) printer.Add(StudyJson(study));
    printer.Finish();
    return absl::OkStatus();
  }
  Table table(Columns());
  for (const auto& study : *studies) table.Add(Row(study, context.io.now()));
  table.Print(context.io, context.output, "no studies (make one with: hpoctl study create NAME)");
  return absl::OkStatus();
}

}  // namespace

Action BindStudyList(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--prefix", options->prefix, "Only names that start so")->type_name("TEXT");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
