// Models that are kept up to date against those that are made afresh.

#include "samplers/tpe/kept_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/registry.h"
#include "samplers/rng.h"
#include "samplers/uniform.h"
#include "tests/samplers/spaces.h"

namespace hpod {
namespace {

constexpr uint64_t kSeed = 11;

std::unique_ptr<Sampler> MakeTpe(const Options& options = {}) {
  return *MakeSampler("tpe", options);
}

// A study whose trials start, report, end and are enqueued at random.
class RandomStudy {
 public:
  RandomStudy(Space space, const Options& options, std::vector<Direction> directions, uint64_t seed)
      : space_(std::move(space)),
        options_(options),
        history_(std::move(directions)),
        kept_(MakeTpe(options)),
        models_(std::make_unique<KeptModels>(IsLiar())),
        rng_(Rng::ForTrial(seed, 0, "study")) {}

  void Step() {
    const double u = rng_.Uniform();
    if (history_.Running().size() < 2 || u < 0.4) {
      Start();
    } else if (u < 0.45) {
      history_.Append(TrialState::kWaiting);
      Observe(history_.size() - 1);
    } else if (u < 0.48 && !history_.Waiting().empty()) {
      const size_t number = history_.Waiting()[0];
      history_.SetState(number, TrialState::kRunning);
      SetParams(number);
    } else if (u < 0.52) {
      const size_t number = rng_.Below(history_.size());
      history_.SetViolation(number, rng_.Uniform() - 0.5);
      Observe(number);
    } else if (u < 0.6) {
      const size_t number = AnyRunning();
      history_.AddReport(number, {static_cast<int64_t>(rng_.Below(5)), Value()});
      Observe(number);
    } else {
      End(AnyRunning());
    }
  }

  // To the last bit, at points anywhere.
  void ExpectEqualDensities() {
    const JointSpace joint = IntersectionSpace(history_);
    if (!joint.empty()) ExpectEqualDensitiesOf(joint);
    for (uint32_t id = 0; id < history_.DistributionCount(); ++id) ExpectEqualDensitiesOf({id});
  }
  size_t compared() const { return compared_; }
  size_t builds() const { return builds_; }

  void ExpectEqualProposals() const {
    const StudyView view{history_, kSeed, history_.size()};
    const std::unique_ptr<Sampler> fresh = MakeTpe(options_);
    const Point expected = *fresh->Propose(view, space_, {});
    // NaN, inactive, is not equal to itself.
    EXPECT_THAT(*kept_->Propose(view, space_, {}),
                testing::Pointwise(testing::NanSensitiveDoubleEq(), expected));
    EXPECT_EQ(kept_->Foresee(view), fresh->Foresee(view));
    for (const size_t number : history_.Running()) {
      EXPECT_EQ(kept_->Foresee({history_, kSeed, number}),
                fresh->Foresee({history_, kSeed, number}));
    }
  }

  void ExpectEqualProposalsAfterARestart() {
    kept_ = MakeTpe(options_);
    models_ = std::make_unique<KeptModels>(IsLiar());
    for (size_t number = 0; number < history_.size(); ++number) Observe(number);
    ExpectEqualProposals();
  }

  const History& history() const { return history_; }

 private:
  void ExpectEqualDensitiesOf(const JointSpace& space) {
    builds_ += models_->Has(space) ? 0 : 1;
    const KeptDensities* kept = models_->Find(history_, history_.size(), space);
    ASSERT_NE(kept, nullptr);
    const std::vector<Domain> domains = DomainsOf(history_, space);
    std::vector<double> points;
    for (int i = 0; i < 8; ++i) {
      for (const Domain& domain : domains) points.push_back(DrawUniform(domain, rng_));
    }
    const Split split = SplitTrials(history_, IsLiar(), history_.size());
    const auto fresh = [&](std::span<const size_t> trials, Weighting weighting) {
      return ParzenEstimator(domains,
                             CollectObservations(history_, NamesOf(history_, space), trials),
                             weighting)
          .LogDensity(points);
    };
    const Weighting weighting = WeightingBelow(history_.Directions().size());
    EXPECT_EQ(kept->Below().LogDensity(points), fresh(split.below, weighting));
    EXPECT_EQ(kept->GetAbove().LogDensity(points), fresh(split.above, Weighting::kForgetting));
    ++compared_;
  }

  void Start() {
    history_.Append(TrialState::kRunning);
    const size_t number = history_.size() - 1;
    if (rng_.Uniform() < 0.1) {
      Observe(number);  // without parameters
      history_.SetForeseen(number, kept_->Foresee({history_, kSeed, number}));
      Observe(number);
    } else {
      SetParams(number);
    }
  }

