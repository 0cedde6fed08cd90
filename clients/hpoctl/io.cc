#include "clients/hpoctl/io.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <iostream>
#include <sys/ioctl.h>
#include <unistd.h>

namespace hpod {
namespace {

constexpr size_t kDefaultWidth = 80;
constexpr size_t kMinWidth = 40;

std::string_view EscapeCode(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "1";
    case Style::kDim:
      return "2";
    case Style::kRed:
      return "31";
    case Style::kGreen:
      return "32";
    case Style::kYellow:
      return "33";
    case Style::kCyan:
      return "36";
  }
  return "";
}

std::optional<std::string> Environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

size_t TerminalWidth() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return std::max<size_t>(size.ws_col, kMinWidth);
  }
  const std::string columns = Environment("COLUMNS").value_or("");
  size_t width = 0;
  std::from_chars(columns.data(), columns.data() + columns.size(), width);
  return width == 0 ? kDefaultWidth : std::max(width, kMinWidth);
}

std::optional<size_t> TerminalHeight() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0) return std::nullopt;
  return size.ws_row;
}

}  // namespace

std::string Io::Paint(Style style, std::string_view text) const {
  const std::string_view code = EscapeCode(style);
  if (!colour || code.empty() || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

Io ProcessIo() {
  Io io{.in = std::cin,
        .out = std::cout,
        .err = std::cerr,
        .now = [] { return std::chrono::system_clock::now(); },
        .environment = Environment};
  io.in_is_terminal = isatty(STDIN_FILENO) == 1;
  io.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  io.err_is_terminal = isatty(STDERR_FILENO) == 1;
  io.colour = io.out_is_terminal && !Environment("NO_COLOR") && Environment("TERM") != "dumb";
  io.width = TerminalWidth();
  io.height = TerminalHeight().value_or(io.height);
  return io;
}

}  // namespace hpod
