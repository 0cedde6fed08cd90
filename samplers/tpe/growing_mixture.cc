#include "samplers/tpe/growing_mixture.h"

#include <algorithm>
#include <limits>

namespace hpod {
namespace {

// From so many observations on, the least width does not change any more.
constexpr size_t kSettled = 98;

}  // namespace

GrowingMixture::GrowingMixture(std::span<const Domain> domains, std::span<const Observation> trials)
    : mixture_(domains, /*forgetting=*/true) {
  for (const Domain& domain : domains) {
    Dimension& dimension = dimensions_.emplace_back();
    dimension.is_numeric = !std::holds_alternative<CategoricalDomain>(domain);
    if (!dimension.is_numeric) continue;
    dimension.numeric = AsNumeric(domain);
    dimension.interval = IntervalOf(dimension.numeric);
  }
  InsertPrior(domains);
  std::vector<std::vector<Centre>> centres(dimensions_.size());
  std::vector<uint32_t> numbers;
  for (const Observation& trial : trials) {
    const size_t slot = TakeSlot(trial.number);
    numbers.push_back(static_cast<uint32_t>(trial.number));
    for (size_t j = 0; j < dimensions_.size(); ++j) {
      if (dimensions_[j].is_numeric) {
        centres[j].push_back({ToModel(trial.values[j], dimensions_[j].numeric.log),
                              static_cast<uint32_t>(trial.number)});
      } else {
        mixture_.SetChoice(slot, j, static_cast<size_t>(trial.values[j]));
      }
    }
  }
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    dimensions_[j].centres.Assign(std::move(centres[j]));
  }
  std::sort(numbers.begin(), numbers.end());
  count_ = numbers.size();
  mixture_.SetObservationCount(count_);
  UpdateAllWidths();
  for (size_t rank = 0; rank < count_; ++rank) {
    mixture_.SetRank(slots_[numbers[rank]], static_cast<int32_t>(rank));
    NoteChange(slots_[numbers[rank]]);
  }
  UpdateConstants(0);
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
  const auto number = static_cast<int32_t>(trial.number);
  const size_t slot = TakeSlot(trial.number);
  std::vector<SortedCentres::Place> places(dimensions_.size());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (dimensions_[j].is_numeric) {
      const double mu = ToModel(trial.values[j], dimensions_[j].numeric.log);
      places[j] = dimensions_[j].centres.Insert({mu, static_cast<uint32_t>(trial.number)});
    } else {
      mixture_.SetChoice(slot, j, static_cast<size_t>(trial.values[j]));
    }
  }
  mixture_.ShiftRanks(numbers_, number, 1);
  const auto older = static_cast<int32_t>(
      slots_.size() == trial.number + 1
          ? count_
          : static_cast<size_t>(std::count_if(numbers_.begin(), numbers_.end(),
                                              [&](int32_t n) { return n >= 0 && n < number; })));
  ++count_;
  UpdateWidths(count_ - 1, places);
  mixture_.SetRank(slot, older);
  UpdateConstants(slot);
}

void GrowingMixture::Erase(size_t number) {
  const size_t slot = slots_[number];
  std::vector<SortedCentres::Place> places(dimensions_.size());
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (!dimensions_[j].is_numeric) continue;
    places[j] =
        dimensions_[j].centres.Erase({mixture_.CentreOf(slot, j), static_cast<uint32_t>(number)});
  }
  mixture_.Clear(slot);
  slots_[number] = kNoSlot;
  numbers_[slot] = -1;
  free_slots_.push_back(slot);
  mixture_.ShiftRanks(numbers_, static_cast<int32_t>(number), -1);
  --count_;
  UpdateWidths(count_ + 1, places);
  UpdateConstants(slot);
}

void GrowingMixture::InsertPrior(std::span<const Domain> domains) {
  mixture_.Reserve(1);
  numbers_.resize(mixture_.Slots(), -1);
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (const auto* categorical = std::get_if<CategoricalDomain>(&domains[j])) {
      mixture_.SetChoice(0, j, categorical->choices.size());
      continue;
    }
    const Interval& interval = dimensions_[j].interval;
    mixture_.SetNormal(0, j, 0.5 * interval.low + 0.5 * interval.high, LimitsOf(interval, 0).most);
  }
  mixture_.SetRank(0, Mixture::kPriorRank);
  for (size_t slot = mixture_.Slots(); slot-- > 1;) free_slots_.push_back(slot);
}

size_t GrowingMixture::TakeSlot(size_t number) {
  if (free_slots_.empty()) {
    const size_t before = mixture_.Slots();
    mixture_.Reserve(before + 1);
    numbers_.resize(mixture_.Slots(), -1);
    for (size_t slot = mixture_.Slots(); slot-- > before;) free_slots_.push_back(slot);
  }
  const size_t slot = free_slots_.back();
  free_slots_.pop_back();
  if (slots_.size() <= number) slots_.resize(number + 1, kNoSlot);
  slots_[number] = static_cast<uint32_t>(slot);
  numbers_[slot] = static_cast<int32_t>(number);
  return slot;
}

void GrowingMixture::UpdateWidths(size_t before, std::span<const SortedCentres::Place> places) {
  mixture_.SetObservationCount(count_);
  if (std::min(before, count_) < kSettled) {
    UpdateAllWidths();
    return;
  }
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    if (!dimensions_[j].is_numeric) continue;
    const SortedCentres& centres = dimensions_[j].centres;
    const SortedCentres::Place place = places[j];
    if (!centres.IsBegin(place)) UpdateWidth(j, centres.Previous(place));
    if (centres.IsEnd(place)) continue;
    UpdateWidth(j, place);
    const SortedCentres::Place next = centres.Next(place);
    if (!centres.IsEnd(next)) UpdateWidth(j, next);
  }
}

void GrowingMixture::UpdateAllWidths() {
  for (size_t j = 0; j < dimensions_.size(); ++j) {
    const Dimension& d = dimensions_[j];
    if (!d.is_numeric) continue;
    d.centres.ForEachWidth(d.interval, LimitsOf(d.interval, count_),
                           [&](const Centre& centre, double sigma) {
                             const size_t slot = slots_[centre.number];
                             if (mixture_.SetNormal(slot, j, centre.mu, sigma)) NoteChange(slot);
                           });
  }
}

void GrowingMixture::UpdateWidth(size_t dimension, SortedCentres::Place place) {
  const Dimension& d = dimensions_[dimension];
  const Centre& centre = d.centres.At(place);
  const double sigma = d.centres.WidthAt(place, d.interval, LimitsOf(d.interval, count_));
  const size_t slot = slots_[centre.number];
  if (mixture_.SetNormal(slot, dimension, centre.mu, sigma)) NoteChange(slot);
}

void GrowingMixture::NoteChange(size_t slot) {
  const size_t block = slot / kLanes;
  is_changed_.resize(mixture_.Slots() / kLanes, false);
  if (is_changed_[block]) return;
  is_changed_[block] = true;
  changed_blocks_.push_back(block);
}

void GrowingMixture::UpdateConstants(size_t slot) {
  NoteChange(slot);
  for (const size_t block : changed_blocks_) {
    mixture_.UpdateConstants(block);
    is_changed_[block] = false;
  }
  changed_blocks_.clear();
}

}  // namespace hpod
