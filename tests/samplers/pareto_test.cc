#include "samplers/tpe/pareto.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <set>

#include "samplers/rng.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

constexpr double kInf = std::numeric_limits<double>::infinity();

std::vector<double> RandomLosses(size_t n, size_t d, uint64_t cells, std::string_view stream) {
  Rng rng = Rng::ForTrial(1, n * 10 + d, stream);
  std::vector<double> losses;
  for (size_t i = 0; i < n * d; ++i) losses.push_back(static_cast<double>(rng.Below(cells)));
  return losses;
}

bool Dominates(const double* a, const double* b, size_t d) {
  return std::equal(a, a + d, b, std::less_equal<>()) && !std::equal(a, a + d, b);
}

// By definition, again and again.
std::vector<size_t> NaiveRanks(const std::vector<double>& losses, size_t d) {
  const size_t n = losses.size() / d;
  std::vector<size_t> ranks(n, n);
  for (size_t rank = 0; std::find(ranks.begin(), ranks.end(), n) != ranks.end(); ++rank) {
    std::vector<size_t> front;
    for (size_t i = 0; i < n; ++i) {
      if (ranks[i] < n) continue;
      bool dominated = false;
      for (size_t j = 0; j < n; ++j) {
        dominated = dominated || (ranks[j] == n && Dominates(&losses[j * d], &losses[i * d], d));
      }
      if (!dominated) front.push_back(i);
    }
    for (const size_t i : front) ranks[i] = rank;
  }
  return ranks;
}

// Counts the unit cells below `cells` that some vector of whole numbers dominates.
double CountedVolume(const std::vector<double>& losses, size_t d, size_t cells) {
  size_t total = 1;
  for (size_t i = 0; i < d; ++i) total *= cells;
  size_t dominated = 0;
  for (size_t cell = 0; cell < total; ++cell) {
    bool is_dominated = false;
    for (size_t row = 0; row < losses.size() && !is_dominated; row += d) {
      size_t rest = cell;
      is_dominated = true;
      for (size_t i = 0; i < d; ++i, rest /= cells) {
        is_dominated = is_dominated && losses[row + i] <= static_cast<double>(rest % cells);
      }
    }
    dominated += is_dominated ? 1 : 0;
  }
  return static_cast<double>(dominated);
}

TEST(NondominationRanks, FollowTheDefinition) {
  for (const size_t d : {1, 2, 3, 4}) {
    for (const size_t n : {1, 2, 7, 40}) {
      const std::vector<double> losses = RandomLosses(n, d, 6, "ranks");
      EXPECT_EQ(NondominationRanks(losses, d, n), NaiveRanks(losses, d)) << d << " " << n;
    }
  }
}

TEST(NondominationRanks, StopOnceEnoughHaveTheirs) {
  const std::vector<double> losses = {3, 3, 0, 0, 2, 2, 1, 1, 4, 4};
  EXPECT_THAT(NondominationRanks(losses, 2, 2), ElementsAre(2, 0, 2, 1, 2));
}

TEST(Hypervolume, CountsDominatedCells) {
  for (const size_t d : {2, 3, 4}) {
    for (const size_t n : {1, 2, 5, 12}) {
      const std::vector<double> losses = RandomLosses(n, d, 6, "volume");
      EXPECT_DOUBLE_EQ(Hypervolume(losses, std::vector<double>(d, 6.0)),
                       CountedVolume(losses, d, 6))
          << d << " " << n;
    }
  }
  EXPECT_EQ(Hypervolume({}, std::vector<double>{1, 1}), 0.0);
  EXPECT_EQ(Hypervolume(std::vector<double>{-kInf, 0}, std::vector<double>{1, 1}), kInf);
}

// Greedy choice by whole volumes, and the first in lexicographic order among equals.
std::vector<size_t> NaiveSelection(const std::vector<double>& losses, size_t d, size_t count) {
  const size_t n = losses.size() / d;
  std::vector<double> reference(d, 0.0);
  for (size_t i = 0; i < losses.size(); ++i)
    reference[i % d] = std::max(reference[i % d], losses[i]);
  for (double& r : reference) r = r == 0 ? 1e-12 : 1.1 * r;
  std::vector<size_t> selected;
  std::vector<double> chosen;
  while (selected.size() < count) {
    size_t best = n;
    double most = -1;
    for (size_t i = 0; i < n; ++i) {
      if (std::find(selected.begin(), selected.end(), i) != selected.end()) continue;
      std::vector<double> with = chosen;
      with.insert(with.end(), &losses[i * d], &losses[i * d] + d);
      const double volume = Hypervolume(with, reference);
      const bool first =
          best < n && std::lexicographical_compare(&losses[i * d], &losses[i * d] + d,
                                                   &losses[best * d], &losses[best * d] + d);
      if (volume > most + 1e-9 || (volume > most - 1e-9 && first)) {
        best = i;
        most = volume;
      }
    }
    selected.push_back(best);
    chosen.insert(chosen.end(), &losses[best * d], &losses[best * d] + d);
  }
  std::sort(selected.begin(), selected.end());
  return selected;
}

TEST(SelectByHypervolume, IsGreedy) {
  for (const size_t d : {2, 3, 4}) {
    // Irregular numbers, so that no two choices are equally good.
    Rng rng = Rng::ForTrial(2, d, "front");
    std::vector<double> losses;
    for (size_t i = 0; i < 200; ++i) {
      for (size_t k = 0; k < d; ++k) losses.push_back(rng.Uniform());
    }
    const std::vector<size_t> ranks = NondominationRanks(losses, d, 200);
    std::vector<double> front;
    for (size_t i = 0; i < 200; ++i) {
      if (ranks[i] == 1) front.insert(front.end(), &losses[i * d], &losses[i * d] + d);
    }
    const size_t n = front.size() / d;
    ASSERT_GT(n, 5U);
    for (size_t count = 1; count < n; count += 3) {
      std::vector<size_t> selected = SelectByHypervolume(front, d, count);
      std::sort(selected.begin(), selected.end());
      EXPECT_EQ(selected, NaiveSelection(front, d, count)) << d << " " << count;
    }
  }
}

TEST(SelectByHypervolume, TakesEqualVectorsOnceWhileThereAreOthers) {
  const std::vector<double> losses = {1, 3, 1, 3, 3, 1, 3, 1};
  EXPECT_THAT(SelectByHypervolume(losses, 2, 2), UnorderedElementsAre(0, 2));
  EXPECT_THAT(SelectByHypervolume(losses, 2, 3), UnorderedElementsAre(0, 1, 2));
  EXPECT_THAT(SelectByHypervolume(losses, 2, 4), UnorderedElementsAre(0, 1, 2, 3));
}

TEST(SelectByHypervolume, TakesTheFirstWhereTheWorstIsInfinite) {
  const std::vector<double> losses = {5, 0, 1, kInf, 3, 2};
  EXPECT_THAT(SelectByHypervolume(losses, 2, 2), UnorderedElementsAre(1, 2));
}

}  // namespace
}  // namespace hpod
