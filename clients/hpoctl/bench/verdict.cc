#include "clients/hpoctl/bench/verdict.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "clients/hpoctl/bench/scratch_study.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr double kNoticed = 100;  // a trial so many times as long loses 1 % to the daemon

// The measurement of a part with the fewest, or the most, in flight.
const Part& Find(const std::vector<Part>& parts, const std::string& name, bool most) {
  const Part* found = nullptr;
  for (const Part& part : parts) {
    if (part.name != name) continue;
    if (found == nullptr || (part.in_flight > found->in_flight) == most) found = &part;
  }
  return *found;
}

// Three significant digits.
std::string Ms(double ms) { return fmt::format("{:.3g} ms", ms); }

}  // namespace

std::vector<std::string> Verdict(const std::vector<Part>& parts) {
  const Part& read = Find(parts, kRead, false);
  const Part& report = Find(parts, kReport, false);
  const Part& busy = Find(parts, kReport, true);
  const double trial_ms = Find(parts, kSuggestTpe, false).measurement.median_ms +
                          report.measurement.median_ms +
                          Find(parts, kComplete, false).measurement.median_ms;
  const double stored_ms = report.measurement.median_ms;
  const double disk_ms = std::max(0.0, stored_ms - read.measurement.median_ms);
  return {
      fmt::format("A trial with one report costs {} of the daemon with tpe and {} trials: trials "
                  "of {:.2g} s or more lose less than 1 % to it.",
                  Ms(trial_ms), kBenchHistory, trial_ms * kNoticed / 1e3),
      fmt::format("A report is on disk after {}; {} of that is for storing it.", Ms(stored_ms),
                  Ms(disk_ms)),
      fmt::format("With {} in flight {:.0f} reports are stored a second: enough for as many "
                  "workers that report once a second.",
                  busy.in_flight, busy.measurement.per_second),
  };
}

}  // namespace hpod
