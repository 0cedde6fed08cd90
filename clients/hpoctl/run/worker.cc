#include "clients/hpoctl/run/worker.h"

#include <csignal>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/run/surroundings.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

constexpr auto kPauseWithoutTrial = std::chrono::seconds(1);
// A command that reports faster than the daemon stores waits in its next write.
constexpr size_t kMaxWaitingReports = 10'000;
// What a pipe may still hold when the command has ended: at most 1 MiB, in reads of 64 KiB.
constexpr int kReadsAfterExit = 32;

// Nobody may work on the trial any more.
bool IsLost(const std::string& reason) {
  return reason == "LEASE_LOST" || reason == "TRIAL_FINISHED" || reason == "TRIAL_NOT_FOUND" ||
         reason == "STUDY_NOT_FOUND";
}

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  return variables;
}

}  // namespace

struct Worker::Job {
  Job(uint64_t job_id, hpo::v1::Trial job_trial, const RunSettings& settings)
      : id(job_id),
        trial(std::move(job_trial)),
        attempt(std::max(1, settings.study.directions_size()), settings.has_prune_pipe) {}

  const uint64_t id;
  const hpo::v1::Trial trial;
  const TimePoint start = EventLoop::Clock::now();
  Attempt attempt;
  std::optional<TrialFolder> folder;
  std::unique_ptr<Child> child;  // until its end was noticed
  std::optional<Exit> exit;
  LineSplitter out_lines;
  LineSplitter message_lines;
  Tail err_tail;
  bool is_watched = false;
  bool is_stopping = false;
  bool has_complained = false;
  bool is_telling = false;
  bool is_calling = false;  // a report or a heartbeat is under way
  EventLoop::Timer timeout = 0;
  EventLoop::Timer grace = 0;
  EventLoop::Timer heartbeat = 0;
};

Worker::Worker(std::string name, const RunSettings& settings, EventLoop& loop, Caller& caller,
               const Connection& connection, WorkerOwner& owner)
    : name_(std::move(name)),
      settings_(settings),
      loop_(loop),
      caller_(caller),
      connection_(connection),
      owner_(owner) {}

Worker::~Worker() {
  if (job_) UnwatchOutput(*job_);
}

template <class Request>
void Worker::Address(const Job& job, Request& request) const {
  request.set_study(settings_.study.name());
  request.set_number(job.trial.number());
  request.set_lease_token(job.trial.lease().token());
}

template <class Task>
auto Worker::IfCurrent(const Job& job, Task task) {
  return [this, id = job.id, task = std::move(task)](const auto&... arguments) {
    if (job_ && job_->id == id) task(*job_, arguments...);
  };
}

void Worker::Ask() {
  if (is_interrupted_ || !owner_.TakePlace()) return Finish();
  is_asking_ = true;
  hpo::v1::SuggestTrialsRequest request;
  request.set_study(settings_.study.name());
  request.set_worker(name_);
  request.set_request_id(NewRequestId());
  using Async = hpo::v1::TrialService::StubInterface::async_interface;
  caller_.Call<Async, hpo::v1::SuggestTrialsRequest, hpo::v1::SuggestTrialsResponse>(
      caller_.trials(), &Async::SuggestTrials, std::move(request),
      [this](const grpc::Status& status, const hpo::v1::SuggestTrialsResponse& response) {
        OnSuggested(status, response);
      });
}

void Worker::OnSuggested(const grpc::Status& status,
                         const hpo::v1::SuggestTrialsResponse& response) {
  if (is_done_) return;  // interrupted meanwhile: a trial handed out now is left to its lease
  is_asking_ = false;
  if (!status.ok()) {
    owner_.OnError(connection_.ToError(status));
    return Finish();
  }
  if (response.trials_size() > 0) return Begin(response.trials(0));
  owner_.GiveBack(response.stop_reason(), response.final());
  if (response.final()) return Finish();
  WaitAndAsk();
}

void Worker::WaitAndAsk() {
  loop_.After(kPauseWithoutTrial, [this] {
    if (!is_done_) Ask();
  });
}

void Worker::Finish() {
  if (std::exchange(is_done_, true)) return;
  owner_.OnDone();
}

void Worker::Begin(const hpo::v1::Trial& trial) {
  job_ = std::make_unique<Job>(++last_job_, trial, settings_);
  Job& job = *job_;
  if (const absl::Status status = StartCommand(job); !status.ok()) {
    job.attempt.Stop(StopCause::kFailed, std::string(status.message()));
    job.attempt.OnExit({}, "");
    owner_.OnError(status);
    return EndIfOver(job);
  }
  if (settings_.timeout) {
    job.timeout = loop_.After(*settings_.timeout, [this, &job] {
      const double seconds = std::chrono::duration<double>(*settings_.timeout).count();
      Obey(job, job.attempt.Stop(StopCause::kFailed, fmt::format("ran longer than {} s (--timeout)",
                                                                 ShortNumber(seconds))));
    });
  }
  Renewed(job, trial.lease());
  WatchOutput(job);
}

