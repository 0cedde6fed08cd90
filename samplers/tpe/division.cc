#include "samplers/tpe/division.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <optional>
#include <utility>

namespace hpod {

void Division::Observe(const History& history, size_t number) {
  if (number > states_.size()) return;  // one before it has not been observed
  const bool is_new = number == states_.size();
  if (is_new) {
    states_.push_back(history.State(number));
    ++counts_[static_cast<size_t>(states_.back())];
  }
  const TrialState before = states_[number];
  if (!is_new) {
    --counts_[static_cast<size_t>(before)];
    states_[number] = history.State(number);
    ++counts_[static_cast<size_t>(states_[number])];
  }
  if (!is_built_) return;
  const bool is_finished = hpod::IsModelled(states_[number]);
  const bool was_finished = !is_new && hpod::IsModelled(before);
  if (states_.size() < history.size() || (is_new && is_finished)) {
    is_built_ = false;
    changes_.clear();
    return;
  }
  changes_.push_back(number);
  if (history.Directions().size() > 1) {
    is_known_ = false;
  } else if (was_finished) {
    Rerank(history, number);
  } else if (is_finished) {
    PlaceFinished(history, number);
  }
}

void Division::BringUpToDate(const History& history) {
  if (states_.size() < history.size() || (is_built_ && is_known_)) return;
  is_built_ = true;
  is_known_ = true;
  Divide(history);
}

void Division::Divide(const History& history) {
  std::vector<size_t> below = SplitTrials(history, constant_liar_, history.size()).below;
  std::set_symmetric_difference(below.begin(), below.end(), below_.begin(), below_.end(),
                                std::back_inserter(changes_));
  below_ = std::move(below);
  if (history.Directions().size() > 1) return;
  ranks_.clear();
  for (const size_t number : below_) ranks_.push_back(RankOf(history, number));
  std::sort(ranks_.begin(), ranks_.end());
  finished_ = counts_[static_cast<size_t>(TrialState::kComplete)] +
              counts_[static_cast<size_t>(TrialState::kPruned)];
}

bool Division::IsCurrent(const History& history) const {
  if (!is_built_ || states_.size() != history.size()) return false;
  constexpr TrialState kStates[] = {TrialState::kRunning, TrialState::kComplete,
                                    TrialState::kPruned, TrialState::kFail, TrialState::kWaiting};
  return std::ranges::all_of(kStates, [&](TrialState state) {
    return counts_[static_cast<size_t>(state)] == history.Count(state);
  });
}

bool Division::IsModelled(size_t number) const { return hpod::IsModelled(states_[number]); }

Division::Side Division::SideOf(size_t number) const {
  const TrialState state = states_[number];
  if (state == TrialState::kRunning) return constant_liar_ ? Side::kAbove : Side::kNeither;
  if (!hpod::IsModelled(state)) return Side::kNeither;
  return std::binary_search(below_.begin(), below_.end(), number) ? Side::kBelow : Side::kAbove;
}

void Division::PlaceFinished(const History& history, size_t number) {
  ++finished_;
  const TrialRank rank = RankOf(history, number);
  if (BelowCount(finished_, 1) > below_.size()) {
    // The number below grows with each tenth trial, up to the 250th.
    AddBelow(BestAbove(history));
  } else if (rank < ranks_.back()) {
    RemoveBelow(ranks_.back().number);
    AddBelow(rank);
  }
}

void Division::Rerank(const History& history, size_t number) {
  const TrialRank rank = RankOf(history, number);
  if (SideOf(number) == Side::kAbove) {
    if (!(rank < ranks_.back())) return;
    RemoveBelow(ranks_.back().number);
    AddBelow(rank);
  } else if (std::find(ranks_.begin(), ranks_.end(), rank) == ranks_.end()) {
    RemoveBelow(number);
    AddBelow(BestAbove(history));
  }
}

void Division::AddBelow(const TrialRank& rank) {
  ranks_.insert(std::lower_bound(ranks_.begin(), ranks_.end(), rank), rank);
  below_.insert(std::lower_bound(below_.begin(), below_.end(), rank.number), rank.number);
  changes_.push_back(rank.number);
}

void Division::RemoveBelow(size_t number) {
  std::erase_if(ranks_, [&](const TrialRank& rank) { return rank.number == number; });
  std::erase(below_, number);
  changes_.push_back(number);
}

TrialRank Division::BestAbove(const History& history) const {
  std::optional<TrialRank> best;
  for (size_t number = 0; number < states_.size(); ++number) {
    if (!hpod::IsModelled(states_[number])) continue;
    const TrialRank rank = RankOf(history, number);
    if (best.has_value() && !(rank < *best)) continue;
    if (SideOf(number) == Side::kAbove) best = rank;
  }
  assert(best.has_value());
  return *best;
}

}  // namespace hpod
