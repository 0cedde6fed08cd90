#include "clients/hpoctl/trial_adder.h"

#include <fmt/format.h>
#include <utility>

namespace hpod {
namespace {

constexpr int kChunkTrials = 500;
constexpr size_t kChunkBytes =
    1 << 20;  // a request may have 4 MiB, and so may one trial with its 1 MiB attributes

}  // namespace

TrialAdder::TrialAdder(Connection& connection, const std::string& study) : connection_(connection) {
  request_.set_study(study);
}

absl::Status TrialAdder::Add(hpo::v1::Trial trial) {
  bytes_ += trial.ByteSizeLong();
  *request_.add_trials() = std::move(trial);
  const bool is_full = request_.trials_size() >= kChunkTrials || bytes_ >= kChunkBytes;
  return is_full ? Send() : absl::OkStatus();
}

absl::Status TrialAdder::Send() {
  if (request_.trials().empty()) return absl::OkStatus();
  const auto response = connection_.Call(&hpo::v1::TrialService::Stub::AddTrials, request_);
  added_ += request_.trials_size();
  bytes_ = 0;
  request_.clear_trials();
  return response.status();
}

absl::Status DeleteAfter(const absl::Status& failure, const std::string& study,
                         Connection& connection) {
  hpo::v1::DeleteStudyRequest request;
  request.set_study(study);
  const auto response = connection.Call(&hpo::v1::StudyService::Stub::DeleteStudy, request);
  const std::string_view outcome = response.ok() ? "nothing was imported" : "a part was imported";
  return {failure.code(), fmt::format("{} ({})", std::string(failure.message()), outcome)};
}

}  // namespace hpod
