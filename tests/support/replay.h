// What a storage holds, as states and as text.

#ifndef HPOD_TESTS_SUPPORT_REPLAY_H_
#define HPOD_TESTS_SUPPORT_REPLAY_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/model/study_state.h"
#include "server/storage/storage.h"
#include "tests/support/state_dump.h"

namespace hpod {

using States = std::map<StudyId, std::unique_ptr<StudyState>>;

// All mutations that Load gives; it must succeed.
inline std::vector<Mutation> LoadMutations(Storage& storage, std::optional<StudyId> only = {}) {
  std::vector<Mutation> mutations;
  const absl::Status status =
      LoadDecoded(storage, only, [&](const Mutation& mutation) { mutations.push_back(mutation); });
  if (!status.ok()) throw std::runtime_error(status.ToString());
  return mutations;
}

// The studies that the storage holds, all or one, with leases granted at `now`.
inline States LoadStates(Storage& storage, const Now& now, std::optional<StudyId> only = {}) {
  States states;
  for (const Mutation& mutation : LoadMutations(storage, only)) {
    if (mutation.study == 0) continue;
    if (const auto* created = std::get_if<StudyCreated>(&mutation.change)) {
      states[mutation.study] = StudyState::Make(mutation.study, created->spec).value();
    }
    states.at(mutation.study)->Apply(mutation);
  }
  for (auto& [id, state] : states) state->GrantLeases(now);
  return states;
}

inline std::string Dump(const States& states, const Now& now) {
  std::string text;
  for (const auto& [id, state] : states) text += Dump(*state, now) + "\n";
  return text;
}

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_REPLAY_H_
