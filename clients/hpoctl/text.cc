#include "clients/hpoctl/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>

namespace hpod {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Blocks of the Unicode standard: combining marks, joiners and variation selectors.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};
// East Asian Width W and F (UAX #11), by block, with the emoji blocks.
constexpr Range kDoubleWidth[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},
    {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

template <size_t n>
bool IsIn(const Range (&ranges)[n], char32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [code](Range range) { return range.first <= code && code <= range.last; });
}

// Bytes of the UTF-8 sequence that starts with `lead`; 1 for a stray byte.
size_t SequenceLength(unsigned char lead) {
  if (lead >= 0xF0) return 4;
  if (lead >= 0xE0) return 3;
  return lead >= 0xC0 ? 2 : 1;
}

struct Glyph {
  size_t bytes;
  size_t columns;
};

// The first character of `text`, which is not empty.
Glyph FirstGlyph(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t bytes = std::min(SequenceLength(lead), text.size());
  if (bytes == 1) return {1, 1};
  char32_t code = lead & (0x7Fu >> bytes);
  for (size_t i = 1; i < bytes; ++i) {
    code = (code << 6) | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  }
  if (IsIn(kZeroWidth, code)) return {bytes, 0};
  return {bytes, IsIn(kDoubleWidth, code) ? 2u : 1u};
}

std::string NonFinite(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));  // C1 controls
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    const Glyph glyph = FirstGlyph(text);
    width += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return width;
}

std::string Ellipsize(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string result;
  size_t used = 1;  // the ellipsis
  while (!text.empty()) {
    const Glyph glyph = FirstGlyph(text);
    if (used + glyph.columns > width) break;
    used += glyph.columns;
    result += text.substr(0, glyph.bytes);
    text.remove_prefix(glyph.bytes);
  }
  return result + "…";
}

std::string PadRight(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(text) + std::string(width > used ? width - used : 0, ' ');
}

std::string PadLeft(std::string_view text, size_t width) {
  const size_t used = DisplayWidth(text);
  return std::string(width > used ? width - used : 0, ' ') + std::string(text);
}

std::vector<std::string> Wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t needed = DisplayWidth(lines.back()) + 1 + DisplayWidth(word);
    if (lines.back().empty()) {
      lines.back() = word;
    } else if (needed <= width) {
      lines.back().append(" ").append(word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

std::string ExactNumber(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : NonFinite(value);
}

std::string ShortNumber(double value) {
  if (!std::isfinite(value)) return NonFinite(value);
  const double size = std::abs(value);
  return size != 0 && (size < 1e-3 || size >= 1e6) ? fmt::format("{:.4g}", value)
                                                   : fmt::format("{:.6g}", value);
}

std::string Counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string ShortDuration(std::chrono::nanoseconds duration) {
  struct Unit {
    int64_t seconds;
    char name;
  };
  constexpr std::array kUnits = {Unit{365 * 86400, 'y'}, Unit{86400, 'd'}, Unit{3600, 'h'},
                                 Unit{60, 'm'}};
  const int64_t seconds =
      std::max<int64_t>(std::chrono::duration_cast<std::chrono::seconds>(duration).count(), 0);
  for (const Unit& unit : kUnits) {
    if (seconds >= unit.seconds) return fmt::format("{}{}", seconds / unit.seconds, unit.name);
  }
  return fmt::format("{}s", seconds);
}

std::string RelativeTime(Time time, Time now) {
  const auto age = now - time;
  if (std::chrono::abs(age) < std::chrono::seconds(1)) return "now";
  return age.count() > 0 ? ShortDuration(age) + " ago" : "in " + ShortDuration(-age);
}

}  // namespace hpod
