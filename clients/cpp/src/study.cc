#include "hpod/study.h"

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "clients/cpp/src/retry.h"
#include "clients/cpp/src/session.h"

namespace hpod {
namespace {

using hpo::v1::StudyService;
using hpo::v1::TrialService;

constexpr int kPage = 1'000;
// Between questions whether a place has become free.
constexpr std::chrono::milliseconds kMaxWait{2'000};

std::string DefaultWorker() {
  const char* host = std::getenv("HOSTNAME");
  return absl::StrCat(host == nullptr ? "cpp" : host, ":", getpid());
}

}  // namespace

Study::Study(std::shared_ptr<Session> session, std::string name)
    : session_(std::move(session)), name_(std::move(name)), worker_(DefaultWorker()) {}

absl::StatusOr<std::variant<Trial, NoTrial>> Study::Suggest() const {
  hpo::v1::SuggestTrialsRequest request;
  request.set_study(name_);
  request.set_count(1);
  request.set_worker(worker_);
  const auto reply = session_->connection->Call(&TrialService::Stub::SuggestTrials, request);
  if (!reply.ok()) return reply.status();
  if (reply->trials().empty()) {
    return NoTrial{.reason = reply->stop_reason(), .is_final = reply->final()};
  }
  return Trial(session_, name_, reply->trials(0));
}

absl::StatusOr<std::optional<Trial>> Study::NextTrial() const {
  for (int waits = 0;; ++waits) {
    absl::StatusOr<std::variant<Trial, NoTrial>> suggestion = Suggest();
    if (!suggestion.ok()) return suggestion.status();
    if (Trial* trial = std::get_if<Trial>(&*suggestion)) return std::move(*trial);
    if (std::get<NoTrial>(*suggestion).is_final) return std::nullopt;
    std::this_thread::sleep_for(std::min(kMaxWait, RetryPause(waits, RandomFraction())));
  }
}

absl::StatusOr<hpo::v1::Study> Study::Get() const {
  hpo::v1::GetStudyRequest request;
  request.set_study(name_);
  auto reply = session_->connection->Call(&StudyService::Stub::GetStudy, request);
  if (!reply.ok()) return reply.status();
  return std::move(*reply->mutable_study());
}

absl::StatusOr<std::vector<hpo::v1::Trial>> Study::BestTrials() const {
  hpo::v1::ListBestTrialsRequest request;
  request.set_study(name_);
  std::vector<hpo::v1::Trial> trials;
  while (true) {
    const auto page = session_->connection->Call(&StudyService::Stub::ListBestTrials, request);
    if (!page.ok()) return page.status();
    trials.insert(trials.end(), page->trials().begin(), page->trials().end());
    request.set_page_token(page->next_page_token());
    // With one objective the pages after the first hold the trials that are not the best.
    if (request.page_token().empty() || trials.size() == 1) return trials;
  }
}

absl::StatusOr<std::vector<hpo::v1::Trial>> Study::Trials(
    std::span<const hpo::v1::TrialState> states) const {
  hpo::v1::ListTrialsRequest request;
  request.set_study(name_);
  request.set_page_size(kPage);
  for (const auto state : states) request.add_states(state);
  std::vector<hpo::v1::Trial> trials;
  do {
    const auto page = session_->connection->Call(&TrialService::Stub::ListTrials, request);
    if (!page.ok()) return page.status();
    trials.insert(trials.end(), page->trials().begin(), page->trials().end());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return trials;
}

absl::StatusOr<hpo::v1::Trial> Study::GetTrial(int64_t number) const {
  hpo::v1::GetTrialRequest request;
  request.set_study(name_);
  request.set_number(number);
  auto reply = session_->connection->Call(&TrialService::Stub::GetTrial, request);
  if (!reply.ok()) return reply.status();
  return std::move(*reply->mutable_trial());
}

absl::StatusOr<int64_t> Study::Enqueue(const std::map<std::string, Value>& params,
                                       const EnqueueOptions& options) const {
  hpo::v1::EnqueueTrialRequest request;
  request.set_study(name_);
  for (const auto& [name, value] : params) {
    auto& assignment = *request.add_params();
    assignment.set_name(name);
    *assignment.mutable_value() = ToProto(value);
  }
  request.mutable_user_attributes()->insert(options.user_attributes.begin(),
                                            options.user_attributes.end());
  request.set_skip_if_exists(options.skip_if_exists);
  const auto reply = session_->connection->Call(&TrialService::Stub::EnqueueTrial, request);
  if (!reply.ok()) return reply.status();
  return reply->number();
}

absl::Status Study::SetAttributes(const std::map<std::string, std::string>& user_attributes) const {
  hpo::v1::Study update;
  update.mutable_user_attributes()->insert(user_attributes.begin(), user_attributes.end());
  return Update("user_attributes", update);
}

absl::Status Study::Stop() const {
  hpo::v1::StopStudyRequest request;
  request.set_study(name_);
  return session_->connection->Call(&StudyService::Stub::StopStudy, request).status();
}

absl::Status Study::Resume() const { return Update("stopped", {}); }

absl::Status Study::Update(const std::string& field, const hpo::v1::Study& update) const {
  hpo::v1::UpdateStudyRequest request;
  request.set_study(name_);
  *request.mutable_update() = update;
  request.mutable_update_mask()->add_paths(field);
  return session_->connection->Call(&StudyService::Stub::UpdateStudy, request).status();
}

}  // namespace hpod
