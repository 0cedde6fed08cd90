#include "clients/hpoctl/progress.h"

#include <gtest/gtest.h>

#include "tests/hpoctl/test_io.h"

namespace hpod {
namespace {

void Steps(Progress& progress, int count) {
  for (int i = 0; i < count; ++i) progress.Step();
}

TEST(Progress, IsSilentWhenTheWorkIsShort) {
  TestIo test;
  Io io = test.Terminal(80);
  {
    Progress progress(io, "exporting", 1000);
    test.now += std::chrono::milliseconds(400);
    Steps(progress, 1000);
  }
  EXPECT_EQ(test.err.str(), "");
}

TEST(Progress, DrawsABarWhenTheWorkIsLongAndClearsIt) {
  TestIo test;
  Io io = test.Terminal(80);
  {
    Progress progress(io, "exporting", 128);
    test.now += std::chrono::seconds(1);
    Steps(progress, 64);
    EXPECT_EQ(test.err.str(), "\r\x1b[Kexporting ███████████████░░░░░░░░░░░░░░░ 50% 64 of 128");
  }
  EXPECT_TRUE(test.err.str().ends_with("\r\x1b[K"));
}

TEST(Progress, IsSilentInAPipe) {
  TestIo test;
  Io io = test.Pipe();
  {
    Progress progress(io, "exporting", 128);
    test.now += std::chrono::seconds(1);
    Steps(progress, 128);
  }
  EXPECT_EQ(test.err.str(), "");
}

}  // namespace
}  // namespace hpod
