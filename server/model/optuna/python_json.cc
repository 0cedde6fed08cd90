#include "server/model/optuna/python_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>

namespace hpod {
namespace {

// Python's own limits: of recursion (about 1,000) and of digits when it reads an int.
constexpr int kMaxDepth = 900;
constexpr size_t kMaxDigits = 4'300;

void AppendUtf8(uint32_t code, std::string& text) {
  const auto byte = [&](uint32_t bits) { text += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6));
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | (code >> 18));
    byte(0x80 | ((code >> 12) & 0x3F));
    byte(0x80 | ((code >> 6) & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads one text. With a null target it only checks.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  absl::Status Parse(PythonJson* out) {
    bool ok = ReadValue(out, 0);
    SkipSpace();
    if (ok && at_ != text_.size()) ok = Fail("more text after the value");
    if (ok) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format("{} at byte {}", error_, at_));
  }

 private:
  using Kind = PythonJson::Kind;

  bool Fail(std::string_view error) {
    if (error_.empty()) error_ = error;
    return false;
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool Take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool ReadValue(PythonJson* out, int depth) {
    SkipSpace();
    if (depth > kMaxDepth) return Fail("nested too deeply");
    switch (Peek()) {
      case '"':
        if (out != nullptr) out->kind = Kind::kString;
        return ReadString(out == nullptr ? nullptr : &out->text,
                          out == nullptr ? nullptr : &out->has_lone_surrogate);
      case '[':
        return ReadArray(out, depth);
      case '{':
        return ReadObject(out, depth);
      default:
        return ReadLiteral(out);
    }
  }

  bool ReadLiteral(PythonJson* out) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (Take("null")) return true;
    if (Take("true")) return SetBool(out, true);
    if (Take("false")) return SetBool(out, false);
    if (Take("NaN")) return SetFloat(out, std::numeric_limits<double>::quiet_NaN());
    if (Take("Infinity")) return SetFloat(out, kInfinity);
    if (Take("-Infinity")) return SetFloat(out, -kInfinity);
    return ReadNumber(out);
  }

  static bool SetBool(PythonJson* out, bool value) {
    if (out == nullptr) return true;
    out->kind = Kind::kBool;
    out->boolean = value;
    return true;
  }

  static bool SetFloat(PythonJson* out, double value) {
    if (out == nullptr) return true;
    out->kind = Kind::kFloat;
    out->number = value;
    return true;
  }

  bool SkipDigits() {
    const size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ > begin;
  }

  bool ReadNumber(PythonJson* out) {
    const size_t begin = at_;
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else if (!SkipDigits()) {
      at_ = begin;
      return Fail("no JSON value");
    }
    const size_t int_end = at_;
    bool is_float = false;
    if (Peek() == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1])) {
      ++at_;
      is_float = SkipDigits();
    }
    if (Peek() == 'e' || Peek() == 'E') {
      const size_t before = at_++;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (SkipDigits()) {
        is_float = true;
      } else {
        at_ = before;
      }
    }
    if (!is_float && int_end - begin > kMaxDigits) return Fail("an integer with too many digits");
    if (out == nullptr) return true;
    out->kind = is_float ? Kind::kFloat : Kind::kInt;
    out->text = text_.substr(begin, at_ - begin);
    // As Python: too large is infinite, too small zero.
    out->number = std::strtod(out->text.c_str(), nullptr);
    if (is_float) out->text.clear();
    return true;
  }

  bool ReadHex4(uint32_t& code) {
    if (at_ + 4 > text_.size()) return Fail("an incomplete \\u escape");
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, begin + 4, code, 16);
    if (error != std::errc() || end != begin + 4) return Fail("an invalid \\u escape");
    at_ += 4;
    return true;
  }

  bool ReadUnicode(std::string* out, bool* lone_surrogate) {
    uint32_t code = 0;
    if (!ReadHex4(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t before = at_;
      uint32_t low = 0;
      at_ += 2;
      if (!ReadHex4(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = before;
      }
    }
    if (lone_surrogate != nullptr && code >= 0xD800 && code < 0xE000) *lone_surrogate = true;
    if (out != nullptr) AppendUtf8(code, *out);
    return true;
  }

  bool ReadEscape(std::string* out, bool* lone_surrogate) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char escape = Peek();
    ++at_;
    if (escape == 'u') return ReadUnicode(out, lone_surrogate);
    const size_t index = kEscapes.find(escape);
    if (index == std::string_view::npos) return Fail("an unknown escape");
    if (out != nullptr) *out += kMeanings[index];
    return true;
  }

  bool ReadString(std::string* out, bool* lone_surrogate) {
    ++at_;
    while (at_ < text_.size()) {
      const size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20) {
        ++at_;
      }
      if (out != nullptr) out->append(text_.substr(begin, at_ - begin));
      if (at_ == text_.size()) break;
      if (Take("\"")) return true;
      if (!Take("\\")) return Fail("a control character in a string");
      if (!ReadEscape(out, lone_surrogate)) return false;
    }
    return Fail("a string without an end");
  }

  bool ReadArray(PythonJson* out, int depth) {
    if (out != nullptr) out->kind = Kind::kArray;
    ++at_;
    SkipSpace();
    if (Take("]")) return true;
    while (true) {
      PythonJson* const item = out == nullptr ? nullptr : &out->items.emplace_back();
      if (!ReadValue(item, depth + 1)) return false;
      SkipSpace();
      if (Take("]")) return true;
      if (!Take(",")) return Fail("no comma or end of a list");
    }
  }

  bool ReadObject(PythonJson* out, int depth) {
    if (out != nullptr) out->kind = Kind::kObject;
    ++at_;
    SkipSpace();
    if (Take("}")) return true;
    while (true) {
      SkipSpace();
      if (Peek() != '"') return Fail("no key of an object");
      std::string* const key = out == nullptr ? nullptr : &out->keys.emplace_back();
      if (!ReadString(key, nullptr)) return false;
      SkipSpace();
      if (!Take(":")) return Fail("no colon after a key");
      PythonJson* const item = out == nullptr ? nullptr : &out->items.emplace_back();
      if (!ReadValue(item, depth + 1)) return false;
      SkipSpace();
      if (Take("}")) return true;
      if (!Take(",")) return Fail("no comma or end of an object");
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string error_;
};

bool EqualNumbers(const PythonJson& a, const PythonJson& b) {
  using Kind = PythonJson::Kind;
  if (a.kind == Kind::kInt && b.kind == Kind::kInt) {
    const auto digits = [](const PythonJson& json) {
      return json.text == "-0" ? std::string("0") : json.text;
    };
    return digits(a) == digits(b);
  }
  const auto number = [](const PythonJson& json) {
    return json.kind == Kind::kBool ? (json.boolean ? 1.0 : 0.0) : json.number;
  };
  return number(a) == number(b) || (std::isnan(number(a)) && std::isnan(number(b)));
}

bool EqualObjects(const PythonJson& a, const PythonJson& b) {
  return std::all_of(a.keys.begin(), a.keys.end(), [&](const std::string& key) {
    const PythonJson* other = b.Find(key);
    return other != nullptr && EqualInPython(*a.Find(key), *other);
  });
}

}  // namespace

