#include "clients/hpoctl/run/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clients/hpoctl/exit_code.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

absl::Status SystemError(std::string_view what) {
  return absl::InternalError(fmt::format("{}: {}", what, std::strerror(errno)));
}

absl::Status CannotRun(const std::string& program, int error) {
  return UsageError(fmt::format("cannot run '{}': {}", Printable(program), std::strerror(error)));
}

// Pipes that are closed, unless somebody took their ends.
class Pipes {
 public:
  enum Name { kOut, kErr, kMessages, kPrune, kFailure, kCount };

  Pipes() { ends_.fill({-1, -1}); }
  ~Pipes() {
    for (const auto& pipe : ends_) {
      for (const int end : pipe) {
        if (end >= 0) close(end);
      }
    }
  }
  Pipes(const Pipes&) = delete;
  Pipes& operator=(const Pipes&) = delete;

  // False: errno says why. No end is one of the numbers that the command gets.
  bool Open() {
    for (auto& pipe : ends_) {
      if (pipe2(pipe.data(), O_CLOEXEC) != 0) return false;
      for (int& end : pipe) {
        const int moved = fcntl(end, F_DUPFD_CLOEXEC, kPruneFd + 1);
        if (moved < 0) return false;
        close(std::exchange(end, moved));
      }
    }
    return true;
  }
  int reader(Name name) const { return ends_[name][0]; }
  int writer(Name name) const { return ends_[name][1]; }
  int TakeReader(Name name) { return std::exchange(ends_[name][0], -1); }
  int TakeWriter(Name name) { return std::exchange(ends_[name][1], -1); }

 private:
  std::array<std::array<int, 2>, kCount> ends_;
};

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec, in a process that had threads: system calls only.
[[noreturn]] void BecomeCommand(const Pipes& pipes, bool has_prune_pipe, pid_t parent,
                                char* const* arguments, char* const* environment) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // if hpoctl is killed outright
  if (getppid() != parent) _exit(127);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int empty = open("/dev/null", O_RDONLY);
  dup2(empty, STDIN_FILENO);
  if (empty > STDERR_FILENO) close(empty);
  dup2(pipes.writer(Pipes::kOut), STDOUT_FILENO);
  dup2(pipes.writer(Pipes::kErr), STDERR_FILENO);
  dup2(pipes.writer(Pipes::kMessages), kMessageFd);
  if (has_prune_pipe) dup2(pipes.reader(Pipes::kPrune), kPruneFd);
  execvpe(arguments[0], arguments, environment);
  const int error = errno;
  [[maybe_unused]] const auto written = write(pipes.writer(Pipes::kFailure), &error, sizeof(error));
  _exit(127);
}

// The errno of a failed exec; 0 once exec has closed the pipe.
int ReadFailure(int fd) {
  int error = 0;
  ssize_t count;
  do {
    count = read(fd, &error, sizeof(error));
  } while (count < 0 && errno == EINTR);
  return count == sizeof(error) ? error : 0;
}

bool IsProgram(const std::string& path) { return access(path.c_str(), X_OK) == 0; }

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const ChildOptions& options) {
  Pipes pipes;
  if (!pipes.Open()) return SystemError("cannot make the pipes of a command");
  for (const auto name : {Pipes::kOut, Pipes::kErr, Pipes::kMessages}) {
    fcntl(pipes.reader(name), F_SETFL, O_NONBLOCK);
  }
  fcntl(pipes.writer(Pipes::kPrune), F_SETFL, O_NONBLOCK);
  const std::vector<char*> arguments = Pointers(options.arguments);
  const std::vector<char*> environment = Pointers(options.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return SystemError("cannot start another process");
  if (pid == 0) {
    BecomeCommand(pipes, options.has_prune_pipe, parent, arguments.data(), environment.data());
  }
  setpgid(pid, pid);  // also here: the child may not have come to it before the first signal
  close(pipes.TakeWriter(Pipes::kFailure));
  const int failure = ReadFailure(pipes.reader(Pipes::kFailure));
  if (failure != 0) {
    waitpid(pid, nullptr, 0);
    return CannotRun(options.arguments[0], failure);
  }
  const int prune = options.has_prune_pipe ? pipes.TakeWriter(Pipes::kPrune) : -1;
  return std::unique_ptr<Child>(new Child(pid, pipes.TakeReader(Pipes::kOut),
                                          pipes.TakeReader(Pipes::kErr),
                                          pipes.TakeReader(Pipes::kMessages), prune));
}

Child::Child(pid_t pid, int out, int err, int messages, int prune)
    : pid_(pid), out_(out), err_(err), messages_(messages), prune_(prune) {}

Child::~Child() {
  if (prune_ >= 0) close(prune_);
  if (exit_) return;
  Signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::optional<Exit> Child::Poll() {
  int status = 0;
  if (exit_ || waitpid(pid_, &status, WNOHANG) != pid_) return exit_;
  kill(-pid_, SIGKILL);
  exit_ = WIFSIGNALED(status) ? Exit{.code = 0, .signal = WTERMSIG(status)}
                              : Exit{.code = WEXITSTATUS(status), .signal = 0};
  return exit_;
}

void Child::Signal(int signal) {
  if (!exit_) kill(-pid_, signal);
}

void Child::TellPrune() const {
  constexpr std::string_view kLine = "prune\n";
  if (prune_ < 0) return;
  // An error means that the command has closed its end, and so does not want to know.
  [[maybe_unused]] const auto written = write(prune_, kLine.data(), kLine.size());
}

ReadEnd::~ReadEnd() { Close(); }

void ReadEnd::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

bool ReadEnd::Read(absl::FunctionRef<void(std::string_view bytes)> take) {
  constexpr size_t kChunk = 65536;
  char bytes[kChunk];
  if (fd_ < 0) return false;
  const ssize_t count = read(fd_, bytes, kChunk);
  if (count > 0) take(std::string_view(bytes, static_cast<size_t>(count)));
  if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) Close();
  return count > 0 || (count < 0 && errno == EINTR);
}

absl::Status CheckProgram(const std::string& program) {
  if (program.find('/') != std::string_view::npos) {
    return IsProgram(program) ? absl::OkStatus() : CannotRun(program, errno);
  }
  const char* path = std::getenv("PATH");
  std::string_view folders = path == nullptr ? "/bin:/usr/bin" : path;
  while (true) {
    const size_t end = folders.find(':');
    const std::string folder(folders.substr(0, end));
    if (IsProgram(fmt::format("{}/{}", folder.empty() ? "." : folder, program))) {
      return absl::OkStatus();
    }
    if (end == std::string_view::npos) return CannotRun(program, ENOENT);
    folders.remove_prefix(end + 1);
  }
}

}  // namespace hpod
