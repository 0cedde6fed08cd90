#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/run/child.h"
#include "clients/hpoctl/run/runner.h"
#include "clients/hpoctl/run/surroundings.h"
#include "clients/hpoctl/run/trial_folder.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string study;
  int parallel = 1;
  std::string timeout_s;
  std::string grace_s = "10";
  int64_t max_trials = 0;
  int64_t max_failures = 10;
  bool has_prune_pipe = false;
  std::string output_dir = "hpod-runs";
  std::string worker;
};

std::string DefaultWorker() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return fmt::format("{}-{}", host, getpid());
}

absl::Status SetTimes(const Options& options, RunSettings& settings) {
  const auto grace = ParseSeconds(options.grace_s, "--grace");
  if (!grace.ok()) return grace.status();
  settings.grace = *grace;
  if (options.timeout_s.empty()) return absl::OkStatus();
  const auto timeout = ParseSeconds(options.timeout_s, "--timeout");
  if (timeout.ok()) settings.timeout = *timeout;
  return timeout.status();
}

absl::StatusOr<hpo::v1::Study> LoadStudy(const std::string& name, Connection& connection) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + connection.timeout());
  hpo::v1::GetStudyRequest request;
  request.set_study(name);
  hpo::v1::GetStudyResponse response;
  const grpc::Status status = connection.studies().GetStudy(&context, request, &response);
  if (ErrorReasonOf(status) == "STUDY_NOT_FOUND") {
    return Refused(fmt::format(
        "there is no study '{0}'; create it with: hpoctl study create {0} --space space.json",
        Printable(name)));
  }
  if (!status.ok()) return connection.ToError(status);
  if (response.study().space().empty()) {
    return Refused(fmt::format(
        "{} declares no space, which hpoctl run needs: hpoctl study create NAME --space space.json",
        Printable(PathOf(name))));
  }
  return std::move(*response.mutable_study());
}

// A program without a name in it is looked for before a trial is started.
absl::StatusOr<CommandTemplate> ReadCommand(const std::vector<std::string>& command,
                                            const hpo::v1::Study& study) {
  const bool is_fixed = command[0].find('{') == std::string::npos;
  const absl::Status check = is_fixed ? CheckProgram(command[0]) : absl::OkStatus();
  if (!check.ok()) return check;
  return CommandTemplate::Parse(command, TemplateNames(study));
}

// A folder that cannot be made should cost no trial.
absl::Status MakeFolder(const std::string& root, const std::string& study) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(root) / FolderName(study), error);
  if (!error) return absl::OkStatus();
  return UsageError(fmt::format("cannot make the folder '{}/{}': {} (choose another: --output-dir)",
                                Printable(root), FolderName(study), error.message()));
}

absl::Status Run(const Options& options, Context& context) {
  if (context.command.empty()) {
    return UsageError("the command is missing: hpoctl run --study mnist -- ./train --lr {lr}");
  }
  RunSettings settings;
  if (const absl::Status times = SetTimes(options, settings); !times.ok()) return times;
  auto study = LoadStudy(options.study, context.connection);
  if (!study.ok()) return study.status();
  auto command = ReadCommand(context.command, *study);
  if (!command.ok()) return command.status();
  const absl::Status folder = MakeFolder(options.output_dir, options.study);
  if (!folder.ok()) return folder;
  settings.study = *std::move(study);
  settings.command = *std::move(command);
  settings.server = context.connection.address();
  settings.worker = options.worker.empty() ? DefaultWorker() : options.worker;
  settings.parallel = options.parallel;
  settings.max_trials = options.max_trials;
  settings.max_failures = options.max_failures;
  settings.has_prune_pipe = options.has_prune_pipe;
  settings.output_dir = options.output_dir;
  return Runner(std::move(settings), context).Run();
}

}  // namespace

Action BindRun(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--study", options->study, "Name of the study, which declares its space")
      ->type_name("NAME")
      ->required();
  app.add_option("--parallel", options->parallel, "How many commands run at one time (1)")
      ->type_name("N")
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--timeout", options->timeout_s,
                 "How long one trial may take; then it fails (no limit)")
      ->type_name("SECONDS");
  app.add_option("--grace", options->grace_s, "Time between SIGTERM and SIGKILL (10)")
      ->type_name("SECONDS");
  app.add_option("--max-trials", options->max_trials,
                 "Start so many trials, then end (0: as many as the study has)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""));
  app.add_option("--max-failures", options->max_failures,
                 "End when so many trials in a row failed (10; 0: never)")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber.description(""));
  app.add_flag("--prune-pipe", options->has_prune_pipe,
               "Tell the command to stop by a line on HPOD_PRUNE_FD, not by SIGTERM");
  app.add_option("--output-dir", options->output_dir,
                 "Where STUDY/NUMBER/{stdout,stderr,params.json} go (hpod-runs)")
      ->type_name("FOLDER");
  app.add_option("--worker", options->worker, "Who asks, shown to people (host and process)")
      ->type_name("NAME");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
