// Storage in memory: a list of mutations, gone with the process. For tests, and for studies that
// nobody needs tomorrow.

#include <memory>
#include <set>
#include <vector>

#include "server/storage/registry.h"

namespace hpod {
namespace {

class MemoryStorage final : public Storage {
 public:
  absl::Status Load(std::optional<StudyId> only, Apply apply, Take /*take*/) override {
    std::set<StudyId> deleted;
    for (const Mutation& mutation : log_) {
      if (std::holds_alternative<StudyDeleted>(mutation.change)) deleted.insert(mutation.study);
    }
    for (const Mutation& mutation : log_) {
      const bool wanted = !only.has_value() || mutation.study == *only;
      if (wanted && !deleted.contains(mutation.study)) apply(mutation);
    }
    return absl::OkStatus();
  }

  absl::Status Commit(std::span<const Mutation> batch) override {
    for (const Mutation& mutation : batch) {
      if (!std::holds_alternative<LeaseRenewed>(mutation.change)) log_.push_back(mutation);
    }
    return absl::OkStatus();
  }

 private:
  std::vector<Mutation> log_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Storage>> OpenMemoryStorage(const std::string& /*rest*/,
                                                           const std::string& /*holder*/) {
  return std::make_unique<MemoryStorage>();
}

}  // namespace hpod
