#include "clients/hpoctl/run/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace hpod {
namespace {

using testing::ElementsAre;

struct Lines {
  LineSplitter splitter;
  std::vector<std::string> seen;
  void Add(std::string_view bytes) {
    splitter.Add(bytes, [this](std::string_view line) { seen.emplace_back(line); });
  }
  void Finish() {
    splitter.Finish([this](std::string_view line) { seen.emplace_back(line); });
  }
};

TEST(LineSplitter, CutsAtNewlinesHoweverTheBytesCome) {
  Lines lines;
  for (const char* bytes : {"on", "e\ntw", "o\n\nthr", "ee"}) lines.Add(bytes);
  EXPECT_THAT(lines.seen, ElementsAre("one", "two", ""));
  lines.Finish();
  lines.Finish();
  EXPECT_THAT(lines.seen, ElementsAre("one", "two", "", "three"));
}

TEST(LineSplitter, CutsALineThatHasNoEnd) {
  Lines lines;
  const std::string chunk(300'000, 'x');
  for (int i = 0; i < 20; ++i) lines.Add(chunk);
  lines.Add("\nnext\n");
  ASSERT_EQ(lines.seen.size(), 2u);
  EXPECT_EQ(lines.seen[0].size(), size_t{1} << 20);
  EXPECT_EQ(lines.seen[1], "next");
}

std::string TailOf(const std::string& text) {
  Tail tail;
  for (size_t i = 0; i < text.size(); i += 7) tail.Add(std::string_view(text).substr(i, 7));
  return tail.Text();
}

TEST(Tail, KeepsTheLastLines) {
  EXPECT_EQ(TailOf(""), "");
  EXPECT_EQ(TailOf("only\n\n"), "only");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "line " + std::to_string(i) + "\n";
  const std::string tail = TailOf(many);
  EXPECT_TRUE(tail.starts_with("line 980\n")) << tail;
  EXPECT_TRUE(tail.ends_with("line 999"));
}

TEST(Tail, IsShortAndValidUtf8) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "ä";
  const std::string tail = TailOf(text);
  EXPECT_EQ(tail.size(), 3000u);
  EXPECT_TRUE(tail.starts_with("ä"));
  EXPECT_EQ(TailOf("a\xFFz"), "a?z");
}

}  // namespace
}  // namespace hpod