const PythonJson* PythonJson::Find(std::string_view key) const {
  const auto it = std::find(keys.rbegin(), keys.rend(), key);
  return it == keys.rend() ? nullptr : &items[static_cast<size_t>(keys.rend() - it) - 1];
}

absl::StatusOr<PythonJson> ParsePythonJson(std::string_view text) {
  PythonJson json;
  absl::Status status = Parser(text).Parse(&json);
  if (!status.ok()) return status;
  return json;
}

absl::Status CheckPythonJson(std::string_view text) { return Parser(text).Parse(nullptr); }

bool EqualInPython(const PythonJson& a, const PythonJson& b) {
  using Kind = PythonJson::Kind;
  const bool a_counts = a.IsNumber() || a.kind == Kind::kBool;
  const bool b_counts = b.IsNumber() || b.kind == Kind::kBool;
  if (a_counts && b_counts) return EqualNumbers(a, b);
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::kString) return a.text == b.text;
  if (a.kind == Kind::kArray) {
    return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(),
                      EqualInPython);
  }
  return a.kind != Kind::kObject || (EqualObjects(a, b) && EqualObjects(b, a));
}

std::optional<Value> ToValue(const PythonJson& json) {
  switch (json.kind) {
    case PythonJson::Kind::kNull:
      return Value(std::monostate());
    case PythonJson::Kind::kBool:
      return Value(json.boolean);
    case PythonJson::Kind::kFloat:
      return Value(json.number);
    case PythonJson::Kind::kString:
      if (json.has_lone_surrogate) return std::nullopt;
      return Value(json.text);
    case PythonJson::Kind::kInt: {
      int64_t number = 0;
      const char* const end = json.text.data() + json.text.size();
      if (std::from_chars(json.text.data(), end, number).ec != std::errc()) return std::nullopt;
      return Value(number);
    }
    default:
      return std::nullopt;
  }
}

PythonJson FromValue(const Value& value) {
  PythonJson json;
  if (const auto* boolean = std::get_if<bool>(&value)) {
    json.kind = PythonJson::Kind::kBool;
    json.boolean = *boolean;
  } else if (const auto* whole = std::get_if<int64_t>(&value)) {
    json.kind = PythonJson::Kind::kInt;
    json.text = std::to_string(*whole);
    json.number = static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    json.kind = PythonJson::Kind::kFloat;
    json.number = *real;
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    json.kind = PythonJson::Kind::kString;
    json.text = *text;
  }
  return json;
}

}  // namespace hpod
