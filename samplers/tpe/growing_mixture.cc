#include "samplers/tpe/growing_mixture.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <optional>

namespace hpod {
namespace {

// With fewer kernels, most change with each that comes: it takes less time to look at all of them
// and to make the constants of those that matter than to keep constants and a tree.
constexpr size_t kKept = 128;
static_assert(kKept >= kSettled);

}  // namespace

GrowingMixture::GrowingMixture(std::span<const Domain> domains, std::span<const Observation> trials)
    : mixture_(domains, /*forgetting=*/true) {
  size_t continuous = 0;
  for (const Domain& domain : domains) {
    Dimension& dimension = dimensions_.emplace_back();
    dimension.continuous = mixture_.ContinuousCount();
    dimension.is_numeric = !std::holds_alternative<CategoricalDomain>(domain);
    if (!dimension.is_numeric) continue;
    dimension.numeric = AsNumeric(domain);
    dimension.interval = IntervalOf(dimension.numeric);
    dimension.settled_limits = LimitsOf(dimension.interval, kSettled);
    if (dimension.numeric.step == 0) dimension.continuous = continuous++;
  }
  partition_.sums = mixture_.MakeCellSums();
  partition_.codes = mixture_.MakePageCodes();
  partition_.tree.AddPage(0, AddPage(/*is_in_tree=*/true));
  InsertPrior(domains);
  count_ = trials.size();
  SortCentres(trials);
  Place(trials);
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (d.is_numeric && !HasRows(d)) SetWidths(j, d.settled_limits);
  }
  are_rows_old_ = true;
  Update();
}

void GrowingMixture::SortCentres(std::span<const Observation> trials) {
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    Dimension& d = dimensions_[j];
    if (!d.is_numeric) continue;
    std::vector<Centre> centres;
    centres.reserve(trials.size());
    for (const Observation& trial : trials) {
      centres.push_back(
          {ToModel(trial.values[j], d.numeric.log), static_cast<uint32_t>(trial.number)});
    }
    d.centres.Assign(std::move(centres));
  }
}

void GrowingMixture::Place(std::span<const Observation> trials) {
  size_t numbers = 0;
  for (const Observation& trial : trials) numbers = std::max(numbers, trial.number + 1);
  const std::vector<bool> are_wide = FindWide(numbers);
  std::vector<double> centre(mixture_.ContinuousCount());
  for (const auto& [number, values] : trials) {
    for (size_t j = 0; j < dimensions_.size(); ++j) {
      const Dimension& d = dimensions_[j];
      if (d.continuous < centre.size()) centre[d.continuous] = ToModel(values[j], d.numeric.log);
    }
    const bool is_in_tree = count_ >= kKept && !are_wide[number] && !mixture_.IsSpecial(centre);
    const size_t slot = is_in_tree ? PutInTree(number, centre) : PutEverywhere(number);
    mixture_.SetTrial(slot, number);
    for (size_t j = 0; j < dimensions_.size(); ++j) {
      if (dimensions_[j].is_numeric) continue;
      mixture_.SetChoice(slot, j, static_cast<size_t>(values[j]));
    }
    // The tree asks for the centres when it grows.
    mixture_.SetCentre(slot, centre);
  }
}

std::vector<bool> GrowingMixture::FindWide(size_t numbers) const {
  std::vector<bool> are_wide(numbers, false);
  for (const Dimension& d : dimensions_) {
    if (!d.is_numeric || HasRows(d)) continue;
    d.centres.ForEachWidth(d.interval, d.settled_limits, [&](const Centre& centre, double sigma) {
      if (sigma > d.settled_limits.least) are_wide[centre.number] = true;
    });
  }
  return are_wide;
}

bool GrowingMixture::HasAsIs(const Observation& trial) const {
  if (!Has(trial.number)) return false;
  const size_t slot = slots_[trial.number];
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const bool is_same =
        dimensions_[j].is_numeric
            ? mixture_.CentreOf(slot, j) == ToModel(trial.values[j], dimensions_[j].numeric.log)
            : mixture_.ChoiceOf(slot, j) == static_cast<size_t>(trial.values[j]);
    if (!is_same) return false;
  }
  return true;
}

