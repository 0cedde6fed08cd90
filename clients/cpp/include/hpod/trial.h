// A running trial that this process holds the lease of.

#ifndef HPOD_TRIAL_H_
#define HPOD_TRIAL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "hpo/v1/trial.pb.h"
#include "hpod/space.h"

namespace hpod {

class Lease;
struct Session;

// What a report brought back.
struct Report {
  // Stop training and end the trial with Trial::Prune.
  bool should_prune;
  // The study was stopped: finish soon, nothing more will be handed out.
  bool study_stopped;
  // The step had a value already; it stays.
  bool step_was_reported;
};

// Its lease is renewed in the background until it is finished or destroyed. A trial that is
// destroyed before it is finished is given up when its lease has run out, and its parameters are
// tried again.
//
// Any call may fail with ABORTED (see IsLeaseLost): another worker may have the parameters already,
// so drop the work; or with FAILED_PRECONDITION: the trial is finished. One thread at a time may
// use it.
class Trial {
 public:
  Trial(std::shared_ptr<Session> session, std::string study, const hpo::v1::Trial& message);
  Trial(Trial&& other) noexcept;
  Trial& operator=(Trial&& other) noexcept;
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  ~Trial();

  // 0, 1, 2, ... in the study.
  int64_t number() const { return number_; }
  // The parameters known so far, in the order of the space: with declared ones, all.
  const std::vector<std::pair<std::string, Value>>& params() const { return params_; }
  // The number of the lost trial that this one repeats.
  std::optional<int64_t> retry_of() const { return retry_of_; }
  // Those that an enqueued trial brought along, as JSON text.
  const std::map<std::string, std::string>& user_attributes() const { return user_attributes_; }

  // A parameter's value as bool, int64_t, double or std::string; an int is read as double too.
  // NOT_FOUND: the trial has no such parameter. INVALID_ARGUMENT: it is of another kind.
  template <class T>
  absl::StatusOr<T> Get(const std::string& name) const;

  // The value of one more parameter, in a study without declared ones. Asked again: the first
  // value.
  absl::StatusOr<Value> Suggest(const std::string& name, const Domain& domain);

  // Stores the objective's value at a step (>= 0), which may be NaN, and says whether to go on.
  absl::StatusOr<Report> ReportValue(int64_t step, double value);
  // Sets attributes (JSON text; empty removes) and constraints (> 0 violates) before the end.
  absl::Status SetAttributes(const std::map<std::string, std::string>& user_attributes,
                             const std::map<std::string, double>& constraints = {});

  // Ends the trial with the value of its one objective, or a value per objective. May be infinite,
  // not NaN.
  absl::Status Complete(double value);
  absl::Status Complete(const std::vector<double>& values);
  // Ends the trial early, after a report said so.
  absl::Status Prune();
  // Ends the trial without a result. It is not tried again.
  absl::Status Fail(const std::string& why);

  // Stop is requested when the lease is lost, which a heartbeat or another call learns of.
  std::stop_token lease_lost() const;

 private:
  template <class Method, class Request>
  auto Call(Method method, const Request& request);
  absl::Status Finish(hpo::v1::TrialState state, const std::vector<double>& values,
                      const std::string& failure);
  absl::StatusOr<Value> Find(const std::string& name) const;

  std::shared_ptr<Session> session_;
  std::string study_;
  int64_t number_;
  std::optional<int64_t> retry_of_;
  std::map<std::string, std::string> user_attributes_;
  std::vector<std::pair<std::string, Value>> params_;
  std::shared_ptr<Lease> lease_;
};

template <class T>
absl::StatusOr<T> Trial::Get(const std::string& name) const {
  absl::StatusOr<Value> value = Find(name);
  if (!value.ok()) return value.status();
  if (T* exact = std::get_if<T>(&*value)) return std::move(*exact);
  if constexpr (std::is_same_v<T, double>) {
    if (const int64_t* whole = std::get_if<int64_t>(&*value)) return static_cast<double>(*whole);
  }
  return absl::InvalidArgumentError("parameter '" + name + "' is of another kind");
}

}  // namespace hpod

#endif  // HPOD_TRIAL_H_
