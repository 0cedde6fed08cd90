// JSON in the dialect of Python's json module.

#include <cmath>
#include <fmt/format.h>

#include "clients/hpoctl/optuna/distribution.h"

namespace hpod::optuna {
namespace {

// Bare words outside of strings, and what stands for them; the longer first.
constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"-Infinity", R"({"double": "-Infinity"})"},
    {"Infinity", R"({"double": "Infinity"})"},
    {"NaN", R"({"double": "NaN"})"},
};

// The index after the string that begins at `begin`.
size_t EndOfString(std::string_view text, size_t begin) {
  size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

std::string WithoutBareWords(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      const size_t end = EndOfString(text, at);
      plain += text.substr(at, end - at);
      at = end;
      continue;
    }
    size_t length = 1;
    std::string_view next = text.substr(at, 1);
    for (const auto& [word, object] : kWords) {
      if (!text.substr(at).starts_with(word)) continue;
      length = word.size();
      next = object;
      break;
    }
    plain += next;
    at += length;
  }
  return plain;
}

std::string AsciiDump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace

std::optional<Json> ParsePython(std::string_view text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    json = Json::parse(WithoutBareWords(text), nullptr, /*allow_exceptions=*/false);
  }
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string PythonNumber(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return Json(number).dump();
}

std::string PythonText(const hpo::v1::Value& value) {
  if (value.kind_case() == hpo::v1::Value::kDoubleValue) return PythonNumber(value.double_value());
  return AsciiDump(ValueJson(value));
}

}  // namespace hpod::optuna
