// The daemon's settings: flag, else environment (HPOD_...), else the file of --config, else the
// default.

#ifndef HPOD_SERVER_CONFIG_H_
#define HPOD_SERVER_CONFIG_H_

#include <optional>
#include <string>

#include "server/log.h"

namespace hpod {

struct Config {
  std::string listen = "127.0.0.1:13000";
  std::string storage = "sqlite:///hpod.db";
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  int proposal_threads = 1;
  int message_mib_max = 64;
  int calls_in_flight_max = 10'000;
  int commit_batch_max = 4'096;
  std::string http;        // empty: none
  std::string http_hosts;  // separated by commas
  int http_connections_max = 1'000;
  int http_idle_seconds_max = 120;
  int http_request_seconds_max = 30;
};

// Exit codes of the daemon.
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 2,
  kExitRefused = 69,  // cannot serve: the port or the storage is not to be had (EX_UNAVAILABLE)
  kExitStorageFailed = 75,  // storage failed while running: start again (EX_TEMPFAIL)
};

// Reads the settings into `config`. An exit code if the process should end now: after --help or
// --version, or with what is wrong on stderr.
std::optional<int> ReadConfig(int argc, const char* const* argv, Config& config);

}  // namespace hpod

#endif  // HPOD_SERVER_CONFIG_H_
