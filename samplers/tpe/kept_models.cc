#include "samplers/tpe/kept_models.h"

#include <algorithm>
#include <utility>

namespace hpod {
namespace {

// Densities take some 65 bytes per value. Beyond so many values in all, proposals build theirs
// afresh.
constexpr size_t kMostValues = size_t{1} << 26;

// Changes that wait until densities are asked for, so that to follow them never takes long.
constexpr size_t kMostChanges = 64;

// The same if it is not known which side trials are on until somebody asks; after so many,
// densities are dropped.
constexpr size_t kMostUnknownChanges = 4096;

// Densities that were not asked for while changes were forgotten so many times, some 2,000 trials,
// are dropped: their parameters are out of use.
constexpr size_t kMostRests = 64;

}  // namespace

void KeptModels::Observe(const History& history, size_t number) {
  division_.Observe(history, number);
  if (!division_.IsBuilt()) {
    models_.clear();
    is_intersection_known_ = false;
    return;
  }
  NoteShape(history, number);
  if (division_.IsKnown()) return ForgetManyChanges(history);
  if (division_.Changes().size() < kMostUnknownChanges) return;
  models_.clear();
  division_.ForgetChanges();
}

JointSpace KeptModels::Intersection(const History& history) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!Divide(history)) return IntersectionSpace(history);
  if (!is_intersection_known_) intersection_ = IntersectionSpace(history);
  is_intersection_known_ = true;
  return intersection_;
}

const KeptDensities* KeptModels::Find(const History& history, size_t number,
                                      const JointSpace& space) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!Divide(history)) return nullptr;
  if (number < history.size() && division_.IsFinished(number)) return nullptr;
  Model* model = FindModel(space);
  if (model == nullptr) {
    if (!HasRoomFor(history, space.size())) return nullptr;
    model = &models_.emplace_back(Model{KeptDensities(history, division_, space)});
  }
  model->rests = 0;
  model->densities.Follow(history, division_);
  return model->densities.IsAbove(number) ? nullptr : &model->densities;
}

bool KeptModels::Has(const JointSpace& space) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return FindModel(space) != nullptr;
}

bool KeptModels::Divide(const History& history) {
  if (!division_.IsBuilt()) {
    known_shapes_.clear();
    for (uint32_t shape = 0; shape < history.ShapeCount(); ++shape) {
      known_shapes_.push_back(history.FinishedCount(shape) > 0);
    }
  }
  division_.BringUpToDate(history);
  if (!division_.IsCurrent(history)) return false;
  ForgetManyChanges(history);
  return true;
}

KeptModels::Model* KeptModels::FindModel(const JointSpace& space) {
  const auto it = std::find_if(models_.begin(), models_.end(), [&](const Model& model) {
    return model.densities.Space() == space;
  });
  return it == models_.end() ? nullptr : &*it;
}

bool KeptModels::HasRoomFor(const History& history, size_t dimensions) const {
  for (const Model& model : models_) dimensions += model.densities.Space().size();
  return dimensions * history.size() <= kMostValues;
}

// What all finished trials have changes only with the first of a shape.
void KeptModels::NoteShape(const History& history, size_t number) {
  const uint32_t shape = history.ShapeId(number);
  if (known_shapes_.size() <= shape) known_shapes_.resize(shape + 1, false);
  if (known_shapes_[shape] || !division_.IsFinished(number)) return;
  known_shapes_[shape] = true;
  is_intersection_known_ = false;
}

void KeptModels::ForgetManyChanges(const History& history) {
  if (division_.Changes().size() < kMostChanges) return;
  models_.remove_if([](Model& model) { return ++model.rests > kMostRests; });
  for (Model& model : models_) {
    model.densities.Follow(history, division_);
    model.densities.ForgetChanges();
  }
  division_.ForgetChanges();
}

}  // namespace hpod
