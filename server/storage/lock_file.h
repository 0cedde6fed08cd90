// A file beside the database whose lock says that a daemon uses it, and whose text says which.

#ifndef HPOD_SERVER_STORAGE_LOCK_FILE_H_
#define HPOD_SERVER_STORAGE_LOCK_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace hpod {

// Holds the lock until destroyed, or until the process ends in whichever way. Not the database file
// itself: closing a descriptor of that drops SQLite's own locks
// (sqlite.org/howtocorrupt.html, 2.2).
class LockFile {
 public:
  // FAILED_PRECONDITION: another process holds it; the message has the text it wrote. UNAVAILABLE:
  // cannot be made.
  static absl::StatusOr<LockFile> Acquire(const std::string& path, const std::string& holder);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&&) = delete;
  ~LockFile();

 private:
  explicit LockFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_LOCK_FILE_H_
