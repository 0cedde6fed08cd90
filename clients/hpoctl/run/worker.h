// One of the workers of a run: asks for a trial, runs the command, passes on what it says, tells
// the outcome, and asks again.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_WORKER_H_
#define HPOD_CLIENTS_HPOCTL_RUN_WORKER_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "clients/hpoctl/run/attempt.h"
#include "clients/hpoctl/run/caller.h"
#include "clients/hpoctl/run/child.h"
#include "clients/hpoctl/run/display.h"
#include "clients/hpoctl/run/event_loop.h"
#include "clients/hpoctl/run/line_splitter.h"
#include "clients/hpoctl/run/settings.h"
#include "clients/hpoctl/run/trial_folder.h"

namespace hpod {

// What a worker tells its run.
class WorkerOwner {
 public:
  virtual ~WorkerOwner() = default;
  // Whether one more trial may be asked for; if it then gets none, GiveBack.
  virtual bool TakePlace() = 0;
  virtual void GiveBack(hpo::v1::StopReason reason, bool is_final) = 0;
  virtual void OnEnded(const EndedTrial& ended) = 0;
  // The worker asks for nothing more.
  virtual void OnDone() = 0;
  // The run cannot go on.
  virtual void OnError(const absl::Status& error) = 0;
  virtual void Note(const std::string& text) = 0;
};

// Belongs to the thread of the loop. All that the constructor gets outlives it; at the end of its
// life its command is killed.
class Worker {
 public:
  Worker(std::string name, const RunSettings& settings, EventLoop& loop, Caller& caller,
         const Connection& connection, WorkerOwner& owner);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Ask();
  // A child of this process may have ended.
  void OnChildSignal();
  // Stops the command, if it runs; an outcome that is there already is still told.
  void Interrupt();

  bool is_done() const { return is_done_; }
  WorkerView View() const;

 private:
  using TimePoint = EventLoop::Clock::time_point;
  struct Job;  // the trial at work

  void OnSuggested(const grpc::Status& status, const hpo::v1::SuggestTrialsResponse& response);
  void WaitAndAsk();
  void Finish();  // asks for nothing more

  void Begin(const hpo::v1::Trial& trial);
  absl::Status StartCommand(Job& job);
  void WatchOutput(Job& job);
  void UnwatchOutput(Job& job);
  bool ReadOut(Job& job);
  bool ReadErr(Job& job);
  bool ReadMessages(Job& job);
  void Take(Job& job, const absl::StatusOr<std::optional<Message>>& message);
  void CheckWritten(Job& job, bool is_written);

  void SendReport(Job& job);
  void Beat(Job& job);
  void Renewed(Job& job, const hpo::v1::Lease& lease);
  void OnRefused(Job& job, const grpc::Status& status);
  void Obey(Job& job, Order order);
  void OnExit(Job& job, const Exit& exit);
  void EndIfOver(Job& job);
  void Tell(Job& job, hpo::v1::CompleteTrialRequest outcome, bool is_last_try);
  void End(Job& job, const hpo::v1::Trial& trial);

  template <class Request>
  void Address(const Job& job, Request& request) const;
  // Runs `task` with the job if it is still at work.
  template <class Task>
  auto IfCurrent(const Job& job, Task task);

  const std::string name_;
  const RunSettings& settings_;
  EventLoop& loop_;
  Caller& caller_;
  const Connection& connection_;
  WorkerOwner& owner_;
  std::unique_ptr<Job> job_;
  uint64_t last_job_ = 0;
  bool is_asking_ = false;
  bool is_interrupted_ = false;
  bool is_done_ = false;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_WORKER_H_
