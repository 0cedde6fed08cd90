// JSON as Python's json module writes and reads it: with NaN, Infinity, -Infinity, and integers of
// any size.

#ifndef HPOD_SERVER_MODEL_OPTUNA_PYTHON_JSON_H_
#define HPOD_SERVER_MODEL_OPTUNA_PYTHON_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "samplers/space.h"

namespace hpod {

struct PythonJson {
  enum class Kind { kNull, kBool, kInt, kFloat, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  double number = 0;                // of an int or float
  std::string text;                 // of a string; the digits of an int
  bool has_lone_surrogate = false;  // a string that is not UTF-8: Python has them, others do not
  std::vector<std::string> keys;    // of an object, one per item
  std::vector<PythonJson> items;    // of an array or object

  // The last item of an object under the key; null if there is none.
  const PythonJson* Find(std::string_view key) const;
  bool IsNumber() const { return kind == Kind::kInt || kind == Kind::kFloat; }
};

// INVALID_ARGUMENT that says what Python would not read.
absl::StatusOr<PythonJson> ParsePythonJson(std::string_view text);
// The same, without keeping what was read.
absl::Status CheckPythonJson(std::string_view text);

// Whether Python finds the two equal (1 == 1.0 == True); but NaN equals NaN, as Optuna has it for
// choices.
bool EqualInPython(const PythonJson& a, const PythonJson& b);

// null, bool, int, float or string as a value of the model; nothing if it has none like it. The
// way back to text is ToString(Value), which writes what Python reads.
std::optional<Value> ToValue(const PythonJson& json);
PythonJson FromValue(const Value& value);
}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_PYTHON_JSON_H_
