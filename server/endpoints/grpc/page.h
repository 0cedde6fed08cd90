// Pages of lists: sizes and tokens.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_PAGE_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_PAGE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace hpod {

inline constexpr int32_t kMaxPageSize = 1'000;

// 0 becomes `standard`. INVALID_FIELD: negative, or more than kMaxPageSize.
absl::StatusOr<size_t> PageSize(int32_t page_size, int32_t standard);

// A token is the position at which the next page starts, as text. Empty: the start. INVALID_FIELD:
// not a token.
absl::StatusOr<int64_t> PageStart(const std::string& page_token, int64_t start);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_PAGE_H_