void GrowingMixture::Insert(const Observation& trial) {
  const size_t slot = PutEverywhere(trial.number);
  mixture_.SetTrial(slot, trial.number);
  places_.resize(dimensions_.size());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (dimensions_[j].is_numeric) {
      const double mu = ToModel(trial.values[j], dimensions_[j].numeric.log);
      places_[j] = dimensions_[j].centres.Insert({mu, static_cast<uint32_t>(trial.number)});
    } else {
      mixture_.SetChoice(slot, j, static_cast<size_t>(trial.values[j]));
    }
  }
  ++count_;
  UpdateWidths(count_ - 1);
  NoteChange(trial.number);
}

void GrowingMixture::Erase(size_t number) {
  // One that has been inserted since may have no width yet.
  if (number < is_changed_.size() && is_changed_[number]) Update();
  const size_t slot = slots_[number];
  places_.resize(dimensions_.size());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (!dimensions_[j].is_numeric) continue;
    places_[j] =
        dimensions_[j].centres.Erase({mixture_.CentreOf(slot, j), static_cast<uint32_t>(number)});
  }
  RemoveFromCells(slot);
  mixture_.Clear(slot);
  Leave(slot);
  slots_[number] = kNoSlot;
  --count_;
  UpdateWidths(count_ + 1);
  changed_blocks_.push_back(static_cast<uint32_t>(slot / kLanes));
}

void GrowingMixture::InsertPrior(std::span<const Domain> domains) {
  const uint32_t page = AddPage(/*is_in_tree=*/false);
  partition_.everywhere.push_back(page);
  const size_t slot = page * kPageSlots;
  partition_.used[page] = 1;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (const auto* categorical = std::get_if<CategoricalDomain>(&domains[j])) {
      mixture_.SetChoice(slot, j, categorical->choices.size());
      continue;
    }
    const auto [_, mu, sigma] = PriorOf(dimensions_[j]);
    mixture_.SetNormal(slot, j, mu, sigma);
  }
  mixture_.SetPrior(slot);
  changed_blocks_.push_back(static_cast<uint32_t>(slot / kLanes));
}

Mixture::Normal GrowingMixture::PriorOf(const Dimension& d) const {
  return {mixture_.PriorSlot(), 0.5 * d.interval.low + 0.5 * d.interval.high,
          LimitsOf(d.interval, 0).most};
}

size_t GrowingMixture::PutEverywhere(size_t number) {
  for (const uint32_t page : partition_.everywhere) {
    if (!IsFull(page)) return TakeSlot(page, number);
  }
  partition_.everywhere.push_back(AddPage(/*is_in_tree=*/false));
  return TakeSlot(partition_.everywhere.back(), number);
}

size_t GrowingMixture::PutInTree(size_t number, std::span<const double> centre) {
  std::optional<uint32_t> page = FindRoomFor(centre);
  while (!page.has_value()) {
    Grow(partition_.tree.LeafFor(centre));
    page = FindRoomFor(centre);
  }
  AddToCells(centre, number);
  const size_t slot = TakeSlot(*page, number);
  if (partition_.codes.has_value()) partition_.codes->Set(slot, centre);
  return slot;
}

std::optional<uint32_t> GrowingMixture::FindRoomFor(std::span<const double> centre) const {
  std::optional<uint32_t> found;
  partition_.tree.VisitPages(partition_.tree.LeafFor(centre), [&](uint32_t page) {
    if (!IsFull(page)) found = page;
    return !found.has_value();
  });
  return found;
}

void GrowingMixture::AddToCells(std::span<const double> centre, size_t number) {
  if (!partition_.sums.has_value()) return;
  const CellSums::Kernel kernel = partition_.sums->MakeKernel(centre, number);
  partition_.tree.Descend(centre,
                          [&](KernelTree::Cell cell) { partition_.sums->Add(cell, kernel); });
}

void GrowingMixture::RemoveFromCells(size_t slot) {
  if (!partition_.sums.has_value() || !is_in_tree_[slot / kPageSlots]) return;
  const std::vector<double> centre = CentreOf(slot);
  const CellSums::Kernel kernel = partition_.sums->MakeKernel(centre, mixture_.TrialOf(slot));
  partition_.tree.Descend(centre,
                          [&](KernelTree::Cell cell) { partition_.sums->Remove(cell, kernel); });
}

