// The first answers to recent requests, by request id: what makes retries safe. First in, first
// out.

#ifndef HPOD_SERVER_MODEL_REQUEST_MEMORY_H_
#define HPOD_SERVER_MODEL_REQUEST_MEMORY_H_

#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

#include "server/model/command.h"
#include "server/model/mutation.h"

namespace hpod {

using Answer = std::vector<int64_t>;

class RequestMemory {
 public:
  // The remembered answer, or null if the request is new or has no id. REQUEST_ID_REUSED: the id
  // was used for another content. INVALID_FIELD: the id is too long.
  absl::StatusOr<const Answer*> Recall(const RequestKey& request) const;

  void Remember(const RequestRemembered& request);
  void ForgetOldest(size_t count);
  // As if the request had never been made: its changes were taken back.
  void Forget(const std::string& request_id);

  // How many of the oldest to forget, so that at most kMaxRememberedRequests stay and none older
  // than kRememberedRequestUs. 0 most of the time: forgetting goes in portions.
  size_t Overdue(int64_t wall_us) const;

  size_t size() const { return order_.size(); }

 private:
  struct Entry {
    uint64_t fingerprint;
    Answer answer;
    int64_t at_us;
  };
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> order_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_REQUEST_MEMORY_H_
