// What every sampler of the registry must do. A new row is tested here without a change.

#include <cmath>
#include <gtest/gtest.h>
#include <thread>

#include "samplers/registry.h"
#include "samplers/rng.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

constexpr uint64_t kSeed = 11;
constexpr size_t kTrials = 60;

// Spaces that the sampler serves.
std::vector<Space> SupportedSpaces(const Sampler& sampler) {
  std::vector<Space> supported;
  for (Space space :
       {MakeSpace(Everything()), MakeSpace(AllKinds()), MakeSpace(DiscreteTree()),
        MakeSpace({Int("only", 1, 200)}), MakeSpace({Float("only", 0, 1)}),
        MakeSpace({Float("tight", 1.0, std::nextafter(1.0, 2.0)), Int("vast", -kMaxInt, kMaxInt),
                   LogFloat("wide", 1e-300, 1e300), SteppedFloat("fine", 0, 1e6, 1e-8),
                   Int("odd", -kMaxInt, kMaxInt, 3)})}) {
    if (sampler.Supports(space).ok()) supported.push_back(std::move(space));
  }
  return supported;
}

double Objective(const Point& point) {
  double sum = 0;
  for (const double value : point) sum += HasValue(value) ? std::abs(std::atan(value) - 0.3) : 0.1;
  return sum;
}

// Most trials are complete, some of each other state remain.
TrialState StateOf(size_t number) {
  switch (number % 11) {
    case 3:
      return TrialState::kPruned;
    case 5:
      return TrialState::kFail;
    case 7:
      return TrialState::kRunning;
    default:
      return TrialState::kComplete;
  }
}

size_t Append(History& history, const Space& space, const Point& point) {
  const TrialState state = StateOf(history.size());
  std::vector<double> values;
  if (state == TrialState::kComplete) values.assign(history.Directions().size(), Objective(point));
  if (values.size() > 1)
    values[1] = -values[0] * std::abs(std::sin(static_cast<double>(history.size())));
  return AddTrial(history, space, point, state, values);
}

class SamplerConformance : public testing::TestWithParam<SamplerEntry> {
 protected:
  static std::unique_ptr<Sampler> Make() { return *MakeSampler(GetParam().name, {}); }

  // Runs a study; `check` sees the history before each trial and the point proposed for it.
  template <class Check>
  static History Run(Sampler& sampler, const Space& space, std::vector<Direction> directions,
                     const Check& check) {
    History history(std::move(directions));
    while (history.size() < kTrials) {
      const absl::StatusOr<Point> point =
          sampler.Propose({history, kSeed, history.size()}, space, {});
      if (absl::IsOutOfRange(point.status())) break;
      EXPECT_TRUE(point.ok()) << point.status();
      if (!point.ok()) break;
      check(history, *point);
      sampler.Observe(history, Append(history, space, *point));
    }
    return history;
  }

  static History Run(Sampler& sampler, const Space& space) {
    return Run(sampler, space, {Direction::kMinimize}, [](const History&, const Point&) {});
  }
};

void ExpectInside(const Space& space, const Point& point) {
  ASSERT_EQ(point.size(), space.size());
  for (size_t i = 0; i < space.size(); ++i) {
    if (space.IsActive(i, point)) {
      EXPECT_TRUE(Contains(space[i].domain, point[i])) << space[i].name << " = " << point[i];
    } else {
      EXPECT_FALSE(HasValue(point[i])) << space[i].name;
    }
  }
}

TEST_P(SamplerConformance, ServesSomeSpace) { EXPECT_FALSE(SupportedSpaces(*Make()).empty()); }

TEST_P(SamplerConformance, ProposesInsideTheSpace) {
  for (const Space& space : SupportedSpaces(*Make())) {
    for (const std::vector<Direction>& directions :
         {std::vector{Direction::kMinimize},
          std::vector{Direction::kMaximize, Direction::kMinimize}}) {
      const std::unique_ptr<Sampler> sampler = Make();
      const History history =
          Run(*sampler, space, directions,
              [&](const History&, const Point& point) { ExpectInside(space, point); });
      EXPECT_GT(history.size(), 10U);
    }
  }
}

TEST_P(SamplerConformance, KeepsFixedValuesEvenOutsideTheDomain) {
  const Space space = MakeSpace(DiscreteTree());
  const std::unique_ptr<Sampler> sampler = Make();
  History history = Run(*sampler, space);
  Point fixed(space.size(), kNoValue);
  fixed[space.IndexOf("model")] = 1;
  fixed[space.IndexOf("depth")] = 2;  // inactive with this model
  fixed[space.IndexOf("seeds")] = 17;
  const absl::StatusOr<Point> point =
      sampler->Propose({history, kSeed, history.size()}, space, fixed);
  ASSERT_TRUE(point.ok()) << point.status();
  EXPECT_EQ((*point)[space.IndexOf("model")], 1);
  EXPECT_EQ((*point)[space.IndexOf("seeds")], 17);
  EXPECT_FALSE(HasValue((*point)[space.IndexOf("depth")]));
  EXPECT_TRUE(HasValue((*point)[space.IndexOf("kernel")]));
}