size_t GrowingMixture::TakeSlot(uint32_t page, size_t number) {
  const auto free = static_cast<size_t>(std::countr_one(partition_.used[page]));
  partition_.used[page] |= uint64_t{1} << free;
  const size_t slot = page * kPageSlots + free;
  if (slots_.size() <= number) slots_.resize(number + 1, kNoSlot);
  slots_[number] = static_cast<uint32_t>(slot);
  return slot;
}

uint32_t GrowingMixture::AddPage(bool is_in_tree) {
  partition_.used.push_back(0);
  is_in_tree_.push_back(is_in_tree);
  mixture_.Reserve(partition_.used.size() * kPageSlots, /*have_widths=*/!is_in_tree);
  return static_cast<uint32_t>(partition_.used.size() - 1);
}

void GrowingMixture::Grow(KernelTree::Leaf leaf) {
  const uint32_t page = partition_.tree.FirstPage(leaf);
  const bool is_alone = partition_.tree.HasOnePage(leaf);
  const uint32_t added = AddPage(/*is_in_tree=*/true);
  const size_t first = page * kPageSlots;
  // The dimension in which the centres, in widths, are furthest apart.
  std::array<double, kPageSlots> best{};
  size_t dimension = 0;
  double widest = 0.0;
  for (size_t i = 0; i < mixture_.ContinuousCount() && is_alone; ++i) {
    std::array<double, kPageSlots> centres{};
    for (size_t k = 0; k < kPageSlots; ++k) centres[k] = mixture_.CentreAt(first + k, i);
    const auto [low, high] = std::minmax_element(centres.begin(), centres.end());
    const double width = (*high - *low) * mixture_.LeastWidthScales()[i];
    if (!(width > widest)) continue;
    widest = width;
    dimension = i;
    best = centres;
  }
  if (widest == 0.0) return partition_.tree.AddPage(leaf, added);
  std::sort(best.begin(), best.end());
  // So that neither part is empty, however many are equal to the least.
  const double second = *std::upper_bound(best.begin(), best.end(), best[0]);
  const double at = std::max(best[kPageSlots / 2], second);
  partition_.tree.Split(leaf, dimension, at, added);
  if (partition_.sums.has_value()) OpenCells(leaf, page, dimension, at);
  for (size_t slot = first; slot < first + kPageSlots; ++slot) {
    if (mixture_.CentreAt(slot, dimension) >= at) Move(slot, added);
  }
}

void GrowingMixture::OpenCells(KernelTree::Leaf divided, uint32_t page, size_t dimension,
                               double at) {
  std::array<std::vector<CellSums::Kernel>, 2> parts;
  for (size_t slot = page * kPageSlots; slot < (page + 1) * kPageSlots; ++slot) {
    const bool is_above = mixture_.CentreAt(slot, dimension) >= at;
    parts[is_above ? 1 : 0].push_back(
        partition_.sums->MakeKernel(CentreOf(slot), mixture_.TrialOf(slot)));
  }
  const auto [below, above] = partition_.tree.Parts(divided);
  partition_.sums->Open(below, parts[0]);
  partition_.sums->Open(above, parts[1]);
}

void GrowingMixture::Move(size_t slot, uint32_t page) {
  const size_t number = mixture_.TrialOf(slot);
  Leave(slot);
  const size_t to = TakeSlot(page, number);
  mixture_.Move(slot, to);
  if (partition_.codes.has_value()) partition_.codes->Set(to, CentreOf(to));
}

void GrowingMixture::Leave(size_t slot) {
  partition_.used[slot / kPageSlots] &= ~(uint64_t{1} << slot % kPageSlots);
}

std::vector<double> GrowingMixture::CentreOf(size_t slot) const {
  std::vector<double> centre(mixture_.ContinuousCount());
  for (size_t i = 0; i < centre.size(); ++i) centre[i] = mixture_.CentreAt(slot, i);
  return centre;
}

