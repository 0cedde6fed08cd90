// Numbers the points of a discrete space, conditional ones included, without listing them.

#ifndef HPOD_SAMPLERS_GRID_GRID_INDEX_H_
#define HPOD_SAMPLERS_GRID_GRID_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "samplers/space.h"

namespace hpod {

// A bijection between 0 .. size() - 1 and the points of a space: a mixed-radix number whose digits
// are the parameters. Two points differ in an active parameter; what an inactive one would be
// counts for nothing.
//
// Parameters are decided one after another, parents first. What has been decided matters to the
// rest only through the conditions that it meets, so choices that meet the same ones lead to the
// same node of a decision diagram, and each node knows how many points its parameters can still
// make.
//
// Immutable.
class GridIndex {
 public:
  // INVALID_ARGUMENT: a float without a step and with more than one value, more than 2^62 points,
  // or conditions that tie so many parameters together that the diagram would have more than 2^20
  // edges.
  static absl::StatusOr<GridIndex> Make(const Space& space);

  // Number of points, 1 or more.
  uint64_t size() const { return nodes_.front().count; }

  // One value per parameter of the space, NaN where inactive. index < size().
  Point At(uint64_t index) const;

  // Nothing if an active parameter's value is missing or not on the grid, or an inactive one has a
  // value.
  std::optional<uint64_t> IndexOf(std::span<const double> point) const;

 private:
  // Identifies one condition of one parameter.
  using ConditionId = uint32_t;

  // Values that meet the same conditions of other parameters.
  struct ValueClass {
    std::vector<ConditionId> meets;  // ascending
    std::vector<uint64_t>
        values;  // indices (ValueAt), ascending; empty for the class of all others
    uint64_t count = 0;
  };
  // A parameter, in the order of decision.
  struct Level {
    size_t parameter = 0;
    std::vector<ConditionId> needs;  // its own conditions, ascending
    std::vector<ValueClass> classes;
    std::vector<uint64_t> listed;  // indices of all values that conditions name, ascending
  };
  struct Node {
    size_t level = 0;
    bool is_active = false;
    std::vector<uint32_t> next;  // by class; if not active, the only one
    uint64_t count = 0;          // points from here on
  };

  explicit GridIndex(Space space) : space_(std::move(space)) {}

  void MakeLevels();
  Level MakeLevel(size_t parameter, std::span<const ConditionId> first_condition) const;
  absl::Status MakeNodes();
  absl::Status CountPoints();

  static uint64_t ValueIn(const Level& level, const ValueClass& value_class, uint64_t rank);
  // The class of a value and its rank there.
  static std::pair<size_t, uint64_t> Locate(const Level& level, uint64_t value);

  Space space_;
  std::vector<Level> levels_;
  // The root first; the last is the end, which all paths reach after as many edges as there are
  // levels.
  std::vector<Node> nodes_;
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_GRID_GRID_INDEX_H_
