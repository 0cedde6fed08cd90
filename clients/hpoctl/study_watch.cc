#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <thread>

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

constexpr auto kPauseBeforeRetry = std::chrono::milliseconds(500);

struct Options {
  std::string study;
  std::optional<int64_t> after_revision;
  bool until_done = false;
};

// When the trial last changed its state, as far as it tells.
std::optional<Time> ChangeTime(const hpo::v1::Trial& trial) {
  if (trial.has_complete_time()) return FromProto(trial.complete_time());
  if (trial.has_start_time()) return FromProto(trial.start_time());
  return std::nullopt;
}

// `running at step 7: 0.31`, `0.29`, `out of memory`.
std::string Details(const hpo::v1::Trial& trial) {
  std::vector<std::string> values;
  for (const double value : trial.values()) values.push_back(ShortNumber(value));
  if (!values.empty()) return fmt::format("{}", fmt::join(values, "  "));
  if (!trial.failure().empty()) return Printable(trial.failure());
  if (trial.intermediate_values().empty()) return Printable(trial.worker());
  const auto& last = *trial.intermediate_values().rbegin();
  return fmt::format("step {}: {}", last.step(), ShortNumber(last.value()));
}

void PrintTrial(const hpo::v1::Trial& trial, const Io& io) {
  const Cell state = StateCell(trial.state());
  const auto time = ChangeTime(trial);
  if (!io.out_is_terminal) {
    io.out << trial.number() << '\t' << state.exact << '\t' << (time ? Rfc3339(*time) : "") << '\t'
           << Details(trial) << '\n';
    return;
  }
  const std::string clock = time ? Rfc3339(*time).substr(11, 8) : "";
  io.out << io.Paint(Style::kDim, PadRight(clock, 8))
         << fmt::format("  trial {:<6} ", trial.number())
         << io.Paint(state.style, PadRight(state.shown, 8)) << "  "
         << Ellipsize(Details(trial), io.width - 33) << '\n';
}

void Print(const hpo::v1::WatchStudyResponse& message, const Context& context) {
  if (context.output == Output::kJson) {
    Json json = {{"revision", message.revision()},
                 {"study", StudyJson(message.study())},
                 {"trials", Json::array()}};
    for (const auto& trial : message.trials()) json["trials"].push_back(TrialJson(trial));
    context.io.out << Dump(json, -1) << '\n';
  } else {
    for (const auto& trial : message.trials()) PrintTrial(trial, context.io);
  }
  context.io.out.flush();
}

// Nothing runs, nothing waits, and nothing will be handed out.
bool IsDone(const hpo::v1::Study& study) {
  const std::string state = StudyState(study);
  return (state == "done" || state == "stopped") && study.counts().running() == 0;
}

// Reads one stream to its end; OK if `until_done` ended it. `request` is left where the next stream
// resumes.
grpc::Status Follow(const Options& options, Context& context, hpo::v1::WatchStudyRequest& request) {
  grpc::ClientContext call;
  const auto stream = context.connection.studies().WatchStudy(&call, request);
  hpo::v1::WatchStudyResponse message;
  while (stream->Read(&message)) {
    Print(message, context);
    request.set_after_revision(message.revision());
    if (options.until_done && IsDone(message.study())) {
      call.TryCancel();
      stream->Finish();
      return grpc::Status::OK;
    }
  }
  return stream->Finish();
}

// After a break the stream resumes where it was, if the daemon is back within --timeout.
absl::Status Run(const Options& options, Context& context) {
  const auto study = GetStudy(context.connection, options.study);
  if (!study.ok()) return study.status();
  hpo::v1::WatchStudyRequest request;
  request.set_study(options.study);
  request.set_after_revision(options.after_revision.value_or(study->revision()));
  if (options.until_done && IsDone(*study) && request.after_revision() >= study->revision()) {
    return absl::OkStatus();
  }
  while (true) {
    const grpc::Status status = Follow(options, context, request);
    if (status.ok()) return absl::OkStatus();
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE) {
      return context.connection.ToError(status);
    }
    context.io.err << "connection lost, resuming after revision " << request.after_revision()
                   << '\n';
    std::this_thread::sleep_for(kPauseBeforeRetry);  // a daemon that drains still takes connections
    if (!context.connection.WaitUntilConnected(context.connection.timeout())) {
      return context.connection.ToError(status);
    }
  }
}

}  // namespace

Action BindStudyWatch(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  AddStudy(app, options->study);
  app.add_option("--after", options->after_revision,
                 "First what changed after this revision; 0: everything")
      ->type_name("REVISION");
  app.add_flag("--until-done", options->until_done,
               "End when nothing runs and nothing will be handed out");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
