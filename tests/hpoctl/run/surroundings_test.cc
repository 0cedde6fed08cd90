#include "clients/hpoctl/run/surroundings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hpod {
namespace {

TEST(ParameterVariable, HasLettersDigitsAndUnderscoresOnly) {
  EXPECT_EQ(ParameterVariable("lr"), "HPOD_PARAM_lr");
  EXPECT_EQ(ParameterVariable("optimizer.lr-2"), "HPOD_PARAM_optimizer_lr_2");
  EXPECT_EQ(ParameterVariable("ä"), "HPOD_PARAM___");
}

TEST(FolderName, CannotLeaveItsFolder) {
  EXPECT_EQ(FolderName("mnist-2.1 b"), "mnist-2.1 b");
  EXPECT_EQ(FolderName("../a/b%\n"), "%2E.%2Fa%2Fb%25%0A");
}

TEST(TemplateNames, AreTheParametersThenThoseOfHpoctl) {
  hpo::v1::Study study;
  study.add_space()->set_name("lr");
  EXPECT_THAT(TemplateNames(study), testing::ElementsAre("lr", "hpod.study", "hpod.trial",
                                                         "hpod.dir", "hpod.params_file"));
}

}  // namespace
}  // namespace hpod
