// The yardstick of durable calls: what the disk takes for one commit of SQLite.

#ifndef HPOD_TESTS_BENCH_BARE_COMMITS_H_
#define HPOD_TESTS_BENCH_BARE_COMMITS_H_

#include <string>

#include "tests/bench/load.h"

namespace hpod {

// One small insert per transaction for so many seconds, in a new database `path` with WAL and
// `synchronous=FULL`, whose log has its size already. Throws std::runtime_error where SQLite fails.
Measurement MeasureBareCommits(const std::string& path, double seconds);

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_BARE_COMMITS_H_
