// A command as a child process with a process group of its own.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_CHILD_H_
#define HPOD_CLIENTS_HPOCTL_RUN_CHILD_H_

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"

#include "clients/hpoctl/run/attempt.h"

namespace hpod {

// Descriptors that the command finds open.
inline constexpr int kMessageFd = 3;  // it writes lines of JSON
inline constexpr int kPruneFd = 4;    // it reads `prune`, if it has the pipe

struct ChildOptions {
  std::vector<std::string> arguments;    // the first is the program, looked up in PATH
  std::vector<std::string> environment;  // NAME=VALUE, all of it
  bool has_prune_pipe = false;
};

// The end of a pipe that this process reads; closed with its owner.
class ReadEnd {
 public:
  explicit ReadEnd(int fd) : fd_(fd) {}
  ReadEnd(ReadEnd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~ReadEnd();
  // -1 once the other end is closed and all was read.
  int fd() const { return fd_; }
  // Passes on up to 64 KiB of what is there, without waiting. True if there may be more now.
  bool Read(absl::FunctionRef<void(std::string_view bytes)> take);
  void Close();

 private:
  int fd_;
};

// At the end of its life a child that still runs is killed and reaped.
class Child {
 public:
  // Standard input is empty. INVALID_ARGUMENT: the program cannot be run, and why.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const ChildOptions& options);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ReadEnd& out() { return out_; }
  ReadEnd& err() { return err_; }
  ReadEnd& messages() { return messages_; }

  // How it ended, if it did. What is left of its process group is killed then.
  std::optional<Exit> Poll();
  // To the whole process group.
  void Signal(int signal);
  // Writes the line `prune`.
  void TellPrune() const;

 private:
  Child(pid_t pid, int out, int err, int messages, int prune);

  const pid_t pid_;
  ReadEnd out_;
  ReadEnd err_;
  ReadEnd messages_;
  int prune_;
  std::optional<Exit> exit_;
};

// Whether `program` can be run: INVALID_ARGUMENT that says why not. Looks into PATH as a shell
// does.
absl::Status CheckProgram(const std::string& program);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_CHILD_H_
