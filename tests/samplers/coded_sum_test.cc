#include "samplers/tpe/coded_sum.h"

#include <array>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "samplers/rng.h"
#include "tests/samplers/instruction_sets.h"

namespace hpod {
namespace {

constexpr size_t kTabulated = 3;
constexpr double kBase = 30.0;
constexpr float kNone = -std::numeric_limits<float>::infinity();

// A page of kernels, the second of its blocks, with rows in tables of a point.
class Page {
 public:
  // `alike`: which share of kernels has the same rows. Each `gap`-th number is missing.
  Page(double alike, size_t gap) : rng_(Rng::ForTrial(1, gap, "coded")) {
    constexpr size_t kBlocks = 2 * kPageSlots / kLanes;
    blocks_.tabulated = kTabulated;
    blocks_.rows.resize(kBlocks * kTabulated);
    blocks_.numbers.resize(kBlocks);
    for (IndexLanes& rows : blocks_.rows) {
      for (int32_t& row : rows.lane) {
        row = rng_.Uniform() < alike ? 2 : static_cast<int32_t>(rng_.Below(kRows));
      }
    }
    for (std::vector<float>& table : tables_) {
      for (size_t row = 0; row < kRows; ++row) {
        table.push_back(static_cast<float>(3.0 * rng_.Uniform()));
      }
      table[4] = std::numeric_limits<float>::infinity();
    }
    size_t number = 0;
    for (IndexLanes& numbers : blocks_.numbers) {
      for (int32_t& n : numbers.lane) {
        if (++number % gap == 0) ++number;
        n = static_cast<int32_t>(number);
        blocks_.ranks.Insert(number);
      }
    }
    weights_ = {0.01, 1.0 / static_cast<double>(kBlocks * kLanes)};
    for (float& term : terms_) {
      term = rng_.Uniform() < 0.1 ? kNone : static_cast<float>(-30.0 * rng_.Uniform());
    }
  }

  // What is known of the sum, times e^-kBase.
  struct Known {
    double least;
    double most;
  };
  Known Add(double floor) const {
    std::array<const float*, kTabulated> costs;
    for (size_t j = 0; j < kTabulated; ++j) costs[j] = tables_[j].data();
    RoughSum sum;
    AddCodedRoughly(blocks_, kPageSlots / kLanes, {terms_, kBase, costs.data()}, floor, weights_,
                    sum);
    const double scale = std::exp(sum.largest - kBase);
    return {scale * sum.factor, scale * (sum.factor + sum.slack)};
  }
  double Plain(double floor) const {
    double sum = 0.0;
    for (size_t slot = 0; slot < kPageSlots; ++slot) {
      const size_t block = (kPageSlots + slot) / kLanes;
      double term = static_cast<double>(terms_[slot]);
      for (size_t j = 0; j < kTabulated; ++j) {
        const int32_t row = blocks_.rows[block * kTabulated + j].lane[slot % kLanes];
        term -= static_cast<double>(tables_[j][static_cast<size_t>(row)]);
      }
      if (term < floor - kBase) continue;
      const auto number = static_cast<size_t>(blocks_.numbers[block].lane[slot % kLanes]);
      const auto rank = static_cast<double>(blocks_.ranks.Of(number));
      sum += std::min(weights_.first + weights_.slope * rank, 1.0) * std::exp(term);
    }
    return sum;
  }
  const RankBounds& Ranks() const { return blocks_.ranks.Bounds(); }
  // Weights that hardly depend on ranks.
  void Flatten() { weights_ = {0.5, 1e-6}; }

 private:
  static constexpr size_t kRows = 7;
  Rng rng_;
  KernelBlocks blocks_;
  std::array<std::vector<float>, kTabulated> tables_;
  std::array<float, kPageSlots> terms_;
  RampWeights weights_;
};

TEST(CodedSum, IsThePlainSumOfWhatIsAboveTheFloor) {
  OnEachInstructionSet([] {
    for (const double alike : {0.0, 0.9, 1.0}) {
      const Page page(alike, 1000);
      for (const double floor : {kBase - 100.0, kBase - 20.0, kBase - 12.0}) {
        const Page::Known known = page.Add(floor);
        const double plain = page.Plain(floor);
        EXPECT_GT(plain, 0.0);
        EXPECT_NEAR(known.least, plain, 1e-5 * plain) << alike << " " << floor;
      }
      EXPECT_EQ(page.Add(kBase + 1.0).most, 0.0);
    }
  });
}

TEST(CodedSum, CountsRanksWhereTheyMatter) {
  OnEachInstructionSet([] {
    const Page page(0.9, 5);
    ASSERT_GT(page.Ranks().Gap(), 1.0);
    const Page::Known known = page.Add(kBase - 50.0);
    EXPECT_NEAR(known.least / page.Plain(kBase - 50.0), 1.0, 1e-5);
    EXPECT_EQ(known.least, known.most);
  });
}

TEST(CodedSum, MakesUpForRanksThatItDoesNotCount) {
  OnEachInstructionSet([] {
    Page page(0.9, 5);
    page.Flatten();
    const double plain = page.Plain(kBase - 50.0);
    const Page::Known known = page.Add(kBase - 50.0);
    EXPECT_LT(known.least, plain * (1.0 + 1e-6));
    EXPECT_GT(known.most, plain * (1.0 - 1e-6));
    EXPECT_GT(known.most, known.least);
    EXPECT_LT(known.most, known.least * 1.001);
  });
}

}  // namespace
}  // namespace hpod
