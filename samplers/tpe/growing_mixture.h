// The mixture of a study's other ("above") trials, kept as trials come and go: equal, to the last
// bit, to a ParzenEstimator made of the same trials in the order of their numbers.

#ifndef HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_
#define HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "samplers/space.h"
#include "samplers/tpe/mixture.h"
#include "samplers/tpe/sorted_centres.h"

namespace hpod {

// A trial's values, one internal one for each dimension.
struct Observation {
  size_t number = 0;
  std::vector<double> values;
};

class GrowingMixture {
 public:
  // d >= 1 domains, none with a single value; trials in any order.
  GrowingMixture(std::span<const Domain> domains, std::span<const Observation> trials);

  bool Has(size_t number) const { return number < slots_.size() && slots_[number] != kNoSlot; }
  bool HasAsIs(const Observation& trial) const;

  // O(d (log n + sqrt n)) from 98 kernels on; one whose number is not the greatest takes O(n) short
  // steps more.
  void Insert(const Observation& trial);
  void Erase(size_t number);

  std::vector<double> LogDensity(std::span<const double> points) const {
    return mixture_.LogDensity(points);
  }
  size_t KernelCount() const { return count_ + 1; }

 private:
  static constexpr uint32_t kNoSlot = ~uint32_t{0};
  struct Dimension {
    bool is_numeric = false;
    NumericDomain numeric;
    Interval interval;
    SortedCentres centres;
  };

  void InsertPrior(std::span<const Domain> domains);
  size_t TakeSlot(size_t number);
  // Widths after the number of kernels went from `before` to count_. `places`: per
  // dimension, where the centres changed.
  void UpdateWidths(size_t before, std::span<const SortedCentres::Place> places);
  void UpdateAllWidths();
  void UpdateWidth(size_t dimension, SortedCentres::Place place);
  void NoteChange(size_t slot);
  // Of the blocks that have changed, that of the slot among them.
  void UpdateConstants(size_t slot);

  std::vector<Dimension> dimensions_;
  Mixture mixture_;
  size_t count_ = 0;              // kernels without the prior
  std::vector<uint32_t> slots_;   // by trial number
  std::vector<int32_t> numbers_;  // by slot; -1: empty, or the prior
  std::vector<size_t> free_slots_;
  std::vector<size_t> changed_blocks_;
  std::vector<bool> is_changed_;  // by block
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_
