#include "server/model/request_memory.h"

#include <algorithm>
#include <fmt/format.h>

#include "server/model/errors.h"

namespace hpod {
namespace {

// Forgetting is a row deletion each time: once per this many requests is enough.
constexpr size_t kForgetPortion = 1'000;

}  // namespace

absl::StatusOr<const Answer*> RequestMemory::Recall(const RequestKey& request) const {
  if (request.id.empty()) return nullptr;
  if (request.id.size() > kMaxRequestIdBytes) {
    return InvalidField("request_id", fmt::format("request_id has {} bytes, at most {} are allowed",
                                                  request.id.size(), kMaxRequestIdBytes));
  }
  const auto it = entries_.find(request.id);
  if (it == entries_.end()) return nullptr;
  if (it->second.fingerprint != request.fingerprint) {
    return Refuse(
        Reason::kRequestIdReused,
        fmt::format("request_id '{}' was used for another request; make a new id for each",
                    request.id),
        {{"request_id", request.id}});
  }
  return &it->second.answer;
}

void RequestMemory::Remember(const RequestRemembered& request) {
  Forget(request.request_id);
  entries_.emplace(request.request_id, Entry{request.fingerprint, request.answer, request.at_us});
  order_.push_back(request.request_id);
}

void RequestMemory::ForgetOldest(size_t count) {
  for (count = std::min(count, order_.size()); count > 0; --count) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
}

void RequestMemory::Forget(const std::string& request_id) {
  if (entries_.erase(request_id) > 0) std::erase(order_, request_id);
}

size_t RequestMemory::Overdue(int64_t wall_us) const {
  size_t overdue = order_.size() >= kMaxRememberedRequests + kForgetPortion ? kForgetPortion : 0;
  while (overdue < order_.size() && overdue < kForgetPortion &&
         entries_.at(order_[overdue]).at_us < wall_us - kRememberedRequestUs) {
    ++overdue;
  }
  return overdue;
}

}  // namespace hpod
