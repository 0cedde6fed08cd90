#include "clients/hpoctl/requests.h"

#include <algorithm>

namespace hpod {
namespace {

constexpr int64_t kPageMax = 1000;

int32_t PageSize(int64_t limit, int64_t seen) {
  return static_cast<int32_t>(limit == 0 ? kPageMax : std::min(limit - seen, kPageMax));
}

}  // namespace

absl::StatusOr<hpo::v1::Study> GetStudy(Connection& connection, const std::string& name) {
  hpo::v1::GetStudyRequest request;
  request.set_study(name);
  auto response = connection.Call(&hpo::v1::StudyService::Stub::GetStudy, request);
  if (!response.ok()) return response.status();
  return std::move(*response->mutable_study());
}

absl::Status ForEachTrial(Connection& connection, hpo::v1::ListTrialsRequest request, int64_t limit,
                          absl::FunctionRef<absl::Status(const hpo::v1::Trial&)> visit) {
  int64_t seen = 0;
  do {
    request.set_page_size(PageSize(limit, seen));
    const auto response = connection.Call(&hpo::v1::TrialService::Stub::ListTrials, request);
    if (!response.ok()) return response.status();
    for (const auto& trial : response->trials()) {
      const absl::Status status = visit(trial);
      if (!status.ok() || ++seen == limit) return status;
    }
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<hpo::v1::Trial>> BestTrials(Connection& connection,
                                                       const std::string& study, int64_t limit) {
  std::vector<hpo::v1::Trial> trials;
  hpo::v1::ListBestTrialsRequest request;
  request.set_study(study);
  do {
    request.set_page_size(PageSize(limit, static_cast<int64_t>(trials.size())));
    auto response = connection.Call(&hpo::v1::StudyService::Stub::ListBestTrials, request);
    if (!response.ok()) return response.status();
    for (auto& trial : *response->mutable_trials()) trials.push_back(std::move(trial));
    if (static_cast<int64_t>(trials.size()) == limit) break;
    request.set_page_token(response->next_page_token());
  } while (!request.page_token().empty());
  return trials;
}

}  // namespace hpod