TEST_P(SamplerConformance, GivesTheSamePointsAgain) {
  for (const Space& space : SupportedSpaces(*Make())) {
    const std::unique_ptr<Sampler> sampler = Make();
    const std::unique_ptr<Sampler> other = Make();
    Run(*sampler, space, {Direction::kMinimize}, [&](const History& history, const Point& point) {
      if (history.size() > 0) other->Observe(history, history.size() - 1);
      const absl::StatusOr<Point> again =
          other->Propose({history, kSeed, history.size()}, space, {});
      ASSERT_TRUE(again.ok());
      for (size_t i = 0; i < point.size(); ++i) {
        EXPECT_TRUE(point[i] == (*again)[i] || (!HasValue(point[i]) && !HasValue((*again)[i])));
      }
    });
  }
}

TEST_P(SamplerConformance, ForgetsNothingWhenItObservesAfresh) {
  for (const Space& space : SupportedSpaces(*Make())) {
    const std::unique_ptr<Sampler> sampler = Make();
    Run(*sampler, space, {Direction::kMaximize}, [&](const History& history, const Point& point) {
      const std::unique_ptr<Sampler> fresh = Make();
      for (size_t number = 0; number < history.size(); ++number) fresh->Observe(history, number);
      const absl::StatusOr<Point> again =
          fresh->Propose({history, kSeed, history.size()}, space, {});
      ASSERT_TRUE(again.ok());
      for (size_t i = 0; i < point.size(); ++i) {
        EXPECT_TRUE(point[i] == (*again)[i] || (!HasValue(point[i]) && !HasValue((*again)[i])));
      }
    });
  }
}

TEST_P(SamplerConformance, ChangesItsPointsWithTheSeed) {
  for (const Space& space : SupportedSpaces(*Make())) {
    const std::unique_ptr<Sampler> sampler = Make();
    size_t changed = 0;
    Run(*sampler, space, {Direction::kMinimize}, [&](const History& history, const Point& point) {
      const std::unique_ptr<Sampler> other = Make();
      changed += *other->Propose({history, kSeed + 1, history.size()}, space, {}) != point ? 1 : 0;
    });
    EXPECT_GT(changed, 0U);
  }
}

TEST_P(SamplerConformance, ProposesFromSeveralThreadsAtOnce) {
  for (const Space& space : SupportedSpaces(*Make())) {
    const History history = Run(*Make(), space);
    // Whatever it builds for its first proposal is not there yet.
    const std::unique_ptr<Sampler> sampler = Make();
    for (size_t number = 0; number < history.size(); ++number) sampler->Observe(history, number);
    const StudyView view{history, kSeed, history.size()};
    std::vector<absl::StatusOr<Point>> points(8, absl::UnknownError("not run"));
    std::vector<std::thread> threads;
    threads.reserve(points.size());
    for (absl::StatusOr<Point>& point : points) {
      threads.emplace_back([&] { point = sampler->Propose(view, space, {}); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::StatusOr<Point>& point : points) {
      ASSERT_EQ(point.status(), points[0].status());
      if (!point.ok()) continue;
      ExpectInside(space, *point);
      for (size_t i = 0; i < point->size(); ++i) {
        EXPECT_TRUE((*point)[i] == (*points[0])[i] || !HasValue((*point)[i]));
      }
    }
  }
}

TEST_P(SamplerConformance, LeavesTheTrialItselfOutOfItsModel) {
  const Space space = MakeSpace(DiscreteTree());
  const std::unique_ptr<Sampler> sampler = Make();
  History history = Run(*sampler, space);
  const absl::StatusOr<Point> before =
      sampler->Propose({history, kSeed, history.size()}, space, {});
  history.Append(TrialState::kRunning);
  sampler->Observe(history, history.size() - 1);
  const absl::StatusOr<Point> after =
      sampler->Propose({history, kSeed, history.size() - 1}, space, {});
  ASSERT_EQ(before.status(), after.status());
  if (!before.ok()) return;
  for (size_t i = 0; i < before->size(); ++i) {
    EXPECT_TRUE((*before)[i] == (*after)[i] || !HasValue((*before)[i]));
  }
}

TEST_P(SamplerConformance, ForeseesInsideTheDomains) {
  const Space space = MakeSpace(DiscreteTree());
  const std::unique_ptr<Sampler> sampler = Make();
  const History history = Run(*sampler, space);
  for (const DistributionValue& foreseen : sampler->Foresee({history, kSeed, history.size()})) {
    EXPECT_TRUE(Contains(history.GetDistribution(foreseen.distribution).domain, foreseen.value));
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, SamplerConformance,
                         testing::ValuesIn(Samplers().begin(), Samplers().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace hpod