absl::Status Worker::StartCommand(Job& job) {
  auto folder = TrialFolder::Make(settings_.output_dir, settings_.study.name(), job.trial);
  if (!folder.ok()) return folder.status();
  job.folder = *std::move(folder);
  ChildOptions options;
  options.arguments = settings_.command.Fill(TemplateValues(settings_, job.trial, *job.folder));
  if (options.arguments.empty()) {
    return UsageError(fmt::format("trial {} leaves nothing of the command", job.trial.number()));
  }
  options.environment = CommandEnvironment(OwnEnvironment(), settings_, job.trial, *job.folder);
  options.has_prune_pipe = settings_.has_prune_pipe;
  auto child = Child::Start(options);
  if (!child.ok()) return child.status();
  job.child = *std::move(child);
  return absl::OkStatus();
}

void Worker::WatchOutput(Job& job) {
  if (!job.child || job.is_watched) return;
  job.is_watched = true;
  const auto watch = [&](ReadEnd& end, bool (Worker::*read)(Job&)) {
    if (end.fd() < 0) return;
    loop_.Watch(end.fd(), [this, &job, &end, read, fd = end.fd()] {
      (this->*read)(job);
      if (end.fd() < 0) loop_.Unwatch(fd);
      SendReport(job);
      if (job.attempt.waiting_reports() > kMaxWaitingReports) UnwatchOutput(job);
    });
  };
  watch(job.child->out(), &Worker::ReadOut);
  watch(job.child->err(), &Worker::ReadErr);
  watch(job.child->messages(), &Worker::ReadMessages);
}

void Worker::UnwatchOutput(Job& job) {
  if (!job.child || !job.is_watched) return;
  job.is_watched = false;
  for (const ReadEnd* end : {&job.child->out(), &job.child->err(), &job.child->messages()}) {
    if (end->fd() >= 0) loop_.Unwatch(end->fd());
  }
}

bool Worker::ReadOut(Job& job) {
  return job.child->out().Read([&](std::string_view bytes) {
    CheckWritten(job, job.folder->AddOut(bytes));
    job.out_lines.Add(bytes, [&](std::string_view line) { Take(job, ParseOutputLine(line)); });
  });
}

bool Worker::ReadErr(Job& job) {
  return job.child->err().Read([&](std::string_view bytes) {
    CheckWritten(job, job.folder->AddErr(bytes));
    job.err_tail.Add(bytes);
  });
}

bool Worker::ReadMessages(Job& job) {
  return job.child->messages().Read([&](std::string_view bytes) {
    job.message_lines.Add(bytes, [&](std::string_view line) { Take(job, ParseJsonLine(line)); });
  });
}

void Worker::Take(Job& job, const absl::StatusOr<std::optional<Message>>& message) {
  if (!message.ok()) {
    const std::string why(message.status().message());
    job.attempt.TakeBadLine(why);
    if (!std::exchange(job.has_complained, true)) {
      owner_.Note(fmt::format("trial {}: not understood: {}", job.trial.number(), why));
    }
  } else if (*message) {
    job.attempt.Take(**message);
  }
}

void Worker::CheckWritten(Job& job, bool is_written) {
  if (is_written || std::exchange(job.has_complained, true)) return;
  owner_.Note(fmt::format("trial {}: its output cannot be written to {}: is the disk full?",
                          job.trial.number(), Printable(job.folder->path().string())));
}

void Worker::SendReport(Job& job) {
  const auto report = job.is_calling ? std::nullopt : job.attempt.NextReport();
  if (!report) return;
  hpo::v1::ReportValueRequest request;
  Address(job, request);
  request.set_step(report->step);
  request.set_value(report->value);
  request.set_request_id(NewRequestId());
  job.is_calling = true;
  using Async = hpo::v1::TrialService::StubInterface::async_interface;
  caller_.Call<Async, hpo::v1::ReportValueRequest, hpo::v1::ReportValueResponse>(
      caller_.trials(), &Async::ReportValue, std::move(request),
      IfCurrent(job, [this](Job& current, const grpc::Status& status,
                            const hpo::v1::ReportValueResponse& response) {
        current.is_calling = false;
        const Order order = current.attempt.OnReported(status.ok() && response.should_prune());
        if (status.ok()) {
          Renewed(current, response.lease());
          Obey(current, order);
        } else {
          OnRefused(current, status);
        }
        SendReport(current);
        if (current.attempt.waiting_reports() <= kMaxWaitingReports / 2) WatchOutput(current);
        EndIfOver(current);
      }));
}

void Worker::Beat(Job& job) {
  if (job.is_calling || job.is_telling) return;  // that call renews the lease
  hpo::v1::HeartbeatTrialRequest request;
  Address(job, request);
  job.is_calling = true;
  using Async = hpo::v1::TrialService::StubInterface::async_interface;
  caller_.Call<Async, hpo::v1::HeartbeatTrialRequest, hpo::v1::HeartbeatTrialResponse>(
      caller_.trials(), &Async::HeartbeatTrial, std::move(request),
      IfCurrent(job, [this](Job& current, const grpc::Status& status,
                            const hpo::v1::HeartbeatTrialResponse& response) {
        current.is_calling = false;
        if (status.ok()) {
          Renewed(current, response.lease());
        } else {
          OnRefused(current, status);
        }
        SendReport(current);
        EndIfOver(current);
      }));
}

