// How kernels get into the tree of a mixture, and out of it, is in kernel_placing.cc.

#include "samplers/tpe/growing_mixture.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <utility>

namespace hpod {
GrowingMixture::GrowingMixture(std::span<const Domain> domains, std::span<const size_t> numbers,
                               TrialValues values)
    : mixture_(domains, /*forgetting=*/true) {
  for (size_t j = 0; j < domains.size(); ++j) {
    const bool is_numeric = !std::holds_alternative<CategoricalDomain>(domains[j]);
    const NumericDomain numeric = is_numeric ? AsNumeric(domains[j]) : NumericDomain{};
    const Interval interval = IntervalOf(numeric);
    dimensions_.push_back({is_numeric, mixture_.CoordinateOf(j), numeric, interval,
                           LimitsOf(interval, kSettled), SortedCentres(interval)});
  }
  partition_.sums = mixture_.MakeCellSums();
  partition_.codes = mixture_.MakeCodedPages();
  partition_.tree.AddPage(0, AddPage(/*is_in_tree=*/true));
  InsertPrior(domains);
  count_ = numbers.size();
  SortCentres(numbers, values);
  Place(numbers, values);
  SetFacts(numbers, values);
  Update(values);
}

void GrowingMixture::SortCentres(std::span<const size_t> numbers, TrialValues values) {
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    Dimension& d = dimensions_[j];
    if (!d.is_numeric) continue;
    const auto for_each = [&](const auto& add) {
      for (const size_t number : numbers) {
        add(Centre{ToModel(values[j][number], d.numeric.log), static_cast<uint32_t>(number)});
      }
    };
    if (count_ >= kKept && !HasRows(d)) {
      d.centres.AssignThinly(for_each);
      continue;
    }
    std::vector<Centre> centres;
    centres.reserve(numbers.size());
    for_each([&](const Centre& centre) { centres.push_back(centre); });
    d.centres.Assign(std::move(centres));
  }
}

void GrowingMixture::Place(std::span<const size_t> numbers, TrialValues values) {
  if (numbers.empty()) return;
  slots_.resize(numbers.back() + 1, kNoSlot);
  is_final_.resize(slots_.size(), false);
  const std::vector<bool> are_wide = FindWide(slots_.size());
  std::vector<double> row(dimensions_.size());
  Placed for_tree;
  for_tree.numbers.reserve(numbers.size());
  for_tree.centres.reserve(numbers.size() * mixture_.NumericCount());
  const size_t settled = partition_.sums.has_value() ? count_ - std::min(count_, kNewest) : count_;
  for (size_t k = 0; k < numbers.size(); ++k) {
    const size_t number = numbers[k];
    is_final_[number] = true;
    for (size_t j = 0; j < row.size(); ++j) row[j] = values[j][number];
    const std::vector<double> centre = ModelCentre(row);
    if (count_ >= kKept && k < settled && !are_wide[number] && !mixture_.IsSpecial(centre)) {
      for_tree.numbers.push_back(number);
      for_tree.centres.insert(for_tree.centres.end(), centre.begin(), centre.end());
    } else {
      mixture_.SetCentre(PutEverywhere(number), centre);
    }
  }
  PutAllInTree(std::move(for_tree));
}

void GrowingMixture::SetFacts(std::span<const size_t> numbers, TrialValues values) {
  for (const size_t number : numbers) {
    const size_t slot = slots_[number];
    mixture_.SetTrial(slot, number);
    for (size_t j = 0; j < dimensions_.size(); ++j) {
      if (dimensions_[j].is_numeric) continue;
      mixture_.SetChoice(slot, j, static_cast<size_t>(values[j][number]));
    }
  }
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    Dimension& d = dimensions_[j];
    if (!d.is_numeric) continue;
    if (HasRows(d)) {
      SetWidths(j, LimitsOf(d.interval, count_));
      continue;
    }
    d.centres.ForEachWidth(d.settled_limits, [&](const Centre& centre, double sigma) {
      if (!IsInTree(centre.number)) mixture_.SetNormal(slots_[centre.number], j, centre.mu, sigma);
    });
  }
}

std::vector<bool> GrowingMixture::FindWide(size_t numbers) const {
  std::vector<bool> are_wide(numbers, false);
  for (const Dimension& d : dimensions_) {
    if (!d.is_numeric) continue;
    d.centres.ForEachWidth(d.settled_limits, [&](const Centre& centre, double sigma) {
      if (sigma > d.settled_limits.least) are_wide[centre.number] = true;
    });
  }
  return are_wide;
}

