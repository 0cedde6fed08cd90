#include "samplers/tpe/sorted_centres.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <vector>

#include "samplers/rng.h"

namespace hpod {
namespace {

constexpr Interval kInterval{-1.0, 3.0};
const WidthLimits kLimits = LimitsOf(kInterval, kSettled);

// Crowded in the middle, equal at a few places, and some outside the interval.
Centre RandomCentre(uint32_t number, Rng& rng) {
  const double u = rng.Uniform();
  if (u < 0.1) return {std::floor(8.0 * rng.Uniform()) * 0.5, number};
  if (u < 0.15) return {5.0 * rng.Uniform() + 3.0, number};
  const double x = rng.Uniform() + rng.Uniform() + rng.Uniform();
  return {-1.0 + 4.0 * x / 3.0, number};
}

std::map<uint32_t, double> PlainWidths(const std::set<Centre>& all) {
  std::map<uint32_t, double> widths;
  for (auto it = all.begin(); it != all.end(); ++it) {
    double left = it == all.begin() ? 0.0 : it->mu - std::prev(it)->mu;
    double right = std::next(it) == all.end() ? 0.0 : std::next(it)->mu - it->mu;
    if (all.size() == 1) {
      left = it->mu - kInterval.low;
      right = kInterval.high - it->mu;
    }
    widths[it->number] = std::clamp(std::max(left, right), kLimits.least, kLimits.most);
  }
  return widths;
}

// A list that is told of all centres that come and go, and the widths that it has told of.
class Followed {
 public:
  void Insert(const Centre& centre) {
    all_.insert(centre);
    list_.Insert(centre, [&](const Centre& c, double width) { widths_[c.number] = width; });
  }
  void Erase(const Centre& centre) {
    all_.erase(centre);
    widths_.erase(centre.number);
    list_.Erase(
        centre,
        [&](const Centre& low, const Centre& high, bool is_least) {
          return is_least ? *all_.upper_bound(low) : *std::prev(all_.lower_bound(high));
        },
        [&](const Centre& c, double width) { widths_[c.number] = width; });
  }
  void AssignThinly() {
    list_.AssignThinly([&](const auto& add) { std::for_each(all_.begin(), all_.end(), add); });
  }
  void AssignAll() { list_.Assign({all_.begin(), all_.end()}); }
  void Thin() { list_.Thin(); }
  Centre Pick(Rng& rng) const {
    return *std::next(all_.begin(), static_cast<std::ptrdiff_t>(rng.Below(all_.size())));
  }

  void ExpectPlainWidths() const { EXPECT_EQ(widths_, PlainWidths(all_)); }
  // Of those that are left out nothing is told but that.
  void ExpectPlainWidthsOfKept() const {
    std::map<uint32_t, double> kept = PlainWidths(all_);
    size_t count = 0;
    list_.ForEachWidth(kLimits, [&](const Centre& c, double width) {
      EXPECT_EQ(width, kept.at(c.number));
      kept.erase(c.number);
      ++count;
    });
    for (const auto& [number, width] : kept) EXPECT_EQ(width, kLimits.least) << number;
    EXPECT_LT(count, all_.size() / 2);
  }

 private:
  std::set<Centre> all_;
  std::map<uint32_t, double> widths_;
  SortedCentres list_{kInterval};
};

TEST(SortedCentres, TellOfEachWidthThatChanges) {
  Rng rng = Rng::ForTrial(1, 0, "centres");
  Followed followed;
  for (uint32_t number = 0; number < 2000; ++number) {
    followed.Insert(RandomCentre(number, rng));
    if (number % 3 == 2) followed.Erase(followed.Pick(rng));
    if (number % 50 == 0) followed.ExpectPlainWidths();
  }
  followed.ExpectPlainWidths();
}

TEST(SortedCentres, TellOfEachWidthThatChangesWhenTheyAreThin) {
  Rng rng = Rng::ForTrial(2, 0, "centres");
  Followed followed;
  for (uint32_t number = 0; number < 3000; ++number) {
    followed.Insert(RandomCentre(number, rng));
    if (number == 100) followed.Thin();
    if (number == 800) followed.AssignThinly();
    if (number == 1200) followed.AssignAll();
    if (number == 1500) followed.Thin();
    if (number > 2000 || number % 2 == 0) followed.Erase(followed.Pick(rng));
    if (number % 50 == 0) followed.ExpectPlainWidths();
  }
  followed.ExpectPlainWidths();
  followed.ExpectPlainWidthsOfKept();
}

TEST(SortedCentres, EndWithNoneThoughTheyWereThin) {
  Rng rng = Rng::ForTrial(3, 0, "centres");
  Followed followed;
  std::vector<Centre> centres;
  for (uint32_t number = 0; number < 300; ++number) {
    centres.push_back(RandomCentre(number, rng));
    followed.Insert(centres.back());
  }
  followed.Thin();
  for (const Centre& centre : centres) {
    followed.Erase(centre);
    followed.ExpectPlainWidths();
  }
  followed.Insert(centres[0]);
  followed.ExpectPlainWidths();
}

}  // namespace
}  // namespace hpod