void Worker::Renewed(Job& job, const hpo::v1::Lease& lease) {
  loop_.Cancel(job.heartbeat);
  job.heartbeat = loop_.After(FromProto(lease.duration()) / 3, [this, &job] { Beat(job); });
}

void Worker::OnRefused(Job& job, const grpc::Status& status) {
  if (IsLost(ErrorReasonOf(status))) {
    owner_.Note(fmt::format("trial {} is dropped: {}", job.trial.number(),
                            Printable(status.error_message())));
    Obey(job, job.attempt.Stop(StopCause::kLeaseLost, ""));
  } else {
    Obey(job, job.attempt.Stop(StopCause::kFailed, Printable(status.error_message())));
    Renewed(job, job.trial.lease());  // until the command has ended
  }
}

void Worker::Obey(Job& job, Order order) {
  if (order == Order::kNone || !job.child) return;
  job.is_stopping = true;
  if (order == Order::kTellPrune) return job.child->TellPrune();
  job.child->Signal(SIGTERM);
  if (job.grace != 0) return;
  job.grace = loop_.After(settings_.grace, [&job] {
    if (job.child) job.child->Signal(SIGKILL);
  });
}

void Worker::OnChildSignal() {
  if (!job_ || !job_->child) return;
  if (const auto exit = job_->child->Poll()) OnExit(*job_, *exit);
}

void Worker::OnExit(Job& job, const Exit& exit) {
  UnwatchOutput(job);
  for (const auto read : {&Worker::ReadOut, &Worker::ReadErr, &Worker::ReadMessages}) {
    for (int i = 0; i < kReadsAfterExit && (this->*read)(job); ++i) {
    }
  }
  if (!job.is_stopping) {  // else the last line may be cut anywhere
    job.out_lines.Finish([&](std::string_view line) { Take(job, ParseOutputLine(line)); });
    job.message_lines.Finish([&](std::string_view line) { Take(job, ParseJsonLine(line)); });
  }
  job.exit = exit;
  job.attempt.OnExit(exit, job.err_tail.Text());
  job.child.reset();
  loop_.Cancel(job.timeout);
  loop_.Cancel(job.grace);
  SendReport(job);
  EndIfOver(job);
}

void Worker::EndIfOver(Job& job) {
  if (!job.attempt.IsOver() || job.is_telling) return;
  if (job.attempt.IsDropped()) return End(job, job.trial);
  job.is_telling = true;
  Tell(job, job.attempt.Outcome(), false);
}

void Worker::Tell(Job& job, hpo::v1::CompleteTrialRequest outcome, bool is_last_try) {
  Address(job, outcome);
  outcome.set_request_id(NewRequestId());
  using Async = hpo::v1::TrialService::StubInterface::async_interface;
  caller_.Call<Async, hpo::v1::CompleteTrialRequest, hpo::v1::CompleteTrialResponse>(
      caller_.trials(), &Async::CompleteTrial, std::move(outcome),
      IfCurrent(job, [this, is_last_try](Job& current, const grpc::Status& status,
                                         const hpo::v1::CompleteTrialResponse& response) {
        if (status.ok()) return End(current, response.trial());
        if (is_last_try || IsLost(ErrorReasonOf(status))) {
          OnRefused(current, status);
          current.attempt.Stop(StopCause::kLeaseLost, "");
          return End(current, current.trial);
        }
        hpo::v1::CompleteTrialRequest failure;  // what was refused is left out
        failure.set_state(hpo::v1::TRIAL_STATE_FAIL);
        failure.set_failure(Printable(status.error_message()));
        Tell(current, std::move(failure), true);
      }));
}

void Worker::End(Job& job, const hpo::v1::Trial& trial) {
  EndedTrial ended;
  ended.trial = trial;
  ended.stop_cause = job.attempt.stop_cause();
  ended.exit = job.exit;
  ended.elapsed = EventLoop::Clock::now() - job.start;
  if (job.folder) ended.folder = job.folder->path().string();
  ended.is_dropped = job.attempt.IsDropped();
  for (const auto timer : {job.timeout, job.grace, job.heartbeat}) loop_.Cancel(timer);
  job_.reset();
  owner_.OnEnded(ended);
  Ask();
}

void Worker::Interrupt() {
  is_interrupted_ = true;
  if (!job_) return Finish();
  if (job_->child) Obey(*job_, job_->attempt.Stop(StopCause::kInterrupted, ""));
}

WorkerView Worker::View() const {
  WorkerView view;
  if (!job_) {
    view.state = is_done_ ? "done" : is_asking_ ? "asking" : "waiting";
    return view;
  }
  view.state = !job_->child ? "finishing" : job_->is_stopping ? "stopping" : "running";
  view.trial = job_->trial.number();
  view.last_report = job_->attempt.last_report();
  view.elapsed = EventLoop::Clock::now() - job_->start;
  return view;
}

}  // namespace hpod
