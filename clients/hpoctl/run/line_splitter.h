// Bytes of a pipe as lines, and the last ones kept.

#ifndef HPOD_CLIENTS_HPOCTL_RUN_LINE_SPLITTER_H_
#define HPOD_CLIENTS_HPOCTL_RUN_LINE_SPLITTER_H_

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace hpod {

// Cuts a stream of bytes at its newlines. Of a line longer than 1 MiB only that much is passed on.
class LineSplitter {
 public:
  using Visitor = absl::FunctionRef<void(std::string_view line)>;
  // Visits each line that is whole now, without its newline.
  void Add(std::string_view bytes, Visitor visit);
  // Visits what follows the last newline, if anything does.
  void Finish(Visitor visit);

 private:
  void Keep(std::string_view bytes);

  std::string rest_;
};

// The end of a stream of bytes.
class Tail {
 public:
  void Add(std::string_view bytes);
  // Its last lines: at most 20, and 3,000 bytes of valid UTF-8, in which other bytes are `?`.
  std::string Text() const;

 private:
  std::string bytes_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_RUN_LINE_SPLITTER_H_
