#include "server/storage/storage.h"

namespace hpod {

absl::Status LoadDecoded(Storage& storage, std::optional<StudyId> only, Storage::Apply apply) {
  absl::Status decoded;
  const absl::Status loaded =
      storage.Load(only, apply, [&](const std::shared_ptr<StoredTrials>& trials) {
        for (size_t i = 0; decoded.ok() && i < trials->Keys().size(); ++i) {
          const auto trial = trials->Decode(i);
          trial.ok() ? apply(*trial) : decoded.Update(trial.status());
        }
      });
  return decoded.ok() ? loaded : decoded;
}

}  // namespace hpod
