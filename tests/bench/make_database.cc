// Writes a database of finished trials of 10 parameters, in one study named "full" or in turn in
// "full", "full-2", "full-3" and so on, through the storage itself: what a daemon is started on to
// measure its memory and its restart.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "samplers/rng.h"
#include "server/storage/registry.h"

namespace {

constexpr size_t kParameters = 10;
constexpr size_t kBatch = 10'000;

hpod::StudySpec MakeSpec(hpod::StudyId study) {
  std::vector<hpod::ParameterSpec> parameters;
  for (size_t i = 0; i < kParameters; ++i)
    parameters.push_back({fmt::format("x{}", i), hpod::FloatDomain{0, 1}, {}});
  hpod::StudySpec spec;
  spec.name = study == 1 ? "full" : fmt::format("full-{}", study);
  spec.directions = {hpod::Direction::kMinimize};
  spec.sampler.name = "tpe";
  spec.pruner.name = "median";
  spec.seed = 1;
  spec.space = *hpod::Space::Make(parameters);
  spec.created_us = 1;
  return spec;
}

// `index`: among all trials of all studies.
hpod::TrialRecord MakeTrial(size_t index, size_t studies, int64_t reports) {
  hpod::Rng rng = hpod::Rng::ForTrial(1, index, "bench");
  hpod::TrialRecord trial;
  trial.id = static_cast<int64_t>(index) + 1;
  trial.number = index / studies;
  trial.state = hpod::TrialState::kComplete;
  for (uint32_t i = 0; i < kParameters; ++i) trial.params.push_back({i, rng.Uniform()});
  trial.values = {rng.Uniform()};
  for (int64_t step = 0; step < reports; ++step) trial.reports.push_back({step, rng.Uniform()});
  trial.started_us = static_cast<int64_t>(index) + 1;
  trial.completed_us = trial.started_us + 1'000;
  trial.worker = fmt::format("worker-{}", index % 16);
  trial.lease_token = trial.id;
  return trial;
}

void Check(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", std::string(status.message()));
  std::exit(1);
}

void WriteDatabase(const std::string& path, size_t trials, size_t studies, int64_t reports) {
  auto storage = hpod::OpenStorage("sqlite:///" + path, "make_database");
  Check(storage.status());
  std::vector<hpod::Mutation> batch;
  for (hpod::StudyId study = 1; study <= static_cast<hpod::StudyId>(studies); ++study)
    batch.push_back({study, 1, hpod::StudyCreated{MakeSpec(study)}});
  Check((*storage)->Commit(batch));
  batch.clear();
  for (size_t index = 0; index < trials; ++index) {
    hpod::TrialRecord trial = MakeTrial(index, studies, reports);
    const auto study = static_cast<hpod::StudyId>(index % studies) + 1;
    const int64_t revision = static_cast<int64_t>(trial.number) + 2;
    batch.push_back({study, revision, hpod::TrialAdded{std::move(trial)}});
    if (batch.size() < kBatch && index + 1 < trials) continue;
    Check((*storage)->Commit(batch));
    Check((*storage)->Tidy());
    batch.clear();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  size_t trials = 1'000'000;
  size_t studies = 1;
  int64_t reports = 0;
  CLI::App app{"A database of finished trials"};
  app.add_option("path", path, "the file, which must not exist")->required();
  app.add_option("--trials", trials, "finished trials of 10 parameters")->capture_default_str();
  app.add_option("--studies", studies, "studies that have them")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--reports", reports, "intermediate values of each")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  WriteDatabase(path, trials, studies, reports);
  return 0;
}
