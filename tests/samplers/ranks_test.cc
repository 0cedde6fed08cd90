#include "samplers/tpe/ranks.h"

#include <gtest/gtest.h>
#include <iterator>
#include <set>

#include "samplers/rng.h"

namespace hpod {
namespace {

TEST(Ranks, CountThoseBelowAsNumbersComeAndGo) {
  Rng rng = Rng::ForTrial(1, 0, "ranks");
  Ranks ranks;
  std::set<size_t> numbers;
  for (int i = 0; i < 3000; ++i) {
    const size_t number = rng.Below(700);
    if (numbers.insert(number).second) {
      ranks.Insert(number);
    } else {
      numbers.erase(number);
      ranks.Erase(number);
    }
    if (i % 100 != 99) continue;
    for (auto it = numbers.begin(); it != numbers.end(); ++it) {
      ASSERT_EQ(ranks.Of(*it), static_cast<size_t>(std::distance(numbers.begin(), it)));
      EXPECT_EQ(ranks.CountUpTo(*it), ranks.Of(*it) + 1);
    }
  }
}

// All ranks, between the bounds.
void ExpectBounded(const Ranks& ranks, const std::set<size_t>& numbers) {
  const RankBounds& bounds = ranks.Bounds();
  size_t rank = 0;
  for (const size_t number : numbers) {
    const double more =
        static_cast<double>(rank++) - bounds.per_number * static_cast<double>(number);
    ASSERT_GE(more, bounds.least - 1e-9) << number;
    ASSERT_LE(more, bounds.most + 1e-9) << number;
  }
}

TEST(Ranks, AreBoundedAsNumbersComeAndGo) {
  Rng rng = Rng::ForTrial(2, 0, "ranks");
  for (const double absent : {0.0, 0.01, 0.5}) {
    Ranks ranks;
    std::set<size_t> numbers;
    for (size_t number = 0; number < 5000; ++number) {
      if (rng.Uniform() >= absent) {
        ranks.Insert(number);
        numbers.insert(number);
      }
      // One that goes, and one that comes back.
      const size_t other = rng.Below(number + 1);
      if (number % 50 == 7 && numbers.erase(other) > 0) ranks.Erase(other);
      if (number % 50 == 30 && numbers.insert(other).second) ranks.Insert(other);
      if (number % 100 == 99) ExpectBounded(ranks, numbers);
    }
  }
}

TEST(Ranks, AreBoundedCloselyWhereFewNumbersAreMissing) {
  Ranks ranks;
  for (size_t number = 0; number < 10'000; ++number) {
    if (number % 400 != 200) ranks.Insert(number);
  }
  EXPECT_LT(ranks.Bounds().Gap(), 8.0);
}

}  // namespace
}  // namespace hpod
