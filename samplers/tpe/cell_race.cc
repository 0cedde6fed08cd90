// Which of some points has the greatest l / g, where sums of a tree's cells are known. Points that
// are near each other go down the tree together: where a study has found what it looks for, all
// need the same cells.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "samplers/tpe/mixture.h"
#include "samplers/tpe/mixture_queries.h"

namespace hpod {
namespace {

// How far apart bounds may be, relative to a sum, at last; and about, until it is worth while to
// look at others instead.
constexpr double kTolerance = 1e-5;
constexpr double kRoughly = 0.3;
constexpr size_t kAtOnce = 8;

// A point, with the sum of its terms in e^reference.
struct Runner {
  size_t index = 0;
  KernelQuery query{};
  double l = 0;      // times a number that all have
  double prior = 0;  // at most what the prior adds
  double known = 0;  // of what is known exactly
  double least = 0;
  double most = 0;
  double greatest_most = 0;  // since it was summed up

  double Least() const { return std::max(least, prior); }
  double GreatestRatio() const { return l / Least(); }
  double LeastRatio() const { return l / most; }
  // How far the bounds are apart.
  double Width() const { return (most - least) / Least(); }
};

// A page of kernels that are in no cell: at most what they add, anywhere.
struct BoundedPage {
  uint32_t page;
  double most;
};

// Ascending in the dimension in which points are furthest apart, in scales.
std::vector<size_t> InOrder(std::span<const CellSums::Vector> points) {
  size_t widest = 0;
  double extent = 0.0;
  for (size_t j = 0; j < CellSums::kMostDimensions; ++j) {
    const auto [low, high] = std::minmax_element(
        points.begin(), points.end(), [&](const auto& a, const auto& b) { return a[j] < b[j]; });
    if ((*high)[j] - (*low)[j] <= extent) continue;
    extent = (*high)[j] - (*low)[j];
    widest = j;
  }
  std::vector<size_t> order(points.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return points[a][widest] < points[b][widest]; });
  return order;
}

}  // namespace

// Up to kLanes points, and the parts of the tree that are between what is known of their sums.
class Mixture::CellHeat {
 public:
  CellHeat(const Mixture& mixture, const Partition& near, const NumberWeights& weights,
           double reference)
      : mixture_(mixture), near_(near), weights_(weights), reference_(reference) {}

  // Not more than kLanes, all before the first run.
  void Add(const Runner& runner, const CellSums::Vector& point);
  void Begin(std::span<const BoundedPage> everywhere);

  const std::vector<Runner>& Runners() const { return runners_; }
  // Of those who are left: who may have the greatest ratio.
  const Runner& First() const {
    return *std::max_element(
        runners_.begin(), runners_.end(),
        [](const Runner& a, const Runner& b) { return a.GreatestRatio() < b.GreatestRatio(); });
  }
  // Whether nothing more can be known.
  bool IsOver() const {
    return heap_.empty() || std::all_of(runners_.begin(), runners_.end(),
                                        [](const Runner& r) { return r.Width() <= kTolerance; });
  }
  // Looks into what is known least. Not if it is over.
  void Run();
  // Takes out who has a lesser ratio.
  void Leave(double ratio);

 private:
  // A cell, or a page of kernels that are in none.
  struct Part {
    bool is_page = false;
    uint32_t number = 0;
    double width = 0;  // the greatest share of a sum that the bounds are apart
    DoubleLanes least{};
    DoubleLanes most{};
  };

  uint32_t NewPart(bool is_page, uint32_t number);
  void AddPage(const BoundedPage& page);
  void AddCell(KernelTree::Cell cell);
  double WidthOf(const Part& part, size_t lane) const {
    return (part.most.lane[lane] - part.least.lane[lane]) / runners_[lane].Least();
  }
  double GreatestWidthOf(const Part& part) const {
    double width = 0.0;
    for (size_t i = 0; i < runners_.size(); ++i) width = std::max(width, WidthOf(part, i));
    return width;
  }
  auto IsLessWide() const {
    return [this](uint32_t a, uint32_t b) { return parts_[a].width < parts_[b].width; };
  }
  void Push(uint32_t index);
  uint32_t PopWidest();
  // For the lanes for which that is as good as for any; others may need it later.
  void Read(Part& part);
  void Count(const Part& part, double times);
  // Sums are off by the rounding of what has been added and taken away, which is little as long as
  // they are not much less than they have been.
  void SumUpIfLess();

  const Mixture& mixture_;
  const Partition& near_;
  const NumberWeights weights_;
  const double reference_;
  std::vector<Runner> runners_;
  CellSums::Points points_{};
  std::vector<Part> parts_;
  std::vector<uint32_t> free_;  // of them
  std::vector<uint32_t> heap_;  // the others
};

