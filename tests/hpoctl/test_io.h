// An Io whose streams are strings, whose clock stands still and whose environment is a map.

#ifndef HPOD_TESTS_HPOCTL_TEST_IO_H_
#define HPOD_TESTS_HPOCTL_TEST_IO_H_

#include <chrono>
#include <map>
#include <sstream>
#include <string>

#include "clients/hpoctl/io.h"

namespace hpod {

// 2026-03-01T12:00:00Z
inline constexpr Time kNow = Time(std::chrono::seconds(1'772'366'400));

struct TestIo {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Time now = kNow;
  std::map<std::string, std::string> environment;

  Io Pipe() {
    return {.in = in,
            .out = out,
            .err = err,
            .now = [this] { return now; },
            .environment = [this](const std::string& name) -> std::optional<std::string> {
              const auto found = environment.find(name);
              if (found == environment.end()) return std::nullopt;
              return found->second;
            }};
  }

  // Without colour.
  Io Terminal(size_t width) {
    Io io = Pipe();
    io.in_is_terminal = io.out_is_terminal = io.err_is_terminal = true;
    io.width = width;
    return io;
  }
};

}  // namespace hpod

#endif  // HPOD_TESTS_HPOCTL_TEST_IO_H_
