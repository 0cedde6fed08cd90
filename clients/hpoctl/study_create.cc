#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/limits.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

struct Options {
  std::string name;
  std::vector<std::string> directions;
  std::string sampler;
  std::vector<std::string> sampler_options;
  std::string pruner;
  std::vector<std::string> pruner_options;
  std::string space_file;
  std::string seed;
  LimitFlags limits;
  bool if_not_exists = false;
  std::string request_id;
};

absl::StatusOr<std::string> ReadAll(const std::string& path, std::istream& standard_input) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) return UsageError(fmt::format("cannot read '{}'", path));
  }
  std::istream& input = path == "-" ? standard_input : file;
  std::string text(std::istreambuf_iterator<char>(input), {});
  if (input.bad()) return UsageError(fmt::format("cannot read '{}'", path));
  return text;
}

absl::Status SetAlgorithm(const std::string& name, const std::vector<std::string>& options,
                          std::string_view flag, hpo::v1::Algorithm& algorithm) {
  algorithm.set_name(name);
  for (const std::string& option : options) {
    const auto assignment = ParseAssignment(option, flag);
    if (!assignment.ok()) return assignment.status();
    if (!algorithm.mutable_options()->insert({assignment->first, assignment->second}).second) {
      return UsageError(fmt::format("{} '{}' is given twice", flag, assignment->first));
    }
  }
  return absl::OkStatus();
}

absl::Status SetSeed(const std::string& text, hpo::v1::Study& study) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size()) {
    return UsageError(fmt::format("--seed '{}' must be a whole number of 0 to 2^64 - 1", text));
  }
  study.set_seed(seed);
  return absl::OkStatus();
}

absl::Status SetSpace(const std::string& path, Io& io, hpo::v1::Study& study) {
  if (path.empty()) return absl::OkStatus();
  const auto text = ReadAll(path, io.in);
  if (!text.ok()) return text.status();
  auto space = ParseSpace(*text, path == "-" ? "the space on standard input" : path);
  if (space.ok()) *study.mutable_space() = *std::move(space);
  return space.status();
}

absl::StatusOr<hpo::v1::CreateStudyRequest> MakeRequest(const Options& options, Io& io) {
  hpo::v1::CreateStudyRequest request;
  hpo::v1::Study& study = *request.mutable_study();
  study.set_name(options.name);
  request.set_load_if_exists(options.if_not_exists);
  request.set_request_id(options.request_id);
  for (const std::string& name : options.directions) {
    const auto direction = ParseDirection(name);
    if (!direction.ok()) return direction.status();
    study.add_directions(*direction);
  }
  absl::Status status = SetAlgorithm(options.sampler, options.sampler_options, "--sampler-option",
                                     *study.mutable_sampler());
  if (status.ok()) {
    status = SetAlgorithm(options.pruner, options.pruner_options, "--pruner-option",
                          *study.mutable_pruner());
  }
  if (status.ok() && !options.seed.empty()) status = SetSeed(options.seed, study);
  if (status.ok()) status = SetSpace(options.space_file, io, study);
  if (status.ok()) status = ApplyLimits(options.limits, study).status();
  if (!status.ok()) return status;
  return request;
}

absl::Status Run(const Options& options, Context& context) {
  const auto request = MakeRequest(options, context.io);
  if (!request.ok()) return request.status();
  const auto response =
      context.connection.Call(&hpo::v1::StudyService::Stub::CreateStudy, *request);
  if (!response.ok()) return response.status();
  PrintDone(context, PathOf(options.name), response->created() ? "created" : "exists",
            {{"study", StudyJson(response->study())}, {"created", response->created()}});
  return absl::OkStatus();
}

}  // namespace

Action BindStudyCreate(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("NAME", options->name, "Name of the study, unique in the daemon")->required();
  AddRepeated(app, "--direction", options->directions, "DIRECTION",
              "minimize or maximize; once for each objective (minimize)");
  app.add_option("--sampler", options->sampler, "See hpoctl sampler list (tpe)")->type_name("NAME");
  AddRepeated(app, "--sampler-option", options->sampler_options, "KEY=VALUE",
              "An option of the sampler; may be repeated");
  app.add_option("--pruner", options->pruner,
                 "See hpoctl pruner list (median; none with several objectives)")
      ->type_name("NAME");
  AddRepeated(app, "--pruner-option", options->pruner_options, "KEY=VALUE",
              "An option of the pruner; may be repeated");
  app.add_option("--space", options->space_file,
                 "JSON file with the search space; - is standard input")
      ->type_name("FILE");
  app.add_option("--seed", options->seed, "Seed of all randomness (0: one is drawn and stored)")
      ->type_name("N");
  AddLimits(app, options->limits);
  app.add_flag("--if-not-exists", options->if_not_exists,
               "Load the study if it exists, without changing it");
  AddRequestId(app, options->request_id);
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
