// What a command tells about its trial: lines `hpod: ...` on its standard output, or lines of JSON
// on the file descriptor HPOD_FD.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_MESSAGE_H_
#define HPOD_CLIENTS_HPOCTL_RUN_MESSAGE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace hpod {

// An intermediate value. step >= 0; the value may be NaN or infinite.
struct Report {
  int64_t step;
  double value;
};
// The result: one value for each objective.
struct Result {
  std::vector<double> values;
};
// User attributes of the trial: key to JSON text.
struct Attributes {
  std::map<std::string, std::string> values;
};
// Constraints of the trial; a value above 0 violates.
struct Constraints {
  std::map<std::string, double> values;
};
using Message = std::variant<Report, Result, Attributes, Constraints>;

// `hpod: report STEP VALUE` or `hpod: value V [V2 ...]`. Nothing if the line does not start with
// `hpod:`; INVALID_ARGUMENT with the right form if it does and is neither.
absl::StatusOr<std::optional<Message>> ParseOutputLine(std::string_view line);

// `{"step": 1, "value": 0.5}`, `{"value": 0.5}`, `{"values": [0.5, 2]}`, `{"attribute": {"key":
// ...}}` or `{"constraint": {"name": 0.5}}`. Nothing for an empty line.
absl::StatusOr<std::optional<Message>> ParseJsonLine(std::string_view line);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_MESSAGE_H_
