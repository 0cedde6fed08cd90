// Reads what study_export.cc writes. The study is made first, then trials are added in chunks; if
// anything fails, the study that was made is deleted again.

#include <fmt/format.h>
#include <fstream>
#include <memory>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/object_reader.h"
#include "clients/hpoctl/optuna/database.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/progress.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/trial_adder.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string file;
  std::string name;
};

// One line of the file: the object under `key`.
absl::StatusOr<Json> ReadLine(const std::string& line, std::string_view key) {
  auto json = ParseJson(line, "it");
  if (!json.ok()) return json.status();
  ObjectReader reader(*json, "it");
  const Json* child = reader.Child(key);
  if (child == nullptr) reader.FailAt(key, "is missing");
  const absl::Status status = reader.Finish();
  if (!status.ok()) return status;
  return *child;
}

absl::Status AtLine(int64_t line, const absl::Status& status) {
  return {status.code(), fmt::format("line {}: {}", line, std::string(status.message()))};
}

// The trials of lines 2, 3, ... `expected`: how many the study had when its export began. Returns
// how many were added.
absl::StatusOr<int64_t> AddTrials(std::istream& input, const std::string& study, int64_t expected,
                                  Context& context) {
  Progress progress(context.io, "importing", expected);
  TrialAdder adder(context.connection, study);
  std::string line;
  int64_t line_number = 1;
  int64_t trials = 0;
  while (std::getline(input, line)) {
    ++line_number;
    const auto json = ReadLine(line, "trial");
    if (!json.ok()) return AtLine(line_number, json.status());
    auto trial = TrialFromJson(*json);
    if (!trial.ok()) return AtLine(line_number, trial.status());
    if (trial->number() != trials) {
      return AtLine(line_number, UsageError(fmt::format("trial {} should be number {}",
                                                        trial->number(), trials)));
    }
    ++trials;
    const absl::Status status = adder.Add(*std::move(trial));
    if (!status.ok()) return AtLine(line_number, status);
    progress.Step();
  }
  if (trials < expected) {
    return UsageError(fmt::format("the file is cut short: {} of {} trials", trials, expected));
  }
  const absl::Status status = adder.Send();
  if (!status.ok()) return status;
  return adder.added();
}

// The sum of the study's `counts`; 0 if it has none, as one written by hand.
int64_t CountedTrials(const Json& study) {
  int64_t total = 0;
  if (!study.contains("counts") || !study["counts"].is_object()) return total;
  for (const auto& [state, count] : study["counts"].items()) {
    if (count.is_number_integer()) total += count.get<int64_t>();
  }
  return total;
}

absl::Status Import(std::istream& input, const Options& options, Context& context) {
  std::string line;
  std::getline(input, line);
  const auto json = ReadLine(line, "study");
  if (!json.ok()) return AtLine(1, json.status());
  auto study = StudyFromJson(*json);
  if (!study.ok()) return AtLine(1, study.status());
  const int64_t expected = CountedTrials(*json);
  if (!options.name.empty()) study->set_name(options.name);
  hpo::v1::CreateStudyRequest request;
  *request.mutable_study() = *study;
  const auto created = context.connection.Call(&hpo::v1::StudyService::Stub::CreateStudy, request);
  if (!created.ok()) return created.status();
  const auto added = AddTrials(input, study->name(), expected, context);
  if (!added.ok()) return DeleteAfter(added.status(), study->name(), context.connection);
  PrintDone(context, PathOf(study->name()), fmt::format("imported ({})", Counted(*added, "trial")),
            {{"study", StudyJson(created->study())}, {"trials", *added}});
  return absl::OkStatus();
}

absl::Status Run(const Options& options, Context& context) {
  if (options.file == "-") return Import(context.io.in, options, context);
  if (optuna::IsDatabase(options.file)) {
    return UsageError(fmt::format(
        "'{0}' is a SQLite database: hpoctl study import optuna {0} reads one of Optuna",
        Printable(options.file)));
  }
  std::ifstream file(options.file, std::ios::binary);
  if (!file) return UsageError(fmt::format("cannot read '{}'", Printable(options.file)));
  return Import(file, options, context);
}

}  // namespace

Action BindStudyImport(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "What study export wrote; - is standard input")->required();
  app.add_option("--name", options->name, "Another name for the study")->type_name("NEW");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
