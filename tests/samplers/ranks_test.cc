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
    }
  }
}

}  // namespace
}  // namespace hpod
