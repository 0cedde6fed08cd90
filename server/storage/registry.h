// The storages there are, by the scheme of their URL: one row each in registry.cc.

#ifndef HPOD_SERVER_STORAGE_REGISTRY_H_
#define HPOD_SERVER_STORAGE_REGISTRY_H_

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "server/storage/storage.h"

namespace hpod {

struct StorageEntry {
  std::string_view scheme;
  std::string_view example;
  // `rest`: the URL behind "scheme://". `holder`: how this process is named to others that want the
  // same storage.
  absl::StatusOr<std::unique_ptr<Storage>> (*open)(const std::string& rest,
                                                   const std::string& holder);
};

std::span<const StorageEntry> Storages();

// INVALID_ARGUMENT: a URL without a known scheme. FAILED_PRECONDITION: another process has the
// storage (the message names it), or its schema is newer than this program. DATA_LOSS: not a
// database, or damaged. UNAVAILABLE: cannot be opened.
absl::StatusOr<std::unique_ptr<Storage>> OpenStorage(const std::string& url,
                                                     const std::string& holder);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_REGISTRY_H_
