// Making, loading and deleting studies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/core/core_harness.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

class StudiesOfADaemon : public testing::Test {
 protected:
  std::string Url() const { return "sqlite:///" + folder_.File("studies.db"); }

  TempDir folder_;
  CoreHarness hpod_{CoreHarness::kInline, Url()};
};

TEST_F(StudiesOfADaemon, AreMadeWithDefaultsASeedAndATime) {
  StudySpec spec;
  spec.name = "bare";
  const auto create = hpod_.Create(spec);
  hpod_.core().Flush();
  EXPECT_THAT(create->status, IsOk());
  EXPECT_TRUE(create->result.value());
  const StudySpec& made = hpod_.Find("bare")->Spec();
  EXPECT_EQ(made.sampler.name, "tpe");
  EXPECT_NE(made.seed, 0u);
  EXPECT_EQ(made.created_us, hpod_.clock.Read().wall_us);
}

TEST_F(StudiesOfADaemon, AreRefusedIfTheyExist) {
  hpod_.Create(ASpec());
  const auto again = hpod_.Create(ASpec());
  hpod_.core().Flush();
  EXPECT_THAT(again->status, IsRefused(Reason::kStudyExists));
  EXPECT_EQ(hpod_.core().Studies().size(), 1u);
}

TEST_F(StudiesOfADaemon, AreLoadedOnRequestIfTheirDirectionsAgree) {
  hpod_.Create(ASpec().Seed(5));
  StudySpec no_directions = ASpec();
  no_directions.directions.clear();
  const auto same = hpod_.Create(ASpec().Seed(9), true);
  const auto unsaid = hpod_.Create(no_directions, true);
  const auto others = hpod_.Create(ASpec().Directions({Direction::kMaximize}), true);
  hpod_.core().Flush();
  EXPECT_THAT(same->status, IsOk());
  EXPECT_FALSE(same->result.value());
  EXPECT_THAT(unsaid->status, IsOk());
  EXPECT_THAT(others->status, IsRefused(Reason::kStudyMismatch));
  EXPECT_EQ(hpod_.Find()->Spec().seed, 5u);
}

TEST_F(StudiesOfADaemon, AreRefusedForABadSpecWithNothingMade) {
  const auto empty = hpod_.Create(ASpec().Name(""));
  const auto sampler = hpod_.Create(ASpec().Sampler("tpee"));
  const auto lease = hpod_.Create(ASpec().LeaseMs(1));
  hpod_.core().Flush();
  EXPECT_THAT(empty->status, IsInvalidField("study.name"));
  EXPECT_THAT(sampler->status, SaysThat("tpee"));
  EXPECT_THAT(lease->status, IsInvalidField("lease"));
  EXPECT_TRUE(hpod_.core().Studies().empty());
}

TEST_F(StudiesOfADaemon, AreMadeOnceForARetriedRequestAlsoAfterARestart) {
  const auto first = hpod_.Create(ASpec(), false, {"c", 1});
  const auto retry = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.core().Flush();
  EXPECT_THAT(first->status, IsOk());
  EXPECT_THAT(retry->status, IsOk());
  EXPECT_TRUE(retry->result.value());
  hpod_.Restart();
  const auto later = hpod_.Create(ASpec(), false, {"c", 1});
  const auto reused = hpod_.Create(ASpec().Name("other"), false, {"c", 2});
  hpod_.core().Flush();
  EXPECT_THAT(later->status, IsOk());
  EXPECT_TRUE(later->result.value());
  EXPECT_THAT(reused->status, IsRefused(Reason::kRequestIdReused));
  EXPECT_EQ(hpod_.core().Studies().size(), 1u);
}

