#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

#include "clients/hpoctl/bench/parts.h"
#include "clients/hpoctl/bench/scratch_study.h"
#include "clients/hpoctl/bench/verdict.h"
#include "clients/hpoctl/command.h"
#include "clients/hpoctl/flags.h"
#include "clients/hpoctl/print.h"
#include "clients/hpoctl/run/caller.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

struct Options {
  std::vector<int> in_flight = {1, 16};
  std::string seconds = "1";
};

// A line on a terminal's standard error that says what is under way.
class StatusLine {
 public:
  StatusLine(Io& io, size_t total) : io_(io), total_(total) {}
  ~StatusLine() {
    if (done_ > 0 && io_.err_is_terminal) io_.err << "\r\x1b[K" << std::flush;
  }
  void Next(const std::string& name, int in_flight) {
    ++done_;
    if (!io_.err_is_terminal) return;
    io_.err << "\r\x1b[K"
            << fmt::format("measuring {} of {}: {}, {} in flight", done_, total_, name, in_flight)
            << std::flush;
  }

 private:
  Io& io_;
  const size_t total_;
  size_t done_ = 0;
};

absl::StatusOr<std::vector<Part>> MeasureAll(const Options& options,
                                             std::chrono::milliseconds duration, Context& context) {
  const InterruptFlag interrupt;
  const std::string prefix = "hpoctl-bench-" + NewRequestId();
  StatusLine line(context.io, options.in_flight.size() * kPartCount);
  std::vector<Part> all;
  for (const int in_flight : options.in_flight) {
    const auto parts = MeasureParts(fmt::format("{}-{}", prefix, in_flight), {in_flight, duration},
                                    context.connection, interrupt,
                                    [&](const std::string& name) { line.Next(name, in_flight); });
    if (!parts.ok()) return parts.status();
    all.insert(all.end(), parts->begin(), parts->end());
  }
  return all;
}

Cell FigureCell(double value) {
  return {ExactNumber(value),
          value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value)};
}

Table PartTable(const std::vector<Part>& parts) {
  constexpr auto kFixed = Column::Fit::kFixed;
  Table table({{"call", "CALL"},
               {"in_flight", "IN FLIGHT", kFixed, true},
               {"calls", "CALLS", kFixed, true},
               {"per_second", "PER SECOND", kFixed, true},
               {"median_ms", "MEDIAN MS", kFixed, true},
               {"p95_ms", "P95 MS", kFixed, true}});
  for (const auto& [name, in_flight, measurement] : parts) {
    table.Add({TextCell(name), CountCell(in_flight), CountCell(measurement.calls),
               FigureCell(measurement.per_second), FigureCell(measurement.median_ms),
               FigureCell(measurement.p95_ms)});
  }
  return table;
}

Json PartsJson(const std::vector<Part>& parts, std::chrono::milliseconds duration,
               const std::string& server) {
  Json json = {{"server", server},
               {"seconds", std::chrono::duration<double>(duration).count()},
               {"parameters", kBenchParameters},
               {"history", kBenchHistory},
               {"parts", Json::array()}};
  for (const auto& [name, in_flight, measurement] : parts) {
    json["parts"].push_back({{"call", name},
                             {"in_flight", in_flight},
                             {"calls", measurement.calls},
                             {"per_second", measurement.per_second},
                             {"median_ms", measurement.median_ms},
                             {"p95_ms", measurement.p95_ms}});
  }
  return json;
}

absl::Status Run(const Options& options, Context& context) {
  const auto duration = ParseSeconds(options.seconds, "--seconds");
  if (!duration.ok()) return duration.status();
  const auto parts = MeasureAll(options, *duration, context);
  if (!parts.ok()) return parts.status();
  if (context.output == Output::kJson) {
    PrintJson(context.io, PartsJson(*parts, *duration, context.connection.address()));
    return absl::OkStatus();
  }
  PartTable(*parts).Print(context.io, context.output, "");
  context.io.out.flush();
  for (const std::string& sentence : Verdict(*parts)) {
    for (const std::string& line : Wrap(sentence, context.io.width)) context.io.err << line << '\n';
  }
  return absl::OkStatus();
}

}  // namespace

Action BindBench(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--in-flight", options->in_flight,
                 "Calls under way at one time; may be repeated (1 and 16)")
      ->type_name("N")
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1000).description(""));
  app.add_option("--seconds", options->seconds, "How long each of the five calls is measured (1)")
      ->type_name("SECONDS");
  return [options](Context& context) { return Run(*options, context); };
}

}  // namespace hpod
