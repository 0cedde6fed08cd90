#include "clients/hpoctl/run/line_splitter.h"

#include <algorithm>

#include "clients/hpoctl/print.h"

namespace hpod {
namespace {

constexpr size_t kMaxLine = 1 << 20;
constexpr size_t kMaxTail = 3000;
constexpr int kMaxTailLines = 20;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Valid UTF-8: what is not becomes `?`.
std::string ValidUtf8(const std::string& bytes) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string text = Json::parse(Dump(bytes, -1)).get<std::string>();
  for (size_t at = 0; (at = text.find(kReplacement, at)) != std::string_view::npos;) {
    text.replace(at, kReplacement.size(), "?");
  }
  return text;
}

}  // namespace

void LineSplitter::Keep(std::string_view bytes) {
  rest_ += bytes.substr(0, kMaxLine - std::min(rest_.size(), kMaxLine));
}

void LineSplitter::Add(std::string_view bytes, Visitor visit) {
  for (size_t end; (end = bytes.find('\n')) != std::string_view::npos;
       bytes.remove_prefix(end + 1)) {
    Keep(bytes.substr(0, end));
    visit(rest_);
    rest_.clear();
  }
  Keep(bytes);
}

void LineSplitter::Finish(Visitor visit) {
  if (!rest_.empty()) visit(rest_);
  rest_.clear();
}

void Tail::Add(std::string_view bytes) {
  bytes_ += bytes;
  if (bytes_.size() > 2 * kMaxTail) bytes_.erase(0, bytes_.size() - kMaxTail);
}

std::string Tail::Text() const {
  std::string_view text = bytes_;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.size() > kMaxTail) text.remove_prefix(text.size() - kMaxTail);
  while (!text.empty() && IsContinuation(text[0])) text.remove_prefix(1);
  size_t start = text.size();
  for (int i = 0; i < kMaxTailLines && start != std::string_view::npos && start > 0; ++i) {
    start = text.rfind('\n', start - 1);
  }
  return ValidUtf8(
      std::string(start == std::string_view::npos || start == 0 ? text : text.substr(start + 1)));
}

}  // namespace hpod
