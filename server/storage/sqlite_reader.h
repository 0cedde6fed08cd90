// Rows to mutations.

#ifndef HPOD_SERVER_STORAGE_SQLITE_READER_H_
#define HPOD_SERVER_STORAGE_SQLITE_READER_H_

#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "server/model/mutation.h"
#include "server/storage/sqlite_db.h"

namespace hpod {

// What Storage::Load promises, in ordered passes over the tables.
absl::Status ReadMutations(Database& db, std::optional<StudyId> only,
                           absl::FunctionRef<void(const Mutation&)> apply);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_SQLITE_READER_H_
