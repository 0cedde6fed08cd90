#include "clients/hpoctl/flags.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "clients/hpoctl/help.h"
#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

constexpr double kMaxSeconds = 365 * 86400;

std::string_view WithoutBlanks(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// A value such as -inf or -.5, which CLI11 would take for short flags (-5 it knows to be a value).
bool IsFlagLikeNumber(std::string_view text) {
  return text.size() > 1 && text[0] == '-' && (text[1] < '0' || text[1] > '9') &&
         ParseNumber(text, "").ok();
}

}  // namespace

void AddGlobalFlags(CLI::App& app, GlobalFlags& flags) {
  app.set_help_flag("-h,--help", "Show this page")->group(kGlobalFlags);
  app.add_option("--server", flags.server,
                 "Where the daemon listens (HPOD_SERVER; 127.0.0.1:13000)")
      ->type_name("ADDRESS")
      ->group(kGlobalFlags);
  app.add_option("-o,--output", flags.output, "table, json or csv (table)")
      ->type_name("FORMAT")
      ->group(kGlobalFlags);
  if (app.get_option_no_throw("--timeout") != nullptr) return;  // the verb has its own
  app.add_option("--timeout", flags.timeout_s, "How long a call may take (10)")
      ->type_name("SECONDS")
      ->group(kGlobalFlags);
}

void AddStudy(CLI::App& app, std::string& study) {
  app.add_option("STUDY", study, "Name of the study")->required();
}

void AddTrial(CLI::App& app, std::string& study, int64_t& number) {
  AddStudy(app, study);
  app.add_option("NUMBER", number, "Number of the trial")->required();
}

void AddToken(CLI::App& app, int64_t& token) {
  app.add_option("--token", token, "Token of the lease; without it the call is not fenced")
      ->type_name("N");
}

void AddRequestId(CLI::App& app, std::string& request_id) {
  app.add_option("--request-id", request_id,
                 "Makes a retry safe: the same id gets the first answer again")
      ->type_name("ID");
}

void AddRepeated(CLI::App& app, const std::string& flag, std::vector<std::string>& values,
                 const std::string& value_name, const std::string& description) {
  app.add_option(flag, values, description)->type_name(value_name)->allow_extra_args(false);
}

std::vector<std::string> ReadyToParse(std::vector<std::string> args) {
  for (std::string& arg : args) {
    if (arg == "--") break;  // nothing after it looks like a flag
    if (IsFlagLikeNumber(arg)) arg.insert(0, " ");
  }
  std::reverse(args.begin(), args.end());
  return args;
}

absl::StatusOr<Output> ParseOutput(std::string_view text) {
  if (text == "table") return Output::kTable;
  if (text == "json") return Output::kJson;
  if (text == "csv") return Output::kCsv;
  return absl::InvalidArgumentError(
      fmt::format("unknown output '{}' (known: csv, json, table)", Printable(text)));
}

absl::StatusOr<double> ParseNumber(std::string_view text, std::string_view what) {
  const std::string_view digits = WithoutBlanks(text);
  const bool has_plus =
      digits.starts_with("+") && !digits.starts_with("+-");  // from_chars takes no plus
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data() + (has_plus ? 1 : 0), end, value);
  if (error == std::errc() && rest == end && !digits.empty()) return value;
  return absl::InvalidArgumentError(fmt::format("{} '{}' is not a number", what, Printable(text)));
}

absl::StatusOr<std::chrono::milliseconds> ParseSeconds(std::string_view text,
                                                       std::string_view what) {
  const auto seconds = ParseNumber(text, what);
  if (!seconds.ok()) return seconds.status();
  const int64_t milliseconds =
      *seconds > 0 && *seconds <= kMaxSeconds ? std::llround(*seconds * 1e3) : 0;
  if (milliseconds > 0) return std::chrono::milliseconds(milliseconds);
  return absl::InvalidArgumentError(fmt::format(
      "{} '{}' must be above 0 and at most {:.0f} seconds", what, Printable(text), kMaxSeconds));
}

absl::StatusOr<std::pair<std::string, std::string>> ParseAssignment(std::string_view text,
                                                                    std::string_view what) {
  const size_t sign = text.find('=');
  if (sign != std::string_view::npos && sign > 0) {
    return std::pair(std::string(text.substr(0, sign)), std::string(text.substr(sign + 1)));
  }
  return absl::InvalidArgumentError(
      fmt::format("{} '{}' must have the form name=value", what, Printable(text)));
}

}  // namespace hpod
