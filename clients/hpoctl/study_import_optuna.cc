#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/optuna/convert.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/progress.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/trial_adder.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string url;
  std::string study;
  std::string name;
};

absl::Status AddTrials(const std::vector<optuna::Trial>& trials, const hpo::v1::Study& study,
                       Context& context) {
  Progress progress(context.io, "importing", static_cast<int64_t>(trials.size()));
  TrialAdder adder(context.connection, study.name());
  for (size_t i = 0; i < trials.size(); ++i) {
    auto trial = optuna::ToProto(trials[i], static_cast<int64_t>(i), study.directions_size());
    const absl::Status status =
        trial.ok() ? adder.Add(*std::move(trial)) : absl::Status(trial.status());
    if (!status.ok()) return status;
    progress.Step();
  }
  return adder.Send();
}

absl::Status ImportStudy(optuna::Reader& reader, const std::string& name, const Options& options,
                         Context& context, Json& done) {
  const auto source = reader.ReadStudy(name);
  if (!source.ok()) return source.status();
  const auto trials = reader.ReadTrials(name);
  if (!trials.ok()) return trials.status();
  auto study = optuna::ToProto(*source);
  if (!study.ok()) return study.status();
  if (!options.name.empty()) study->set_name(options.name);
  hpo::v1::CreateStudyRequest request;
  *request.mutable_study() = *study;
  const auto created = context.connection.Call(&hpo::v1::StudyService::Stub::CreateStudy, request);
  if (!created.ok()) return created.status();
  const absl::Status status = AddTrials(*trials, *study, context);
  if (!status.ok()) return DeleteAfter(status, study->name(), context.connection);
  done.push_back({{"study", StudyJson(created->study())}, {"trials", trials->size()}});
  if (context.output == Output::kTable) {
    PrintDone(context, PathOf(study->name()),
              fmt::format("imported ({})", Counted(static_cast<int64_t>(trials->size()), "trial")),
              done.back());
  }
  return absl::OkStatus();
}

absl::Status Run(const Options& options, Context& context) {
  const auto path = optuna::PathOfUrl(options.url);
  if (!path.ok()) return path.status();
  auto reader = optuna::Reader::Open(*path);
  if (!reader.ok()) return reader.status();
  auto names = options.study.empty() ? reader->StudyNames()
                                     : absl::StatusOr<std::vector<std::string>>({options.study});
  if (!names.ok()) return names.status();
  if (!options.name.empty() && names->size() != 1) {
    return UsageError(
        fmt::format("--name is for one study: choose one of {} with --study", names->size()));
  }
  Json done = Json::array();
  for (const std::string& name : *names) {
    const absl::Status status = ImportStudy(*reader, name, options, context, done);
    if (!status.ok()) return status;
  }
  if (context.output == Output::kJson) PrintJson(context.io, done);
  return absl::OkStatus();
}

}  // namespace

Action BindStudyImportOptuna(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("URL", options->url, "sqlite:///PATH, as Optuna names it, or the path")
      ->required();
  app.add_option("--study", options->study, "Only this study of the file (all)")->type_name("NAME");
  app.add_option("--name", options->name, "Another name for the study")->type_name("NEW");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
