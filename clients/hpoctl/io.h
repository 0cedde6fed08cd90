// The world around a command: streams, terminal, environment and clock. Everything that tests
// replace is here, so that a test sees the exact screen of a terminal of any width at any time.

#ifndef HPOD_CLIENTS_HPOCTL_IO_H_
#define HPOD_CLIENTS_HPOCTL_IO_H_

#include <chrono>
#include <functional>
#include <istream>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace hpod {

using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;

enum class Style { kPlain, kBold, kDim, kRed, kGreen, kYellow, kCyan };

// Used by one thread. The streams outlive it.
struct Io {
  std::istream& in;
  std::ostream& out;  // data
  std::ostream& err;  // messages, questions, progress
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colour = false;  // on `out`
  size_t width = 80;    // columns of the terminal
  size_t height = 24;   // and its lines
  std::function<Time()> now;
  // The value of an environment variable; nothing if it is not set or empty.
  std::function<std::optional<std::string>(const std::string& name)> environment;

  // `text` in the colours of `style` if there is colour, else unchanged.
  std::string Paint(Style style, std::string_view text) const;
};

// Standard streams of the process; the size from the terminal, else the width from COLUMNS, else 80
// by 24; no colour with NO_COLOR or TERM=dumb.
Io ProcessIo();

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_IO_H_
