// A study's whole state as text: what two states must have in common to be called equal.

#ifndef HPOD_TESTS_SUPPORT_STATE_DUMP_H_
#define HPOD_TESTS_SUPPORT_STATE_DUMP_H_

#include <string>

#include "server/model/study_state.h"

namespace hpod {

// Everything that can be read: spec, trials, distributions, fronts, changes by revision, and the
// trial that would be handed out at `now`. Doubles bit for bit (NaNs are alike). Leases only by
// DumpWithLeases: a restart renews them.
std::string Dump(const StudyState& state, const Now& now);
std::string DumpWithLeases(const StudyState& state, const Now& now);

// One trial.
std::string Dump(const TrialRecord& trial);

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_STATE_DUMP_H_
