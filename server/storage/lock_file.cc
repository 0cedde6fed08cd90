#include "server/storage/lock_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace hpod {

absl::StatusOr<LockFile> LockFile::Acquire(const std::string& path, const std::string& holder) {
  LockFile lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.descriptor_ < 0) {
    return absl::UnavailableError(
        fmt::format("cannot make the lock file '{}': {}", path, std::strerror(errno)));
  }
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    char text[256] = {};
    const ssize_t size = pread(lock.descriptor_, text, sizeof text - 1, 0);
    return absl::FailedPreconditionError(
        fmt::format("the database is in use by {}", size > 0 ? text : "another process"));
  }
  const bool written = ftruncate(lock.descriptor_, 0) == 0 &&
                       pwrite(lock.descriptor_, holder.data(), holder.size(), 0) ==
                           static_cast<ssize_t>(holder.size());
  // A full disk leaves the lock without a name: it still locks.
  if (!written && errno != ENOSPC) {
    return absl::UnavailableError(
        fmt::format("cannot write the lock file '{}': {}", path, std::strerror(errno)));
  }
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace hpod
