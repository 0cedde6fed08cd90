#include "samplers/tpe/kept_densities.h"

#include <algorithm>
#include <utility>

namespace hpod {
namespace {

std::vector<Observation> ObservedAbove(const History& history, const Division& division,
                                       std::span<const size_t> names) {
  std::vector<Observation> observed;
  std::vector<double> values(names.size());
  for (size_t number = 0; number < history.size(); ++number) {
    if (division.SideOf(number) != Division::Side::kAbove) continue;
    if (ReadObservedValues(history, names, number, values)) observed.push_back({number, values});
  }
  return observed;
}

}  // namespace

KeptDensities::KeptDensities(const History& history, const Division& division, JointSpace space)
    : space_(std::move(space)),
      domains_(DomainsOf(history, space_)),
      names_(NamesOf(history, space_)),
      below_numbers_(division.Below().begin(), division.Below().end()),
      columns_below_(CollectObservations(history, names_, below_numbers_)),
      below_(domains_, columns_below_, WeightingBelow(history.Directions().size())),
      above_(domains_, ObservedAbove(history, division, names_)) {}

void KeptDensities::Follow(const History& history, const Division& division,
                           std::vector<size_t> changes) {
  if (changes.empty()) return;
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  for (const size_t number : changes) {
    Place(history, number, division.SideOf(number) == Division::Side::kAbove);
  }
  above_.Update();
  if (!std::ranges::equal(division.Below(), below_numbers_)) FitBelow(history, division.Below());
}

void KeptDensities::FitBelow(const History& history, std::span<const size_t> numbers) {
  below_numbers_.assign(numbers.begin(), numbers.end());
  CollectObservations(history, names_, numbers, columns_below_);
  below_.Fit(columns_below_);
}

void KeptDensities::Place(const History& history, size_t number, bool is_above) {
  Observation observed{number, std::vector<double>(names_.size())};
  const bool has_kernel = is_above && ReadObservedValues(history, names_, number, observed.values);
  if (has_kernel && above_.HasAsIs(observed)) return;
  if (above_.Has(number)) above_.Erase(number);
  if (has_kernel) above_.Insert(observed);
}

}  // namespace hpod
