// A SQLite VFS over the default one that fails on demand: a full disk, an I/O error, a write that
// is cut short.

#ifndef HPOD_TESTS_SUPPORT_FAULTY_VFS_H_
#define HPOD_TESTS_SUPPORT_FAULTY_VFS_H_

#include <cstdint>
#include <memory>
#include <string>

namespace hpod {

enum class Fault {
  kDiskFull,    // a write fails: SQLITE_FULL, nothing written
  kShortWrite,  // a write fails: SQLITE_FULL, half of it written, as SQLite's own VFS does
  kIoError,     // a write, truncation or sync fails: SQLITE_IOERR_*
  kSyncError,   // a sync fails: SQLITE_IOERR_FSYNC
};

enum class Repeat { kOnce, kForEver };

// Registered while it lives; files opened through it must be closed before. One thread.
class FaultyVfs {
 public:
  FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs();

  const char* Name() const;

  // The operation that `after` others of the kind that `fault` concerns precede fails; with
  // kForEver all later ones as well. Starts counting now.
  void Arm(Fault fault, int64_t after, Repeat repeat);
  void Disarm();
  // Whether an armed fault has struck since Arm.
  bool HasStruck() const;

  // Syncs since the VFS was made.
  int64_t Syncs() const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_FAULTY_VFS_H_
