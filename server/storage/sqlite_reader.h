// Rows to mutations.

#ifndef HPOD_SERVER_STORAGE_SQLITE_READER_H_
#define HPOD_SERVER_STORAGE_SQLITE_READER_H_

#include <optional>

#include "absl/status/status.h"

#include "server/storage/sqlite_db.h"
#include "server/storage/storage.h"

namespace hpod {

// What Storage::Load promises, in ordered passes over the tables.
absl::Status ReadMutations(Database& db, std::optional<StudyId> only, Storage::Apply apply,
                           Storage::Take take);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_READER_H_
