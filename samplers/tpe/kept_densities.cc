#include "samplers/tpe/kept_densities.h"

#include <algorithm>
#include <utility>

namespace hpod {
namespace {

// Those that have a kernel and are finished.
std::vector<size_t> FinishedAbove(const History& history, const Division& division,
                                  std::span<const size_t> names) {
  std::vector<size_t> numbers;
  std::vector<double> row(names.size());
  for (size_t number = 0; number < history.size(); ++number) {
    if (division.SideOf(number) != Division::Side::kAbove || !division.IsModelled(number)) continue;
    if (ReadObservedValues(history, names, number, row)) numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::span<const double>> ColumnsOf(const History& history,
                                               std::span<const size_t> names) {
  std::vector<std::span<const double>> columns;
  columns.reserve(names.size());
  for (const size_t name : names) columns.push_back(history.Column(name));
  return columns;
}

}  // namespace

KeptDensities::KeptDensities(const History& history, const Division& division, JointSpace space)
    : space_(std::move(space)),
      domains_(DomainsOf(history, space_)),
      names_(NamesOf(history, space_)),
      below_numbers_(division.Below().begin(), division.Below().end()),
      columns_below_(CollectObservations(history, names_, below_numbers_)),
      below_(domains_, columns_below_, WeightingBelow(history.Directions().size())),
      values_(ColumnsOf(history, names_)),
      above_(domains_, FinishedAbove(history, division, names_), values_) {
  for (const size_t number : history.Running()) {
    Place(history, number, division.SideOf(number) == Division::Side::kAbove);
  }
  above_.Update(values_);
}

void KeptDensities::Follow(const History& history, const Division& division,
                           std::vector<size_t> changes) {
  FollowColumns(history);
  if (changes.empty()) return;
  std::sort(changes.begin(), changes.end());
  changes.erase(std::unique(changes.begin(), changes.end()), changes.end());
  for (const size_t number : changes) {
    Place(history, number, division.SideOf(number) == Division::Side::kAbove);
  }
  above_.Update(values_);
  if (!std::ranges::equal(division.Below(), below_numbers_)) FitBelow(history, division.Below());
}

// Others may read the same at the same time: what is as it was is not written.
void KeptDensities::FollowColumns(const History& history) {
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::span<const double> column = history.Column(names_[i]);
    if (column.data() == values_[i].data() && column.size() == values_[i].size()) continue;
    values_[i] = column;
  }
}

void KeptDensities::FitBelow(const History& history, std::span<const size_t> numbers) {
  below_numbers_.assign(numbers.begin(), numbers.end());
  CollectObservations(history, names_, numbers, columns_below_);
  below_.Fit(columns_below_);
}

void KeptDensities::Place(const History& history, size_t number, bool is_above) {
  Observation observed{number, std::vector<double>(names_.size()),
                       IsFinished(history.State(number))};
  const bool has_kernel = is_above && ReadObservedValues(history, names_, number, observed.values);
  if (has_kernel && above_.HasAsIs(observed)) {
    if (observed.is_final) above_.Finish(number);
    return;
  }
  if (above_.Has(number)) above_.Erase(number, values_);
  if (has_kernel) above_.Insert(observed, values_);
}

}  // namespace hpod
