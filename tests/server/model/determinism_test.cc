// A suggestion depends on the study and its history alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "samplers/rng.h"
#include "tests/support/live_study.h"
#include "tests/support/state_dump.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

struct Case {
  std::string name;
  StudySpec spec;
};

Space DiscreteSpace() {
  return SpaceOf({{"x", Whole(1, 40), {}}, {"kind", OneOf({Text("a"), Text("b")}), {}}});
}

std::vector<Case> Cases() {
  const Options early = {{"n_startup_trials", "5"}};
  return {{"Random", ASpec().Over(ConditionalSpace())},
          {"Tpe", ASpec().Sampler("tpe", early).Pruner("median").Over(PlainSpace())},
          {"TpeConditional", ASpec().Sampler("tpe", early).Over(ConditionalSpace())},
          {"TpeTwoObjectives", TwoObjectives().Sampler("tpe", early).Over(PlainSpace())},
          {"TpeDefineByRun", ASpec().Sampler("tpe", early)},
          {"Grid", ASpec().Sampler("grid").Over(DiscreteSpace())}};
}

// Plays one round of a fixed script: hand out, report, some finish, some are lost.
void PlayRound(LiveStudy& study, int round) {
  const StudySpec& spec = study.State().Spec();
  Rng rng = Rng::ForTrial(11, static_cast<uint64_t>(round), "script");
  if (round % 5 == 1) {
    FixedParams fixed;
    if (!spec.space.empty()) fixed = {{spec.space[0].name, ToExternal(spec.space[0].domain, 0.5)}};
    if (spec.sampler.name == "grid") fixed = {{"x", int64_t{round}}, {"kind", Text("a")}};
    if (spec.space.IndexOf("lr") < spec.space.size()) fixed = {{"optimizer", Text("sgd")}};
    study.Do(Enqueue(fixed)).value();
  }
  const TrialKey trial = KeyOf(study.Suggest());
  if (spec.space.empty()) {
    study.Do(Ask(trial, "x", Real(0, 1))).value();
    if (rng.Below(2) == 0) study.Do(Ask(trial, "n", Whole(1, 9))).value();
  }
  const double value = rng.Uniform();
  if (spec.directions.size() == 1) study.Do(ReportAt(trial, 0, value)).value();
  if (round % 7 == 3) study.Do(SetConstraints(trial, {{"c", value - 0.5}})).value();
  if (round % 4 == 2) return;  // stays running until its lease ends
  const bool prunes = round % 6 == 4 && spec.directions.size() == 1;
  study.Do(prunes ? Prune(trial) : Complete(trial, std::vector(spec.directions.size(), value)))
      .value();
  study.TickAfterMs(1'000);
}

class Determinism : public testing::TestWithParam<Case> {};

TEST_P(Determinism, SameSeedAndCommandsGiveTheSameStudy) {
  LiveStudy a(GetParam().spec), b(GetParam().spec);
  for (int round = 0; round < 40; ++round) {
    PlayRound(a, round);
    PlayRound(b, round);
  }
  EXPECT_EQ(Dump(a.State(), a.time.Now()), Dump(b.State(), b.time.Now()));
}

TEST_P(Determinism, AnotherSeedGivesAnotherStudy) {
  StudySpec spec = GetParam().spec;
  LiveStudy a(spec);
  ++spec.seed;
  LiveStudy b(spec);
  for (int round = 0; round < 10; ++round) {
    PlayRound(a, round);
    PlayRound(b, round);
  }
  const auto params = [](const LiveStudy& study) {
    std::vector<double> values;
    for (size_t number = 0; number < study.State().Trials().size(); ++number) {
      for (const auto& param : study.Record(number).params) values.push_back(param.value);
    }
    return values;
  };
  EXPECT_NE(params(a), params(b));
}

TEST_P(Determinism, ARestartAfterAnyRoundChangesNothing) {
  LiveStudy steady(GetParam().spec), restarted(GetParam().spec);
  for (int round = 0; round < 40; ++round) {
    PlayRound(steady, round);
    PlayRound(restarted, round);
    const Now now = steady.time.Now();
    const auto replayed = LiveStudy::Replay(restarted.Log());
    ASSERT_EQ(Dump(*replayed, now), Dump(steady.State(), now)) << "round " << round;
  }
}

TEST_P(Determinism, AnotherThreadProposesTheSame) {
  LiveStudy study(GetParam().spec);
  for (int round = 0; round < 20; ++round) {
    PlayRound(study, round);
    std::string elsewhere;
    std::thread([&] { elsewhere = Dump(study.State(), study.time.Now()); }).join();
    ASSERT_EQ(elsewhere, Dump(study.State(), study.time.Now()));
  }
}

TEST_P(Determinism, ThreadsMayProposeAtTheSameTime) {
  LiveStudy study(GetParam().spec);
  for (int round = 0; round < 30; ++round) PlayRound(study, round);
  const std::string expected = Dump(study.State(), study.time.Now());
  std::vector<std::string> dumps(4);
  std::vector<std::thread> threads;
  for (std::string& dump : dumps) {
    threads.emplace_back([&] { dump = Dump(study.State(), study.time.Now()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(dumps, testing::Each(expected));
}

INSTANTIATE_TEST_SUITE_P(Each, Determinism, testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

// Calls for different trials commute: how workers happen to take turns does not change what each
// trial becomes.
TEST(Interleaving, OfDifferentTrialsDoesNotMatter) {
  const auto play = [](uint64_t order) {
    LiveStudy study(ASpec());
    const auto trials = study.Suggest(8);
    std::vector<int> steps(8, 0);
    Rng rng = Rng::ForTrial(order, 0, "order");
    for (int left = 8 * 5; left > 0;) {
      const size_t i = rng.Below(8);
      const TrialKey trial = KeyOf(trials[i]);
      const int step = steps[i]++;
      if (step < 3) study.Do(ReportAt(trial, step, 0.1 * step)).value();
      if (step == 3) study.Do(SetAttributes(trial, {{"a", "1"}})).value();
      if (step == 4) study.Do(i % 3 == 0 ? Prune(trial) : Complete(trial, {0.5})).value();
      if (step < 5) --left;
    }
    std::string text;
    for (size_t number = 0; number < 8; ++number) {
      TrialRecord record = study.Record(number);
      record.revision = 0;
      text += Dump(record);
    }
    return text;
  };
  const std::string expected = play(0);
  for (uint64_t order = 1; order < 20; ++order) EXPECT_EQ(play(order), expected);
}

}  // namespace
}  // namespace hpod
