// What a durable call costs beside an empty one: hpod and a callback echo server, in turn, on the
// same machine in the same run. Prints medians over the repeats, as a Markdown table.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

#include "tests/bench/daemon_under_test.h"
#include "tests/bench/echo_server.h"
#include "tests/bench/load.h"

namespace {

using hpod::Measurement;

struct Settings {
  std::string binary = "build/release/bin/hpod";
  std::vector<std::string> folders = {"build", "/dev/shm"};
  double seconds = 2;
  int repeats = 5;
  size_t trials = 1'000;
};

Measurement MedianOf(std::vector<Measurement> measurements) {
  std::sort(measurements.begin(), measurements.end(),
            [](const Measurement& a, const Measurement& b) { return a.per_second < b.per_second; });
  return measurements[measurements.size() / 2];
}

void PrintRow(std::string_view what, std::string_view folder, size_t in_flight,
              const Measurement& one, const Measurement& empty) {
  fmt::print("| {} | {} | {} | {:.0f} | {:.0f} | {:.0f} | {:.2f} |\n", what, folder, in_flight,
             one.per_second, one.median_us, one.p95_us, one.per_second / empty.per_second);
  std::fflush(stdout);
}

void MeasureFolder(const Settings& settings, const std::string& folder, const std::string& echo) {
  std::string pattern = folder + "/hpod-bench-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    fmt::print(stderr, "cannot make a folder in {}\n", folder);
    return;
  }
  {
    const hpod::DaemonUnderTest daemon(settings.binary,
                                       std::filesystem::absolute(pattern).string() + "/bench.db");
    for (size_t in_flight : {size_t{1}, size_t{16}, size_t{64}}) {
      std::vector<Measurement> empty, report;
      for (int i = 0; i < settings.repeats; ++i) {
        empty.push_back(hpod::MeasureEmptyCalls(echo, in_flight, settings.seconds));
        report.push_back(hpod::MeasureReports(daemon.Address(), in_flight, settings.seconds));
      }
      PrintRow("empty call", "-", in_flight, MedianOf(empty), MedianOf(empty));
      PrintRow("durable report", folder, in_flight, MedianOf(report), MedianOf(empty));
    }
    for (const char* sampler : {"random", "tpe"}) {
      std::vector<Measurement> empty, trials;
      for (int i = 0; i < settings.repeats; ++i) {
        empty.push_back(hpod::MeasureEmptyCalls(echo, 16, settings.seconds));
        trials.push_back(hpod::MeasureTrials(daemon.Address(), sampler, 16, settings.trials, 10));
      }
      PrintRow(fmt::format("trial ({}, 10 floats): suggest + report + complete", sampler), folder,
               16, MedianOf(trials), MedianOf(empty));
    }
  }
  std::filesystem::remove_all(pattern);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  CLI::App app{"Durable calls beside empty ones"};
  app.add_option("--binary", settings.binary, "the daemon")->capture_default_str();
  app.add_option("--folder", settings.folders, "where its database is made, one or more")
      ->capture_default_str();
  app.add_option("--seconds", settings.seconds, "per measurement")->capture_default_str();
  app.add_option("--repeats", settings.repeats, "alternating; the median is printed")
      ->capture_default_str();
  app.add_option("--trials", settings.trials, "per study, from 0")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const hpod::EchoServer echo;
  fmt::print(
      "| what | database on | in flight | per second | median us | p95 us | of empty calls "
      "|\n|---|---|---|---|---|---|---|\n");
  for (const std::string& folder : settings.folders)
    MeasureFolder(settings, folder, echo.Address());
}