  void SetParams(size_t number) {
    // Some come from the sampler, so that values repeat and crowd.
    Point point(space_.size());
    for (size_t i = 0; i < space_.size(); ++i) point[i] = DrawUniform(space_[i].domain, rng_);
    if (rng_.Uniform() < 0.7) point = *kept_->Propose({history_, kSeed, number}, space_, {});
    for (size_t i = 0; i < space_.size(); ++i) {
      if (!HasValue(point[i])) continue;
      history_.SetParam(number, history_.InternDistribution(space_[i].name, space_[i].domain),
                        point[i]);
    }
    Observe(number);
  }

  void End(size_t number) {
    // Without parameters it must not be COMPLETE: nothing would be in all trials any more.
    const double u = history_.ShapeOf(number).empty() ? 1.0 : rng_.Uniform();
    if (rng_.Uniform() < 0.2) history_.SetViolation(number, rng_.Uniform() - 0.3);
    if (u < 0.75) {
      std::vector<double> values;
      for (size_t i = 0; i < history_.Directions().size(); ++i) values.push_back(Value());
      history_.SetState(number, TrialState::kComplete, values);
    } else {
      history_.SetState(number, u < 0.9 ? TrialState::kPruned : TrialState::kFail);
    }
    Observe(number);
  }

  void Observe(size_t number) {
    kept_->Observe(history_, number);
    models_->Observe(history_, number);
  }
  bool IsLiar() const { return !options_.contains("constant_liar"); }
  size_t AnyRunning() { return history_.Running()[rng_.Below(history_.Running().size())]; }
  double Value() { return static_cast<double>(rng_.Below(50)); }

  const Space space_;
  const Options options_;
  History history_;
  std::unique_ptr<Sampler> kept_;
  std::unique_ptr<KeptModels> models_;
  size_t compared_ = 0;
  size_t builds_ = 0;
  Rng rng_;
};

void ExpectEqualProposalsAlongAStudy(const Space& space, const Options& options,
                                     const std::vector<Direction>& directions = {
                                         Direction::kMinimize}) {
  for (const uint64_t seed : {1, 2}) {
    RandomStudy study(space, options, directions, seed);
    for (int step = 0; step < 900; ++step) {
      study.Step();
      study.ExpectEqualDensities();
      if (step % 7 == 0) study.ExpectEqualProposals();
      if (step % 200 == 199) study.ExpectEqualProposalsAfterARestart();
    }
    EXPECT_GT(study.compared(), 800U);
    EXPECT_LT(study.builds(), 60U) << "they follow the trials";
    EXPECT_GT(study.history().Count(TrialState::kComplete), 120U);
    EXPECT_GT(study.history().Count(TrialState::kPruned), 10U);
    EXPECT_GT(study.history().Count(TrialState::kFail), 10U);
  }
}

TEST(KeptModels, ProposeWhatFreshModelsDo) {
  ExpectEqualProposalsAlongAStudy(
      MakeSpace({Float("x", -1, 1), LogFloat("y", 1e-3, 1), Int("n", 1, 9), LogInt("k", 1, 500),
                 Choice("c", 3), SteppedFloat("s", 0, 1, 0.25)}),
      {});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForFloats) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Float("y", 0, 1)}), {});
}

TEST(KeptModels, ProposeWhatFreshModelsDoWithoutConstantLiar) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Choice("c", 2)}),
                                  {{"constant_liar", "false"}});
}

TEST(KeptModels, ProposeWhatFreshModelsDoInAConditionalSpace) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Choice("c", 2), Float("z", 0, 1),
                                             When(Float("y", 0, 1), "c", {Value("a")})}),
                                  {});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForParametersAlone) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Int("n", 1, 9), Choice("c", 3),
                                             When(LogFloat("y", 1e-3, 1), "c", {Value("a")})}),
                                  {{"multivariate", "false"}});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForGroups) {
  ExpectEqualProposalsAlongAStudy(
      MakeSpace({Float("x", 0, 1), Choice("c", 2), When(Float("y", 0, 1), "c", {Value("a")}),
                 When(Int("n", 1, 9), "c", {Value("a")})}),
      {{"group", "true"}});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForSeveralObjectives) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Int("n", 1, 9), Choice("c", 3)}), {},
                                  {Direction::kMinimize, Direction::kMaximize});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForSeveralObjectivesJointly) {
  ExpectEqualProposalsAlongAStudy(
      MakeSpace({Float("x", 0, 1), Int("n", 1, 9)}), {{"multivariate", "true"}},
      {Direction::kMinimize, Direction::kMinimize, Direction::kMaximize});
}

// Enough of them for coded pages.
TEST(KeptModels, ProposeWhatFreshModelsDoInManyDimensions) {
  ExpectEqualProposalsAlongAStudy(
      MakeSpace({Float("x", 0, 1), Float("y", 0, 1), LogFloat("z", 1e-3, 1), Float("u", -3, 5),
                 Float("v", 0, 1), Int("n", 1, 9), LogInt("k", 1, 500), Choice("c", 3)}),
      {});
}

