#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <set>

#include "samplers/grid/grid_index.h"
#include "samplers/grid/permutation.h"
#include "samplers/registry.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

using testing::HasSubstr;

// As text, since NaN is not equal to itself.
std::string Key(const Point& point) {
  std::string key;
  for (const double value : point) key += HasValue(value) ? std::to_string(value) + ' ' : "- ";
  return key;
}

// All points of a discrete space, by plain recursion.
void ListPoints(const Space& space, size_t depth, Point& point, std::set<std::string>& keys) {
  if (depth == space.size()) {
    keys.insert(Key(point));
    return;
  }
  const size_t i = space.ParentsFirst()[depth];
  if (!space.IsActive(i, point)) {
    ListPoints(space, depth + 1, point, keys);
    return;
  }
  for (uint64_t k = 0; k < Cardinality(space[i].domain); ++k) {
    point[i] = ValueAt(space[i].domain, k);
    ListPoints(space, depth + 1, point, keys);
  }
  point[i] = kNoValue;
}

std::set<std::string> AllPoints(const Space& space) {
  Point point(space.size(), kNoValue);
  std::set<std::string> keys;
  ListPoints(space, 0, point, keys);
  return keys;
}

std::vector<Space> GridSpaces() {
  return {
      MakeSpace({Int("x", 0, 4)}),
      MakeSpace({Int("x", 0, 4), Choice("c", 3), SteppedFloat("f", 0, 1, 0.1)}),
      MakeSpace({Float("single", 2, 2), Choice("single_too", 1)}),
      MakeSpace(DiscreteTree()),
      // Declared children first, with a parent of many values of which few matter.
      MakeSpace({When(Int("c1", 0, 2), "p", {int64_t{3}, int64_t{40}}),
                 When(Int("c2", 0, 3), "p", {int64_t{40}}), LogInt("p", 1, 60),
                 When(Choice("c3", 2), "c1", {int64_t{0}})}),
      // One child of three parents.
      MakeSpace({Int("p", 0, 2), Int("q", 0, 2), Int("r", 0, 2),
                 When(When(When(Int("c", 0, 4), "p", {int64_t{1}, int64_t{2}}), "q", {int64_t{0}}),
                      "r", {int64_t{2}, int64_t{0}})}),
      // Two conditions on one parent.
      MakeSpace({Int("p", 0, 3), When(When(Int("c", 0, 2), "p", {int64_t{1}, int64_t{2}}), "p",
                                      {int64_t{2}, int64_t{3}})}),
  };
}

TEST(GridIndex, NumbersEachPointOnce) {
  for (const Space& space : GridSpaces()) {
    const absl::StatusOr<GridIndex> grid = GridIndex::Make(space);
    ASSERT_TRUE(grid.ok()) << grid.status();
    std::set<std::string> keys;
    for (uint64_t index = 0; index < grid->size(); ++index) {
      const Point point = grid->At(index);
      keys.insert(Key(point));
      EXPECT_EQ(grid->IndexOf(point), index);
    }
    EXPECT_EQ(keys.size(), grid->size());
    EXPECT_EQ(keys, AllPoints(space));
  }
}

TEST(GridIndex, KnowsWhatIsNotAPoint) {
  const Space space = MakeSpace(DiscreteTree());
  const GridIndex grid = *GridIndex::Make(space);
  Point point = grid.At(0);
  ASSERT_EQ(grid.IndexOf(point), 0U);
  Point off_grid = point;
  off_grid[space.IndexOf("seeds")] = 17;
  EXPECT_EQ(grid.IndexOf(off_grid), std::nullopt);
  Point incomplete = point;
  incomplete[space.IndexOf("seeds")] = kNoValue;
  EXPECT_EQ(grid.IndexOf(incomplete), std::nullopt);
  Point with_inactive = point;
  for (double& value : with_inactive) value = HasValue(value) ? value : 0;
  EXPECT_EQ(grid.IndexOf(with_inactive), std::nullopt);
}

TEST(GridIndex, CountsHugeGridsWithoutListingThem) {
  std::vector<ParameterSpec> specs;
  for (int i = 0; i < 31; ++i) specs.push_back(Choice("c" + std::to_string(i), 4));
  const GridIndex grid = *GridIndex::Make(MakeSpace(specs));
  EXPECT_EQ(grid.size(), uint64_t{1} << 62U);
  EXPECT_EQ(grid.IndexOf(grid.At(grid.size() - 1)), grid.size() - 1);
  specs.push_back(Choice("one_more", 2));
  EXPECT_THAT(std::string(GridIndex::Make(MakeSpace(specs)).status().message()),
              HasSubstr("more than 2^62 points"));
}

