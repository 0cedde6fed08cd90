#include "server/storage/registry.h"

#include <array>
#include <fmt/format.h>

namespace hpod {

// Each is defined in <scheme>.cc.
absl::StatusOr<std::unique_ptr<Storage>> OpenMemoryStorage(const std::string& rest,
                                                           const std::string& holder);
absl::StatusOr<std::unique_ptr<Storage>> OpenSqliteStorage(const std::string& rest,
                                                           const std::string& holder);

namespace {

constexpr std::array<StorageEntry, 2> kStorages = {{
    {"memory", "memory://", &OpenMemoryStorage},
    {"sqlite", "sqlite:///hpod.db", &OpenSqliteStorage},
}};

}  // namespace

std::span<const StorageEntry> Storages() { return kStorages; }

absl::StatusOr<std::unique_ptr<Storage>> OpenStorage(const std::string& url,
                                                     const std::string& holder) {
  const size_t colon = url.find("://");
  std::string known;
  for (const StorageEntry& entry : kStorages) {
    if (colon != std::string::npos && url.substr(0, colon) == entry.scheme)
      return entry.open(url.substr(colon + 3), holder);
    known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.example);
  }
  return absl::InvalidArgumentError(
      fmt::format("storage '{}' is not a URL with a known scheme (for example: {})", url, known));
}

}  // namespace hpod
