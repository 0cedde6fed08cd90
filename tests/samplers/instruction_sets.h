// Runs a check on the vectors of each instruction set that this processor has.

#ifndef HPOD_TESTS_SAMPLERS_INSTRUCTION_SETS_H_
#define HPOD_TESTS_SAMPLERS_INSTRUCTION_SETS_H_

#include <cstdint>
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <vector>

namespace hpod {

template <class Check>
void OnEachInstructionSet(const Check& check) {
  const auto use = [](int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  };
  const std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  ASSERT_FALSE(targets.empty());
  for (const int64_t target : targets) {
    SCOPED_TRACE(hwy::TargetName(target));
    use(target);
    check();
  }
  use(0);
}

}  // namespace hpod

#endif  // HPOD_TESTS_SAMPLERS_INSTRUCTION_SETS_H_
