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
  bool is_final = false;  // they will not change any more
};

// In spaces of many numeric dimensions the mixture keeps the values of trials whose values are
// final only roughly. `values` are always those of all such trials that it has, or had since the
// last update; others may have any.
class GrowingMixture {
 public:
  // d >= 1 domains, none with a single value; numbers of trials, ascending, whose values are final.
  // O(d n log n).
  GrowingMixture(std::span<const Domain> domains, std::span<const size_t> numbers,
                 TrialValues values);

  bool Has(size_t number) const { return number < slots_.size() && slots_[number] != kNoSlot; }
  bool HasAsIs(const Observation& trial) const;

  // O(d (log n + sqrt n)); dimensions with steps take O(n) up to 98 kernels. Update() must follow
  // before anything else is asked; several changes need one only.
  void Insert(const Observation& trial, TrialValues values);
  void Erase(size_t number, TrialValues values);
  // The trial's values are final now.
  void Finish(size_t number);
  void Update(TrialValues values);

  std::vector<double> LogDensity(std::span<const double> points, TrialValues values) const {
    return mixture_.LogDensity(points, partition_, values);
  }
  size_t GreatestRatio(std::span<const double> points, std::span<const double> log_l,
                       TrialValues values) const {
    return mixture_.GreatestRatio(points, log_l, &partition_, values);
  }

 private:
  static constexpr uint32_t kNoSlot = ~uint32_t{0};
  // With fewer kernels, most change with each that comes: it takes less time to look at all of them
  // and to make the constants of those that matter than to keep constants and a tree.
  static constexpr size_t kKept = 128;
  static_assert(kKept >= kSettled);
  struct Dimension {
    bool is_numeric = false;
    size_t coordinate = 0;  // in the tree's centres
    NumericDomain numeric;
    Interval interval;
    WidthLimits settled_limits;
    SortedCentres centres;
  };
  static bool HasRows(const Dimension& d) { return d.is_numeric && d.numeric.step > 0; }

  void InsertPrior(std::span<const Domain> domains);
  Mixture::Normal PriorOf(const Dimension& d) const;

  // How the first trials come in: their centres in order, where each belongs, then all the rest.
  void SortCentres(std::span<const size_t> numbers, TrialValues values);
  void Place(std::span<const size_t> numbers, TrialValues values);
  void SetFacts(std::span<const size_t> numbers, TrialValues values);
  // By number, of which there are so many: whether a kernel has more than the least width in a
  // numeric dimension.
  std::vector<bool> FindWide(size_t numbers) const;

  // Slots.
  size_t PutEverywhere(size_t number);
  // A free slot of the page, which then holds the trial.
  size_t TakeSlot(uint32_t page, size_t number);
  void Leave(size_t slot);
  uint32_t AddPage(bool is_in_tree);
  bool IsFull(uint32_t page) const { return partition_.used[page] == ~uint64_t{0}; }
  bool IsInTree(size_t number) const { return is_in_tree_[slots_[number] / kPageSlots]; }
  bool IsCoded(size_t number) const { return partition_.codes.has_value() && IsInTree(number); }

  // The tree (kernel_placing.cc). Trials to be put into cells together, each with its centre.
  struct Placed {
    std::vector<size_t> numbers;
    std::vector<double> centres;            // [number's index][coordinate]
    std::vector<double> constants;          // by index
    std::vector<CellSums::Kernel> kernels;  // by index, if there are sums
    std::vector<uint32_t> order;            // indices, as they are divided into pages
  };
  // Of which numbers and centres are set.
  void PutAllInTree(Placed all);
  void Divide(KernelTree::Leaf leaf, std::span<uint32_t> part, Placed& all);
  void OpenCell(KernelTree::Cell cell, std::span<const uint32_t> part, const Placed& all);
  void FillLeaf(KernelTree::Leaf leaf, std::span<const uint32_t> part, const Placed& all);
  void PutInTree(size_t number, std::span<const double> centre, double constant,
                 TrialValues values);
  // A page of the centre's leaf that is not full.
  std::optional<uint32_t> FindRoomFor(std::span<const double> centre) const;
  // Makes room in a leaf whose pages are full.
  void Grow(KernelTree::Leaf leaf, TrialValues values);
  void MoveWithinTree(size_t slot, uint32_t page);
  void AddToCells(std::span<const double> centre, size_t number);
  void LeaveTree(size_t number, TrialValues values);
  // Of a kernel that is about to leave the tree.
  void RemoveFromCells(std::span<const double> centre, size_t number);
  bool BelongsInTree(size_t number, std::span<const double> centre) const;
  // Puts a kernel where it belongs.
  void Settle(size_t number, TrialValues values);

  // By coordinate.
  std::vector<double> CentreOf(size_t number, TrialValues values) const;
  std::vector<double> ModelCentre(std::span<const double> row) const;
  // In a numeric dimension.
  double MuOf(size_t number, size_t dimension, TrialValues values) const;
  // The least, or the greatest, centre between two.
  Centre FindBetween(size_t dimension, const Centre& low, const Centre& high, bool is_least,
                     TrialValues values) const;

  // Widths.
  void SetWidth(size_t dimension, const Centre& centre, double sigma, TrialValues values);
  // Of all kernels in a dimension, of which none is left out.
  void SetWidths(size_t dimension, const WidthLimits& limits);
  void UpdateRows();
  // With more or fewer kernels than kKept: constants, a tree and thin lists of centres, or not.
  void KeepMore();
  void KeepLess(TrialValues values);
  void NoteChange(size_t number);
  void UpdateConstants();

  std::vector<Dimension> dimensions_;
  Mixture mixture_;
  size_t count_ = 0;             // kernels without the prior
  std::vector<uint32_t> slots_;  // by trial number
  std::vector<bool> is_final_;   // by trial number
  Partition partition_;
  std::vector<bool> is_in_tree_;   // by page
  std::vector<uint32_t> too_new_;  // trial numbers that wait to get into the tree
  // Since the last update.
  std::vector<uint32_t> changed_;         // trial numbers
  std::vector<bool> is_changed_;          // by trial number
  std::vector<uint32_t> changed_blocks_;  // whose kernel has gone, or the prior's
  bool are_rows_old_ = false;             // in dimensions with steps
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_GROWING_MIXTURE_H_
