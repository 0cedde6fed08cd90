// A run: its workers, its display, and when it ends.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_RUNNER_H_
#define HPOD_CLIENTS_HPOCTL_RUN_RUNNER_H_

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/run/caller.h"
#include "clients/hpoctl/run/display.h"
#include "clients/hpoctl/run/event_loop.h"
#include "clients/hpoctl/run/settings.h"
#include "clients/hpoctl/run/worker.h"

namespace hpod {

class Runner : public WorkerOwner {
 public:
  Runner(RunSettings settings, Context& context);

  // Runs until the study has no more trials, or a limit of the settings, an error or a signal ends
  // it. CANCELLED: interrupted. Otherwise errors as of Connection::Call.
  absl::Status Run();

 private:
  bool TakePlace() override;
  void GiveBack(hpo::v1::StopReason reason, bool is_final) override;
  void OnEnded(const EndedTrial& ended) override;
  void OnDone() override;
  void OnError(const absl::Status& error) override;
  void Note(const std::string& text) override { display_->Note(text); }

  void OnSignal(int signal);
  void Interrupt(const std::string& why);
  void Count(const EndedTrial& ended);
  void AskForBest();
  void Refresh();
  RunView View() const;
  std::string Reason() const;

  const RunSettings settings_;
  Context& context_;
  const std::unique_ptr<Display> display_;
  EventLoop loop_;
  Caller caller_;
  std::vector<std::unique_ptr<Worker>> workers_;
  const EventLoop::Clock::time_point start_ = EventLoop::Clock::now();
  int64_t places_taken_ = 0;
  int64_t failures_in_a_row_ = 0;
  RunCounts counts_;
  std::optional<hpo::v1::Trial> best_;
  bool is_asking_for_best_ = false;
  hpo::v1::StopReason stop_reason_ = hpo::v1::STOP_REASON_UNSPECIFIED;
  bool is_final_ = false;
  bool is_interrupted_ = false;
  absl::Status error_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_RUNNER_H_