TEST(KeptModels, ProposeWhatFreshModelsDoForSeveralObjectivesInManyDimensions) {
  ExpectEqualProposalsAlongAStudy(MakeSpace({Float("x", 0, 1), Float("y", 0, 1), Float("z", 0, 1),
                                             Float("u", 0, 1), Float("v", 0, 1), Float("w", 0, 1)}),
                                  {{"multivariate", "true"}},
                                  {Direction::kMinimize, Direction::kMaximize});
}

TEST(KeptModels, FollowASpaceThatShrinks) {
  const Space both = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  const Space more = MakeSpace({Float("x", 0, 1), Float("y", 0, 2), Float("z", 0, 1)});
  History history({Direction::kMaximize});
  const std::unique_ptr<Sampler> kept = MakeTpe();
  Rng rng = Rng::ForTrial(3, 0, "points");
  for (int i = 0; i < 60; ++i) {
    const Space& space = i < 30 ? both : more;
    Point point;
    for (const Parameter& p : space) point.push_back(DrawUniform(p.domain, rng));
    const size_t number = AddTrial(history, space, point, TrialState::kRunning);
    kept->Observe(history, number);
    const double value = rng.Uniform();
    history.SetState(number, TrialState::kComplete, {&value, 1});
    kept->Observe(history, number);
    const StudyView view{history, kSeed, history.size()};
    EXPECT_EQ(kept->Foresee(view), MakeTpe()->Foresee(view));
    EXPECT_EQ(*kept->Propose(view, more, {}), *MakeTpe()->Propose(view, more, {}));
  }
}

class ModelsOfTwentyTrials : public testing::Test {
 protected:
  ModelsOfTwentyTrials() {
    for (int i = 0; i < 20; ++i) Add(Point{i / 20.0, 0.5}, TrialState::kComplete, {1.0 * i});
  }

  size_t Add(const Point& point, TrialState state, const std::vector<double>& values = {}) {
    const size_t number = AddTrial(history_, space_, point, state, values);
    models_.Observe(history_, number);
    return number;
  }
  const KeptDensities* FindFor(size_t number) {
    return models_.Find(history_, number, IntersectionSpace(history_));
  }
  bool AreKept() { return models_.Has(IntersectionSpace(history_)); }

  const Space space_ = MakeSpace({Float("x", 0, 1), Float("y", 0, 1)});
  History history_{{Direction::kMinimize}};
  KeptModels models_{true};
};

TEST_F(ModelsOfTwentyTrials, AreNotBuiltByObserving) {
  Add({0.5, 0.5}, TrialState::kRunning);
  EXPECT_FALSE(AreKept());
}

TEST_F(ModelsOfTwentyTrials, AreFoundForTrialsThatAreNotAPartOfThem) {
  const size_t running = Add({0.5, 0.5}, TrialState::kRunning);
  EXPECT_NE(FindFor(history_.size()), nullptr);
  EXPECT_EQ(FindFor(running), nullptr);
  EXPECT_EQ(FindFor(0), nullptr);
}

TEST_F(ModelsOfTwentyTrials, AreNotFoundWithoutTrialsThatTheyHaveNotSeen) {
  AddTrial(history_, space_, Point{0.5, 0.5}, TrialState::kRunning);
  EXPECT_EQ(FindFor(history_.size()), nullptr);
}

TEST_F(ModelsOfTwentyTrials, AreDroppedWhenATrialComesWhole) {
  EXPECT_NE(FindFor(history_.size()), nullptr);
  Add({0.1, 0.9}, TrialState::kComplete, {0.5});
  EXPECT_FALSE(AreKept());
  EXPECT_NE(FindFor(history_.size()), nullptr);
}

TEST_F(ModelsOfTwentyTrials, AreDroppedWhenTheyHaveLongNotBeenAskedFor) {
  const JointSpace joint = IntersectionSpace(history_);
  EXPECT_NE(FindFor(history_.size()), nullptr);
  for (int i = 0; i < 9000; ++i) {
    const size_t number = Add({0.5, 0.1}, TrialState::kRunning);
    const double value = 50.0;
    history_.SetState(number, TrialState::kComplete, {&value, 1});
    models_.Observe(history_, number);
    EXPECT_TRUE(models_.Has(joint) || i > 4000) << i;
    if (i % 1000 == 0) models_.Find(history_, history_.size(), {joint[0]});
  }
  EXPECT_FALSE(models_.Has(joint));
  EXPECT_TRUE(models_.Has({joint[0]}));
}

TEST_F(ModelsOfTwentyTrials, AreNotDroppedForReports) {
  EXPECT_NE(FindFor(history_.size()), nullptr);
  const size_t number = Add({0.5, 0.1}, TrialState::kRunning);
  for (int step = 0; step < 20'000; ++step) {
    history_.AddReport(number, {step, 1.0});
    models_.Observe(history_, number);
  }
  EXPECT_TRUE(AreKept());
}

}  // namespace
}  // namespace hpod
