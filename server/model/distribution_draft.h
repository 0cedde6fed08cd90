// New distributions that one decision needs: gives each the index it will have once applied.

#ifndef HPOD_SERVER_MODEL_DISTRIBUTION_DRAFT_H_
#define HPOD_SERVER_MODEL_DISTRIBUTION_DRAFT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "samplers/history.h"
#include "server/model/mutation.h"

namespace hpod {

class DistributionDraft {
 public:
  explicit DistributionDraft(const History& history) : history_(history) {}

  // The index of (name, domain): the history's, or one of this draft, which gets `optuna_text`.
  uint32_t IndexOf(const std::string& name, const Domain& domain,
                   const std::string& optuna_text = "");

  // CheckCompatible with what the history, or this draft, has under the name; PARAMETER_CHANGED.
  absl::Status CheckCompatible(const std::string& name, const Domain& domain) const;

  const std::vector<DistributionAdded>& Added() const { return added_; }

 private:
  const History& history_;
  std::vector<DistributionAdded> added_;
};

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_DISTRIBUTION_DRAFT_H_