bool GrowingMixture::HasAsIs(const Observation& trial) const {
  if (!Has(trial.number)) return false;
  const size_t slot = slots_[trial.number];
  const bool is_coded = IsCoded(trial.number);
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (is_coded && d.is_numeric && !HasRows(d)) continue;
    const bool is_same = d.is_numeric
                             ? mixture_.CentreOf(slot, j) == ToModel(trial.values[j], d.numeric.log)
                             : mixture_.ChoiceOf(slot, j) == static_cast<size_t>(trial.values[j]);
    if (!is_same) return false;
  }
  return !is_coded || partition_.codes->IsAt(slot, ModelCentre(trial.values));
}

void GrowingMixture::Insert(const Observation& trial, TrialValues values) {
  const size_t slot = PutEverywhere(trial.number);
  mixture_.SetTrial(slot, trial.number);
  is_final_[trial.number] = trial.is_final;
  const bool are_settled = count_ >= kSettled;
  if (!are_settled) are_rows_old_ = true;
  ++count_;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    Dimension& d = dimensions_[j];
    if (!d.is_numeric) {
      mixture_.SetChoice(slot, j, static_cast<size_t>(trial.values[j]));
      continue;
    }
    const double mu = ToModel(trial.values[j], d.numeric.log);
    d.centres.Insert({mu, static_cast<uint32_t>(trial.number)},
                     [&](const Centre& centre, double sigma) {
                       // Until the limits are settled, rows are all made anew.
                       if (HasRows(d) && !are_settled) return;
                       SetWidth(j, centre, sigma, values);
                     });
  }
  NoteChange(trial.number);
}

void GrowingMixture::Erase(size_t number, TrialValues values) {
  // One that has been inserted since may have no width yet.
  if (number < is_changed_.size() && is_changed_[number]) Update(values);
  const bool are_settled = count_ > kSettled;
  if (!are_settled) are_rows_old_ = true;
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    Dimension& d = dimensions_[j];
    if (!d.is_numeric) continue;
    d.centres.Erase(
        {MuOf(number, j, values), static_cast<uint32_t>(number)},
        [&](const Centre& low, const Centre& high, bool is_least) {
          return FindBetween(j, low, high, is_least, values);
        },
        [&](const Centre& centre, double sigma) {
          if (HasRows(d) && !are_settled) return;
          SetWidth(j, centre, sigma, values);
        });
  }
  const size_t slot = slots_[number];
  if (IsInTree(number)) RemoveFromCells(CentreOf(number, values), number);
  if (IsCoded(number)) {
    partition_.codes->Clear(slot);
  } else {
    changed_blocks_.push_back(static_cast<uint32_t>(slot / kLanes));
  }
  mixture_.Clear(slot);
  Leave(slot);
  slots_[number] = kNoSlot;
  --count_;
}

void GrowingMixture::Finish(size_t number) {
  if (is_final_[number]) return;
  is_final_[number] = true;
  NoteChange(number);
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

size_t GrowingMixture::TakeSlot(uint32_t page, size_t number) {
  const auto free = static_cast<size_t>(std::countr_one(partition_.used[page]));
  partition_.used[page] |= uint64_t{1} << free;
  const size_t slot = page * kPageSlots + free;
  if (is_in_tree_[page]) partition_.newest = std::max(partition_.newest, number);
  if (slots_.size() <= number) {
    slots_.resize(number + 1, kNoSlot);
    is_final_.resize(number + 1, false);
  }
  slots_[number] = static_cast<uint32_t>(slot);
  return slot;
}

uint32_t GrowingMixture::AddPage(bool is_in_tree) {
  const auto page = static_cast<uint32_t>(partition_.used.size());
  partition_.used.push_back(0);
  is_in_tree_.push_back(is_in_tree);
  const bool is_coded = is_in_tree && partition_.codes.has_value();
  mixture_.Reserve((page + size_t{1}) * kPageSlots, is_coded);
  if (is_coded) partition_.codes->AddPage(page);
  return page;
}

void GrowingMixture::Leave(size_t slot) {
  partition_.used[slot / kPageSlots] &= ~(uint64_t{1} << slot % kPageSlots);
}

std::vector<double> GrowingMixture::CentreOf(size_t number, TrialValues values) const {
  std::vector<double> centre(mixture_.NumericCount());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (d.is_numeric) centre[d.coordinate] = MuOf(number, j, values);
  }
  return centre;
}

