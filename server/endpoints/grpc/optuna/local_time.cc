#include "server/endpoints/grpc/optuna/local_time.h"

#include <charconv>
#include <ctime>
#include <fmt/format.h>

#include "server/model/optuna/excerpt.h"

namespace hpod {
namespace {

constexpr int64_t kMicroseconds = 1'000'000;

// Takes a number of `least` to `most` digits off the front of the text.
bool TakeNumber(std::string_view& text, size_t least, size_t most, int& number) {
  size_t digits = 0;
  while (digits < text.size() && digits < most && text[digits] >= '0' && text[digits] <= '9')
    ++digits;
  if (digits < least) return false;
  std::from_chars(text.data(), text.data() + digits, number);
  text.remove_prefix(digits);
  return true;
}

bool Take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool IsLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysIn(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
}

bool TakeDate(std::string_view& text, std::tm& time) {
  int year = 0;
  if (!TakeNumber(text, 4, 4, year) || !Take(text, '-') || !TakeNumber(text, 1, 2, time.tm_mon) ||
      !Take(text, '-') || !TakeNumber(text, 1, 2, time.tm_mday)) {
    return false;
  }
  if (year < 1 || time.tm_mon < 1 || time.tm_mon > 12 || time.tm_mday < 1 ||
      time.tm_mday > DaysIn(year, time.tm_mon)) {
    return false;
  }
  time.tm_year = year - 1900;
  --time.tm_mon;
  return true;
}

bool TakeTime(std::string_view& text, std::tm& time) {
  return TakeNumber(text, 1, 2, time.tm_hour) && Take(text, ':') &&
         TakeNumber(text, 1, 2, time.tm_min) && Take(text, ':') &&
         TakeNumber(text, 1, 2, time.tm_sec) && time.tm_hour < 24 && time.tm_min < 60 &&
         time.tm_sec < 60;
}

// Up to six digits after the point, as microseconds.
bool TakeFraction(std::string_view& text, int& fraction) {
  const size_t before = text.size();
  if (!TakeNumber(text, 1, 6, fraction)) return false;
  for (size_t digits = before - text.size(); digits < 6; ++digits) fraction *= 10;
  return true;
}

}  // namespace

std::string ToLocalTime(int64_t microseconds) {
  if (microseconds == 0) return "";
  int64_t fraction = microseconds % kMicroseconds;
  if (fraction < 0) fraction += kMicroseconds;
  const std::time_t seconds = (microseconds - fraction) / kMicroseconds;
  std::tm time = {};
  localtime_r(&seconds, &time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", time.tm_year + 1900,
                     time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec,
                     fraction);
}

absl::StatusOr<int64_t> FromLocalTime(std::string_view text) {
  if (text.empty()) return 0;
  std::string_view rest = text;
  std::tm time = {};
  int fraction = 0;
  const bool is_time = TakeDate(rest, time) && Take(rest, ' ') && TakeTime(rest, time) &&
                       Take(rest, '.') && TakeFraction(rest, fraction) && rest.empty();
  if (!is_time) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is not a time, it must be like 2026-11-24 08:30:00.000000", Excerpt(text)));
  }
  time.tm_isdst = -1;
  return static_cast<int64_t>(std::mktime(&time)) * kMicroseconds + fraction;
}

}  // namespace hpod
