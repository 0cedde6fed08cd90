// One trial from the start of its command to its outcome: what was said, why it was stopped, and
// what the daemon is told. No processes, no calls, no clock.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_ATTEMPT_H_
#define HPOD_CLIENTS_HPOCTL_RUN_ATTEMPT_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hpo/v1/trial_service.pb.h"

#include "clients/hpoctl/run/message.h"

namespace hpod {

// A command that ends with this code says that it stopped early by itself: its trial is PRUNED.
inline constexpr int kPrunedExitCode = 77;

// How a command ended: a signal, or if that is 0 an exit code.
struct Exit {
  int code = 0;
  int signal = 0;
};
// `exit code 3`, `killed by SIGSEGV`.
std::string ExitText(const Exit& exit);

// Why a command was stopped.
enum class StopCause {
  kPruned,
  kFailed,       // it took too long, or the daemon refused what it said
  kLeaseLost,    // another worker may have the parameters
  kInterrupted,  // somebody stops hpoctl
};

// What is to be done with the command.
enum class Order { kNone, kTellPrune, kTerminate };

class Attempt {
 public:
  // objectives: how many values the result has. has_prune_pipe: the command wants to stop itself.
  Attempt(int objectives, bool has_prune_pipe);

  // The command said something, or something that is no message (`why` says what is wrong).
  void Take(const Message& message);
  void TakeBadLine(std::string why);

  // The next report to send, if none is under way; it is until OnReported.
  std::optional<Report> NextReport();
  Order OnReported(bool should_prune);
  // How many reports wait.
  size_t waiting_reports() const { return reports_.size(); }

  // Stops the command. The first cause stays; only LEASE_LOST and INTERRUPTED replace another.
  // `text` is the failure, of kFailed.
  Order Stop(StopCause cause, std::string text);

  // The command ended and everything it wrote was read. `last_lines`: of its standard error.
  void OnExit(const Exit& exit, std::string last_lines);

  // The command has ended and its reports are sent.
  bool IsOver() const;
  // Nobody is told of the outcome: the lease is lost, or is left to end.
  bool IsDropped() const;
  // State, values, failure, attributes and constraints. Call it when over and not dropped.
  hpo::v1::CompleteTrialRequest Outcome() const;

  std::optional<StopCause> stop_cause() const { return stop_cause_; }
  // The last report, for people to see.
  const std::optional<Report>& last_report() const { return last_report_; }

 private:
  void SetResult(hpo::v1::CompleteTrialRequest& request) const;
  std::string ValuesProblem(const std::vector<double>& values) const;

  const int objectives_;
  const bool has_prune_pipe_;
  std::deque<Report> reports_;
  bool is_reporting_ = false;
  std::optional<Report> last_report_;
  std::optional<std::vector<double>> result_;
  std::map<std::string, std::string> attributes_;
  std::map<std::string, double> constraints_;
  std::string first_bad_line_;
  std::optional<StopCause> stop_cause_;
  std::string failure_;
  std::optional<Exit> exit_;
  std::string last_lines_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_ATTEMPT_H_