void Mixture::CellHeat::Add(const Runner& runner, const CellSums::Vector& point) {
  // Lanes of nobody have one of the points.
  for (size_t lane = runners_.size(); lane < kLanes; ++lane) {
    for (size_t j = 0; j < point.size(); ++j) points_.x[j].lane[lane] = point[j];
  }
  runners_.push_back(runner);
}

void Mixture::CellHeat::Begin(std::span<const BoundedPage> everywhere) {
  for (const BoundedPage& page : everywhere) AddPage(page);
  AddCell(0);
}

void Mixture::CellHeat::Run() {
  const uint32_t index = PopWidest();
  Part& part = parts_[index];
  if (part.is_page || near_.tree.IsLeaf(part.number)) {
    Read(part);
    Push(index);
  } else {
    Count(part, -1.0);
    free_.push_back(index);
    const auto [below, above] = near_.tree.Parts(part.number);
    AddCell(below);
    AddCell(above);
  }
  SumUpIfLess();
}

uint32_t Mixture::CellHeat::NewPart(bool is_page, uint32_t number) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(parts_.size()));
    parts_.emplace_back();
  }
  const uint32_t index = free_.back();
  free_.pop_back();
  parts_[index].is_page = is_page;
  parts_[index].number = number;
  return index;
}

void Mixture::CellHeat::AddPage(const BoundedPage& page) {
  const uint32_t index = NewPart(/*is_page=*/true, page.page);
  std::fill_n(parts_[index].least.lane, kLanes, 0.0);
  std::fill_n(parts_[index].most.lane, kLanes, page.most);
  Count(parts_[index], 1.0);
  Push(index);
}

void Mixture::CellHeat::AddCell(KernelTree::Cell cell) {
  const uint32_t index = NewPart(/*is_page=*/false, cell);
  Part& part = parts_[index];
  near_.sums->BoundsAt(cell, points_, weights_, reference_, {part.least, part.most});
  Count(part, 1.0);
  Push(index);
}

// What is known exactly is none of the parts.
void Mixture::CellHeat::Push(uint32_t index) {
  Part& part = parts_[index];
  part.width = GreatestWidthOf(part);
  if (part.width == 0.0) {
    for (size_t i = 0; i < runners_.size(); ++i) runners_[i].known += part.least.lane[i];
    free_.push_back(index);
    return;
  }
  heap_.push_back(index);
  std::push_heap(heap_.begin(), heap_.end(), IsLessWide());
}

uint32_t Mixture::CellHeat::PopWidest() {
  std::pop_heap(heap_.begin(), heap_.end(), IsLessWide());
  const uint32_t widest = heap_.back();
  heap_.pop_back();
  return widest;
}

void Mixture::CellHeat::Read(Part& part) {
  constexpr double kAsGood = 0.25;
  // Who it was widest for may have left.
  const double width = GreatestWidthOf(part);
  std::array<size_t, kLanes> which;
  std::array<KernelQuery, kLanes> queries;
  std::array<double, kLanes> sums{};
  size_t count = 0;
  for (size_t i = 0; i < runners_.size(); ++i) {
    const double own = WidthOf(part, i);
    if (own == 0.0 || own < kAsGood * width) continue;
    which[count] = i;
    queries[count++] = runners_[i].query;
  }
  const auto read = [&](uint32_t page) {
    const auto [first, last] = BlockRange(near_, page);
    AddInScale(mixture_.blocks_, mixture_.constants_.data(), first, last,
               std::span(queries).first(count), reference_, mixture_.weights_, sums.data());
    return true;
  };
  if (part.is_page) {
    read(part.number);
  } else {
    near_.tree.VisitPages(part.number, read);
  }
  for (size_t k = 0; k < count; ++k) {
    Runner& runner = runners_[which[k]];
    runner.known += sums[k];
    runner.least += sums[k] - std::exchange(part.least.lane[which[k]], 0.0);
    runner.most += sums[k] - std::exchange(part.most.lane[which[k]], 0.0);
  }
}

void Mixture::CellHeat::Count(const Part& part, double times) {
  for (size_t i = 0; i < runners_.size(); ++i) {
    Runner& runner = runners_[i];
    runner.least += times * part.least.lane[i];
    runner.most += times * part.most.lane[i];
    runner.greatest_most = std::max(runner.greatest_most, runner.most);
  }
}

