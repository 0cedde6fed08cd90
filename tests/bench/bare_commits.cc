#include "tests/bench/bare_commits.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "tests/support/sqlite_file.h"

namespace hpod {

Measurement MeasureBareCommits(const std::string& path, double seconds) {
  using SteadyClock = std::chrono::steady_clock;
  SqliteFile file(path);
  // The write-ahead log has its size before the clock runs, and is overwritten from then on: a file
  // that grows costs the file system more than the commit does.
  file.Run(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=1000;"
      "CREATE TABLE reports (id INTEGER PRIMARY KEY, step INTEGER, value REAL);"
      "CREATE TABLE filler (bytes BLOB); INSERT INTO filler VALUES (zeroblob(6000000));"
      "PRAGMA wal_checkpoint(RESTART)");
  std::vector<double> times_us;
  const auto began = SteadyClock::now();
  const auto end = began + std::chrono::duration<double>(seconds);
  for (auto now = began; now < end;) {
    file.Run("INSERT INTO reports (step, value) VALUES (7, 0.5)");
    const auto done = SteadyClock::now();
    times_us.push_back(std::chrono::duration<double, std::micro>(done - now).count());
    now = done;
  }
  const double total = std::chrono::duration<double>(SteadyClock::now() - began).count();
  std::sort(times_us.begin(), times_us.end());
  return {static_cast<double>(times_us.size()) / total, times_us[times_us.size() / 2],
          times_us[times_us.size() * 95 / 100]};
}

}  // namespace hpod
