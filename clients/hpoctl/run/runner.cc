#include "clients/hpoctl/run/runner.h"

#include <algorithm>
#include <csignal>
#include <fmt/format.h>
#include <utility>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/requests.h"
#include "clients/hpoctl/run/signals.h"
#include "clients/hpoctl/study_text.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr auto kRefreshInterval = std::chrono::milliseconds(200);

}  // namespace

Runner::Runner(RunSettings settings, Context& context)
    : settings_(std::move(settings)),
      context_(context),
      display_(MakeDisplay(context, settings_.study.name())),
      caller_(loop_, context.connection, [this](const absl::Status* error) {
        Note(error == nullptr ? context_.connection.address() + " answers again"
                              : std::string(error->message()) + "; trying again");
      }) {}

absl::Status Runner::Run() {
  const Signals signals(loop_, {SIGINT, SIGTERM, SIGHUP, SIGCHLD},
                        [this](int signal) { OnSignal(signal); });
  for (int i = 0; i < settings_.parallel; ++i) {
    workers_.push_back(std::make_unique<Worker>(fmt::format("{}/{}", settings_.worker, i + 1),
                                                settings_, loop_, caller_, context_.connection,
                                                *this));
  }
  AskForBest();
  for (const auto& worker : workers_) worker->Ask();
  Refresh();
  loop_.Run();
  workers_.clear();  // kills what still runs
  if (!is_interrupted_ && error_.ok()) {
    const auto best = BestTrials(context_.connection, settings_.study.name(), 1);
    if (best.ok() && !best->empty() && settings_.study.directions_size() == 1)
      best_ = best->front();
  }
  display_->End({Reason(), stop_reason_, is_final_, View()});
  if (is_interrupted_) return Interrupted();
  return error_;
}

bool Runner::TakePlace() {
  const bool is_full = settings_.max_trials > 0 && places_taken_ >= settings_.max_trials;
  if (is_full || is_interrupted_ || !error_.ok()) return false;
  ++places_taken_;
  return true;
}

void Runner::GiveBack(hpo::v1::StopReason reason, bool is_final) {
  --places_taken_;
  stop_reason_ = reason;
  is_final_ = is_final;
}

void Runner::OnEnded(const EndedTrial& ended) {
  Count(ended);
  display_->OnEnded(ended);
  if (!ended.is_dropped && ended.trial.state() == hpo::v1::TRIAL_STATE_COMPLETE) AskForBest();
  if (settings_.max_failures > 0 && failures_in_a_row_ >= settings_.max_failures && error_.ok()) {
    error_ =
        Refused(fmt::format("{} in a row failed (--max-failures): the last one's output is in {}",
                            Counted(failures_in_a_row_, "trial"), Printable(ended.folder)));
  }
  if (!context_.io.out && !is_interrupted_) Interrupt("the output cannot be written");
}

void Runner::Count(const EndedTrial& ended) {
  if (ended.is_dropped) {
    ++(ended.stop_cause == StopCause::kInterrupted ? counts_.interrupted : counts_.lost);
    return;
  }
  const auto state = ended.trial.state();
  failures_in_a_row_ = state == hpo::v1::TRIAL_STATE_FAIL ? failures_in_a_row_ + 1 : 0;
  if (state == hpo::v1::TRIAL_STATE_COMPLETE) ++counts_.complete;
  if (state == hpo::v1::TRIAL_STATE_PRUNED) ++counts_.pruned;
  if (state == hpo::v1::TRIAL_STATE_FAIL) ++counts_.failed;
}

void Runner::OnDone() {
  const bool all_are_done = std::all_of(workers_.begin(), workers_.end(),
                                        [](const auto& worker) { return worker->is_done(); });
  if (all_are_done) loop_.Stop();
}

void Runner::OnError(const absl::Status& error) {
  if (error_.ok()) error_ = error;
}

void Runner::OnSignal(int signal) {
  if (signal != SIGCHLD) return Interrupt("interrupted");
  for (const auto& worker : workers_) worker->OnChildSignal();
}

void Runner::Interrupt(const std::string& why) {
  if (std::exchange(is_interrupted_, true)) return loop_.Stop();  // the second time
  const auto running = std::count_if(workers_.begin(), workers_.end(), [](const auto& worker) {
    return worker->View().trial.has_value();
  });
  if (running > 0) {
    Note(
        fmt::format("{}: stopping {} (once more: kill at once); unfinished trials are left to "
                    "their leases",
                    why, Counted(running, "command")));
  }
  for (const auto& worker : workers_) worker->Interrupt();
}

void Runner::AskForBest() {
  if (is_asking_for_best_ || settings_.study.directions_size() > 1 || !display_->is_live()) return;
  is_asking_for_best_ = true;
  hpo::v1::ListBestTrialsRequest request;
  request.set_study(settings_.study.name());
  using Async = hpo::v1::StudyService::StubInterface::async_interface;
  caller_.Call<Async, hpo::v1::ListBestTrialsRequest, hpo::v1::ListBestTrialsResponse>(
      caller_.studies(), &Async::ListBestTrials, std::move(request),
      [this](const grpc::Status& status, const hpo::v1::ListBestTrialsResponse& response) {
        is_asking_for_best_ = false;
        if (status.ok() && response.trials_size() > 0) best_ = response.trials(0);
      });
}

void Runner::Refresh() {
  if (!display_->is_live()) return;
  display_->Show(View());
  loop_.After(kRefreshInterval, [this] { Refresh(); });
}

RunView Runner::View() const {
  RunView view;
  for (const auto& worker : workers_) view.workers.push_back(worker->View());
  view.counts = counts_;
  view.best = best_;
  view.elapsed = EventLoop::Clock::now() - start_;
  return view;
}

std::string Runner::Reason() const {
  if (is_interrupted_) return "interrupted";
  if (!error_.ok()) return "ended by an error";
  if (stop_reason_ == hpo::v1::STOP_REASON_UNSPECIFIED || !is_final_) {
    return fmt::format("{} started, as many as this run may (--max-trials)",
                       Counted(places_taken_, "trial"));
  }
  const auto study = GetStudy(context_.connection, settings_.study.name());  // for the numbers
  return "hands out no further trial: " +
         ReasonText(study.ok() ? *study : settings_.study, stop_reason_);
}

}  // namespace hpod
