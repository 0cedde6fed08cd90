// The daemon's log: lines of key=value on stderr, or one JSON object a line. Nothing below the
// daemon logs: errors travel as values and are logged once, here or nowhere.

#ifndef HPOD_SERVER_LOG_H_
#define HPOD_SERVER_LOG_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace hpod {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// Once, before the first line and before other threads.
void SetUpLog(LogLevel level, LogFormat format);

// One line: what happened, and facts about it. From any thread.
void Log(LogLevel level, std::string_view event, LogFields fields = {});

}  // namespace hpod

#endif  // HPOD_SERVER_LOG_H_
