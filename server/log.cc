#include "server/log.h"

#include <grpc/support/log.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace hpod {
namespace {

LogFormat g_format = LogFormat::kText;  // set once by SetUpLog

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// JSON quoting also keeps control characters out of the terminal; values that need none stay bare.
std::string Quote(const std::string& value) {
  return nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string Bare(const std::string& value) {
  const bool plain =
      !value.empty() && value.find_first_of(" \"\\=\n\r\t") == std::string::npos &&
      std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c != 127; });
  return plain ? value : Quote(value);
}

// gRPC's own messages: only what is wrong, and not what peers can cause at will.
void LogGrpc(gpr_log_func_args* args) {
  if (args->severity != GPR_LOG_SEVERITY_ERROR) return;
  Log(LogLevel::kDebug, "grpc", {{"message", args->message}});
}

}  // namespace

void SetUpLog(LogLevel level, LogFormat format) {
  g_format = format;
  auto logger = spdlog::stderr_logger_mt("hpod");
  logger->set_level(ToSpdlog(level));
  const bool json = format == LogFormat::kJson;
  logger->set_pattern(json ? "%v" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  if (json)
    logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})",
                        spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
  gpr_set_log_function(&LogGrpc);
}

void Log(LogLevel level, std::string_view event, LogFields fields) {
  const bool json = g_format == LogFormat::kJson;
  std::string line = json ? "\"event\":" + Quote(std::string(event)) : std::string(event);
  for (const auto& [key, value] : fields) {
    line += json ? "," + Quote(std::string(key)) + ":" + Quote(value)
                 : " " + std::string(key) + "=" + Bare(value);
  }
  spdlog::log(ToSpdlog(level), "{}", line);
}

}  // namespace hpod
