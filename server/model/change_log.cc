#include "server/model/change_log.h"

#include <algorithm>

namespace hpod {
namespace {

constexpr size_t kCapacity = 8'192;

}  // namespace

void ChangeLog::Add(int64_t revision, size_t number) {
  const int64_t newest = entries_.empty() ? complete_after_ : entries_.back().revision;
  if (revision < newest) {
    // Trials come back from storage by number: only what comes after them is in order.
    entries_.clear();
    complete_after_ = newest;
    return;
  }
  entries_.push_back({revision, number});
  if (entries_.size() <= kCapacity) return;
  complete_after_ = entries_.front().revision;
  entries_.pop_front();
}

std::optional<std::vector<ChangeLog::Entry>> ChangeLog::Since(int64_t revision) const {
  if (revision < complete_after_) return std::nullopt;
  const auto first =
      std::upper_bound(entries_.begin(), entries_.end(), revision,
                       [](int64_t value, const Entry& entry) { return value < entry.revision; });
  return std::vector<Entry>(first, entries_.end());
}

}  // namespace hpod
