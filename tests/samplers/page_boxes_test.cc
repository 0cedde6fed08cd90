#include "samplers/tpe/page_boxes.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <utility>
#include <vector>

#include "samplers/rng.h"
#include "samplers/tpe/mixture.h"

namespace hpod {
namespace {

using Cells = std::vector<uint8_t>;

CellGrid MakeGrid(size_t dimensions) {
  const std::vector<double> scales(dimensions, ScaleOf(0.01));
  const std::vector<Interval> intervals(dimensions, Interval{0, 1});
  return {scales, intervals};
}

void Include(PageBoxes& boxes, size_t page, const Cells& cells) {
  boxes.Include(page, cells.data(), 1);
}

// The least and the greatest cell, by dimension.
using Box = std::vector<std::pair<uint8_t, uint8_t>>;

Box BoxAt(const ByteLine* ends, size_t dimensions, size_t index) {
  Box box;
  for (size_t i = 0; i < dimensions; ++i) {
    box.emplace_back(ends[2 * i].bytes[index], ends[2 * i + 1].bytes[index]);
  }
  return box;
}

bool Contains(const Box& outer, const Box& inner) {
  for (size_t i = 0; i < outer.size(); ++i) {
    if (inner[i].first < outer[i].first || inner[i].second > outer[i].second) return false;
  }
  return true;
}

// By page. Each is in a group, whose box contains its own.
std::map<uint32_t, Box> BoxesOf(const PageBoxes& boxes, size_t dimensions) {
  std::map<uint32_t, Box> by_page;
  for (size_t group = 0; group < boxes.GroupCount(); ++group) {
    const Box outer = BoxAt(boxes.EndsOfGroups(group / kPageSlots), dimensions, group % kPageSlots);
    const std::span<const uint32_t> pages = boxes.PagesOf(group);
    for (size_t i = 0; i < pages.size(); ++i) {
      const Box box = BoxAt(boxes.EndsOfPages(group), dimensions, i);
      EXPECT_TRUE(Contains(outer, box)) << "page " << pages[i];
      EXPECT_TRUE(by_page.emplace(pages[i], box).second) << "twice: page " << pages[i];
    }
  }
  return by_page;
}

TEST(PageBoxes, HoldTheCellsOfTheirPages) {
  const CellGrid grid = MakeGrid(2);
  PageBoxes boxes(grid);
  EXPECT_FALSE(boxes.Has(7));
  boxes.Append(7);
  boxes.Append(9);
  EXPECT_TRUE(boxes.Has(7));
  EXPECT_FALSE(boxes.Has(8));
  Include(boxes, 7, Cells{10, 50});
  Include(boxes, 7, Cells{12, 40});
  Include(boxes, 9, Cells{80, 81});
  const std::map<uint32_t, Box> expected = {{7, {{10, 12}, {40, 50}}}, {9, {{80, 80}, {81, 81}}}};
  EXPECT_EQ(BoxesOf(boxes, 2), expected);
}

TEST(PageBoxes, AreAsSmallAsWhatIsLeftInAPage) {
  const CellGrid grid = MakeGrid(1);
  PageBoxes boxes(grid);
  boxes.Append(0);
  for (const Cells& cells : {Cells{20}, Cells{30}, Cells{40}}) Include(boxes, 0, cells);
  boxes.Empty(0);
  Include(boxes, 0, Cells{30});
  EXPECT_EQ(BoxesOf(boxes, 1).at(0), (Box{{30, 30}}));
}

TEST(PageBoxes, PartAFullGroupIntoPagesThatAreNearEachOther) {
  const CellGrid grid = MakeGrid(2);
  PageBoxes boxes(grid);
  Rng rng = Rng::ForTrial(1, 0, "boxes");
  std::map<uint32_t, Box> expected;
  // Two clusters, whose pages come in turns.
  const auto add = [&](uint32_t page, uint8_t low) {
    const auto first = static_cast<uint8_t>(low + 5 * rng.Uniform());
    const auto second = static_cast<uint8_t>(8 + 5 * rng.Uniform());
    Include(boxes, page, Cells{first, second});
    expected[page] = {{first, first}, {second, second}};
  };
  for (uint32_t page = 0; page < kPageSlots; ++page) {
    boxes.Append(page);
    add(page, page % 2 == 0 ? 10 : 60);
  }
  EXPECT_EQ(boxes.GroupCount(), 1U);
  boxes.AddBeside(200, 11);
  add(200, 60);
  boxes.AddBeside(201, 10);
  add(201, 10);
  ASSERT_EQ(boxes.GroupCount(), 2U);
  EXPECT_EQ(BoxesOf(boxes, 2), expected);
  for (size_t group = 0; group < 2; ++group) {
    EXPECT_EQ(boxes.PagesOf(group).size(), kPageSlots / 2 + 1);
    const Box box = BoxAt(boxes.EndsOfGroups(0), 2, group);
    EXPECT_LE(box[0].second - box[0].first, 5) << group;
  }
}

TEST(PageBoxes, KeepEachPageThroughManyPartings) {
  constexpr size_t kDimensions = 3;
  const CellGrid grid = MakeGrid(kDimensions);
  PageBoxes boxes(grid);
  Rng rng = Rng::ForTrial(2, 0, "boxes");
  std::map<uint32_t, Box> expected;
  for (uint32_t page = 0; page < 5000; ++page) {
    if (page < 10) {
      boxes.Append(page);
    } else {
      boxes.AddBeside(page, static_cast<uint32_t>(rng.Uniform() * page));
    }
    Cells cells;
    for (size_t i = 0; i < kDimensions; ++i) {
      cells.push_back(static_cast<uint8_t>(8 + 80 * rng.Uniform()));
      expected[page].emplace_back(cells[i], cells[i]);
    }
    Include(boxes, page, cells);
  }
  EXPECT_GT(boxes.GroupCount(), kPageSlots);
  EXPECT_EQ(BoxesOf(boxes, kDimensions), expected);
}

// Pages of one place cannot be told apart.
TEST(PageBoxes, PartPagesOfOnePlace) {
  const CellGrid grid = MakeGrid(1);
  PageBoxes boxes(grid);
  for (uint32_t page = 0; page < 200; ++page) {
    if (page == 0) boxes.Append(page);
    if (page > 0) boxes.AddBeside(page, 0);
    Include(boxes, page, Cells{40});
  }
  EXPECT_EQ(BoxesOf(boxes, 1).size(), 200U);
}

}  // namespace
}  // namespace hpod
