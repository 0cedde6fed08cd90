#include "server/endpoints/grpc/page.h"

#include <charconv>
#include <fmt/format.h>

#include "server/model/errors.h"

namespace hpod {

absl::StatusOr<size_t> PageSize(int32_t page_size, int32_t standard) {
  if (page_size < 0 || page_size > kMaxPageSize) {
    return InvalidField("page_size", fmt::format("page_size is {}, it must be 1 to {}, or 0 for {}",
                                                 page_size, kMaxPageSize, standard));
  }
  return static_cast<size_t>(page_size == 0 ? standard : page_size);
}

absl::StatusOr<int64_t> PageStart(const std::string& page_token, int64_t start) {
  if (page_token.empty()) return start;
  int64_t position = 0;
  const char* end = page_token.data() + page_token.size();
  const auto [stop, error] = std::from_chars(page_token.data(), end, position);
  if (error == std::errc() && stop == end && position >= 0) return position;
  return InvalidField("page_token",
                      fmt::format("page_token '{}' was not given by this call", page_token));
}

}  // namespace hpod
