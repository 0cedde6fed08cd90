// JSON lines: {"study": {...}} first, then {"trial": {...}} by number, distributions included.
// study_import.cc reads it.

#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
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
  std::string file;
};

// Returns how many trials were written.
absl::StatusOr<int64_t> Write(const std::string& name, Context& context, std::ostream& out) {
  const auto study = GetStudy(context.connection, name);
  if (!study.ok()) return study.status();
  out << Dump({{"study", StudyJson(*study)}}, -1) << '\n';
  Progress progress(context.io, "exporting", TotalTrials(study->counts()));
  hpo::v1::ListTrialsRequest request;
  request.set_study(name);
  int64_t written = 0;
  const absl::Status status =
      ForEachTrial(context.connection, request, 0, [&](const hpo::v1::Trial& trial) {
        out << Dump({{"trial", FullTrialJson(trial)}}, -1) << '\n';
        ++written;
        progress.Step();
        return out ? absl::OkStatus() : UsageError("cannot write the export: is the disk full?");
      });
  if (!status.ok()) return status;
  return written;
}

// Into a file beside it first: what has the name FILE is always complete.
absl::Status WriteFile(const Options& options, Context& context) {
  if (optuna::IsDatabase(options.file)) {
    return UsageError(fmt::format(
        "'{0}' is a SQLite database, and stays as it is: hpoctl study export optuna STUDY {0} adds "
        "a study to one of Optuna",
        Printable(options.file)));
  }
  const std::string part = options.file + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  if (!file) return UsageError(fmt::format("cannot write '{}'", Printable(options.file)));
  const auto written = Write(options.study, context, file);
  file.close();
  absl::Status status = written.status();
  if (status.ok() && (!file || std::rename(part.c_str(), options.file.c_str()) != 0)) {
    status = UsageError(fmt::format("cannot write '{}'", Printable(options.file)));
  }
  if (!status.ok()) {
    std::remove(part.c_str());
    return status;
  }
  PrintDone(context, PathOf(options.study),
            fmt::format("exported to {} ({})", Printable(options.file), Counted(*written, "trial")),
            {{"file", options.file}, {"trials", *written}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyExport(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("FILE", options->file, "Where to write (standard output)");
  return [options](Context& context) {
    if (!options->file.empty() && options->file != "-") return WriteFile(*options, context);
    return Write(options->study, context, context.io.out).status();
  };
}

}  // namespace hpod