TEST(GridIndex, AddsBranchesInsteadOfMultiplyingThem) {
  // Each of 200 branches has ten parameters of ten values: 200 * 10^10 points, though the plain
  // product has 10^2000.
  std::vector<ParameterSpec> specs = {Int("branch", 0, 199)};
  for (int64_t b = 0; b < 200; ++b) {
    for (int i = 0; i < 4; ++i) {
      specs.push_back(
          When(Int("p" + std::to_string(b) + "_" + std::to_string(i), 0, 99), "branch", {b}));
    }
  }
  const absl::StatusOr<GridIndex> grid = GridIndex::Make(MakeSpace(specs));
  ASSERT_TRUE(grid.ok()) << grid.status();
  EXPECT_EQ(grid->size(), uint64_t{200} * 100'000'000U);
}

TEST(GridIndex, DecidesChildrenSoonAfterTheirParents) {
  // All parents come first in the declaration: remembering every one would take 2^60 nodes.
  std::vector<ParameterSpec> specs;
  for (int i = 0; i < 30; ++i) specs.push_back(Int("p" + std::to_string(i), 0, 1));
  for (int i = 0; i < 30; ++i) {
    specs.push_back(
        When(Int("c" + std::to_string(i), 0, 1), "p" + std::to_string(i), {int64_t{1}}));
  }
  const absl::StatusOr<GridIndex> grid = GridIndex::Make(MakeSpace(specs));
  ASSERT_TRUE(grid.ok()) << grid.status();
  EXPECT_EQ(grid->size(), static_cast<uint64_t>(std::pow(3.0, 30.0)));
}

TEST(GridIndex, RefusesConditionsThatTieEverythingTogether) {
  std::vector<ParameterSpec> specs;
  for (int i = 0; i < 25; ++i) specs.push_back(Int("p" + std::to_string(i), 0, 1));
  for (int i = 0; i < 25; ++i) {
    for (const int j : {(i + 7) % 25, (i + 12) % 25}) {
      specs.push_back(When(When(Int("c" + std::to_string(i) + "_" + std::to_string(j), 0, 0),
                                "p" + std::to_string(i), {int64_t{1}}),
                           "p" + std::to_string(j), {int64_t{1}}));
    }
  }
  const absl::Status status = GridIndex::Make(MakeSpace(specs)).status();
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("tie too many parameters together"));
}

TEST(Permutation, IsABijection) {
  for (const uint64_t size : {1, 2, 3, 4, 5, 16, 17, 1000, 4097}) {
    const Permutation permutation(size, 99);
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t element = permutation.At(i);
      EXPECT_LT(element, size);
      EXPECT_EQ(permutation.PositionOf(element), i);
      seen.insert(element);
    }
    EXPECT_EQ(seen.size(), size);
  }
  const Permutation large(uint64_t{1} << 62U, 99);
  EXPECT_EQ(large.PositionOf(large.At(123'456'789)), 123'456'789U);
}

TEST(Permutation, LooksShuffled) {
  constexpr uint64_t kSize = 10'000;
  const Permutation permutation(kSize, 5);
  const Permutation other(kSize, 6);
  uint64_t same = 0;
  double covariance = 0;
  uint64_t ascents = 0;
  for (uint64_t i = 0; i < kSize; ++i) {
    const auto x = static_cast<double>(i) / kSize - 0.5;
    covariance += x * (static_cast<double>(permutation.At(i)) / kSize - 0.5);
    same += permutation.At(i) == other.At(i) ? 1 : 0;
    if (i > 0) ascents += permutation.At(i) > permutation.At(i - 1) ? 1 : 0;
  }
  EXPECT_NEAR(covariance * 12 / kSize, 0.0, 0.04);
  EXPECT_LT(same, 10U);
  EXPECT_NEAR(static_cast<double>(ascents), kSize / 2.0, 150.0);
}

class GridSampler : public testing::Test {
 protected:
  static std::unique_ptr<Sampler> Make() { return *MakeSampler("grid", {}); }

  absl::StatusOr<Point> Propose(const Space& space, std::span<const double> fixed = {}) const {
    return sampler_->Propose({history_, seed_, history_.size()}, space, fixed);
  }
  void Add(const Space& space, const Point& point, TrialState state) {
    const bool complete = state == TrialState::kComplete;
    const size_t number = AddTrial(history_, space, point, state,
                                   complete ? std::vector{1.0} : std::vector<double>());
    sampler_->Observe(history_, number);
  }
  // Hands out the whole grid.
  std::vector<std::string> Exhaust(const Space& space) {
    constexpr size_t kEnough = 10'000;
    std::vector<std::string> keys;
    while (keys.size() < kEnough) {
      const absl::StatusOr<Point> point = Propose(space);
      if (!point.ok()) break;
      keys.push_back(Key(*point));
      Add(space, *point, TrialState::kRunning);
    }
    return keys;
  }

