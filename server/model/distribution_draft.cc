#include "server/model/distribution_draft.h"

#include <fmt/format.h>

#include "server/model/errors.h"

namespace hpod {

uint32_t DistributionDraft::IndexOf(const std::string& name, const Domain& domain,
                                    const std::string& optuna_text) {
  if (const auto known = history_.FindDistribution(name, domain)) return *known;
  for (const DistributionAdded& added : added_) {
    if (added.name == name && added.domain == domain) return added.index;
  }
  const auto index = static_cast<uint32_t>(history_.DistributionCount() + added_.size());
  added_.push_back({index, name, domain, optuna_text});
  return index;
}

absl::Status DistributionDraft::CheckCompatible(const std::string& name,
                                                const Domain& domain) const {
  const Domain* known = nullptr;
  if (const size_t index = history_.FindName(name); index < history_.NameCount()) {
    known = &history_.GetDistribution(history_.NewestDistribution(index)).domain;
  }
  for (const DistributionAdded& added : added_) {
    if (added.name == name) known = &added.domain;
  }
  if (known == nullptr) return absl::OkStatus();
  const std::string field = fmt::format("parameter '{}'", name);
  const absl::Status compatible = hpod::CheckCompatible(*known, domain, field);
  if (compatible.ok()) return compatible;
  const auto message = compatible.message();
  return Refuse(Reason::kParameterChanged, std::string_view(message.data(), message.size()),
                {{"field", name}});
}

}  // namespace hpod
