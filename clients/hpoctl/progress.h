// A progress bar on a terminal's standard error, for work that turns out to be long.

#ifndef HPOD_CLIENTS_HPOCTL_PROGRESS_H_
#define HPOD_CLIENTS_HPOCTL_PROGRESS_H_

#include <cstdint>
#include <string>

#include "clients/hpoctl/io.h"

namespace hpod {

// Draws nothing in the first half second, nor if io.err is no terminal; later at most ten times a
// second. The line is cleared at the end of its life. `io` outlives it.
class Progress {
 public:
  // total: steps to come; 0: unknown.
  Progress(Io& io, std::string label, int64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // One more step is done.
  void Step();

 private:
  void Draw();

  Io& io_;
  const std::string label_;
  const int64_t total_;
  Time next_draw_;
  int64_t done_ = 0;
  bool is_drawn_ = false;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_PROGRESS_H_
