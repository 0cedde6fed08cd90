#include "samplers/tpe/joint_model.h"

#include <algorithm>
#include <cassert>

namespace hpod {
namespace {

// The model takes some 65 bytes per value: beyond so many trials, proposals build theirs afresh.
constexpr size_t kMostTrials = 2'097'152;

bool IsModelled(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned;
}

}  // namespace

void JointModel::Observe(const History& history, size_t number) {
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
  const bool came_finished = is_new && IsModelled(states_[number]);
  const bool was_finished = !is_new && IsModelled(before);
  if (states_.size() < history.size() || history.size() > kMostTrials || came_finished ||
      (was_finished ? shapes_[number] != shape_before
                    : IsModelled(states_[number]) && ChangesSpace(history, number))) {
    return Drop();
  }
  if (space_.empty()) return;
  was_finished ? Rerank(history, number) : Place(history, number);
}

void JointModel::BringUpToDate(const History& history) {
  if (!is_built_) Build(history);
  if (!is_built_ || space_.empty()) return;
  if (is_below_changed_) UpdateBelowDensity(history);
  above_->Update();
}

bool JointModel::IsCurrent(const History& history, size_t number) const {
  if (!is_built_ || space_.empty() || states_.size() != history.size()) return false;
  for (const TrialState state : {TrialState::kRunning, TrialState::kComplete, TrialState::kPruned,
                                 TrialState::kFail, TrialState::kWaiting}) {
    if (counts_[static_cast<size_t>(state)] != history.Count(state)) return false;
  }
  return number >= states_.size() || (!IsModelled(states_[number]) && !above_->Has(number));
}

void JointModel::Drop() {
  is_built_ = false;
  below_density_.reset();
  above_.reset();
}

void JointModel::Build(const History& history) {
  if (states_.size() < history.size() || history.size() > kMostTrials) return;
  is_built_ = true;
  space_ = IntersectionSpace(history);
  known_shapes_.assign(history.ShapeCount(), false);
  for (size_t number = 0; number < states_.size(); ++number) {
    if (IsModelled(states_[number])) known_shapes_[shapes_[number]] = true;
  }
  domains_.clear();
  names_.clear();
  below_.clear();
  finished_ = 0;
  if (space_.empty()) return;
  for (const uint32_t id : space_) {
    domains_.push_back(history.GetDistribution(id).domain);
    names_.push_back(history.GetDistribution(id).name);
  }
  const Split split = SplitTrials(history, constant_liar_, history.size());
  std::vector<Observation> above;
  for (const size_t number : split.above) {
    if (auto observed = Observed(history, number)) above.push_back(*std::move(observed));
  }
  above_ = std::make_unique<GrowingMixture>(domains_, above);
  for (const size_t number : split.below) below_.push_back(RankOf(history, number));
  std::sort(below_.begin(), below_.end());
  finished_ = counts_[static_cast<size_t>(TrialState::kComplete)] +
              counts_[static_cast<size_t>(TrialState::kPruned)];
  is_below_changed_ = true;
}

void JointModel::Place(const History& history, size_t number) {
  const TrialState state = states_[number];
  if (IsModelled(state)) {
    PlaceFinished(history, number);
  } else if (state == TrialState::kRunning && constant_liar_) {
    PlaceAbove(history, number);
  } else {
    LeaveAbove(number);
  }
}

void JointModel::PlaceFinished(const History& history, size_t number) {
  ++finished_;
  const TrialRank rank = RankOf(history, number);
  if (BelowCount(finished_, 1) > below_.size()) {
    // The number below grows with each tenth trial, up to the 250th.
    FillBelow(history, number);
  } else if (rank < below_.back()) {
    Displace(history, rank);
  } else {
    PlaceAbove(history, number);
  }
}

void JointModel::Rerank(const History& history, size_t number) {
  const TrialRank rank = RankOf(history, number);
  const auto it = std::find_if(below_.begin(), below_.end(),
                               [&](const TrialRank& r) { return r.number == number; });
  if (it == below_.end()) {
    if (rank < below_.back()) Displace(history, rank);
  } else if (*it != rank) {
    below_.erase(it);
    FillBelow(history, number);
  }
}

void JointModel::FillBelow(const History& history, size_t number) {
  const TrialRank best = BestAbove(history);
  AddBelow(best);
  LeaveAbove(best.number);
  if (best.number != number) PlaceAbove(history, number);
}

void JointModel::Displace(const History& history, const TrialRank& rank) {
  const size_t displaced = below_.back().number;
  below_.pop_back();
  AddBelow(rank);
  LeaveAbove(rank.number);
  PlaceAbove(history, displaced);
}

void JointModel::PlaceAbove(const History& history, size_t number) {
  const std::optional<Observation> observed = Observed(history, number);
  if (!observed.has_value()) {
    LeaveAbove(number);
  } else if (!above_->HasAsIs(*observed)) {
    LeaveAbove(number);
    above_->Insert(*observed);
  }
}

void JointModel::LeaveAbove(size_t number) {
  if (above_->Has(number)) above_->Erase(number);
}

TrialRank JointModel::BestAbove(const History& history) const {
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

void JointModel::AddBelow(const TrialRank& rank) {
  below_.insert(std::lower_bound(below_.begin(), below_.end(), rank), rank);
  is_below_changed_ = true;
}

void JointModel::UpdateBelowDensity(const History& history) {
  std::vector<size_t> numbers;
  for (const TrialRank& rank : below_) numbers.push_back(rank.number);
  std::sort(numbers.begin(), numbers.end());
  below_density_ = std::make_unique<ParzenEstimator>(
      domains_, CollectObservations(history, names_, numbers), Weighting::kForgetting);
  is_below_changed_ = false;
}

std::optional<Observation> JointModel::Observed(const History& history, size_t number) const {
  std::vector<double> values = ObservedValues(history, names_, number);
  if (values.empty()) return std::nullopt;
  return Observation{number, std::move(values)};
}

bool JointModel::ChangesSpace(const History& history, size_t number) {
  const uint32_t shape = shapes_[number];
  if (known_shapes_.size() <= shape) known_shapes_.resize(shape + 1, false);
  if (known_shapes_[shape]) return false;
  known_shapes_[shape] = true;
  return IntersectionSpace(history) != space_;
}

}  // namespace hpod
