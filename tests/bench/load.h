// Load from one client thread: so many calls, or workers, in flight on one connection.

#ifndef HPOD_TESTS_BENCH_LOAD_H_
#define HPOD_TESTS_BENCH_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hpod {

struct Measurement {
  double per_second = 0;
  double median_us = 0;  // of one call (or one trial)
  double p95_us = 0;
};

// Empty calls (CatalogService.ListSamplers) for so many seconds.
Measurement MeasureEmptyCalls(const std::string& address, size_t in_flight, double seconds);

// Makes a study of `parameters` floats, so many running trials in it, and reports to them, each
// report durable.
Measurement MeasureReports(const std::string& address, size_t in_flight, double seconds);

// Makes a study of `parameters` floats, each in [0, 1], and returns its name.
std::string CreateStudy(const std::string& address, const std::string& sampler, size_t parameters);

// `trials` trials of suggest, report, complete by so many workers; each call durable.
Measurement MeasureTrials(const std::string& address, const std::string& study, size_t workers,
                          size_t trials);

// Reports of so many trials, one call at a time, at the steps 0, 1, ... of each.
Measurement MeasureJudgedReports(const std::string& address, const std::string& study,
                                 size_t trials, int64_t steps);

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_LOAD_H_
