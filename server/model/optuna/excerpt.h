// What error messages show of texts that came with a request.

#ifndef HPOD_SERVER_MODEL_OPTUNA_EXCERPT_H_
#define HPOD_SERVER_MODEL_OPTUNA_EXCERPT_H_

#include <string_view>

namespace hpod {

// At most 64 bytes of a text in UTF-8, in whole characters.
inline std::string_view Excerpt(std::string_view text) {
  constexpr size_t kBytesMax = 64;
  if (text.size() <= kBytesMax) return text;
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_EXCERPT_H_