void Mixture::CellHeat::SumUpIfLess() {
  // So that some thousand changes are off by 1e-9 of a sum.
  constexpr double kMuchLess = 1e-4;
  if (std::none_of(runners_.begin(), runners_.end(),
                   [](const Runner& r) { return r.most < kMuchLess * r.greatest_most; })) {
    return;
  }
  for (Runner& runner : runners_) {
    runner.least = runner.known;
    runner.most = runner.known;
    runner.greatest_most = 0.0;
  }
  for (const uint32_t index : heap_) Count(parts_[index], 1.0);
}

void Mixture::CellHeat::Leave(double ratio) {
  for (size_t i = runners_.size(); i-- > 0;) {
    if (runners_[i].GreatestRatio() >= ratio) continue;
    // The last one takes its lane.
    const size_t last = runners_.size() - 1;
    for (DoubleLanes& x : points_.x) x.lane[i] = x.lane[last];
    for (const uint32_t index : heap_) {
      parts_[index].least.lane[i] = parts_[index].least.lane[last];
      parts_[index].most.lane[i] = parts_[index].most.lane[last];
    }
    runners_[i] = runners_[last];
    runners_.pop_back();
  }
}

// Of those that are not over, the one that may have the greatest ratio, or the next, if of the two
// it is known less well. Null if there is none.
Mixture::CellHeat* Mixture::NextHeat(std::span<CellHeat> heats) {
  CellHeat* first = nullptr;
  CellHeat* second = nullptr;
  const auto is_less = [](const CellHeat* a, const CellHeat& b) {
    return a == nullptr || a->First().GreatestRatio() < b.First().GreatestRatio();
  };
  for (CellHeat& heat : heats) {
    if (heat.Runners().empty() || heat.IsOver()) continue;
    if (is_less(first, heat)) {
      second = std::exchange(first, &heat);
    } else if (is_less(second, heat)) {
      second = &heat;
    }
  }
  if (second == nullptr) return first;
  const double known = first->First().Width();
  return known < kRoughly && second->First().Width() > known ? second : first;
}

// Best-first search, as that of PossiblyGreatest.
std::vector<size_t> Mixture::GreatestByCells(Queries& queries, std::span<const double> log_l,
                                             const Partition& near) const {
  constexpr double kRounding = 1e-8;
  std::vector<CellHeat> heats = MakeHeats(queries, log_l, near);
  std::vector<size_t> left(queries.size());
  std::iota(left.begin(), left.end(), size_t{0});
  double least = 0.0;  // of the greatest ratio
  for (CellHeat* heat; left.size() > 1 && (heat = NextHeat(heats)) != nullptr;) {
    for (size_t k = 0; k < kAtOnce && !heat->IsOver(); ++k) heat->Run();
    for (const Runner& runner : heat->Runners()) least = std::max(least, runner.LeastRatio());
    left.clear();
    for (CellHeat& each : heats) {
      each.Leave(least * (1.0 - kRounding));
      for (const Runner& runner : each.Runners()) left.push_back(runner.index);
    }
  }
  std::sort(left.begin(), left.end());
  return left;
}

std::vector<Mixture::CellHeat> Mixture::MakeHeats(Queries& queries, std::span<const double> log_l,
                                                  const Partition& near) const {
  // A kernel is at most as great as at its centre.
  const auto for_constants = [&](uint32_t page, const auto& use) {
    const auto [first, last] = BlockRange(near, page);
    for (size_t block = first; block < last; ++block) {
      for (const double constant : constants_[PlaceOf(block * kLanes)].lane) use(constant);
    }
  };
  double reference = near.greatest_term;
  for (const uint32_t page : near.everywhere) {
    for_constants(page, [&](double constant) { reference = std::max(reference, constant); });
  }
  std::vector<BoundedPage> everywhere;
  for (const uint32_t page : near.everywhere) {
    double most = 0.0;
    for_constants(page, [&](double constant) { most += std::exp(constant - reference); });
    everywhere.push_back({page, most});
  }
  const double greatest_l = *std::max_element(log_l.begin(), log_l.end());
  std::vector<CellSums::Vector> points;
  for (size_t i = 0; i < queries.size(); ++i) {
    points.push_back(near.sums->Scaled(queries.Coordinates(i)));
  }
  const NumberWeights weights = WeightsInTree(near);
  std::vector<CellHeat> heats;
  for (const size_t i : InOrder(points)) {
    if (heats.empty() || heats.back().Runners().size() == kLanes) {
      heats.emplace_back(*this, near, weights, reference);
    }
    heats.back().Add({.index = i,
                      .query = queries.One(i),
                      .l = std::exp(log_l[i] - greatest_l),
                      .prior = std::exp(LeastPriorTerm(queries, i) - reference)},
                     points[i]);
  }
  for (CellHeat& heat : heats) heat.Begin(everywhere);
  return heats;
}

}  // namespace hpod
