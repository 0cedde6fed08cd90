#include "server/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

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

void AddHttpOptions(CLI::App& app, Config& config) {
  app.add_option("--http", config.http,
                 "address to serve HTTP/JSON on, e.g. 127.0.0.1:8080; none unless given")
      ->envname("HPOD_HTTP");
  app.add_option("--http-hosts", config.http_hosts,
                 "names that HTTP requests may be for besides localhost and numbers, by commas")
      ->envname("HPOD_HTTP_HOSTS");
  app.add_option("--http-connections-max", config.http_connections_max,
                 "HTTP connections at one time; more are refused")
      ->envname("HPOD_HTTP_CONNECTIONS_MAX")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--http-idle-seconds-max", config.http_idle_seconds_max,
                 "HTTP connections without a request are closed after this time")
      ->envname("HPOD_HTTP_IDLE_SECONDS_MAX")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.add_option("--http-request-seconds-max", config.http_request_seconds_max,
                 "time for a request to come over HTTP, and for its answer to go")
      ->envname("HPOD_HTTP_REQUEST_SECONDS_MAX")
      ->check(CLI::Range(1, 3'600))
      ->capture_default_str();
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
  app.set_version_flag("--version", std::string(kVersion));
  app.set_config(
         "--config", "",
         "a TOML file with these settings by their names, e.g. listen = \"127.0.0.1:13000\"")
      ->envname("HPOD_CONFIG")
      ->check(CLI::ExistingFile);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.add_option("--listen", config.listen, "address to serve gRPC on; port 0: any free one")
      ->envname("HPOD_LISTEN")
      ->capture_default_str();
  app.add_option("--storage", config.storage, StorageHelp())
      ->envname("HPOD_STORAGE")
      ->capture_default_str();
  app.add_option("--log-level", config.log_level,
                 "least important lines to log: debug, info, warning, error")
      ->envname("HPOD_LOG_LEVEL")
      ->transform(CLI::CheckedTransformer(kLevels).description(""))
      ->default_str("info");
  app.add_option("--log-format", config.log_format, "text, or json: one object a line")
      ->envname("HPOD_LOG_FORMAT")
      ->transform(CLI::CheckedTransformer(kFormats).description(""))
      ->default_str("text");
  app.add_option("--proposal-threads", config.proposal_threads,
                 "threads for suggestions that take long")
      ->envname("HPOD_PROPOSAL_THREADS")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--message-mib-max", config.message_mib_max, "largest request, in MiB")
      ->envname("HPOD_MESSAGE_MIB_MAX")
      ->check(CLI::Range(1, 1'024))
      ->capture_default_str();
  app.add_option("--calls-in-flight-max", config.calls_in_flight_max,
                 "calls handled at one time; more are refused")
      ->envname("HPOD_CALLS_IN_FLIGHT_MAX")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--commit-batch-max", config.commit_batch_max,
                 "calls that share one transaction at most")
      ->envname("HPOD_COMMIT_BATCH_MAX")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
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
