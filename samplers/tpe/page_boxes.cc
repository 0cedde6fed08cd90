#include "samplers/tpe/page_boxes.h"

#include <algorithm>

namespace hpod {

void PageBoxes::Boxes::Reserve(size_t index) {
  while (ends_.size() < (index / kPageSlots + 1) * 2 * dimensions_) {
    ByteLine& least = ends_.emplace_back();
    std::fill_n(least.bytes, kPageSlots, std::numeric_limits<uint8_t>::max());
    ends_.emplace_back();
  }
}

void PageBoxes::Boxes::Empty(size_t index) {
  for (size_t i = 0; i < dimensions_; ++i) {
    At(index, 2 * i) = std::numeric_limits<uint8_t>::max();
    At(index, 2 * i + 1) = 0;
  }
}

void PageBoxes::Boxes::Include(size_t index, size_t dimension, uint8_t low, uint8_t high) {
  uint8_t& least = At(index, 2 * dimension);
  uint8_t& greatest = At(index, 2 * dimension + 1);
  least = std::min(least, low);
  greatest = std::max(greatest, high);
}

void PageBoxes::Boxes::Include(size_t index, std::span<const uint8_t> ends) {
  for (size_t i = 0; i < dimensions_; ++i) Include(index, i, ends[2 * i], ends[2 * i + 1]);
}

std::vector<uint8_t> PageBoxes::Boxes::EndsOf(size_t index) const {
  std::vector<uint8_t> ends;
  for (size_t i = 0; i < 2 * dimensions_; ++i) {
    ends.push_back(Block(index / kPageSlots)[i].bytes[index % kPageSlots]);
  }
  return ends;
}

void PageBoxes::Append(size_t page) {
  if (pages_.empty() || pages_.back().count == kPageSlots) AddGroup();
  Put(page, pages_.size() - 1);
}

void PageBoxes::AddBeside(size_t page, size_t other) {
  if (pages_[place_of_[other] / kPageSlots].count == kPageSlots) {
    Part(place_of_[other] / kPageSlots);
  }
  Put(page, place_of_[other] / kPageSlots);
}

void PageBoxes::Include(size_t page, const uint8_t* cells, size_t apart) {
  const size_t place = place_of_[page];
  for (size_t i = 0; i < grid_->Dimensions(); ++i) {
    const uint8_t cell = cells[i * apart];
    of_pages_.Include(place, i, cell, cell);
    of_groups_.Include(place / kPageSlots, i, cell, cell);
  }
}

size_t PageBoxes::AddGroup() {
  const size_t group = pages_.size();
  pages_.emplace_back();
  of_pages_.Reserve(group * kPageSlots);
  of_groups_.Reserve(group);
  return group;
}

void PageBoxes::Put(size_t page, size_t group) {
  if (place_of_.size() <= page) place_of_.resize(page + 1, kNoPlace);
  const size_t place = group * kPageSlots + pages_[group].count;
  pages_[group].numbers[pages_[group].count++] = static_cast<uint32_t>(page);
  place_of_[page] = static_cast<uint32_t>(place);
}

void PageBoxes::Part(size_t group) {
  struct Page {
    uint32_t number;
    std::vector<uint8_t> ends;
    int Middle(size_t dimension) const { return ends[2 * dimension] + ends[2 * dimension + 1]; }
  };
  std::vector<Page> all;
  for (size_t i = 0; i < kPageSlots; ++i) {
    const size_t place = group * kPageSlots + i;
    all.push_back({pages_[group].numbers[i], of_pages_.EndsOf(place)});
    of_pages_.Empty(place);
  }
  of_groups_.Empty(group);
  pages_[group].count = 0;
  size_t widest = 0;
  double widest_extent = 0;
  for (size_t i = 0; i < grid_->Dimensions(); ++i) {
    const auto [least, greatest] = std::minmax_element(
        all.begin(), all.end(),
        [&](const Page& a, const Page& b) { return a.Middle(i) < b.Middle(i); });
    const double extent = (greatest->Middle(i) - least->Middle(i)) * grid_->ScaledCell(i);
    if (extent > widest_extent) {
      widest = i;
      widest_extent = extent;
    }
  }
  std::nth_element(
      all.begin(), all.begin() + kPageSlots / 2, all.end(),
      [&](const Page& a, const Page& b) { return a.Middle(widest) < b.Middle(widest); });
  const size_t added = AddGroup();
  for (size_t i = 0; i < kPageSlots; ++i) {
    const size_t into = i < kPageSlots / 2 ? group : added;
    Put(all[i].number, into);
    of_pages_.Include(place_of_[all[i].number], all[i].ends);
    of_groups_.Include(into, all[i].ends);
  }
}

}  // namespace hpod
