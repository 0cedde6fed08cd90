// The newest changes of a study's trials, by revision: what a watcher that is nearly up to date has
// missed.

#ifndef HPOD_SERVER_MODEL_CHANGE_LOG_H_
#define HPOD_SERVER_MODEL_CHANGE_LOG_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace hpod {

class ChangeLog {
 public:
  struct Entry {
    int64_t revision;
    size_t number;
  };

  // A revision may be less than those before it (after a restart trials come back by number): the
  // log is then complete only after the largest.
  void Add(int64_t revision, size_t number);

  // What changed after `revision`, oldest first, trials possibly several times; nothing if the log
  // does not reach back so far.
  std::optional<std::vector<Entry>> Since(int64_t revision) const;

 private:
  std::deque<Entry> entries_;
  int64_t complete_after_ = 0;  // every change with a larger revision is in entries_
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_CHANGE_LOG_H_
