#include "samplers/tpe/ranks.h"

namespace hpod {

void Ranks::Insert(size_t number) {
  const size_t word = number / 64;
  if (present_.size() <= word) {
    const auto all = static_cast<uint32_t>(Count());
    present_.resize(word + 1, 0);
    before_.resize(word + 1, all);
  }
  present_[word] |= Bit(number);
  for (size_t i = word + 1; i < before_.size(); ++i) ++before_[i];
  const size_t rank = Of(number);
  if (rank + 1 < Count()) bounds_.most += 1.0;
  bounds_.Include(number, rank);
  if (bounds_.Gap() > greatest_gap_) FitBounds();
}

void Ranks::Erase(size_t number) {
  const size_t word = number / 64;
  present_[word] &= ~Bit(number);
  for (size_t i = word + 1; i < before_.size(); ++i) --before_[i];
  bounds_.least -= 1.0;
  if (bounds_.Gap() > greatest_gap_) FitBounds();
}

void Ranks::FitBounds() {
  const auto width = static_cast<size_t>(std::bit_width(present_.back()));
  const size_t numbers = 64 * (present_.size() - 1) + width;
  bounds_ = {static_cast<double>(Count()) / static_cast<double>(numbers), 0.0, 0.0};
  const double p = bounds_.per_number;
  for (size_t word = 0; word < present_.size(); ++word) {
    const bool is_last = word + 1 == present_.size();
    const auto of_word = static_cast<double>(is_last ? width : 64);
    const double present = std::popcount(present_[word]);
    // Of the numbers in a word, those that are there may be the first ones or the last.
    const double at_first = before_[word] - p * 64.0 * static_cast<double>(word);
    bounds_.most = std::max(bounds_.most, at_first + (1.0 - p) * present);
    bounds_.least = std::min(bounds_.least, at_first - p * (of_word - present));
  }
  constexpr double kTimes = 2;
  constexpr double kMore = 4;
  greatest_gap_ = kTimes * bounds_.Gap() + kMore;
}

}  // namespace hpod
