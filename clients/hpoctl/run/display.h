// What people and programs see of a run: a live view on a terminal, a line for each finished trial
// in a pipe, or lines of JSON.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_DISPLAY_H_
#define HPOD_CLIENTS_HPOCTL_RUN_DISPLAY_H_

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hpo/v1/trial.pb.h"

#include "clients/hpoctl/command.h"
#include "clients/hpoctl/run/attempt.h"

namespace hpod {

// A worker as it is now.
struct WorkerView {
  std::string state;  // `asking`, `waiting`, `running`, `stopping`, `finishing`, `done`
  std::optional<int64_t> trial;
  std::optional<Report> last_report;
  std::chrono::nanoseconds elapsed{0};  // of the trial
};

// How many trials of this run ended, and how.
struct RunCounts {
  int64_t complete = 0;
  int64_t pruned = 0;
  int64_t failed = 0;
  int64_t lost = 0;         // the lease went to another worker
  int64_t interrupted = 0;  // left to their leases

  int64_t Finished() const { return complete + pruned + failed; }
};

struct RunView {
  std::vector<WorkerView> workers;
  RunCounts counts;
  std::optional<hpo::v1::Trial> best;  // of the study, if it has one objective
  std::chrono::nanoseconds elapsed{0};
};

// A trial whose command has ended.
struct EndedTrial {
  hpo::v1::Trial trial;  // as the daemon stored it, or as it was handed out if nobody was told
  std::optional<StopCause> stop_cause;
  std::optional<Exit> exit;  // nothing: the command could not be started
  std::chrono::nanoseconds elapsed{0};
  std::string folder;
  bool is_dropped = false;
};

// How a run ended. `reason` is for people.
struct RunEnd {
  std::string reason;
  hpo::v1::StopReason stop_reason = hpo::v1::STOP_REASON_UNSPECIFIED;
  bool is_final = false;
  RunView view;
};

class Display {
 public:
  virtual ~Display() = default;
  // Something that people should know.
  virtual void Note(const std::string& text) = 0;
  virtual void OnEnded(const EndedTrial& ended) = 0;
  // Shows the present. Called five times a second if `is_live`.
  virtual void Show(const RunView& /*view*/) {}
  virtual bool is_live() const { return false; }
  virtual void End(const RunEnd& end) = 0;
};

// As `context.output` and the terminal ask for. The context outlives it.
std::unique_ptr<Display> MakeDisplay(Context& context, const std::string& study);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_DISPLAY_H_
