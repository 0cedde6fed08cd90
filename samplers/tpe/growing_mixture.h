// The mixture of a study's other ("above") trials, kept as trials come and go: equal, to the last
// bit, to a ParzenEstimator made of the same trials in the order of their numbers.

#ifndef HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_
#define HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
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

  // O(d (log n + sqrt n)); dimensions with steps take O(n) up to 98 kernels. Update() must follow
  // before anything else is asked; several changes need one only.
  void Insert(const Observation& trial);
  void Erase(size_t number);
  void Update();

  std::vector<double> LogDensity(std::span<const double> points) const {
    return mixture_.LogDensity(points, partition_);
  }
  size_t GreatestRatio(std::span<const double> points, std::span<const double> log_l) const {
    return mixture_.GreatestRatio(points, log_l, &partition_);
  }

 private:
  static constexpr uint32_t kNoSlot = ~uint32_t{0};
  struct Dimension {
    bool is_numeric = false;
    size_t continuous = 0;  // place among the continuous dimensions; their number: not one of them
    NumericDomain numeric;
    Interval interval;
    WidthLimits settled_limits;
    SortedCentres centres;
  };
  static bool HasRows(const Dimension& d) { return d.is_numeric && d.numeric.step > 0; }

  // How the first trials come in: their centres in order, then each to its slot.
  void SortCentres(std::span<const Observation> trials);
  void Place(std::span<const Observation> trials);
  // By number, of which there are so many: whether a kernel has more than the least width in a
  // continuous dimension.
  std::vector<bool> FindWide(size_t numbers) const;
  void InsertPrior(std::span<const Domain> domains);
  Mixture::Normal PriorOf(const Dimension& d) const;

  // Slots.
  size_t PutEverywhere(size_t number);
  size_t PutInTree(size_t number, std::span<const double> centre);
  // A page of the centre's leaf that is not full.
  std::optional<uint32_t> FindRoomFor(std::span<const double> centre) const;
  // A free slot of the page, which then holds the trial.
  size_t TakeSlot(uint32_t page, size_t number);
  uint32_t AddPage(bool is_in_tree);
  bool IsFull(uint32_t page) const { return partition_.used[page] == ~uint64_t{0}; }
  // Makes room in a leaf whose pages are full.
  void Grow(KernelTree::Leaf leaf);
  // The parts of a leaf that has been divided at a centre, with the kernels of its page.
  void OpenCells(KernelTree::Leaf divided, uint32_t page, size_t dimension, double at);
  void AddToCells(std::span<const double> centre, size_t number);
  // Of a kernel that is about to leave its slot, if that is in the tree.
  void RemoveFromCells(size_t slot);
  void Move(size_t slot, uint32_t page);
  void Leave(size_t slot);
  std::vector<double> CentreOf(size_t slot) const;

  // Widths after the number of kernels went from `before` to count_.
  void UpdateWidths(size_t before);
  void UpdateWidth(size_t dimension, SortedCentres::Place place);
  // Of all kernels in a dimension.
  void SetWidths(size_t dimension, const WidthLimits& limits);
  void UpdateRows();
  void NoteChange(size_t number);
  void UpdateConstants();
  bool IsInTree(size_t number) const { return is_in_tree_[slots_[number] / kPageSlots]; }
  bool BelongsInTree(size_t slot) const;
  // Puts a kernel where it belongs.
  void Settle(size_t number);
  void LeaveTree(size_t number);

  std::vector<Dimension> dimensions_;
  Mixture mixture_;
  size_t count_ = 0;             // kernels without the prior
  std::vector<uint32_t> slots_;  // by trial number
  Partition partition_;
  std::vector<bool> is_in_tree_;  // by page
  // Since the last update.
  std::vector<uint32_t> changed_;         // trial numbers
  std::vector<bool> is_changed_;          // by trial number
  std::vector<uint32_t> changed_blocks_;  // whose kernel has gone, or the prior's
  bool are_rows_old_ = false;             // in dimensions with steps
  // Of one change: by dimension, where its centre is.
  std::vector<SortedCentres::Place> places_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_
