#include "samplers/tpe/kept_models.h"

#include <algorithm>
#include <utility>

namespace hpod {
namespace {

// Densities take 6 to 25 bytes per value. Beyond so many values in all, proposals build theirs
// afresh.
constexpr size_t kMostValues = size_t{1} << 26;

// Densities for which so many trials have changed since they were asked for are dropped: to take
// them over would take long, and their parameters may be out of use.
constexpr size_t kMostChanges = 4096;

template <class Models>
auto FindModel(Models& models, const JointSpace& space) {
  return std::find_if(models.begin(), models.end(),
                      [&](const auto& model) { return model.densities.Space() == space; });
}

}  // namespace

void KeptModels::Observe(const History& history, size_t number) {
  division_.Observe(history, number);
  division_.IsBuilt() ? PassOnChanges() : models_.clear();
}

const KeptDensities* KeptModels::Find(const History& history, size_t number,
                                      const JointSpace& space) {
  const std::lock_guard<std::mutex> lock(mutex_);
  division_.BringUpToDate(history);
  if (!division_.IsCurrent(history)) return nullptr;
  PassOnChanges();
  if (number < history.size() && division_.IsModelled(number)) return nullptr;
  auto model = FindModel(models_, space);
  if (model == models_.end()) {
    if (!HasRoomFor(history, space.size())) return nullptr;
    model = models_.insert(model, Model{KeptDensities(history, division_, space), {}});
  }
  model->densities.Follow(history, division_, std::exchange(model->changes, {}));
  return model->densities.IsAbove(number) ? nullptr : &model->densities;
}

bool KeptModels::Has(const JointSpace& space) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return FindModel(models_, space) != models_.end();
}

bool KeptModels::HasAny() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !models_.empty();
}

void KeptModels::PassOnChanges() {
  const std::vector<size_t> changes = division_.TakeChanges();
  models_.remove_if([&](Model& model) {
    std::vector<size_t>& all = model.changes;
    all.insert(all.end(), changes.begin(), changes.end());
    if (all.size() < 2 * kMostChanges) return false;
    // A running trial that reports changes many times.
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all.size() > kMostChanges;
  });
}

bool KeptModels::HasRoomFor(const History& history, size_t dimensions) const {
  for (const Model& model : models_) dimensions += model.densities.Space().size();
  return dimensions * history.size() <= kMostValues;
}

}  // namespace hpod
