// Writes a database of finished trials of 10 parameters, in one study named "full", through the
// storage itself: what a daemon is started on to measure its memory and its restart.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "samplers/rng.h"
#include "server/storage/registry.h"

namespace {

constexpr size_t kParameters = 10;
constexpr size_t kBatch = 10'000;

hpod::StudySpec MakeSpec() {
  std::vector<hpod::ParameterSpec> parameters;
  for (size_t i = 0; i < kParameters; ++i)
    parameters.push_back({fmt::format("x{}", i), hpod::FloatDomain{0, 1}, {}});
  hpod::StudySpec spec;
  spec.name = "full";
  spec.directions = {hpod::Direction::kMinimize};
  spec.sampler.name = "tpe";
  spec.pruner.name = "median";
  spec.seed = 1;
  spec.space = *hpod::Space::Make(parameters);
  spec.created_us = 1;
  return spec;
}

hpod::TrialRecord MakeTrial(size_t number, int64_t reports) {
  hpod::Rng rng = hpod::Rng::ForTrial(1, number, "bench");
  hpod::TrialRecord trial;
  trial.id = static_cast<int64_t>(number) + 1;
  trial.number = number;
  trial.state = hpod::TrialState::kComplete;
  for (uint32_t i = 0; i < kParameters; ++i) trial.params.push_back({i, rng.Uniform()});
  trial.values = {rng.Uniform()};
  for (int64_t step = 0; step < reports; ++step) trial.reports.push_back({step, rng.Uniform()});
  trial.started_us = static_cast<int64_t>(number) + 1;
  trial.completed_us = trial.started_us + 1'000;
  trial.worker = fmt::format("worker-{}", number % 16);
  trial.lease_token = trial.id;
  return trial;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", std::string(status.message()));
  std::exit(1);
}

void WriteDatabase(const std::string& path, size_t trials, int64_t reports) {
  auto storage = hpod::OpenStorage("sqlite:///" + path, "make_database");
  Check(storage.status());
  const hpod::Mutation created{1, 1, hpod::StudyCreated{MakeSpec()}};
  Check((*storage)->Commit({&created, 1}));
  std::vector<hpod::Mutation> batch;
  for (size_t number = 0; number < trials; ++number) {
    batch.push_back(
        {1, static_cast<int64_t>(number) + 2, hpod::TrialAdded{MakeTrial(number, reports)}});
    if (batch.size() < kBatch && number + 1 < trials) continue;
    Check((*storage)->Commit(batch));
    Check((*storage)->Tidy());
    batch.clear();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  size_t trials = 1'000'000;
  int64_t reports = 0;
  CLI::App app{"A database of finished trials"};
  app.add_option("path", path, "the file, which must not exist")->required();
  app.add_option("--trials", trials, "finished trials of 10 parameters")->capture_default_str();
  app.add_option("--reports", reports, "intermediate values of each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  WriteDatabase(path, trials, reports);
  return 0;
}
