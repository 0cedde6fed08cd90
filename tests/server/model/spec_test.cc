// What a study may be, and how errors say what is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/model/errors.h"
#include "server/model/study_rules.h"
#include "tests/support/live_study.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Spec, HasDefaults) {
  StudySpec one;
  FillDefaults(one);
  EXPECT_THAT(one.directions, ElementsAre(Direction::kMinimize));
  EXPECT_EQ(one.sampler.name, "tpe");
  EXPECT_EQ(one.pruner.name, "median");
  StudySpec two;
  two.directions = {Direction::kMaximize, Direction::kMinimize};
  FillDefaults(two);
  EXPECT_EQ(two.pruner.name, "none");
}

TEST(Spec, IsRefusedByTheFieldThatIsWrong) {
  const auto check = [](auto change) {
    StudySpec spec = ASpec();
    change(spec);
    const absl::Status name = CheckStudyName(spec.name);
    return name.ok() ? CheckSpec(spec) : name;
  };
  EXPECT_THAT(check([](StudySpec&) {}), IsOk());
  EXPECT_THAT(check([](StudySpec& s) { s.name = ""; }), IsInvalidField("study.name"));
  EXPECT_THAT(check([](StudySpec& s) { s.name.assign(kMaxStudyNameBytes, 'n'); }), IsOk());
  EXPECT_THAT(check([](StudySpec& s) { s.name.assign(kMaxStudyNameBytes + 1, 'n'); }),
              IsInvalidField("study.name"));
  EXPECT_THAT(
      check([](StudySpec& s) { s.directions.assign(kMaxDirections + 1, Direction::kMinimize); }),
      IsInvalidField("study.directions"));
  EXPECT_THAT(check([](StudySpec& s) {
                s.directions.assign(2, Direction::kMinimize);
                s.pruner.name = "median";
              }),
              IsInvalidField("study.pruner"));
  EXPECT_THAT(check([](StudySpec& s) { s.budget.max_trials = -1; }),
              IsInvalidField("budget.max_trials"));
  EXPECT_THAT(check([](StudySpec& s) { s.budget.max_running = -1; }),
              IsInvalidField("budget.max_running"));
  EXPECT_THAT(check([](StudySpec& s) { s.budget.max_duration_us = -1; }),
              IsInvalidField("budget.max_duration"));
  EXPECT_THAT(check([](StudySpec& s) { s.lease_ms = kMinLeaseMs - 1; }), IsInvalidField("lease"));
  EXPECT_THAT(check([](StudySpec& s) { s.lease_ms = kMaxLeaseMs + 1; }), IsInvalidField("lease"));
  EXPECT_THAT(check([](StudySpec& s) { s.max_retries = -1; }), IsInvalidField("max_retries"));
  EXPECT_THAT(check([](StudySpec& s) { s.max_retries = kMaxRetries + 1; }),
              IsInvalidField("max_retries"));
  EXPECT_THAT(check([](StudySpec& s) {
                s.metric_names = {"a", "b"};
              }),
              IsInvalidField("metric_names"));
}

TEST(Spec, NeedsAKnownSamplerAndPrunerThatFitTheSpace) {
  const auto make = [](const StudySpec& spec) { return StudyState::Make(1, spec).status(); };
  EXPECT_THAT(make(ASpec().Sampler("tpee")), SaysThat("unknown sampler 'tpee'"));
  EXPECT_THAT(make(ASpec().Pruner("medium")), SaysThat("unknown pruner 'medium'"));
  EXPECT_THAT(make(ASpec().Sampler("random", {{"seed", "1"}})),
              HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(make(ASpec().Sampler("grid")), HasCode(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(make(ASpec().Sampler("grid").Over(PlainSpace())),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(UpdateStudy, ChangesWhatIsGivenAndKeepsTheRest) {
  LiveStudy study(ASpec().MaxTrials(7));
  UpdateStudy update;
  update.lease_ms = 20'000;
  update.metric_names = {"accuracy"};
  ASSERT_THAT(study.Do(update), IsOk());
  const StudySpec& spec = study.State().Spec();
  EXPECT_EQ(spec.lease_ms, 20'000);
  EXPECT_THAT(spec.metric_names, ElementsAre("accuracy"));
  EXPECT_EQ(spec.budget.max_trials, 7);
  EXPECT_EQ(spec.max_retries, 1);
}

TEST(UpdateStudy, IsRefusedWholeIfAnyFieldIsWrong) {
  LiveStudy study(ASpec());
  const StudySpec before = study.State().Spec();
  UpdateStudy update;
  update.lease_ms = 20'000;
  update.max_retries = 1'000;
  EXPECT_THAT(study.Do(update), IsInvalidField("max_retries"));
  EXPECT_EQ(study.State().Spec(), before);
}

TEST(Errors, CarryReasonAndMetadata) {
  const absl::Status status =
      Refuse(Reason::kLeaseLost, "gone", {{"study", "s"}, {"trial", ""}, {"z", "last"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  const auto detail = DetailOf(status);
  ASSERT_TRUE(detail.has_value());
  EXPECT_EQ(detail->reason, "LEASE_LOST");
  EXPECT_THAT(detail->metadata,
              ElementsAre(Pair("study", "s"), Pair("trial", ""), Pair("z", "last")));
}

TEST(Errors, KeepMetadataApartWhenAValueHoldsAZeroByte) {
  const std::string odd("a\0b", 3);
  const auto detail = DetailOf(InvalidField(odd, "odd"));
  ASSERT_TRUE(detail.has_value());
  EXPECT_THAT(detail->metadata, ElementsAre(Pair("field", "a")));
}

TEST(Errors, MadeElsewhereHaveAReasonOnlyIfTheArgumentWasInvalid) {
  EXPECT_EQ(ReasonOf(absl::InvalidArgumentError("x")), "INVALID_FIELD");
  EXPECT_FALSE(DetailOf(absl::DataLossError("x")).has_value());
}

}  // namespace
}  // namespace hpod
