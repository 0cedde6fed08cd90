// A real hpod in a process of its own.

#ifndef HPOD_TESTS_BENCH_DAEMON_UNDER_TEST_H_
#define HPOD_TESTS_BENCH_DAEMON_UNDER_TEST_H_

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace hpod {

class DaemonUnderTest {
 public:
  // Starts `binary` on a free port of 127.0.0.1 with the SQLite file `path`, and waits until it is
  // ready. Ends the program with a message if it cannot.
  DaemonUnderTest(const std::string& binary, const std::string& path);
  // SIGTERM, and waits.
  ~DaemonUnderTest();
  DaemonUnderTest(const DaemonUnderTest&) = delete;
  DaemonUnderTest& operator=(const DaemonUnderTest&) = delete;

  const std::string& Address() const { return address_; }
  // From the start of the process to its ready line.
  double ReadySeconds() const { return ready_seconds_; }
  // Resident memory now.
  int64_t ResidentBytes() const;

 private:
  pid_t pid_ = -1;
  std::string address_;
  double ready_seconds_ = 0;
};

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_DAEMON_UNDER_TEST_H_
