#include "server/core/parallel_replay.h"

#include <atomic>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using KeyList = std::vector<StoredTrials::Key>;

// Trials with nothing but their ids; some cannot be decoded.
class FakeTrials final : public StoredTrials {
 public:
  static std::atomic<int> in_memory;

  explicit FakeTrials(KeyList keys, int64_t damaged_id = 0)
      : keys_(std::move(keys)), damaged_id_(damaged_id) {
    ++in_memory;
  }
  FakeTrials(const FakeTrials&) = delete;
  FakeTrials& operator=(const FakeTrials&) = delete;
  ~FakeTrials() override { --in_memory; }

  std::span<const Key> Keys() const override { return keys_; }
  absl::StatusOr<Mutation> Decode(size_t i) override {
    const auto [study, trial_id] = keys_[i];
    if (trial_id == damaged_id_) return absl::DataLossError(fmt::format("damaged {}", trial_id));
    TrialAdded added;
    added.trial.id = trial_id;
    return Mutation{study, 0, std::move(added)};
  }

 private:
  const std::vector<Key> keys_;
  const int64_t damaged_id_;
};

std::atomic<int> FakeTrials::in_memory = 0;

int64_t IdOf(const Mutation& mutation) { return std::get<TrialAdded>(mutation.change).trial.id; }

class ReplayOnThreads : public testing::TestWithParam<size_t> {};

TEST_P(ReplayOnThreads, AppliesTheTrialsOfEachStudyInOrder) {
  std::mutex mutex;
  std::map<StudyId, std::vector<int64_t>> applied, expected;
  ParallelReplay replay(GetParam(), [&](const Mutation& trial) {
    const std::lock_guard lock(mutex);
    applied[trial.study].push_back(IdOf(trial));
    return absl::OkStatus();
  });
  for (int64_t id = 1; id <= 300; id += 3) {
    const KeyList keys = {{id % 7, id}, {id % 5, id + 1}, {1'000, id + 2}};
    for (const auto& [study, trial_id] : keys) expected[study].push_back(trial_id);
    replay.Add(std::make_shared<FakeTrials>(keys));
  }
  EXPECT_THAT(replay.Finish(), IsOk());
  EXPECT_EQ(applied, expected);
}

TEST_P(ReplayOnThreads, AppliesNothingOfAStudyAfterItsFirstError) {
  std::mutex mutex;
  std::vector<int64_t> applied;
  ParallelReplay replay(GetParam(), [&](const Mutation& trial) {
    const std::lock_guard lock(mutex);
    applied.push_back(IdOf(trial));
    return absl::OkStatus();
  });
  for (int64_t id = 1; id <= 100; ++id)
    replay.Add(std::make_shared<FakeTrials>(KeyList{{4, id}}, /*damaged_id=*/3));
  EXPECT_THAT(replay.Finish(), SaysThat("damaged 3"));
  EXPECT_THAT(applied, testing::ElementsAre(1, 2));
}

TEST_P(ReplayOnThreads, KeepsFewOfThemInMemory) {
  constexpr int kFew = 16;
  int most = 0;
  ParallelReplay replay(GetParam(), [&](const Mutation& /*trial*/) {
    // The thread that adds has all the time that it could use.
    for (int i = 0; i < 1'000; ++i) std::this_thread::yield();
    most = std::max(most, FakeTrials::in_memory.load());
    return absl::OkStatus();
  });
  for (int64_t id = 1; id <= 200; ++id) replay.Add(std::make_shared<FakeTrials>(KeyList{{1, id}}));
  EXPECT_THAT(replay.Finish(), IsOk());
  EXPECT_LE(most, kFew);
  EXPECT_EQ(FakeTrials::in_memory, 0);
}

TEST_P(ReplayOnThreads, EndsWithNothingToDo) {
  EXPECT_THAT(ParallelReplay(GetParam(), [](const Mutation&) { return absl::OkStatus(); }).Finish(),
              IsOk());
}

INSTANTIATE_TEST_SUITE_P(Some, ReplayOnThreads, testing::Values(1, 2, 3, 8));

// Whichever thread has the earlier one, and whichever is faster.
TEST(ParallelReplay, TellsTheFirstErrorInTheOrderOfTheTrialsAlsoIfALaterOneIsMetBefore) {
  for (const StudyId early_study : {1, 2}) {
    std::atomic<bool> late_has_failed = false;
    ParallelReplay replay(2, [&](const Mutation& trial) {
      const int64_t id = IdOf(trial);
      if (id == 20) late_has_failed = true;
      while (id == 10 && !late_has_failed) std::this_thread::yield();
      return id % 10 == 0 ? absl::DataLossError(fmt::format("trial {}", id)) : absl::OkStatus();
    });
    const StudyId late_study = 3 - early_study;
    replay.Add(std::make_shared<FakeTrials>(KeyList{{early_study, 9}, {early_study, 10}}));
    replay.Add(std::make_shared<FakeTrials>(KeyList{{early_study, 19}, {late_study, 20}}));
    EXPECT_EQ(replay.Finish().message(), "trial 10") << early_study;
  }
}

}  // namespace
}  // namespace hpod
