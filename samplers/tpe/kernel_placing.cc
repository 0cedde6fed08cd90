// How kernels get into the tree of a GrowingMixture, one after the other or all at once, and out
// of it.

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "samplers/tpe/growing_mixture.h"

namespace hpod {
namespace {

// Where to divide kernels, of which there are more than fit into a page.
struct Cut {
  size_t dimension = 0;
  double extent = 0;  // of the centres, in scales; 0: they are all the same
};

// The dimension in which the centres of some kernels, rows of a table, are furthest apart.
Cut WidestOf(std::span<const double> centres, std::span<const uint32_t> rows,
             std::span<const double> scales) {
  Cut widest;
  for (size_t i = 0; i < scales.size(); ++i) {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const uint32_t row : rows) {
      const double centre = centres[row * scales.size() + i];
      low = std::min(low, centre);
      high = std::max(high, centre);
    }
    const double extent = (high - low) * scales[i];
    if (extent > widest.extent) widest = {i, extent};
  }
  return widest;
}

// The same of a part of them, if that tells them apart.
Cut AboutWidestOf(std::span<const double> centres, std::span<const uint32_t> rows,
                  std::span<const double> scales) {
  std::array<uint32_t, kPageSlots> some;
  for (size_t k = 0; k < kPageSlots; ++k) some[k] = rows[k * rows.size() / kPageSlots];
  const Cut widest = WidestOf(centres, some, scales);
  return widest.extent > 0.0 ? widest : WidestOf(centres, rows, scales);
}

// Moves what is below some number to the front: about so many, neither none nor all, though some
// may be equal. How many they are, and the number.
template <class NumberOf>
std::pair<size_t, double> PartAround(std::span<uint32_t> rows, size_t about,
                                     const NumberOf& number_of) {
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(about);
  std::nth_element(rows.begin(), middle, rows.end(),
                   [&](uint32_t a, uint32_t b) { return number_of(a) < number_of(b); });
  double at = number_of(*middle);
  const auto is_below = [&](uint32_t row) { return number_of(row) < at; };
  auto above = std::partition(rows.begin(), middle, is_below);
  if (above == rows.begin()) {
    // None is less: the next greater one divides.
    double next = std::numeric_limits<double>::infinity();
    for (const uint32_t row : rows) {
      if (number_of(row) > at) next = std::min(next, number_of(row));
    }
    at = next;
    above = std::partition(rows.begin(), rows.end(), is_below);
  }
  return {static_cast<size_t>(above - rows.begin()), at};
}

}  // namespace

void GrowingMixture::PutAllInTree(Placed all) {
  const size_t count = all.numbers.size();
  if (count == 0) return;
  const size_t d = mixture_.NumericCount();
  all.constants = mixture_.TreeConstants(all.centres);
  all.constants.resize(count, 0.0);  // without any dimensions that have such
  partition_.greatest_term =
      mixture_.GreatestTermOf(*std::max_element(all.constants.begin(), all.constants.end()));
  for (size_t k = 0; k < count && partition_.sums.has_value(); ++k) {
    all.kernels.push_back(partition_.sums->MakeKernel({&all.centres[k * d], d}, all.numbers[k]));
    partition_.sums->Add(0, all.kernels.back());
  }
  all.order.resize(count);
  std::iota(all.order.begin(), all.order.end(), uint32_t{0});
  Divide(0, all.order, all);
}

// Into halves of so many kernels that pages get full.
void GrowingMixture::Divide(KernelTree::Leaf leaf, std::span<uint32_t> part, Placed& all) {
  const Cut cut = part.size() <= kPageSlots
                      ? Cut{}
                      : AboutWidestOf(all.centres, part, mixture_.LeastWidthScales());
  if (cut.extent == 0.0) return FillLeaf(leaf, part, all);
  const size_t pages = (part.size() + kPageSlots - 1) / kPageSlots;
  const auto [count_below, at] = PartAround(part, pages / 2 * kPageSlots, [&](uint32_t row) {
    return all.centres[row * mixture_.NumericCount() + cut.dimension];
  });
  partition_.tree.Split(leaf, cut.dimension, at, AddPage(/*is_in_tree=*/true));
  const auto [cell_below, cell_above] = partition_.tree.Parts(leaf);
  const std::span<uint32_t> below = part.first(count_below);
  const std::span<uint32_t> above = part.subspan(count_below);
  OpenCell(cell_below, below, all);
  OpenCell(cell_above, above, all);
  Divide(cell_below, below, all);
  Divide(cell_above, above, all);
}

void GrowingMixture::OpenCell(KernelTree::Cell cell, std::span<const uint32_t> part,
                              const Placed& all) {
  if (!partition_.sums.has_value()) return;
  std::vector<CellSums::Kernel> kernels;
  kernels.reserve(part.size());
  for (const uint32_t row : part) kernels.push_back(all.kernels[row]);
  partition_.sums->Open(cell, kernels);
}

void GrowingMixture::FillLeaf(KernelTree::Leaf leaf, std::span<const uint32_t> part,
                              const Placed& all) {
  const size_t d = mixture_.NumericCount();
  uint32_t page = partition_.tree.FirstPage(leaf);
  for (const uint32_t row : part) {
    if (IsFull(page)) {
      page = AddPage(/*is_in_tree=*/true);
      partition_.tree.AddPage(leaf, page);
    }
    const size_t slot = TakeSlot(page, all.numbers[row]);
    const std::span<const double> centre = std::span(all.centres).subspan(row * d, d);
    if (partition_.codes.has_value()) {
      partition_.codes->Set(slot, centre, all.constants[row]);
    } else {
      mixture_.SetCentre(slot, centre);
    }
  }
}

