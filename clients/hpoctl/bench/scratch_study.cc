#include "clients/hpoctl/bench/scratch_study.h"

#include <fmt/format.h>
#include <random>

namespace hpod {
namespace {

constexpr int64_t kLeaseSeconds = 3600;  // no trial is given up during a measurement
constexpr double kHigh = 1.0;

hpo::v1::Parameter MakeParameter(int index) {
  hpo::v1::Parameter parameter;
  parameter.set_name(fmt::format("x{}", index));
  parameter.mutable_float_domain()->set_low(-kHigh);
  parameter.mutable_float_domain()->set_high(kHigh);
  return parameter;
}

hpo::v1::Trial MakeTrial(std::mt19937& random) {
  std::uniform_real_distribution<double> uniform(-kHigh, kHigh);
  hpo::v1::Trial trial;
  trial.set_state(hpo::v1::TRIAL_STATE_COMPLETE);
  double sum = 0;
  for (int i = 0; i < kBenchParameters; ++i) {
    const double x = uniform(random);
    sum += x * x;
    *trial.add_distributions() = MakeParameter(i);
    auto& param = *trial.add_params();
    param.set_name(trial.distributions(i).name());
    param.mutable_value()->set_double_value(x);
  }
  trial.add_values(sum);
  return trial;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchStudy>> ScratchStudy::Make(Connection& connection,
                                                                 const std::string& name,
                                                                 const std::string& sampler,
                                                                 int history) {
  hpo::v1::CreateStudyRequest request;
  auto& study = *request.mutable_study();
  study.set_name(name);
  study.mutable_sampler()->set_name(sampler);
  study.mutable_pruner()->set_name("none");
  study.set_seed(1);
  study.mutable_lease()->set_seconds(kLeaseSeconds);
  for (int i = 0; i < kBenchParameters; ++i) *study.add_space() = MakeParameter(i);
  const auto response = connection.Call(&hpo::v1::StudyService::Stub::CreateStudy, request);
  if (!response.ok()) return response.status();
  std::unique_ptr<ScratchStudy> made(new ScratchStudy(connection, name));
  const absl::Status added = made->AddHistory(history);
  if (!added.ok()) return added;
  return made;
}

absl::Status ScratchStudy::AddHistory(int history) {
  if (history == 0) return absl::OkStatus();
  std::mt19937 random(1);
  hpo::v1::AddTrialsRequest request;
  request.set_study(name_);
  for (int i = 0; i < history; ++i) *request.add_trials() = MakeTrial(random);
  return connection_.Call(&hpo::v1::TrialService::Stub::AddTrials, request).status();
}

ScratchStudy::~ScratchStudy() {
  hpo::v1::DeleteStudyRequest request;
  request.set_study(name_);
  // If the daemon is away the study stays; its name says what it is.
  connection_.Call(&hpo::v1::StudyService::Stub::DeleteStudy, request).status().IgnoreError();
}

}  // namespace hpod
