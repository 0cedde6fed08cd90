// Grid search: every point of a declared discrete space exactly once, in an order that the seed
// shuffles.
//
// GridIndex numbers the points and Permutation shuffles the numbers, so nothing is listed. A point
// is taken as soon as any trial has it, in whatever state: handed out, finished, failed, added or
// enqueued. The next one is the first in the shuffled order that is free. A trial that was lost is
// enqueued again by the study engine with its own parameters.
//
// The entry point is MakeGridSampler.

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "fmt/format.h"

#include "samplers/algorithms.h"
#include "samplers/fill_point.h"
#include "samplers/grid/grid_index.h"
#include "samplers/grid/permutation.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

// The points of one space in one order, and which of them trials have.
class Grid {
 public:
  Grid(Space space, uint64_t seed, GridIndex index)
      : space_(std::move(space)),
        seed_(seed),
        index_(std::move(index)),
        order_(index_.size(), seed) {}

  bool IsFor(const Space& space, uint64_t seed) const { return seed_ == seed && space_ == space; }

  // Takes the point of a trial, if it has one already.
  void Mark(const History& history, size_t number) {
    Point point(space_.size(), kNoValue);
    for (size_t i = 0; i < space_.size(); ++i) {
      const size_t name = history.FindName(space_[i].name);
      if (name < history.NameCount()) point[i] = history.Param(number, name);
    }
    const std::optional<uint64_t> index = index_.IndexOf(point);
    if (!index.has_value()) return;
    const uint64_t position = order_.PositionOf(*index);
    if (position < next_) return;
    taken_ahead_.insert(position);
    for (auto it = taken_ahead_.find(next_); it != taken_ahead_.end();
         it = taken_ahead_.find(next_)) {
      taken_ahead_.erase(it);
      ++next_;
    }
  }

  bool IsExhausted() const { return next_ == index_.size(); }

  absl::StatusOr<Point> Next() const {
    if (IsExhausted()) {
      return absl::OutOfRangeError(
          fmt::format("grid exhausted: all {} points have been handed out", index_.size()));
    }
    return index_.At(order_.At(next_));
  }

  bool IsFree(const Point& point) const {
    const std::optional<uint64_t> index = index_.IndexOf(point);
    if (!index.has_value()) return false;
    const uint64_t position = order_.PositionOf(*index);
    return position >= next_ && !taken_ahead_.contains(position);
  }

 private:
  const Space space_;
  const uint64_t seed_;
  const GridIndex index_;
  const Permutation order_;
  // Positions before next_ are taken, next_ is free, and those taken after it are in taken_ahead_.
  uint64_t next_ = 0;
  std::unordered_set<uint64_t> taken_ahead_;
};

class GridSampler final : public Sampler {
 public:
  void Observe(const History& history, size_t number) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (grid_ != nullptr) grid_->Mark(history, number);
  }

  // A trial enqueued with some values keeps them. The others are drawn at random from the grid,
  // several times if need be, to come to a point that no trial has; if none comes up, or the given
  // values are off the grid, any will do.
  absl::StatusOr<Point> Propose(const StudyView& study, const Space& space,
                                std::span<const double> fixed) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    absl::StatusOr<const Grid*> grid = GridFor(study, space);
    if (!grid.ok()) return grid.status();
    const bool is_free = std::none_of(fixed.begin(), fixed.end(), HasValue);
    return is_free ? (*grid)->Next() : Complete(study, space, fixed, **grid);
  }

  bool IsExhausted(const StudyView& study, const Space& space) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const absl::StatusOr<const Grid*> grid = GridFor(study, space);
    return grid.ok() && (*grid)->IsExhausted();
  }

  absl::Status Supports(const Space& space) const override {
    if (space.empty()) return absl::InvalidArgumentError("a grid needs a declared space");
    return GridIndex::Make(space).status();
  }

 private:
  // The model needs the space and the seed, which only Propose is told: the first call builds it
  // from the history, and Observe keeps it from then on.
  absl::StatusOr<const Grid*> GridFor(const StudyView& study, const Space& space) const {
    if (grid_ != nullptr && grid_->IsFor(space, study.seed)) return grid_.get();
    absl::StatusOr<GridIndex> index = GridIndex::Make(space);
    if (!index.ok()) return index.status();
    grid_ = std::make_unique<Grid>(space, study.seed, *std::move(index));
    for (size_t number = 0; number < study.history.size(); ++number) {
      grid_->Mark(study.history, number);
    }
    return grid_.get();
  }

  static Point Complete(const StudyView& study, const Space& space, std::span<const double> fixed,
                        const Grid& grid) {
    constexpr int kAttempts = 64;
    Rng rng = Rng::ForTrial(study.seed, study.number, "grid completion");
    Point point;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      point = FillPoint(space, fixed, [&](size_t i) { return DrawUniform(space[i].domain, rng); });
      if (grid.IsFree(point)) break;
    }
    return point;
  }

  // Propose may run in several threads at once.
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Grid> grid_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Sampler>> MakeGridSampler(const OptionReader& /*options*/) {
  return std::make_unique<GridSampler>();
}

}  // namespace hpod
