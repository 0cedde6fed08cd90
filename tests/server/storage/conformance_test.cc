// What every storage promises: each test runs over the rows of Storages().

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "server/storage/registry.h"
#include "tests/support/live_study.h"
#include "tests/support/replay.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

class StorageConformance : public testing::TestWithParam<StorageEntry> {
 protected:
  StorageConformance() { Open(); }

  void Open() {
    storage_.reset();
    const std::string rest = "/" + folder_.File("studies.db");
    storage_ = GetParam().open(rest, "this test").value();
  }

  // Commits what the study has done since the last Store, in one batch.
  void Store(const LiveStudy& study) {
    size_t& stored = stored_[study.State().Id()];
    ASSERT_THAT(storage_->Commit(std::span(study.Log()).subspan(stored)), IsOk());
    stored = study.Log().size();
  }

  // The storage gives back the study as it is.
  void ExpectStored(const LiveStudy& study) {
    const Now now = study.time.Now();
    const StudyId id = study.State().Id();
    const States all = LoadStates(*storage_, now);
    ASSERT_TRUE(all.contains(id));
    EXPECT_EQ(Dump(*all.at(id), now), Dump(study.State(), now));
    const States one = LoadStates(*storage_, now, id);
    ASSERT_THAT(one, SizeIs(1));
    EXPECT_EQ(Dump(*one.at(id), now), Dump(study.State(), now));
  }

  void ExpectRoundTrip(const LiveStudy& study) {
    Store(study);
    ExpectStored(study);
  }

  TempDir folder_;
  std::unique_ptr<Storage> storage_;
  std::map<StudyId, size_t> stored_;
};

TEST_P(StorageConformance, IsEmptyAtFirst) {
  EXPECT_THAT(LoadStates(*storage_, FakeTime().Now()), IsEmpty());
  EXPECT_THAT(LoadMutations(*storage_, 7), IsEmpty());
}

