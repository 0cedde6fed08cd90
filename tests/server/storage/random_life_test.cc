// Whatever a study has been through: what a storage gives back is the study, down to its next
// suggestion.

#include "tests/support/random_life.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samplers/rng.h"
#include "server/storage/registry.h"
#include "tests/support/replay.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace hpod {
namespace {

struct Life {
  std::string name;
  StudySpec spec;
};

std::vector<Life> Lives() {
  const Options early = {{"n_startup_trials", "4"}};
  return {{"DefineByRun", ASpec().Sampler("tpe", early).Pruner("median").MaxRetries(2)},
          {"Declared", ASpec().Sampler("tpe", early).Over(PlainSpace())},
          {"TwoObjectives", TwoObjectives().Sampler("tpe", early).Over(PlainSpace())},
          {"Conditional", ASpec().Over(ConditionalSpace()).MaxTrials(40)}};
}

class RandomLives : public testing::TestWithParam<std::tuple<Life, std::string>> {};

TEST_P(RandomLives, ComeBackFromStorageAsTheyAre) {
  const auto& [life, scheme] = GetParam();
  for (uint64_t seed = 0; seed < 3; ++seed) {
    TempDir folder;
    auto storage = OpenStorage(scheme + ":///" + folder.File("a.db"), "test").value();
    LiveStudy study(life.spec);
    RandomLife random(study, seed);
    Rng rng = Rng::ForTrial(seed, 1, "commits");
    size_t stored = 0;
    for (int round = 0; round < 25; ++round) {
      for (uint64_t steps = rng.Below(20); steps > 0; --steps) random.Step();
      ASSERT_THAT(storage->Commit(std::span(study.Log()).subspan(stored)), IsOk());
      stored = study.Log().size();
      const Now now = study.time.Now();
      const States states = LoadStates(*storage, now);
      ASSERT_EQ(Dump(*states.at(1), now), Dump(study.State(), now))
          << "seed " << seed << ", round " << round;
    }
    EXPECT_GT(study.State().Trials().size(), 20u);
  }
}

// A process that ends and one that goes on must make the same of the same commands.
TEST_P(RandomLives, GoOnAfterARestartAsIfThereWereNone) {
  const auto& [life, scheme] = GetParam();
  LiveStudy steady(life.spec), restarted(life.spec);
  RandomLife steady_life(steady, 9), restarted_life(restarted, 9);
  TempDir folder;
  auto storage = OpenStorage(scheme + ":///" + folder.File("a.db"), "test").value();
  size_t stored = 0;
  for (int round = 0; round < 20; ++round) {
    for (int step = 0; step < 15; ++step) {
      steady_life.Step();
      restarted_life.Step();
    }
    ASSERT_THAT(storage->Commit(std::span(restarted.Log()).subspan(stored)), IsOk());
    stored = restarted.Log().size();
    // Both get fresh leases, so that the same trials are lost.
    steady.GrantLeases();
    restarted.ReplaceBy(LoadMutations(*storage, 1));
    const Now now = steady.time.Now();
    ASSERT_EQ(DumpWithLeases(restarted.State(), now), DumpWithLeases(steady.State(), now));
  }
}

INSTANTIATE_TEST_SUITE_P(Each, RandomLives,
                         testing::Combine(testing::ValuesIn(Lives()),
                                          testing::Values("memory", "sqlite")),
                         [](const auto& test) {
                           return std::get<0>(test.param).name + "_" + std::get<1>(test.param);
                         });

}  // namespace
}  // namespace hpod
