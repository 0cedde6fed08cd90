#include "samplers/tpe/kernel_tree.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "samplers/rng.h"

namespace hpod {
namespace {

constexpr size_t kDimensions = 3;
using Centre = std::array<double, kDimensions>;

// A tree of one-centre pages: each leaf that gets a second centre is divided between the two.
class TinyPages {
 public:
  TinyPages() { tree_.AddPage(0, 0); }

  void Add(const Centre& centre) {
    const KernelTree::Leaf leaf = tree_.LeafFor(centre);
    const uint32_t page = tree_.FirstPage(leaf);
    if (!centres_.contains(page)) {
      centres_[page] = centre;
      return;
    }
    const Centre other = centres_[page];
    const auto added = static_cast<uint32_t>(centres_.size());
    const size_t j = centres_.size() % kDimensions;
    tree_.Split(leaf, j, std::max(centre[j], other[j]), added);
    centres_[page] = centre[j] < other[j] ? centre : other;
    centres_[added] = centre[j] < other[j] ? other : centre;
  }

  const KernelTree& Tree() const { return tree_; }
  const std::map<uint32_t, Centre>& Centres() const { return centres_; }

 private:
  KernelTree tree_;
  std::map<uint32_t, Centre> centres_;
};

Centre RandomCentre(Rng& rng) { return {rng.Uniform(), rng.Uniform(), rng.Uniform()}; }

TEST(KernelTree, VisitsAllThatIsWithinReachAndLeavesMostOfTheRestOut) {
  TinyPages pages;
  Rng rng = Rng::ForTrial(1, 0, "tree");
  for (int i = 0; i < 2000; ++i) pages.Add(RandomCentre(rng));
  const std::vector<double> scales = {1.0, 2.0, 0.5};
  constexpr double kReach = 0.01;
  for (int i = 0; i < 8; ++i) {
    const Centre point = RandomCentre(rng);
    std::set<uint32_t> visited;
    pages.Tree().Walk(
        {point.data()}, scales, [] { return kReach; },
        [&](uint32_t page) { return visited.insert(page).second; });
    for (const auto& [page, centre] : pages.Centres()) {
      double distance = 0.0;
      for (size_t j = 0; j < kDimensions; ++j) {
        distance += std::pow((point[j] - centre[j]) * scales[j], 2);
      }
      EXPECT_TRUE(distance > kReach || visited.contains(page)) << page << " " << i;
    }
    EXPECT_LT(visited.size(), pages.Centres().size() / 5);
  }
}

TEST(KernelTree, BeginsWithThePageOfThePointAndEndsWhenTold) {
  TinyPages pages;
  Rng rng = Rng::ForTrial(3, 0, "tree");
  for (int i = 0; i < 100; ++i) pages.Add(RandomCentre(rng));
  const std::vector<double> scales(kDimensions, 1.0);
  std::vector<uint32_t> visited;
  pages.Tree().Walk(
      {pages.Centres().at(42).data()}, scales, [] { return 100.0; },
      [&](uint32_t page) {
        visited.push_back(page);
        return visited.size() < 3;
      });
  EXPECT_EQ(visited.size(), 3U);
  EXPECT_EQ(visited[0], 42U);
}

TEST(KernelTree, HeedsAReachThatShrinksOnTheWay) {
  TinyPages pages;
  Rng rng = Rng::ForTrial(2, 0, "tree");
  for (int i = 0; i < 500; ++i) pages.Add(RandomCentre(rng));
  const std::vector<double> scales(kDimensions, 1.0);
  const Centre point = pages.Centres().at(7);

  double reach = 100.0;
  size_t visits = 0;
  pages.Tree().Walk(
      {point.data()}, scales, [&] { return reach; },
      [&](uint32_t) {
        ++visits;
        reach = 1e-6;
        return true;
      });

  EXPECT_LT(visits, 10U);
}

}  // namespace
}  // namespace hpod