TEST_F(StudiesOfADaemon, AreDeletedOnceForARetriedRequestAlsoAfterARestart) {
  hpod_.Create(ASpec());
  const auto first = hpod_.Delete("study", {"d", 1});
  const auto retry = hpod_.Delete("study", {"d", 1});
  const auto unknown = hpod_.Delete("study", {"e", 1});
  hpod_.core().Flush();
  EXPECT_THAT(first->status, IsOk());
  EXPECT_THAT(retry->status, IsOk());
  EXPECT_THAT(unknown->status, IsRefused(Reason::kStudyNotFound));
  hpod_.Create(ASpec());
  hpod_.core().Flush();
  hpod_.Restart();
  const auto late = hpod_.Delete("study", {"d", 1});
  hpod_.core().Flush();
  EXPECT_THAT(late->status, IsOk());
  EXPECT_NE(hpod_.Find(), nullptr);
}

TEST_F(StudiesOfADaemon, NeverShareIdsWithDeletedOnes) {
  hpod_.Create(ASpec());
  hpod_.Suggest(3);
  hpod_.core().Flush();
  const StudyId id = hpod_.Find()->Id();
  const int64_t trial = hpod_.Find()->LastTrialId();
  hpod_.Delete();
  hpod_.core().Flush();
  hpod_.Restart();
  hpod_.Create(ASpec());
  hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_GT(hpod_.Find()->Id(), id);
  EXPECT_GT(hpod_.Find()->LastTrialId(), trial);
}

TEST_F(StudiesOfADaemon, CanBeDeletedAndMadeAgainInOneGroup) {
  hpod_.Create(ASpec().Seed(1));
  hpod_.Suggest(2);
  hpod_.core().Flush();
  hpod_.Delete();
  const auto gone = hpod_.Suggest();
  hpod_.Create(ASpec().Seed(2));
  const auto fresh = hpod_.Suggest();
  hpod_.core().Flush();
  EXPECT_THAT(gone->status, IsRefused(Reason::kStudyNotFound));
  EXPECT_EQ(fresh->result.value().trials[0].number, 0u);
  const std::string before = hpod_.DumpAll();
  hpod_.Restart();
  ASSERT_THAT(hpod_.recovered, IsOk());
  EXPECT_EQ(hpod_.DumpAll(), before);
}

TEST_F(StudiesOfADaemon, AreMadeAnewByARetryAfterTheirDeletionAndThenOnce) {
  hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.Delete("study", {"d", 1});
  const auto anew = hpod_.Create(ASpec(), false, {"c", 1});
  const auto retry = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.core().Flush();
  EXPECT_THAT(anew->status, IsOk());
  EXPECT_THAT(retry->status, IsOk());
  hpod_.Restart();
  const auto later = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.core().Flush();
  EXPECT_THAT(later->status, IsOk());
  EXPECT_EQ(hpod_.core().Studies().size(), 1u);
}

TEST_F(StudiesOfADaemon, AreRememberedForADay) {
  const auto first = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.clock.AdvanceMs(kRememberedRequestUs / 1'000 + 1);
  hpod_.Create(ASpec().Name("other"), false, {"d", 1});
  const auto late = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.core().Flush();
  EXPECT_THAT(late->status, IsRefused(Reason::kStudyExists));
  hpod_.Restart();
  const auto later = hpod_.Create(ASpec(), false, {"c", 1});
  hpod_.core().Flush();
  EXPECT_THAT(later->status, IsRefused(Reason::kStudyExists));
}

TEST_F(StudiesOfADaemon, ThatDoNotExistAreNamed) {
  const auto call = hpod_.Do(HeartbeatTrial{Unfenced(0)}, "nobody");
  const auto read = hpod_.Read("nobody");
  const auto suggest = hpod_.Suggest(1, {}, "nobody");
  hpod_.core().Flush();
  EXPECT_THAT(call->status, SaysThat("studies/nobody"));
  EXPECT_THAT(read->status, IsRefused(Reason::kStudyNotFound));
  EXPECT_THAT(suggest->status, IsRefused(Reason::kStudyNotFound));
}

}  // namespace
}  // namespace hpod
