// The shim's file holds the default VFS's file behind itself and forwards everything to it.

#include "tests/support/faulty_vfs.h"

#include <atomic>
#include <fmt/format.h>
#include <new>
#include <optional>
#include <sqlite3.h>

namespace hpod {

struct FaultyVfs::State {
  enum class Operation { kWrite, kTruncate, kSync };

  // Whether this operation must fail.
  bool Strikes(Operation operation) {
    if (operation == Operation::kSync) ++syncs;
    if (!fault.has_value() || !Concerns(operation)) return false;
    if (remaining > 0) {
      --remaining;
      return false;
    }
    if (has_struck && repeat == Repeat::kOnce) return false;
    return has_struck = true;
  }

  bool Concerns(Operation operation) const {
    switch (*fault) {
      case Fault::kDiskFull:
      case Fault::kShortWrite:
        return operation == Operation::kWrite;
      case Fault::kSyncError:
        return operation == Operation::kSync;
      case Fault::kIoError:
        return true;
    }
    return false;
  }

  std::string name;
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::optional<Fault> fault;
  Repeat repeat = Repeat::kOnce;
  int64_t remaining = 0;
  bool has_struck = false;
  int64_t syncs = 0;
};

namespace {

using State = FaultyVfs::State;

struct File {
  sqlite3_file base;
  State* state;

  sqlite3_file* Real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods* Methods() { return Real()->pMethods; }
};

File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
State* Of(sqlite3_vfs* vfs) { return static_cast<State*>(vfs->pAppData); }

int Close(sqlite3_file* file) { return Of(file)->Methods()->xClose(Of(file)->Real()); }
int Read(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
  return Of(file)->Methods()->xRead(Of(file)->Real(), data, size, at);
}
int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  const auto write = Of(file)->Methods()->xWrite;
  if (!Of(file)->state->Strikes(State::Operation::kWrite)) {
    return write(Of(file)->Real(), data, size, at);
  }
  const Fault fault = *Of(file)->state->fault;
  if (fault == Fault::kIoError) return SQLITE_IOERR_WRITE;
  if (fault == Fault::kShortWrite) write(Of(file)->Real(), data, size / 2, at);
  return SQLITE_FULL;
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (Of(file)->state->Strikes(State::Operation::kTruncate)) return SQLITE_IOERR_TRUNCATE;
  return Of(file)->Methods()->xTruncate(Of(file)->Real(), size);
}
int Sync(sqlite3_file* file, int flags) {
  if (Of(file)->state->Strikes(State::Operation::kSync)) return SQLITE_IOERR_FSYNC;
  return Of(file)->Methods()->xSync(Of(file)->Real(), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Of(file)->Methods()->xFileSize(Of(file)->Real(), size);
}
int Lock(sqlite3_file* file, int level) {
  return Of(file)->Methods()->xLock(Of(file)->Real(), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Of(file)->Methods()->xUnlock(Of(file)->Real(), level);
}
int CheckReservedLock(sqlite3_file* file, int* result) {
  return Of(file)->Methods()->xCheckReservedLock(Of(file)->Real(), result);
}
int FileControl(sqlite3_file* file, int op, void* arg) {
  return Of(file)->Methods()->xFileControl(Of(file)->Real(), op, arg);
}
int SectorSize(sqlite3_file* file) { return Of(file)->Methods()->xSectorSize(Of(file)->Real()); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Of(file)->Methods()->xDeviceCharacteristics(Of(file)->Real());
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Of(file)->Methods()->xShmMap(Of(file)->Real(), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Of(file)->Methods()->xShmLock(Of(file)->Real(), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Of(file)->Methods()->xShmBarrier(Of(file)->Real()); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Of(file)->Methods()->xShmUnmap(Of(file)->Real(), remove);
}

// Version 2: with shared memory, which WAL needs, without memory-mapped reads.
constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* shim = new (file) File{{nullptr}, Of(vfs)};
  const int code = Of(vfs)->real->xOpen(Of(vfs)->real, name, shim->Real(), flags, out_flags);
  if (shim->Real()->pMethods != nullptr) shim->base.pMethods = &kMethods;
  return code;
}
int Delete(sqlite3_vfs* vfs, const char* name, int sync_dir) {
  return Of(vfs)->real->xDelete(Of(vfs)->real, name, sync_dir);
}
int Access(sqlite3_vfs* vfs, const char* name, int flags, int* result) {
  return Of(vfs)->real->xAccess(Of(vfs)->real, name, flags, result);
}
int FullPathname(sqlite3_vfs* vfs, const char* name, int size, char* out) {
  return Of(vfs)->real->xFullPathname(Of(vfs)->real, name, size, out);
}
int Randomness(sqlite3_vfs* vfs, int size, char* out) {
  return Of(vfs)->real->xRandomness(Of(vfs)->real, size, out);
}
int Sleep(sqlite3_vfs* vfs, int us) { return Of(vfs)->real->xSleep(Of(vfs)->real, us); }
int CurrentTime(sqlite3_vfs* vfs, double* time) {
  return Of(vfs)->real->xCurrentTime(Of(vfs)->real, time);
}
int GetLastError(sqlite3_vfs* vfs, int size, char* out) {
  return Of(vfs)->real->xGetLastError(Of(vfs)->real, size, out);
}

}  // namespace

FaultyVfs::FaultyVfs() : state_(std::make_unique<State>()) {
  static std::atomic<int> count = 0;
  state_->name = fmt::format("faulty{}", ++count);
  state_->real = sqlite3_vfs_find(nullptr);
  sqlite3_vfs& vfs = state_->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->real->szOsFile;
  vfs.mxPathname = state_->real->mxPathname;
  vfs.zName = state_->name.c_str();
  vfs.pAppData = state_.get();
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  vfs.xRandomness = Randomness;
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = GetLastError;
  sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&state_->vfs); }

const char* FaultyVfs::Name() const { return state_->name.c_str(); }

void FaultyVfs::Arm(Fault fault, int64_t after, Repeat repeat) {
  state_->fault = fault;
  state_->repeat = repeat;
  state_->remaining = after;
  state_->has_struck = false;
}

void FaultyVfs::Disarm() { state_->fault.reset(); }

bool FaultyVfs::HasStruck() const { return state_->has_struck; }

int64_t FaultyVfs::Syncs() const { return state_->syncs; }

}  // namespace hpod
