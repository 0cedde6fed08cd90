// Text on a terminal: how many columns it takes, cutting and padding it, and values as people read
// them.

#ifndef HPOD_CLIENTS_HPOCTL_TEXT_H_
#define HPOD_CLIENTS_HPOCTL_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clients/hpoctl/io.h"

namespace hpod {

// `text` with control characters written as escapes (`\n`, `\t`, `\x1b`): a study's name can
// neither move the cursor nor end a line.
std::string Printable(std::string_view text);

// Columns that UTF-8 `text` takes: 0 for combining marks, 2 for East Asian wide characters, 1
// otherwise. Control characters are not expected.
size_t DisplayWidth(std::string_view text);

// `text` if it fits `width` columns, else cut and ended with an ellipsis. width >= 1.
std::string Ellipsize(std::string_view text, size_t width);

// `text` followed (PadRight) or preceded (PadLeft) by spaces to `width` columns.
std::string PadRight(std::string_view text, size_t width);
std::string PadLeft(std::string_view text, size_t width);

// Words of `text` in lines of at most `width` columns; a longer word has a line of its own.
std::vector<std::string> Wrap(std::string_view text, size_t width);

// Shortest text that reads back equal: `0.1`, `1e-05`, `NaN`, `-Infinity`.
std::string ExactNumber(double value);
// Four to six significant digits, for the eye.
std::string ShortNumber(double value);

// `1 trial`, `3 trials`.
std::string Counted(int64_t count, std::string_view noun);

// `45s`, `12m`, `3h`, `5d`, `2y`: the largest unit alone. Negative durations are taken as 0.
std::string ShortDuration(std::chrono::nanoseconds duration);
// `12m ago`, `in 45s`, `now` (less than a second either way).
std::string RelativeTime(Time time, Time now);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_TEXT_H_