void GrowingMixture::PutInTree(size_t number, std::span<const double> centre, double constant,
                               TrialValues values) {
  std::optional<uint32_t> page = FindRoomFor(centre);
  while (!page.has_value()) {
    Grow(partition_.tree.LeafFor(centre), values);
    page = FindRoomFor(centre);
  }
  AddToCells(centre, number);
  const size_t from = slots_[number];
  const size_t slot = TakeSlot(*page, number);
  if (partition_.codes.has_value()) partition_.codes->Set(slot, centre, constant);
  partition_.greatest_term = std::max(partition_.greatest_term, mixture_.GreatestTermOf(constant));
  Leave(from);
  mixture_.Move(from, slot);
}

std::optional<uint32_t> GrowingMixture::FindRoomFor(std::span<const double> centre) const {
  std::optional<uint32_t> found;
  partition_.tree.VisitPages(partition_.tree.LeafFor(centre), [&](uint32_t page) {
    if (!IsFull(page)) found = page;
    return !found.has_value();
  });
  return found;
}

void GrowingMixture::Grow(KernelTree::Leaf leaf, TrialValues values) {
  const uint32_t page = partition_.tree.FirstPage(leaf);
  const bool is_alone = partition_.tree.HasOnePage(leaf);
  const uint32_t added = AddPage(/*is_in_tree=*/true);
  const size_t first = page * kPageSlots;
  Placed all;
  all.centres.reserve(kPageSlots * mixture_.NumericCount());
  std::array<uint32_t, kPageSlots> rows;
  std::iota(rows.begin(), rows.end(), uint32_t{0});
  Cut cut;
  if (is_alone) {
    for (const uint32_t row : rows) {
      all.numbers.push_back(mixture_.TrialOf(first + row));
      const std::vector<double> centre = CentreOf(all.numbers.back(), values);
      all.centres.insert(all.centres.end(), centre.begin(), centre.end());
      if (!partition_.sums.has_value()) continue;
      all.kernels.push_back(partition_.sums->MakeKernel(centre, all.numbers.back()));
    }
    cut = WidestOf(all.centres, rows, mixture_.LeastWidthScales());
  }
  if (cut.extent == 0.0) return partition_.tree.AddPage(leaf, added);
  const auto [count_below, at] = PartAround(rows, kPageSlots / 2, [&](uint32_t row) {
    return all.centres[row * mixture_.NumericCount() + cut.dimension];
  });
  partition_.tree.Split(leaf, cut.dimension, at, added);
  const auto [cell_below, cell_above] = partition_.tree.Parts(leaf);
  OpenCell(cell_below, std::span(rows).first(count_below), all);
  OpenCell(cell_above, std::span(rows).subspan(count_below), all);
  for (const uint32_t row : std::span(rows).subspan(count_below)) {
    MoveWithinTree(first + row, added);
  }
  if (partition_.codes.has_value()) partition_.codes->Fit(page);
}

void GrowingMixture::MoveWithinTree(size_t slot, uint32_t page) {
  Leave(slot);
  const size_t to = TakeSlot(page, mixture_.TrialOf(slot));
  mixture_.Move(slot, to);
  if (!partition_.codes.has_value()) return;
  partition_.codes->Copy(slot, to);
  partition_.codes->Clear(slot);
}

void GrowingMixture::AddToCells(std::span<const double> centre, size_t number) {
  if (!partition_.sums.has_value()) return;
  const CellSums::Kernel kernel = partition_.sums->MakeKernel(centre, number);
  partition_.tree.Descend(centre,
                          [&](KernelTree::Cell cell) { partition_.sums->Add(cell, kernel); });
}

void GrowingMixture::RemoveFromCells(std::span<const double> centre, size_t number) {
  if (!partition_.sums.has_value()) return;
  const CellSums::Kernel kernel = partition_.sums->MakeKernel(centre, number);
  partition_.tree.Descend(centre,
                          [&](KernelTree::Cell cell) { partition_.sums->Remove(cell, kernel); });
}

void GrowingMixture::LeaveTree(size_t number, TrialValues values) {
  const size_t from = slots_[number];
  const std::vector<double> centre = CentreOf(number, values);
  RemoveFromCells(centre, number);
  Leave(from);
  const size_t to = PutEverywhere(number);
  mixture_.Move(from, to);
  if (partition_.codes.has_value()) {
    partition_.codes->Clear(from);
    mixture_.SetCentre(to, centre);
  }
  NoteChange(number);
}

// A kernel that is not there.
bool GrowingMixture::BelongsInTree(size_t number, std::span<const double> centre) const {
  if (count_ < kKept || !is_final_[number]) return false;
  const size_t slot = slots_[number];
  for (size_t i = 0; i < mixture_.ContinuousCount(); ++i) {
    if (mixture_.ScaleAt(slot, i) != mixture_.LeastWidthScales()[i]) return false;
  }
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (HasRows(d) && mixture_.SigmaOf(slot, j) != d.settled_limits.least) return false;
  }
  return !mixture_.IsSpecial(centre);
}

void GrowingMixture::Settle(size_t number, TrialValues values) {
  if (IsInTree(number)) return;
  const std::vector<double> centre = CentreOf(number, values);
  if (!BelongsInTree(number, centre)) return;
  // Where sums of kernels are kept, weights that all lie on the ramp.
  if (partition_.sums.has_value() && mixture_.IsNewest(number)) {
    too_new_.push_back(static_cast<uint32_t>(number));
    return;
  }
  PutInTree(number, centre, mixture_.TreeConstantOf(slots_[number]), values);
}

}  // namespace hpod
