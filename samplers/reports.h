// The intermediate values of a study's trials.

#ifndef HPOD_SAMPLERS_REPORTS_H_
#define HPOD_SAMPLERS_REPORTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "samplers/space.h"

namespace hpod {

// An intermediate value.
struct Report {
  int64_t step = 0;
  double value = 0;
  bool operator==(const Report&) const = default;
};

// The least and the greatest of some values; NaN if there are none but NaN.
struct ValueRange {
  double least = kNoValue;
  double greatest = kNoValue;
  void Include(double value);
};

// Those of trials that go on are easy to change, those of trials that have ended lie one trial
// after the other.
class Reports {
 public:
  // A trial's, by step, ascending, each step once. Valid until the next change.
  std::span<const Report> Of(size_t number) const;
  // Of a trial's values.
  ValueRange RangeOf(size_t number) const;

  // Adds a report; false, and nothing changes, if the trial has the step.
  bool Add(size_t number, Report report);
  // Adds a report, in place of the one that the step may have.
  void Set(size_t number, Report report);
  // The trial has ended. Should it still change, it takes more memory.
  void Close(size_t number);

  // Bytes held, allocated capacity included; an estimate to within a few per cent.
  size_t MemoryBytes() const;

 private:
  // Reports from one on.
  struct Place {
    uint32_t first = 0;
    uint32_t count = 0;
  };
  struct Open {
    std::vector<Report> reports;
    ValueRange range;
  };
  // A trial's reports are in one of them; one with more has as many as it takes.
  static constexpr size_t kChunk = 4096;

  // Of a trial that goes on, or will from now on.
  Open& OpenOf(size_t number);
  // A place for so many.
  uint32_t TakePlace(size_t count);
  Report* At(uint32_t first) const { return chunks_[first / kChunk].get() + first % kChunk; }

  std::unordered_map<size_t, Open> open_;
  std::vector<Place> closed_;  // by trial, may be shorter
  // Null: part of the one before.
  std::vector<std::unique_ptr<Report[]>> chunks_;
  size_t used_ = 0;  // of the chunks, all together
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_REPORTS_H_
