#include "samplers/tpe/coded_pages.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <optional>
#include <vector>

#include "samplers/rng.h"
#include "samplers/tpe/mixture.h"
#include "tests/samplers/instruction_sets.h"

namespace hpod {
namespace {

using Centre = std::vector<double>;

// Kernels of a hundredth of each interval's length.
class CodedCentres {
 public:
  explicit CodedCentres(size_t dimensions) {
    for (size_t i = 0; i < dimensions; ++i) {
      const auto low = -static_cast<double>(i);
      intervals_.push_back({low, low + std::exp(3.0 - static_cast<double>(i))});
      scales_.push_back(ScaleOf(0.01 * (intervals_[i].high - intervals_[i].low)));
    }
    double base = 0.0;
    for (const double scale : scales_) base += std::log(scale) - 0.572;
    pages_.emplace(scales_, intervals_, scales_, base);
  }

  // Normal around a third of each interval, cut to it; each tenth at an end.
  Centre Draw(double sigma, Rng& rng) const {
    Centre centre;
    for (const auto& [low, high] : intervals_) {
      double normal = -6;
      for (int k = 0; k < 12; ++k) normal += rng.Uniform();
      const double share = rng.Uniform() < 0.1 ? 0.0 : 1.0 / 3.0 + sigma * normal;
      centre.push_back(low + std::clamp(share, 0.0, 1.0) * (high - low));
    }
    return centre;
  }
  // So much of the first interval above a point.
  Centre Beside(Centre point, double share) const {
    point[0] += share * (intervals_[0].high - intervals_[0].low);
    return point;
  }
  void Add(const Centre& centre, double constant = 0.0) {
    if (centres_.size() % kPageSlots == 0) pages_->AddPage(PageOf(centres_.size() / kPageSlots));
    pages_->Set(PageOf(0) * kPageSlots + centres_.size(), centre, constant);
    centres_.push_back(centre);
  }
  // As they are numbered beside others.
  static size_t PageOf(size_t index) { return index + 2; }
  CodedPages& Pages() { return *pages_; }
  size_t Count() const { return centres_.size(); }
  double Cost(size_t slot, const Centre& point) const {
    double cost = 0.0;
    for (size_t i = 0; i < point.size(); ++i) {
      cost += std::pow((point[i] - centres_[slot][i]) * scales_[i], 2);
    }
    return cost;
  }
  CodedPages::NearPages Ask(const Centre& point, double reach) const {
    return {*pages_, {point.data()}, reach, std::pmr::get_default_resource()};
  }
  // By page, the bits of the slots that are found to be near.
  std::vector<uint64_t> FindNear(const Centre& point, double reach) const {
    std::vector<uint64_t> near(Count() / kPageSlots + 1);
    CodedPages::NearPages pages = Ask(point, reach);
    while (const auto found = pages.Next(reach)) {
      uint64_t& slots = near[found->page - PageOf(0)];
      EXPECT_EQ(slots, 0U) << "found again: page " << found->page;
      slots = found->slots;
    }
    return near;
  }

