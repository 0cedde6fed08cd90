#include "samplers/tpe/division.h"

#include <algorithm>
#include <cassert>
#include <optional>

namespace hpod {
namespace {

bool IsModelled(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned;
}

}  // namespace

void Division::Observe(const History& history, size_t number) {
  if (number > states_.size()) return;  // one before it has not been observed
  const bool is_new = number == states_.size();
  if (is_new) {
    states_.push_back(history.State(number));
    shapes_.push_back(history.ShapeId(number));
    ++counts_[static_cast<size_t>(states_.back())];
  }
  const TrialState before = states_[number];
  const uint32_t shape_before = shapes_[number];
  if (!is_new) {
    --counts_[static_cast<size_t>(before)];
    states_[number] = history.State(number);
    shapes_[number] = history.ShapeId(number);
    ++counts_[static_cast<size_t>(states_[number])];
  }
  if (!is_built_) return;
  const bool is_finished = IsModelled(states_[number]);
  const bool was_finished = !is_new && IsModelled(before);
  if (states_.size() < history.size() || (is_new && is_finished) ||
      (was_finished && shapes_[number] != shape_before)) {
    is_built_ = false;
    changes_.clear();
    return;
  }
  changes_.push_back(number);
  if (was_finished) {
    Rerank(history, number);
  } else if (is_finished) {
    PlaceFinished(history, number);
  }
}

void Division::Build(const History& history) {
  if (is_built_ || states_.size() < history.size()) return;
  is_built_ = true;
  below_.clear();
  for (const size_t number : SplitTrials(history, constant_liar_, history.size()).below) {
    below_.push_back(RankOf(history, number));
  }
  std::sort(below_.begin(), below_.end());
  finished_ = counts_[static_cast<size_t>(TrialState::kComplete)] +
              counts_[static_cast<size_t>(TrialState::kPruned)];
}

bool Division::IsCurrent(const History& history) const {
  if (!is_built_ || states_.size() != history.size()) return false;
  for (const TrialState state : {TrialState::kRunning, TrialState::kComplete, TrialState::kPruned,
                                 TrialState::kFail, TrialState::kWaiting}) {
    if (counts_[static_cast<size_t>(state)] != history.Count(state)) return false;
  }
  return true;
}

bool Division::IsFinished(size_t number) const { return IsModelled(states_[number]); }

Division::Side Division::SideOf(size_t number) const {
  const TrialState state = states_[number];
  if (state == TrialState::kRunning) return constant_liar_ ? Side::kAbove : Side::kNeither;
  if (!IsModelled(state)) return Side::kNeither;
  const bool is_below = std::any_of(below_.begin(), below_.end(),
                                    [&](const TrialRank& r) { return r.number == number; });
  return is_below ? Side::kBelow : Side::kAbove;
}

std::vector<size_t> Division::Below() const {
  std::vector<size_t> numbers;
  numbers.reserve(below_.size());
  for (const TrialRank& rank : below_) numbers.push_back(rank.number);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void Division::PlaceFinished(const History& history, size_t number) {
  ++finished_;
  const TrialRank rank = RankOf(history, number);
  if (BelowCount(finished_, 1) > below_.size()) {
    // The number below grows with each tenth trial, up to the 250th.
    AddBelow(BestAbove(history));
  } else if (rank < below_.back()) {
    RemoveBelow(below_.size() - 1);
    AddBelow(rank);
  }
}

void Division::Rerank(const History& history, size_t number) {
  const TrialRank rank = RankOf(history, number);
  const auto it = std::find_if(below_.begin(), below_.end(),
                               [&](const TrialRank& r) { return r.number == number; });
  if (it == below_.end()) {
    if (!(rank < below_.back())) return;
    RemoveBelow(below_.size() - 1);
    AddBelow(rank);
  } else if (*it != rank) {
    RemoveBelow(static_cast<size_t>(it - below_.begin()));
    AddBelow(BestAbove(history));
  }
}

void Division::AddBelow(const TrialRank& rank) {
  below_.insert(std::lower_bound(below_.begin(), below_.end(), rank), rank);
  changes_.push_back(rank.number);
}

void Division::RemoveBelow(size_t place) {
  changes_.push_back(below_[place].number);
  below_.erase(below_.begin() + static_cast<std::ptrdiff_t>(place));
}

TrialRank Division::BestAbove(const History& history) const {
  std::optional<TrialRank> best;
  for (size_t number = 0; number < states_.size(); ++number) {
    if (!IsModelled(states_[number])) continue;
    const TrialRank rank = RankOf(history, number);
    if (best.has_value() && !(rank < *best)) continue;
    if (std::find(below_.begin(), below_.end(), rank) == below_.end()) best = rank;
  }
  assert(best.has_value());
  return *best;
}

}  // namespace hpod
