// Memory per finished trial, and the time to restart: writes a database of finished trials of 10
// parameters without intermediate values, through the storage itself, starts hpod on it, and prints
// what it needs.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <stdlib.h>
#include <string>
#include <vector>

#include "samplers/rng.h"
#include "server/storage/registry.h"
#include "tests/bench/daemon_under_test.h"

namespace {

constexpr size_t kParameters = 10;
constexpr size_t kBatch = 10'000;

hpod::StudySpec MakeSpec() {
  std::vector<hpod::ParameterSpec> parameters;
  for (size_t i = 0; i < kParameters; ++i)
    parameters.push_back({fmt::format("x{}", i), hpod::FloatDomain{0, 1}, {}});
  hpod::StudySpec spec;
  spec.name = "restart";
  spec.directions = {hpod::Direction::kMinimize};
  spec.sampler.name = "tpe";
  spec.pruner.name = "median";
  spec.seed = 1;
  spec.space = *hpod::Space::Make(parameters);
  spec.created_us = 1;
  return spec;
}

hpod::TrialRecord MakeTrial(size_t number) {
  hpod::Rng rng = hpod::Rng::ForTrial(1, number, "bench");
  hpod::TrialRecord trial;
  trial.id = static_cast<int64_t>(number) + 1;
  trial.number = number;
  trial.state = hpod::TrialState::kComplete;
  for (uint32_t i = 0; i < kParameters; ++i) trial.params.push_back({i, rng.Uniform()});
  trial.values = {rng.Uniform()};
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

void WriteDatabase(const std::string& path, size_t trials) {
  auto storage = hpod::OpenStorage("sqlite:///" + path, "restart_bench");
  Check(storage.status());
  const hpod::Mutation created{1, 1, hpod::StudyCreated{MakeSpec()}};
  Check((*storage)->Commit({&created, 1}));
  std::vector<hpod::Mutation> batch;
  for (size_t number = 0; number < trials; ++number) {
    batch.push_back({1, static_cast<int64_t>(number) + 2, hpod::TrialAdded{MakeTrial(number)}});
    if (batch.size() < kBatch && number + 1 < trials) continue;
    Check((*storage)->Commit(batch));
    Check((*storage)->Tidy());
    batch.clear();
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string binary = "build/release/bin/hpod";
  std::string folder = "build";
  size_t trials = 1'000'000;
  CLI::App app{"Memory per trial and time to restart"};
  app.add_option("--binary", binary, "the daemon")->capture_default_str();
  app.add_option("--folder", folder, "where the database is made")->capture_default_str();
  app.add_option("--trials", trials, "finished trials of 10 parameters")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::string pattern = folder + "/hpod-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) return 1;
  const std::string base = std::filesystem::absolute(pattern).string();
  WriteDatabase(base + "/empty.db", 0);
  WriteDatabase(base + "/full.db", trials);
  {
    const hpod::DaemonUnderTest empty(binary, base + "/empty.db");
    const hpod::DaemonUnderTest full(binary, base + "/full.db");
    const double bytes = static_cast<double>(full.ResidentBytes() - empty.ResidentBytes()) /
                         static_cast<double>(trials);
    fmt::print(
        "| trials | restart, s | resident bytes per trial | database, MB |\n|---|---|---|---|\n");
    fmt::print("| {} | {:.2f} | {:.0f} | {} |\n", trials, full.ReadySeconds(), bytes,
               std::filesystem::file_size(base + "/full.db") / 1'000'000);
  }
  std::filesystem::remove_all(pattern);
}