  History history_{{Direction::kMinimize}};
  std::unique_ptr<Sampler> sampler_ = Make();
  uint64_t seed_ = 7;
};

TEST_F(GridSampler, HandsOutEachPointExactlyOnce) {
  for (const Space& space : GridSpaces()) {
    history_ = History({Direction::kMinimize});
    sampler_ = Make();
    const std::vector<std::string> keys = Exhaust(space);
    const std::set<std::string> distinct(keys.begin(), keys.end());
    EXPECT_EQ(distinct.size(), keys.size());
    EXPECT_EQ(distinct, AllPoints(space));
  }
}

TEST_F(GridSampler, SaysWhenItIsExhausted) {
  const Space space = MakeSpace({Int("x", 0, 4)});
  Exhaust(space);
  const absl::Status status = Propose(space).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(), "grid exhausted: all 5 points have been handed out");
}

TEST_F(GridSampler, ChangesTheOrderWithTheSeed) {
  const Space space = MakeSpace(DiscreteTree());
  const std::vector<std::string> one = Exhaust(space);
  history_ = History({Direction::kMinimize});
  sampler_ = Make();
  seed_ = 8;
  const std::vector<std::string> other = Exhaust(space);
  EXPECT_NE(one, other);
  EXPECT_TRUE(std::is_permutation(one.begin(), one.end(), other.begin(), other.end()));
}

TEST_F(GridSampler, GoesOnWhereItWasAfterARestart) {
  const Space space = MakeSpace(DiscreteTree());
  std::set<std::string> keys;
  while (true) {
    // A new one each time: half of them read the history when they are asked, half are told of it
    // before.
    sampler_ = Make();
    for (size_t number = 0; number < history_.size() && history_.size() % 2 == 0; ++number) {
      sampler_->Observe(history_, number);
    }
    const absl::StatusOr<Point> point = Propose(space);
    if (!point.ok()) break;
    ASSERT_TRUE(keys.insert(Key(*point)).second);
    Add(space, *point, history_.size() % 3 == 0 ? TrialState::kFail : TrialState::kComplete);
  }
  EXPECT_EQ(keys, AllPoints(space));
}

TEST_F(GridSampler, CountsEnqueuedAndAddedPointsAsTaken) {
  const Space space = MakeSpace({Int("x", 0, 4), Int("y", 0, 4)});
  ASSERT_TRUE(Propose(space).ok());  // it knows the space before the trials come
  Add(space, {1, 2}, TrialState::kWaiting);
  Add(space, {3, 4}, TrialState::kComplete);
  Add(space, {3, 4}, TrialState::kComplete);
  Add(space, {17, 4}, TrialState::kComplete);
  Add(space, {3, kNoValue}, TrialState::kWaiting);
  const std::vector<std::string> keys = Exhaust(space);
  EXPECT_EQ(keys.size(), 23U);
  EXPECT_EQ(std::count(keys.begin(), keys.end(), Key({1, 2})), 0);
  EXPECT_EQ(std::count(keys.begin(), keys.end(), Key({3, 4})), 0);
}

TEST_F(GridSampler, CompletesPartlyFixedTrialsToFreePoints) {
  const Space space = MakeSpace({Int("x", 0, 4), Int("y", 0, 4)});
  std::set<std::string> keys;
  for (int i = 0; i < 5; ++i) {
    const absl::StatusOr<Point> point = Propose(space, Point{3, kNoValue});
    ASSERT_TRUE(point.ok()) << point.status();
    EXPECT_EQ((*point)[0], 3);
    EXPECT_TRUE(keys.insert(Key(*point)).second);
    Add(space, *point, TrialState::kRunning);
  }
  // Nothing is free any more: still a point of the grid.
  const absl::StatusOr<Point> point = Propose(space, Point{3, kNoValue});
  ASSERT_TRUE(point.ok()) << point.status();
  EXPECT_TRUE(Contains(space[1].domain, (*point)[1]));
  EXPECT_EQ(Exhaust(space).size(), 20U);
}

TEST_F(GridSampler, NeedsADeclaredSpaceOfSteps) {
  EXPECT_THAT(std::string(sampler_->Supports(Space()).message()),
              HasSubstr("needs a declared space"));
  const Space continuous = MakeSpace({Int("n", 0, 3), Float("x", 0, 1)});
  EXPECT_EQ(sampler_->Supports(continuous).message(),
            "parameter 'x': a grid needs a step for every float parameter");
  EXPECT_TRUE(absl::IsInvalidArgument(Propose(continuous).status()));
}

}  // namespace
}  // namespace hpod
