// The client of hpod, the hyperparameter-optimization daemon. Start here:
//
//   absl::StatusOr<hpod::Client> client = hpod::Client::Connect();
//   absl::StatusOr<hpod::Study> study = client->CreateOrLoadStudy(
//       {.name = "demo", .space = {{"x", hpod::Float{-10, 10}}}, .max_trials = 100});
//   while (true) {
//     absl::StatusOr<std::optional<hpod::Trial>> trial = study->NextTrial();
//     if (!trial.ok() || !*trial) break;
//     const double x = *(*trial)->Get<double>("x");
//     (*trial)->Complete((x - 2) * (x - 2)).IgnoreError();
//   }
//
// Calls are repeated while the daemon is away, with the same request id, so that each takes effect
// once; see Options::retry_for. Errors are absl::Status; see errors.h.

#ifndef HPOD_CLIENT_H_
#define HPOD_CLIENT_H_

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "hpod/errors.h"
#include "hpod/options.h"
#include "hpod/study.h"
#include "hpod/study_spec.h"
#include "hpod/trial.h"

namespace hpod {

class Connection;
struct Session;

// Cheap to copy; copies share the connection. Safe to use from several threads.
class Client {
 public:
  // By the environment; see Options::FromEnvironment. Makes no call yet.
  static absl::StatusOr<Client> Connect();
  // INVALID_ARGUMENT: an option is wrong; the message names it.
  static absl::StatusOr<Client> Connect(const Options& options);

  // Makes a study. ALREADY_EXISTS: the name is taken.
  absl::StatusOr<Study> CreateStudy(const StudySpec& spec) const;
  // Makes a study, or loads the one of that name, unchanged.
  // FAILED_PRECONDITION: it has other directions.
  absl::StatusOr<Study> CreateOrLoadStudy(const StudySpec& spec) const;
  // NOT_FOUND: there is none of that name.
  absl::StatusOr<Study> LoadStudy(std::string_view name) const;
  // Deletes a study with its trials. NOT_FOUND: there is none of that name.
  absl::Status DeleteStudy(std::string_view name) const;

  // For calls that have no method here.
  Connection& connection() const;

 private:
  explicit Client(std::shared_ptr<Session> session);
  absl::StatusOr<Study> Create(const StudySpec& spec, bool load_if_exists) const;

  std::shared_ptr<Session> session_;
};

}  // namespace hpod

#endif  // HPOD_CLIENT_H_
