#include "clients/hpoctl/run/message.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

template <class Kind>
Kind Get(const absl::StatusOr<std::optional<Message>>& message) {
  EXPECT_TRUE(message.ok()) << message.status();
  if (!message.ok() || !*message || !std::holds_alternative<Kind>(**message)) {
    ADD_FAILURE() << "another kind of message";
    return {};
  }
  return std::get<Kind>(**message);
}

TEST(ParseOutputLine, ReadsReports) {
  const auto report = Get<Report>(ParseOutputLine("hpod: report 12 -3.5e-2"));
  EXPECT_EQ(report.step, 12);
  EXPECT_EQ(report.value, -0.035);
  EXPECT_EQ(Get<Report>(ParseOutputLine("hpod:report\t0   inf \r")).value, INFINITY);
  EXPECT_TRUE(std::isnan(Get<Report>(ParseOutputLine("hpod: report 1 NaN")).value));
}

TEST(ParseOutputLine, ReadsResults) {
  EXPECT_THAT(Get<Result>(ParseOutputLine("hpod: value 0.5")).values, ElementsAre(0.5));
  EXPECT_THAT(Get<Result>(ParseOutputLine("hpod: value 1 +2 -inf")).values,
              ElementsAre(1, 2, -INFINITY));
}

TEST(ParseOutputLine, LeavesOtherLinesAlone) {
  for (const char* line : {"", "epoch 1", " hpod: value 1", "hpod value 1", "HPOD: value 1"}) {
    const auto message = ParseOutputLine(line);
    ASSERT_TRUE(message.ok()) << line;
    EXPECT_FALSE(message->has_value()) << line;
  }
}

TEST(ParseOutputLine, SaysWhatIsWrongAndWhatIsRight) {
  for (const char* line :
       {"hpod:", "hpod: reprot 1 2", "hpod: report 1", "hpod: report 1 2 3", "hpod: report -1 2",
        "hpod: report 1.5 2", "hpod: report 1 two", "hpod: value", "hpod: value 1,5"}) {
    const auto message = ParseOutputLine(line);
    ASSERT_FALSE(message.ok()) << line;
    EXPECT_THAT(std::string(message.status().message()),
                HasSubstr("'" + std::string(line) + "': "));
    EXPECT_THAT(std::string(message.status().message()), HasSubstr("hpod: report STEP VALUE"));
  }
}

TEST(ParseJsonLine, ReadsEachKind) {
  const auto report = Get<Report>(ParseJsonLine(R"({"step": 3, "value": 0.5})"));
  EXPECT_EQ(report.step, 3);
  EXPECT_EQ(report.value, 0.5);
  EXPECT_THAT(Get<Result>(ParseJsonLine(R"({"value": 2})")).values, ElementsAre(2));
  EXPECT_THAT(Get<Result>(ParseJsonLine(R"({"values": [1, "Infinity"]})")).values,
              ElementsAre(1, INFINITY));
  EXPECT_THAT(Get<Attributes>(ParseJsonLine(R"({"attribute": {"a": [1, null], "b": "x"}})")).values,
              ElementsAre(Pair("a", "[1,null]"), Pair("b", "\"x\"")));
  EXPECT_THAT(Get<Constraints>(ParseJsonLine(R"({"constraint": {"c": -1.5}})")).values,
              ElementsAre(Pair("c", -1.5)));
}

TEST(ParseJsonLine, PassesOverEmptyLines) {
  for (const char* line : {"", " ", "\r"}) EXPECT_EQ(*ParseJsonLine(line), std::nullopt);
}

TEST(ParseJsonLine, SaysWhatIsWrongAndWhatIsRight) {
  for (const char* line :
       {"0.5", "{", "{}", R"({"step": 1})", R"({"step": -1, "value": 2})", R"({"valeu": 1})",
        R"({"value": "high"})", R"({"value": 1, "values": [1]})", R"({"step": 1, "values": [1]})",
        R"({"constraint": {"c": "x"}})"}) {
    const auto message = ParseJsonLine(line);
    ASSERT_FALSE(message.ok()) << line;
    EXPECT_THAT(std::string(message.status().message()), HasSubstr(R"(write {"step": 1, "value")"));
  }
}

}  // namespace
}  // namespace hpod
