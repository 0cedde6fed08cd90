#include "tests/bench/daemon_under_test.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hpod {

DaemonUnderTest::DaemonUnderTest(const std::string& binary, const std::string& path) {
  int log[2];
  if (pipe(log) != 0) std::abort();
  const auto start = std::chrono::steady_clock::now();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(log[1], STDERR_FILENO);
    close(log[0]);
    const std::string storage = "sqlite:///" + path;
    execl(binary.c_str(), "hpod", "--listen", "127.0.0.1:0", "--storage", storage.c_str(),
          static_cast<char*>(nullptr));
    _exit(127);
  }
  close(log[1]);
  FILE* lines = fdopen(log[0], "r");
  char line[4096];
  while (address_.empty() && std::fgets(line, sizeof line, lines) != nullptr) {
    const std::string text = line;
    const size_t at = text.find("address=");
    if (at != std::string::npos) address_ = text.substr(at + 8, text.find(' ', at) - at - 8);
    if (at == std::string::npos) std::fputs(line, stderr);
  }
  ready_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (address_.empty()) {
    std::fprintf(stderr, "%s did not start\n", binary.c_str());
    std::exit(1);
  }
  // The pipe stays open for the daemon's later lines, which are few.
}

DaemonUnderTest::~DaemonUnderTest() {
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
}

int64_t DaemonUnderTest::ResidentBytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  int64_t total = 0;
  int64_t resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace hpod
