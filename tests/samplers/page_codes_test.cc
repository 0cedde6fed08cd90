#include "samplers/tpe/page_codes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <optional>

#include "samplers/rng.h"
#include "samplers/tpe/mixture.h"

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
    codes_.emplace(scales_, intervals_);
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
  void Add(const Centre& centre) {
    codes_->Set(centres_.size(), centre);
    centres_.push_back(centre);
  }
  size_t Count() const { return centres_.size(); }
  double Cost(size_t slot, const Centre& point) const {
    double cost = 0.0;
    for (size_t i = 0; i < point.size(); ++i) {
      cost += std::pow((point[i] - centres_[slot][i]) * scales_[i], 2);
    }
    return cost;
  }
  PageCodes::Query Ask(const Centre& point, double reach) const {
    return {*codes_, point.data(), reach, std::pmr::get_default_resource()};
  }

 private:
  std::vector<Interval> intervals_;
  std::vector<double> scales_;
  std::vector<Centre> centres_;
  std::optional<PageCodes> codes_;
};

TEST(PageCodes, FindAllThatIsWithinReachAndLittleElse) {
  constexpr size_t kPages = 10;
  for (const size_t dimensions : {1U, 6U, 9U, 30U}) {
    Rng rng = Rng::ForTrial(1, dimensions, "codes");
    CodedCentres centres(dimensions);
    while (centres.Count() < kPages * kPageSlots) centres.Add(centres.Draw(0.04, rng));
    size_t within = 0;
    size_t found = 0;
    size_t all = 0;
    for (int i = 0; i < 20; ++i) {
      const Centre point = centres.Draw(0.04, rng);
      const double first_reach = 16.0 * static_cast<double>(dimensions);
      const PageCodes::Query query = centres.Ask(point, first_reach);
      for (const double reach : {first_reach, 0.6 * first_reach}) {
        for (size_t page = 0; page < kPages; ++page) {
          const uint64_t near = query.Near(page, reach);
          found += static_cast<size_t>(std::popcount(near));
          all += kPageSlots;
          for (size_t k = 0; k < kPageSlots; ++k) {
            if (centres.Cost(page * kPageSlots + k, point) > reach) continue;
            ++within;
            EXPECT_TRUE((near >> k & 1) != 0) << dimensions << " " << page << " " << k;
          }
        }
      }
    }
    EXPECT_GT(within, 0U) << dimensions;
    EXPECT_LT(found - within, all / 6) << dimensions;
  }
}

TEST(PageCodes, FindNothingWithoutReach) {
  CodedCentres centres(6);
  Rng rng = Rng::ForTrial(2, 0, "codes");
  const Centre centre = centres.Draw(0.04, rng);
  for (size_t k = 0; k < kPageSlots; ++k) centres.Add(centre);
  const PageCodes::Query query = centres.Ask(centre, 10.0);
  EXPECT_EQ(query.Near(0, 0.0), ~uint64_t{0});
  EXPECT_EQ(query.Near(0, -1.0), 0U);
}

}  // namespace
}  // namespace hpod
