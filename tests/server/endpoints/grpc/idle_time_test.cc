#include "server/endpoints/grpc/idle_time.h"

#include "gtest/gtest.h"

namespace hpod {
namespace {

// What came so long after there was nothing to do any more.
void WaitFor(IdleTime& idle, int64_t gap_us) {
  idle.Begin(1'000);
  idle.End(1'000 + gap_us);
}

TEST(IdleTime, IsNotWorthStayingAwakeAtFirst) {
  IdleTime idle;
  idle.Begin(1'000);
  EXPECT_FALSE(idle.IsWorthStayingAwake(1'000));
}

TEST(IdleTime, IsWorthStayingAwakeAfterAShortTimeForAsLong) {
  IdleTime idle;
  WaitFor(idle, 40);
  idle.Begin(5'000);
  EXPECT_TRUE(idle.IsWorthStayingAwake(5'000));
  EXPECT_TRUE(idle.IsWorthStayingAwake(5'099));
  EXPECT_FALSE(idle.IsWorthStayingAwake(5'100));
}

TEST(IdleTime, IsNotWorthStayingAwakeAfterALongTime) {
  IdleTime idle;
  WaitFor(idle, 40);
  WaitFor(idle, 100);
  idle.Begin(5'000);
  EXPECT_FALSE(idle.IsWorthStayingAwake(5'000));
}

TEST(IdleTime, IsCountedFromItsBegin) {
  IdleTime idle;
  WaitFor(idle, 40);
  idle.Begin(5'000);
  idle.Begin(5'080);
  EXPECT_FALSE(idle.IsWorthStayingAwake(5'110));
  idle.End(5'120);
  idle.Begin(6'000);
  EXPECT_FALSE(idle.IsWorthStayingAwake(6'000));
}

TEST(IdleTime, DoesNotCountWhatCameWithoutOne) {
  IdleTime idle;
  WaitFor(idle, 40);
  idle.End(9'000);
  idle.Begin(9'500);
  EXPECT_TRUE(idle.IsWorthStayingAwake(9'550));
}

}  // namespace
}  // namespace hpod
