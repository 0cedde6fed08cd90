#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "version.h"

#include "server/storage/registry.h"

namespace hpod {
namespace {

const std::map<std::string, LogLevel> kLevels = {{"debug", LogLevel::kDebug},
                                                 {"info", LogLevel::kInfo},
                                                 {"warning", LogLevel::kWarning},
                                                 {"error", LogLevel::kError}};
const std::map<std::string, LogFormat> kFormats = {{"text", LogFormat::kText},
                                                   {"json", LogFormat::kJson}};

std::string StorageHelp() {
  std::string examples;
  for (const StorageEntry& entry : Storages())
    examples += fmt::format("{}{}", examples.empty() ? "" : ", ", entry.example);
  return fmt::format("where trials are kept, a URL ({}); sqlite:////path is absolute", examples);
}

// The environment as flags. Before those that were given, they give way to them and not to the file
// of --config; CLI11 2.1 by itself would read the environment last, and never HPOD_CONFIG.
std::vector<std::string> FlagsOfEnvironment(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    const char* value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0') continue;
    flags.push_back(fmt::format("{}={}", option->get_name(), value));
  }
  return flags;
}

// "--message-mib-max": HPOD_MESSAGE_MIB_MAX.
std::string VariableOf(std::string_view flag) {
  std::string name = "HPOD";
  for (const char c : flag.substr(1))
    name += c == '-' ? '_' : absl::ascii_toupper(static_cast<unsigned char>(c));
  return name;
}

template <class Value>
CLI::Option* AddSetting(CLI::App& app, const std::string& flag, Value& value,
                        const std::string& help) {
  return app.add_option(flag, value, help)->envname(VariableOf(flag));
}

void AddNumber(CLI::App& app, const std::string& flag, int& value, int least, int most,
               const std::string& help) {
  AddSetting(app, flag, value, help)->check(CLI::Range(least, most))->capture_default_str();
}

void AddHttpOptions(CLI::App& app, Config& config) {
  AddSetting(app, "--http", config.http,
             "address to serve HTTP/JSON on, e.g. 127.0.0.1:8080; none unless given");
  AddSetting(app, "--http-hosts", config.http_hosts,
             "names that HTTP requests may be for besides localhost and numbers, by commas");
  AddNumber(app, "--http-connections-max", config.http_connections_max, 1, 100'000,
            "HTTP connections at one time; more are refused");
  AddNumber(app, "--http-idle-seconds-max", config.http_idle_seconds_max, 1, 86'400,
            "HTTP connections without a request are closed after this time");
  AddNumber(app, "--http-request-seconds-max", config.http_request_seconds_max, 1, 3'600,
            "time for a request to come over HTTP, and for its answer to go");
}

}  // namespace

std::optional<int> ReadConfig(int argc, const char* const* argv, Config& config) {
  CLI::App app{
      "hpod owns hyperparameter studies: workers in any language ask it for trials over gRPC.\n\n"
      "Examples:\n"
      "  hpod\n"
      "  hpod --listen 0.0.0.0:13000 --storage sqlite:////var/lib/hpod/studies.db\n",
      "hpod"};
  app.option_defaults()->take_last();
  app.set_version_flag("--version", fmt::format("hpod {}", kVersion));
  app.set_config(
         "--config", "",
         "a TOML file with these settings by their names, e.g. listen = \"127.0.0.1:13000\"")
      ->envname(VariableOf("--config"))
      ->check(CLI::ExistingFile);
  app.allow_config_extras(CLI::config_extras_mode::error);
  AddSetting(app, "--listen", config.listen, "address to serve gRPC on; port 0: any free one")
      ->capture_default_str();
  AddSetting(app, "--storage", config.storage, StorageHelp())->capture_default_str();
  AddSetting(app, "--log-level", config.log_level,
             "least important lines to log: debug, info, warning, error")
      ->transform(CLI::CheckedTransformer(kLevels).description(""))
      ->default_str("info");
  AddSetting(app, "--log-format", config.log_format, "text, or json: one object a line")
      ->transform(CLI::CheckedTransformer(kFormats).description(""))
      ->default_str("text");
  AddNumber(app, "--proposal-threads", config.proposal_threads, 1, 64,
            "threads for suggestions that take long");
  AddNumber(app, "--message-mib-max", config.message_mib_max, 1, 1'024, "largest request, in MiB");
  AddNumber(app, "--calls-in-flight-max", config.calls_in_flight_max, 1, 1'000'000,
            "calls handled at one time; more are refused");
  AddNumber(app, "--commit-batch-max", config.commit_batch_max, 1, 1'000'000,
            "calls that share one transaction at most");
  AddHttpOptions(app, config);
  std::vector<std::string> arguments = FlagsOfEnvironment(app);
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  return std::nullopt;
}

}  // namespace hpod
