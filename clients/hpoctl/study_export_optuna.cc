#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/optuna/convert.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/progress.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  std::string url;
  std::string name;
};

// Returns how many trials were written.
absl::StatusOr<int64_t> Write(const Options& options, const hpo::v1::Study& study,
                              const std::string& path, Context& context) {
  auto writer = optuna::Writer::Open(path);
  if (!writer.ok()) return writer.status();
  optuna::Study target = optuna::FromProto(study);
  if (!options.name.empty()) target.name = options.name;
  absl::Status status = writer->Add(target);
  if (!status.ok()) return status;
  Progress progress(context.io, "exporting", TotalTrials(study.counts()));
  hpo::v1::ListTrialsRequest request;
  request.set_study(options.study);
  int64_t written = 0;
  status = ForEachTrial(context.connection, request, 0, [&](const hpo::v1::Trial& trial) {
    ++written;
    progress.Step();
    return writer->Add(optuna::FromProto(trial));
  });
  if (status.ok()) status = writer->Commit();
  if (!status.ok()) return status;
  return written;
}

absl::Status Run(const Options& options, Context& context) {
  const auto path = optuna::PathOfUrl(options.url);
  if (!path.ok()) return path.status();
  const auto study = GetStudy(context.connection, options.study);
  if (!study.ok()) return study.status();
  std::error_code ignored;
  const bool is_new = !std::filesystem::exists(*path, ignored);
  const auto written = Write(options, *study, *path, context);
  if (!written.ok()) {
    if (is_new) std::remove(path->c_str());
    return written.status();
  }
  PrintDone(context, PathOf(options.study),
            fmt::format("exported to {} ({})", Printable(*path), Counted(*written, "trial")),
            {{"file", *path}, {"trials", *written}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyExportOptuna(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("URL", options->url, "sqlite:///PATH, as Optuna names it; made if it is missing")
      ->required();
  app.add_option("--name", options->name, "Another name for the study")->type_name("NEW");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