TEST_P(StorageConformance, KeepsTheWholeSpec) {
  StudySpec spec = ASpec()
                       .Name("spec")
                       .Directions({Direction::kMaximize, Direction::kMinimize})
                       .Sampler("tpe", {{"n_startup_trials", "3"}, {"multivariate", "true"}})
                       .Seed(std::numeric_limits<uint64_t>::max())
                       .Over(ConditionalSpace())
                       .MaxTrials(10)
                       .MaxRunning(3)
                       .MaxDurationMs(5'000)
                       .MaxRetries(7);
  spec.sampler.options.erase("multivariate");
  spec.metric_names = {"accuracy", "seconds"};
  spec.attributes = {{"k", "{\"a\": [1, 2]}"}};
  spec.stopped = true;
  ExpectRoundTrip(LiveStudy(spec));
}

TEST_P(StorageConformance, KeepsEveryKindOfDomainAndChoice) {
  const double tiny = std::numeric_limits<double>::denorm_min();
  ExpectRoundTrip(LiveStudy(ASpec().Over(
      SpaceOf({{"float", Real(-0.1, 1e300), {}},
               {"log", LogReal(tiny, 0.1), {}},
               {"step", Stepped(0, 1, 0.1), {}},
               {"int", Whole(-kMaxInt, kMaxInt), {}},
               {"log int", IntDomain{1, 1000, true, 1}, {}},
               {"int step", IntDomain{1, 10, false, 3}, {}},
               {"choice",
                OneOf({std::monostate(), true, int64_t{1}, 1.0, kNan, kInfinity, -kInfinity, -0.0,
                       0.1, std::numeric_limits<int64_t>::min(), Text(""), Text("1")}),
                {}},
               {"child", Whole(0, 1), {{"choice", {true, Text("1"), 0.1}}}}}))));
}

TEST_P(StorageConformance, KeepsALifeOfEveryKindOfChange) {
  LiveStudy study(ASpec().Sampler("tpe", {{"n_startup_trials", "2"}}).Pruner("median"));
  for (int round = 0; round < 4; ++round) {
    for (const HandedOut& trial : study.Suggest(3)) {
      ASSERT_THAT(study.Do(Ask(KeyOf(trial), "x", Real(0, 1))), IsOk());
      Store(study);
      ASSERT_THAT(study.Do(Ask(KeyOf(trial), "y", Whole(round, 9))), IsOk());
      ASSERT_THAT(study.Do(ReportAt(KeyOf(trial), 2, 0.5)), IsOk());
      ASSERT_THAT(
          study.Do(WithRequest(ReportAt(KeyOf(trial), 1, 0.25), fmt::format("r{}", trial.number))),
          IsOk());
      ASSERT_THAT(study.Do(SetAttributes(KeyOf(trial), {{"a", "1"}, {"b", "2"}})), IsOk());
      ExpectRoundTrip(study);
      ASSERT_THAT(study.Do(SetAttributes(KeyOf(trial), {{"a", ""}})), IsOk());
      ASSERT_THAT(study.Do(SetConstraints(KeyOf(trial), {{"c", 1}})), IsOk());
      ASSERT_THAT(study.Do(SetConstraints(KeyOf(trial), {{"c", kInfinity}, {"d", -0.0}})), IsOk());
      ExpectRoundTrip(study);
    }
    const auto running = study.State().Trials().Running();
    const std::vector<size_t> numbers(running.begin(), running.end());
    ASSERT_THAT(study.Do(Complete(Unfenced(numbers[0]), {0.1 * round})), IsOk());
    ASSERT_THAT(study.Do(Prune(Unfenced(numbers[1]))), IsOk());
    ExpectRoundTrip(study);
    ASSERT_THAT(study.Do(Enqueue({{"x", 0.5}, {"z", Text("later")}})), IsOk());
    study.TickAfterMs(10'000);
    ExpectRoundTrip(study);
    ASSERT_THAT(study.Do(Fail(KeyOf(study.Suggest()), "why\n\"not\"")), IsOk());
    ASSERT_THAT(study.Do(Stop(round % 2 == 0)), IsOk());
    ASSERT_THAT(study.Do(Stop(false)), IsOk());
    ExpectRoundTrip(study);
  }
  Open();
  if (GetParam().scheme != "memory") ExpectStored(study);
}

TEST_P(StorageConformance, KeepsTrialsOfADeclaredSpaceThatWaitedWithSomeParameters) {
  LiveStudy study(ASpec().Sampler("tpe", {{"n_startup_trials", "1"}}).Over(PlainSpace()));
  study.Finish({1});
  ASSERT_THAT(study.Do(Enqueue({{"optimizer", Text("sgd")}})), IsOk());
  ASSERT_THAT(study.Do(Enqueue({{"layers", int64_t{2}}})), IsOk());
  ExpectRoundTrip(study);
  study.Suggest(2);
  ExpectRoundTrip(study);
  study.TickAfterMs(10'000);
  study.Suggest(2);
  ExpectRoundTrip(study);
}

TEST_P(StorageConformance, KeepsTrialsThatCameFromElsewhere) {
  LiveStudy study(ASpec().Over(PlainSpace()));
  ForeignTrial whole = Foreign(TrialState::kComplete, {{"lr", LogReal(1e-9, 1), 0.9}}, {2});
  whole.record.reports = {{9, 1}, {3, kNan}};
  whole.record.constraints = {{"c", 2}};
  whole.record.retry_of = 5;
  whole.record.retry_count = 1;
  whole.record.lost = true;
  whole.record.fixed = {{"lr", 0.05}};
  ASSERT_THAT(study.Do(AddTrials{{whole, Foreign(TrialState::kFail, {}, {}),
                                  Foreign(TrialState::kWaiting, {{"layers", Whole(1, 99), 50}}, {}),
                                  Foreign(TrialState::kRunning, {}, {})},
                                 {}}),
              IsOk());
  ExpectRoundTrip(study);
  study.Suggest(2);
  ExpectRoundTrip(study);
  study.TickAfterMs(10'000);
  ExpectRoundTrip(study);
}

TEST_P(StorageConformance, KeepsDoublesBitForBit) {
  const std::vector<double> odd = {-0.0,
                                   0.0,
                                   0.1,
                                   std::numeric_limits<double>::denorm_min(),
                                   -std::numeric_limits<double>::denorm_min() * 12345,
                                   std::numeric_limits<double>::min(),
                                   std::numeric_limits<double>::max(),
                                   std::numeric_limits<double>::epsilon(),
                                   5e22,
                                   9007199254740993.0,
                                   kInfinity,
                                   -kInfinity};
  LiveStudy study(ASpec().Directions({Direction::kMinimize, Direction::kMinimize}));
  LiveStudy reports(ASpec().Name("reports"), 2);
  const TrialKey reporting = KeyOf(reports.Suggest());
  int64_t step = 0;
  for (double value : odd) {
    ASSERT_THAT(reports.Do(ReportAt(reporting, step++, value)), IsOk());
    const TrialKey trial = KeyOf(study.Suggest());
    if (std::isfinite(value)) {
      ASSERT_THAT(study.Do(Ask(trial, fmt::format("x{}", step), Real(value, value))), IsOk());
    }
    ASSERT_THAT(study.Do(SetConstraints(trial, {{"c", value}})), IsOk());
    ASSERT_THAT(study.Do(Complete(trial, {value, -value})), IsOk());
  }
  ASSERT_THAT(reports.Do(ReportAt(reporting, step, kNan)), IsOk());
  ASSERT_THAT(reports.Do(Complete(reporting, {-0.0})), IsOk());
  ExpectRoundTrip(study);
  ExpectRoundTrip(reports);
}

TEST_P(StorageConformance, KeepsOddNamesAndTexts) {
  const std::vector<std::string> odd = {
      "it's \"quoted\"", "Größe 数据 \U0001F600", "two\nlines\r\n\t", "'; DROP TABLE trials; --",
      "$.a[0]",          std::string(255, 'n'),   "back\\slash/",     "\x01\x7f"};
  StudyId id = 0;
  for (const std::string& text : odd) {
    StudySpec spec = ASpec().Name(text + std::string(kMaxStudyNameBytes - text.size(), 's'));
    spec.attributes = {{text, text}, {"", text}};
    spec.metric_names = {text};
    LiveStudy study(spec, ++id);
    ASSERT_THAT(study.Do(Enqueue({{text, Text(text)}})), IsOk());
    const TrialKey trial = KeyOf(study.Do(SuggestTrial{text}).value().trial.value());
    ASSERT_THAT(study.Do(Ask(trial, text, OneOf({Text("a"), Text(text)}))), IsOk());
    ASSERT_THAT(study.Do(SetConstraints(trial, {{text, 1}, {"", 2}})), IsOk());
    ASSERT_THAT(study.Do(SetConstraints(trial, {{text, 3}})), IsOk());
    ASSERT_THAT(study.Do(SetAttributes(trial, {{text, text}})), IsOk());
    ASSERT_THAT(study.Do(WithRequest(Fail(trial, text), text.substr(0, 60))), IsOk());
    ExpectRoundTrip(study);
  }
}

TEST_P(StorageConformance, KeepsRememberedRequestsUntilTheyAreForgotten) {
  LiveStudy study(ASpec());
  const uint64_t fingerprint = std::numeric_limits<uint64_t>::max() - 5;
  const auto first = WithRequest(Enqueue({{"x", 1.0}}), "first", fingerprint);
  const auto second = WithRequest(Enqueue({{"x", 2.0}}), "second", fingerprint);
  ASSERT_THAT(study.Do(first), IsOk());
  study.time.AdvanceMs(1'000);
  ASSERT_THAT(study.Do(second), IsOk());
  Store(study);
  const auto decide = [&](const EnqueueTrial& command) {
    const Now now = study.time.Now();
    return LoadStates(*storage_, now).at(1)->Decide(command, now);
  };
  EXPECT_EQ(decide(first).value().result.number, 0u);
  EXPECT_THAT(decide(WithRequest(first, "first", 1)), IsRefused(Reason::kRequestIdReused));
  study.TickAfterMs(kRememberedRequestUs / 1'000);
  Store(study);
  EXPECT_EQ(decide(first).value().result.number, 2u);
  EXPECT_EQ(decide(second).value().result.number, 1u);
}

TEST_P(StorageConformance, KeepsTheDaemonsRequests) {
  const std::vector<Mutation> batch = {{0, 0, RequestRemembered{"a", 1, {7, -7}, 10}},
                                       {0, 0, RequestRemembered{"b", 2, {}, 20}},
                                       {0, 0, RequestRemembered{"c", 3, {1}, 30}},
                                       {0, 0, RequestsForgotten{1}}};
  ASSERT_THAT(storage_->Commit(batch), IsOk());
  for (const std::optional<StudyId> only : {std::optional<StudyId>(), std::optional<StudyId>(0)}) {
    RequestMemory memory;
    for (const Mutation& mutation : LoadMutations(*storage_, only)) {
      if (const auto* request = std::get_if<RequestRemembered>(&mutation.change)) {
        memory.Remember(*request);
      }
      if (const auto* forgotten = std::get_if<RequestsForgotten>(&mutation.change)) {
        memory.ForgetOldest(forgotten->count);
      }
    }
    EXPECT_EQ(memory.Recall({"a", 1}).value(), nullptr);
    EXPECT_EQ(*memory.Recall({"b", 2}).value(), Answer{});
    EXPECT_EQ(*memory.Recall({"c", 3}).value(), Answer{1});
  }
}

TEST_P(StorageConformance, DeletesAStudyAndNothingElse) {
  LiveStudy gone(ASpec().Name("gone").Over(PlainSpace()), 1);
  LiveStudy kept(ASpec().Name("kept").Over(PlainSpace()), 2);
  for (LiveStudy* study : {&gone, &kept}) {
    const TrialKey trial = KeyOf(study->Suggest());
    ASSERT_THAT(study->Do(WithRequest(ReportAt(trial, 0, 1), "r")), IsOk());
    ASSERT_THAT(study->Do(SetAttributes(trial, {{"a", "1"}})), IsOk());
  }
  Store(gone);
  Store(kept);
  const Now now = kept.time.Now();
  const std::string before = Dump(*LoadStates(*storage_, now).at(2), now);
  ASSERT_THAT(storage_->Commit(std::vector<Mutation>{{1, 0, StudyDeleted{}}}), IsOk());
  const States left = LoadStates(*storage_, now);
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_EQ(Dump(*left.at(2), now), before);
  EXPECT_THAT(LoadMutations(*storage_, 1), IsEmpty());
}

TEST_P(StorageConformance, LoadsStudiesInTheOrderOfTheirCreation) {
  for (StudyId id : {1, 2, 10}) {
    Store(LiveStudy(ASpec().Name(fmt::format("s{}", 20 - id)), id));
  }
  std::vector<StudyId> ids;
  for (const Mutation& mutation : LoadMutations(*storage_)) {
    if (std::holds_alternative<StudyCreated>(mutation.change)) ids.push_back(mutation.study);
  }
  EXPECT_THAT(ids, testing::ElementsAre(1, 2, 10));
}

INSTANTIATE_TEST_SUITE_P(Each, StorageConformance,
                         testing::ValuesIn(Storages().begin(), Storages().end()),
                         [](const auto& test) { return std::string(test.param.scheme); });

}  // namespace
}  // namespace hpod
