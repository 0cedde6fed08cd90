// Options of samplers and pruners: a table that describes each, from which they are read, checked,
// listed (ListSamplers, ListPruners, `hpoctl sampler list`) and documented.

#ifndef HPOD_SAMPLERS_OPTIONS_H_
#define HPOD_SAMPLERS_OPTIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace hpod {

// As they come from users: name to text.
using Options = std::map<std::string, std::string, std::less<>>;

// One row of an algorithm's table. Bounds are inclusive; empty: unbounded.
struct OptionSpec {
  enum class Type { kInt, kFloat, kBool, kAutoBool };
  std::string_view name;
  Type type;
  std::string_view default_value;
  std::string_view minimum;
  std::string_view maximum;
  std::string_view summary;
};
std::string_view ToString(OptionSpec::Type type);  // "int", "float", "bool", "auto or bool"

// Typed reads of options that have been checked against a table.
class OptionReader {
 public:
  // INVALID_ARGUMENT (the message names the option and lists the known ones): an unknown name, a
  // text that is not of the type (bool: true, false; auto bool: also auto), or a value out of
  // range.
  static absl::StatusOr<OptionReader> Make(std::span<const OptionSpec> specs,
                                           const Options& options);

  // `name` must be in the table with that type.
  int64_t Int(std::string_view name) const;
  double Float(std::string_view name) const;
  bool Bool(std::string_view name) const;
  // Nothing: auto, that is, the algorithm decides.
  std::optional<bool> AutoBool(std::string_view name) const;

 private:
  std::string_view Text(std::string_view name) const;

  std::span<const OptionSpec> specs_;
  Options options_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_OPTIONS_H_