std::vector<double> GrowingMixture::ModelCentre(std::span<const double> row) const {
  std::vector<double> centre(mixture_.NumericCount());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (d.is_numeric) centre[d.coordinate] = ToModel(row[j], d.numeric.log);
  }
  return centre;
}

double GrowingMixture::MuOf(size_t number, size_t dimension, TrialValues values) const {
  const Dimension& d = dimensions_[dimension];
  const bool is_coded = IsCoded(number) && !HasRows(d);
  return is_coded ? ToModel(values[dimension][number], d.numeric.log)
                  : mixture_.CentreOf(slots_[number], dimension);
}

Centre GrowingMixture::FindBetween(size_t dimension, const Centre& low, const Centre& high,
                                   bool is_least, TrialValues values) const {
  Centre best = is_least ? high : low;
  for (size_t number = 0; number < slots_.size(); ++number) {
    if (slots_[number] == kNoSlot) continue;
    const Centre centre{MuOf(number, dimension, values), static_cast<uint32_t>(number)};
    if (!(low < centre && centre < high)) continue;
    if (is_least ? centre < best : best < centre) best = centre;
  }
  return best;
}

void GrowingMixture::SetWidth(size_t dimension, const Centre& centre, double sigma,
                              TrialValues values) {
  const Dimension& d = dimensions_[dimension];
  const auto& [mu, number] = centre;
  if (IsInTree(number)) {
    if (sigma == d.settled_limits.least) return;
    LeaveTree(number, values);
  }
  // A row changes no constant, but perhaps where the kernel belongs.
  if (mixture_.SetNormal(slots_[number], dimension, mu, sigma) || HasRows(d)) NoteChange(number);
}

void GrowingMixture::SetWidths(size_t dimension, const WidthLimits& limits) {
  const Dimension& d = dimensions_[dimension];
  std::vector<Mixture::Normal> normals;
  normals.reserve(count_ + 1);
  d.centres.ForEachWidth(limits, [&](const Centre& centre, double sigma) {
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

void GrowingMixture::Update(TrialValues values) {
  mixture_.SetObservationCount(count_);
  const bool is_kept = count_ >= kKept;
  if (!is_kept && mixture_.HasConstants()) KeepLess(values);
  if (are_rows_old_) UpdateRows();
  if (is_kept && !mixture_.HasConstants()) {
    KeepMore();
  } else if (is_kept) {
    UpdateConstants();
  }
  changed_blocks_.clear();
  for (const uint32_t number : changed_) {
    is_changed_[number] = false;
    if (Has(number)) Settle(number, values);
  }
  changed_.clear();
  for (const uint32_t number : std::exchange(too_new_, {})) {
    if (Has(number)) Settle(number, values);
  }
}

void GrowingMixture::KeepMore() {
  mixture_.UpdateConstants();
  for (Dimension& d : dimensions_) {
    if (d.is_numeric) d.centres.Thin();
  }
  for (size_t number = 0; number < slots_.size(); ++number) {
    if (Has(number) && !IsInTree(number)) NoteChange(number);
  }
}

void GrowingMixture::KeepLess(TrialValues values) {
  mixture_.DropConstants();
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (!dimensions_[j].is_numeric) continue;
    std::vector<Centre> centres;
    for (size_t number = 0; number < slots_.size(); ++number) {
      if (!Has(number)) continue;
      centres.push_back({MuOf(number, j, values), static_cast<uint32_t>(number)});
    }
    dimensions_[j].centres.Assign(std::move(centres));
  }
  for (size_t number = 0; number < slots_.size(); ++number) {
    if (Has(number) && IsInTree(number)) LeaveTree(number, values);
  }
}

void GrowingMixture::UpdateConstants() {
  std::vector<uint32_t>& blocks = changed_blocks_;
  for (const uint32_t number : changed_) {
    if (Has(number) && !IsInTree(number)) {
      blocks.push_back(static_cast<uint32_t>(slots_[number] / kLanes));
    }
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  mixture_.UpdateConstants(blocks);
}

}  // namespace hpod
