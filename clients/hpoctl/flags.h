// Flags and arguments that several verbs share, and the texts that become values.

#ifndef HPOD_CLIENTS_HPOCTL_FLAGS_H_
#define HPOD_CLIENTS_HPOCTL_FLAGS_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "clients/hpoctl/table.h"

namespace hpod {

struct GlobalFlags {
  std::string server = "127.0.0.1:13000";
  std::string output = "table";
  std::string timeout_s = "10";
};
// `flags` outlives the parse. A verb's own --timeout takes the place of the global one, which then
// goes before the verb.
void AddGlobalFlags(CLI::App& app, GlobalFlags& flags);

void AddStudy(CLI::App& app, std::string& study);
void AddTrial(CLI::App& app, std::string& study, int64_t& number);
void AddToken(CLI::App& app, int64_t& token);
void AddRequestId(CLI::App& app, std::string& request_id);
// A flag that may be given several times, with one value each.
void AddRepeated(CLI::App& app, const std::string& flag, std::vector<std::string>& values,
                 const std::string& value_name, const std::string& description);

// The command line as CLI::App::parse takes it: reversed, and with negative numbers that look like
// flags (-inf, -.5) led by a blank, which keeps them values.
std::vector<std::string> ReadyToParse(std::vector<std::string> args);

absl::StatusOr<Output> ParseOutput(std::string_view text);
// A number: `0.5`, `-1e-3`, `inf`, `nan`. INVALID_ARGUMENT that starts with `what`.
absl::StatusOr<double> ParseNumber(std::string_view text, std::string_view what);
// A time above 0 and at most a year, to the millisecond.
absl::StatusOr<std::chrono::milliseconds> ParseSeconds(std::string_view text,
                                                       std::string_view what);
// The two sides of the first `=`. INVALID_ARGUMENT if there is none or nothing before it.
absl::StatusOr<std::pair<std::string, std::string>> ParseAssignment(std::string_view text,
                                                                    std::string_view what);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_FLAGS_H_
