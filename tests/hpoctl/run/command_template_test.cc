#include "clients/hpoctl/run/command_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hpod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Values = std::map<std::string, std::string>;

const std::vector<std::string> kKnown = {"lr", "layers", "momentum", "a b"};

std::vector<std::string> Fill(const std::vector<std::string>& arguments, const Values& values) {
  const auto command = CommandTemplate::Parse(arguments, kKnown);
  EXPECT_TRUE(command.ok()) << command.status();
  return command.ok() ? command->Fill(values) : std::vector<std::string>();
}

std::string ErrorOf(const std::string& argument) {
  return std::string(CommandTemplate::Parse({argument}, kKnown).status().message());
}

TEST(CommandTemplate, PutsValuesIntoArguments) {
  const Values values = {{"lr", "0.1"}, {"layers", "3"}, {"a b", "x y"}};
  EXPECT_THAT(Fill({"./train", "--lr={lr}", "{layers}{lr}", "-", "{a b}", ""}, values),
              ElementsAre("./train", "--lr=0.1", "30.1", "-", "x y", ""));
}

TEST(CommandTemplate, ReadsDoubledBracesAsBraces) {
  EXPECT_THAT(Fill({"{{lr}}", R"({{"lr": {lr}}})", "{{{{"}, {{"lr", "0.1"}}),
              ElementsAre("{lr}", R"({"lr": 0.1})", "{{"));
}

TEST(CommandTemplate, TakesAValueWithBracesAsItIs) {
  EXPECT_THAT(Fill({"{lr}"}, {{"lr", "{layers}"}}), ElementsAre("{layers}"));
}

TEST(CommandTemplate, LeavesOutWhatIsInactiveWithItsFlag) {
  EXPECT_THAT(Fill({"t", "--m", "{momentum}", "--m={momentum}", "x{momentum}", "end"}, {}),
              ElementsAre("t", "end"));
}

TEST(CommandTemplate, KeepsWhatIsNoFlagBeforeAnInactiveParameter) {
  EXPECT_THAT(Fill({"t", "file", "{momentum}"}, {}), ElementsAre("t", "file"));
  EXPECT_THAT(Fill({"t", "-x{lr}", "{momentum}"}, {{"lr", "1"}}), ElementsAre("t", "-x1"));
  EXPECT_THAT(Fill({"t", "-v", "a{momentum}"}, {}), ElementsAre("t", "-v"));
  EXPECT_THAT(Fill({"{momentum}", "t"}, {}), ElementsAre("t"));
}

TEST(CommandTemplate, ListsTheKnownNamesForAnUnknownOne) {
  EXPECT_EQ(ErrorOf("--lr={lrr}"),
            "'--lr={lrr}': no parameter {lrr} (known: lr, layers, momentum, a b)");
}

TEST(CommandTemplate, RefusesASingleBrace) {
  for (const char* bad : {"{", "}", "a{lr", "{}", "{lr}}", "{{lr}"}) {
    EXPECT_THAT(ErrorOf(bad), HasSubstr("a single ")) << bad;
  }
  EXPECT_THAT(ErrorOf("{lr"), HasSubstr("'{lr': a single { (write {name} for a parameter, and {{ "
                                        "and }} for the braces themselves)"));
}

}  // namespace
}  // namespace hpod