 private:
  std::vector<Interval> intervals_;
  std::vector<double> scales_;
  std::vector<Centre> centres_;
  std::optional<CodedPages> pages_;
};

TEST(CodedPages, FindAllThatIsWithinReachAndLittleElse) {
  OnEachInstructionSet([] {
    constexpr size_t kPages = 100;  // two groups
    for (const size_t dimensions : {1U, 6U, 9U, 30U}) {
      Rng rng = Rng::ForTrial(1, dimensions, "codes");
      CodedCentres centres(dimensions);
      while (centres.Count() < kPages * kPageSlots) centres.Add(centres.Draw(0.04, rng));
      size_t within = 0;
      size_t found = 0;
      size_t all = 0;
      for (int i = 0; i < 10; ++i) {
        const Centre point = centres.Draw(0.04, rng);
        for (const double share : {11.0, 6.0}) {
          const double reach = share * static_cast<double>(dimensions);
          const std::vector<uint64_t> near = centres.FindNear(point, reach);
          for (size_t slot = 0; slot < centres.Count(); ++slot) {
            const bool is_found = (near[slot / kPageSlots] >> slot % kPageSlots & 1) != 0;
            found += is_found ? 1 : 0;
            ++all;
            if (centres.Cost(slot, point) > reach) continue;
            ++within;
            EXPECT_TRUE(is_found) << dimensions << " " << slot;
          }
        }
      }
      EXPECT_GT(within, 0U) << dimensions;
      EXPECT_LT(found - within, all / 6) << dimensions;
    }
  });
}

// A page for each: more than 64 groups.
TEST(CodedPages, FindWhatIsNearAmongThousandsOfPages) {
  Rng rng = Rng::ForTrial(5, 0, "codes");
  CodedCentres centres(6);
  while (centres.Count() < size_t{64} * 70 * kPageSlots) {
    const Centre centre = centres.Draw(0.08, rng);
    for (size_t k = 0; k < kPageSlots; ++k) centres.Add(centre);
  }
  size_t within = 0;
  size_t found = 0;
  for (int i = 0; i < 10; ++i) {
    const Centre point = centres.Draw(0.08, rng);
    const std::vector<uint64_t> near = centres.FindNear(point, 60.0);
    for (size_t page = 0; page < centres.Count() / kPageSlots; ++page) {
      if (near[page] != 0) ++found;
      if (centres.Cost(page * kPageSlots, point) > 60.0) continue;
      ++within;
      EXPECT_EQ(near[page], ~uint64_t{0}) << page;
    }
  }
  EXPECT_GT(within, 20U);
  EXPECT_LT(found, 5 * within);
}

TEST(CodedPages, FindTheNearestFirstAndNothingBeyondAShorterReach) {
  CodedCentres centres(6);
  Rng rng = Rng::ForTrial(6, 0, "codes");
  const Centre point = centres.Draw(0.04, rng);
  std::vector<double> costs;
  for (const double away : {0.05, 0.02, 0.09, 0.0, 0.07}) {
    for (size_t k = 0; k < kPageSlots; ++k) centres.Add(centres.Beside(point, away));
    costs.push_back(centres.Cost(centres.Count() - 1, point));
  }
  CodedPages::NearPages pages = centres.Ask(point, 1.1 * costs[2]);
  for (const size_t expected : {3U, 1U, 0U}) {
    const auto found = pages.Next(1.1 * costs[2]);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->page, CodedCentres::PageOf(expected));
  }
  EXPECT_FALSE(pages.Next(0.5 * costs[4]).has_value());
}

TEST(CodedPages, FindNothingWithoutReach) {
  CodedCentres centres(6);
  Rng rng = Rng::ForTrial(2, 0, "codes");
  const Centre centre = centres.Draw(0.04, rng);
  for (size_t k = 0; k < 2 * kPageSlots; ++k) centres.Add(centre);
  CodedPages::NearPages pages = centres.Ask(centre, 10.0);
  EXPECT_EQ(pages.Next(0.0)->slots, ~uint64_t{0});
  EXPECT_FALSE(pages.Next(-1.0).has_value());
}

TEST(CodedPages, KnowTermsToWithinTheirError) {
  OnEachInstructionSet([] {
    constexpr size_t kPages = 4;
    for (const size_t dimensions : {1U, 3U, 9U, 30U}) {
      Rng rng = Rng::ForTrial(3, dimensions, "codes");
      CodedCentres centres(dimensions);
      std::vector<double> constants;
      while (centres.Count() < kPages * kPageSlots) {
        constants.push_back(40.0 + rng.Uniform());
        centres.Add(centres.Draw(0.04, rng), constants.back());
      }
      const double reach = 16.0 * static_cast<double>(dimensions);
      size_t within = 0;
      double greatest_error = 0.0;
      for (int i = 0; i < 20; ++i) {
        const Centre point = centres.Draw(0.04, rng);
        const CodedPages::Point coded(centres.Pages(), {point.data()},
                                      std::pmr::get_default_resource());
        const double error = coded.ErrorWithin(reach);
        EXPECT_LT(error, 6e-3) << dimensions;
        for (size_t page = 0; page < kPages; ++page) {
          std::array<float, kPageSlots> terms;
          coded.GetTerms(CodedCentres::PageOf(page), ~uint64_t{0}, reach, terms);
          for (size_t k = 0; k < kPageSlots; ++k) {
            const size_t slot = page * kPageSlots + k;
            const double cost = centres.Cost(slot, point);
            const double term = coded.Base() + static_cast<double>(terms[k]);
            if (cost <= reach) {
              ++within;
              EXPECT_NEAR(term, constants[slot] - cost, error) << dimensions << " " << slot;
              greatest_error = std::max(greatest_error, std::abs(term - (constants[slot] - cost)));
            } else {
              EXPECT_LT(term, constants[slot] - reach + error) << dimensions << " " << slot;
            }
          }
        }
      }
      EXPECT_GT(within, 0U) << dimensions;
      EXPECT_GT(greatest_error, 0.0) << dimensions;
    }
  });
}

TEST(CodedPages, ForgetKernelsThatHaveLeftAndKnowThoseThatMoved) {
  CodedCentres centres(3);
  Rng rng = Rng::ForTrial(4, 0, "codes");
  const Centre centre = centres.Draw(0.04, rng);
  for (int i = 0; i < 3; ++i) centres.Add(centre, 7.0);
  const size_t first = CodedCentres::PageOf(0) * kPageSlots;
  CodedPages& pages = centres.Pages();
  pages.Clear(first);
  pages.Copy(first + 1, first + 9);
  EXPECT_TRUE(pages.IsAt(first + 9, centre));
  EXPECT_FALSE(pages.IsAt(first + 10, centre));
  const CodedPages::Point point(pages, {centre.data()}, std::pmr::get_default_resource());
  std::array<float, kPageSlots> terms;
  point.GetTerms(CodedCentres::PageOf(0), ~uint64_t{0}, 10.0, terms);
  for (const size_t k : {1U, 2U, 9U})
    EXPECT_NEAR(point.Base() + static_cast<double>(terms[k]), 7.0, 1e-4) << k;
  for (const size_t k : {0U, 3U, 8U, 63U}) {
    EXPECT_EQ(terms[k], -std::numeric_limits<float>::infinity()) << k;
  }
}

}  // namespace
}  // namespace hpod
