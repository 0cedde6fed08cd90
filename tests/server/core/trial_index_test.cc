#include "server/core/trial_index.h"

#include <gtest/gtest.h>
#include <map>

#include "samplers/rng.h"

namespace hpod {
namespace {

TEST(TrialIndex, FindsTheStudyOfEachTrialAsAMapDoes) {
  TrialIndex index;
  std::map<int64_t, StudyId> naive;
  Rng rng = Rng::ForTrial(1, 0, "trial index");
  int64_t trial_id = 0;
  StudyId study = 1;
  for (int i = 0; i < 1'000; ++i) {
    if (rng.Below(4) == 0) study = static_cast<StudyId>(rng.Below(3)) + 1;
    index.Note(++trial_id, study);
    naive[trial_id] = study;
  }
  for (const auto& [id, expected] : naive) ASSERT_EQ(index.Find(id), expected) << id;
  EXPECT_EQ(index.Find(0), std::nullopt);
  EXPECT_EQ(index.Find(-1), std::nullopt);
  EXPECT_EQ(index.Find(trial_id + 1), std::nullopt);
}

TEST(TrialIndex, KeepsWhatItKnowsWhenAStudyIsReadAgain) {
  TrialIndex index;
  for (int64_t id : {1, 2, 3}) index.Note(id, id == 2 ? 8 : 7);
  for (int64_t id : {1, 3}) index.Note(id, 7);
  EXPECT_EQ(index.Find(2), 8);
  EXPECT_EQ(index.Find(3), 7);
}

}  // namespace
}  // namespace hpod
