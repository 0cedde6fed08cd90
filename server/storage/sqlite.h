// The SQLite storage by path, for what the registry's URL cannot say.

#ifndef HPOD_SERVER_STORAGE_SQLITE_H_
#define HPOD_SERVER_STORAGE_SQLITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

#include "server/storage/storage.h"

namespace hpod {

// As OpenStorage("sqlite://" + path), through the SQLite VFS of that name (null: the default),
// which tests use to inject faults into reads, writes and syncs.
absl::StatusOr<std::unique_ptr<Storage>> OpenSqliteStorageWithVfs(const std::string& path,
                                                                  const std::string& holder,
                                                                  const char* vfs);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_H_