// Until the limits are settled, the least width changes with each kernel: where it is a lower bound
// on what the mixture is told, nothing has to be done, and rows are made anew.
void GrowingMixture::UpdateWidths(size_t before) {
  const bool are_settled = std::min(before, count_) >= kSettled;
  if (!are_settled) are_rows_old_ = true;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (!dimensions_[j].is_numeric || (HasRows(dimensions_[j]) && !are_settled)) continue;
    const SortedCentres& centres = dimensions_[j].centres;
    const SortedCentres::Place place = places_[j];
    if (!centres.IsBegin(place)) UpdateWidth(j, centres.Previous(place));
    if (centres.IsEnd(place)) continue;
    UpdateWidth(j, place);
    const SortedCentres::Place next = centres.Next(place);
    if (!centres.IsEnd(next)) UpdateWidth(j, next);
  }
}

void GrowingMixture::UpdateWidth(size_t dimension, SortedCentres::Place place) {
  const Dimension& d = dimensions_[dimension];
  const auto& [mu, number] = d.centres.At(place);
  const double sigma = d.centres.WidthAt(place, d.interval, d.settled_limits);
  if (IsInTree(number) && !HasRows(d) && sigma > d.settled_limits.least) LeaveTree(number);
  if (mixture_.SetNormal(slots_[number], dimension, mu, sigma)) NoteChange(number);
}

void GrowingMixture::SetWidths(size_t dimension, const WidthLimits& limits) {
  const Dimension& d = dimensions_[dimension];
  std::vector<Mixture::Normal> normals;
  normals.reserve(count_ + 1);
  d.centres.ForEachWidth(d.interval, limits, [&](const Centre& centre, double sigma) {
    normals.push_back({slots_[centre.number], centre.mu, sigma});
  });
  normals.push_back(PriorOf(d));
  mixture_.SetNormals(dimension, normals);
}

void GrowingMixture::UpdateRows() {
  are_rows_old_ = false;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (HasRows(dimensions_[j])) SetWidths(j, LimitsOf(dimensions_[j].interval, count_));
  }
}

void GrowingMixture::NoteChange(size_t number) {
  if (is_changed_.size() <= number) is_changed_.resize(slots_.size(), false);
  if (is_changed_[number]) return;
  is_changed_[number] = true;
  changed_.push_back(static_cast<uint32_t>(number));
}

void GrowingMixture::Update() {
  mixture_.SetObservationCount(count_);
  partition_.missing = slots_.size() - count_;
  if (are_rows_old_) UpdateRows();
  const bool is_kept = count_ >= kKept;
  if (is_kept == mixture_.HasConstants()) {
    if (is_kept) UpdateConstants();
  } else {
    is_kept ? mixture_.UpdateConstants() : mixture_.DropConstants();
    for (size_t number = 0; number < slots_.size(); ++number) {
      if (Has(number)) NoteChange(number);
    }
  }
  changed_blocks_.clear();
  for (const uint32_t number : changed_) {
    is_changed_[number] = false;
    if (Has(number)) Settle(number);
  }
  changed_.clear();
}

void GrowingMixture::UpdateConstants() {
  std::vector<uint32_t>& blocks = changed_blocks_;
  for (const uint32_t number : changed_) {
    if (Has(number)) blocks.push_back(static_cast<uint32_t>(slots_[number] / kLanes));
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  mixture_.UpdateConstants(blocks);
}

bool GrowingMixture::BelongsInTree(size_t slot) const {
  if (count_ < kKept || mixture_.IsSpecial(CentreOf(slot))) return false;
  for (size_t i = 0; i < mixture_.ContinuousCount(); ++i) {
    if (mixture_.ScaleAt(slot, i) != mixture_.LeastWidthScales()[i]) return false;
  }
  return true;
}

void GrowingMixture::Settle(size_t number) {
  const size_t slot = slots_[number];
  const bool belongs = BelongsInTree(slot);
  if (belongs) {
    partition_.greatest_constant =
        std::max(partition_.greatest_constant, mixture_.ConstantAt(slot));
  }
  if (belongs == IsInTree(number)) return;
  if (!belongs) return LeaveTree(number);
  Leave(slot);
  mixture_.Move(slot, PutInTree(number, CentreOf(slot)));
}

void GrowingMixture::LeaveTree(size_t number) {
  const size_t slot = slots_[number];
  RemoveFromCells(slot);
  Leave(slot);
  mixture_.Move(slot, PutEverywhere(number));
}

}  // namespace hpod
