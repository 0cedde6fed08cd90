// Mutations that need much room.

#ifndef HPOD_TESTS_SUPPORT_BIG_BATCH_H_
#define HPOD_TESTS_SUPPORT_BIG_BATCH_H_

#include <fmt/format.h>
#include <string>
#include <vector>

#include "tests/support/live_study.h"

namespace hpod {

// A study whose only trial has `count` attributes of 1 MiB. From 17 on its commit is worth a
// checkpoint.
inline std::vector<Mutation> AMegabyteTimes(int count) {
  LiveStudy study(ASpec());
  Attributes attributes;
  for (int i = 0; i < count; ++i) {
    attributes[fmt::format("a{}", i)] = std::string(kMaxAttributeBytes, 'v');
  }
  study.Do(SetAttributes(KeyOf(study.Suggest()), attributes)).value();
  return study.Log();
}

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_BIG_BATCH_H_
