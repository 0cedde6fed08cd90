#include "clients/hpoctl/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/hpoctl/text.h"
#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

using testing::ElementsAre;
using Fit = Column::Fit;

Table Trials() {
  Table table({{"number", "TRIAL", Fit::kFixed, true},
               {"worker", "WORKER", Fit::kFlexible},
               {"start_time", "STARTED"},
               {"params.lr", "lr", Fit::kOptional}});
  table.Add({CountCell(3), TextCell("gpu-7.cluster.example"),
             TimeCell(kNow - std::chrono::minutes(2), kNow), NumberCell(0.00012345678)});
  table.Add({CountCell(12), TextCell("w"), TimeCell(kNow - std::chrono::milliseconds(1500), kNow),
             EmptyCell()});
  return table;
}

TEST(Table, AlignsColumnsOnATerminal) {
  TestIo test;
  Trials().Print(test.Terminal(80), Output::kTable, "none");
  EXPECT_EQ(test.out.str(),
            "TRIAL  WORKER                 STARTED  lr\n"
            "    3  gpu-7.cluster.example  2m ago   0.0001235\n"
            "   12  w                      1s ago   -\n");
}

TEST(Table, LeavesOutOptionalColumnsAndCutsFlexibleOnesToFit) {
  TestIo test;
  EXPECT_THAT(Trials().Lines(test.Terminal(30)),
              ElementsAre("TRIAL  WORKER    STARTED  …", "    3  gpu-7.c…  2m ago",
                          "   12  w         1s ago"));
}

TEST(Table, IsTabSeparatedWithExactValuesInAPipe) {
  TestIo test;
  Trials().Print(test.Pipe(), Output::kTable, "none");
  EXPECT_EQ(test.out.str(),
            "3\tgpu-7.cluster.example\t2026-03-01T11:58:00Z\t0.00012345678\n"
            "12\tw\t2026-03-01T11:59:58.500Z\t\n");
}

TEST(Table, KeepsOneRowPerLineInAPipe) {
  TestIo test;
  Table table(std::vector<Column>{{"name", "NAME"}});
  table.Add({TextCell("a\tb\nc")});
  table.Print(test.Pipe(), Output::kTable, "none");
  EXPECT_EQ(test.out.str(), "a\\tb\\nc\n");
}

TEST(Table, HasAHeaderAndQuotesInCsv) {
  TestIo test;
  Table table({{"name", "NAME"}, {"value", "VALUE"}});
  table.Add({TextCell("a,\"b\"\nc"), NumberCell(0.5)});
  table.Print(test.Terminal(80), Output::kCsv, "none");
  EXPECT_EQ(test.out.str(), "name,value\r\n\"a,\"\"b\"\"\nc\",0.5\r\n");
}

TEST(Table, SaysOnATerminalThatItIsEmpty) {
  TestIo test;
  Table table(std::vector<Column>{{"name", "NAME"}});
  table.Print(test.Terminal(80), Output::kTable, "no studies");
  EXPECT_EQ(test.out.str(), "");
  EXPECT_EQ(test.err.str(), "no studies\n");
}

TEST(Table, IsSilentInAPipeWhenEmpty) {
  TestIo test;
  Table table(std::vector<Column>{{"name", "NAME"}});
  table.Print(test.Pipe(), Output::kTable, "no studies");
  EXPECT_EQ(test.out.str() + test.err.str(), "");
}

TEST(Table, PaintsCellsNotThePadding) {
  TestIo test;
  Io io = test.Terminal(80);
  io.colour = true;
  Table table({{"state", "STATE"}, {"name", "NAME"}});
  table.Add({{"FAIL", "fail", Style::kRed}, TextCell("x")});
  EXPECT_THAT(table.Lines(io),
              ElementsAre("\x1b[2mSTATE\x1b[0m  \x1b[2mNAME\x1b[0m", "\x1b[31mfail\x1b[0m   x"));
}

TEST(Rfc3339, HasAsManyDigitsAsTheTime) {
  EXPECT_EQ(Rfc3339(kNow), "2026-03-01T12:00:00Z");
  EXPECT_EQ(Rfc3339(kNow + std::chrono::milliseconds(120)), "2026-03-01T12:00:00.120Z");
  EXPECT_EQ(Rfc3339(kNow + std::chrono::nanoseconds(1)), "2026-03-01T12:00:00.000000001Z");
  EXPECT_EQ(Rfc3339(Time(std::chrono::nanoseconds(-1))), "1969-12-31T23:59:59.999999999Z");
}

}  // namespace
}  // namespace hpod
