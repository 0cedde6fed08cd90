#include "server/model/attributes.h"

#include <cmath>
#include <fmt/format.h>

#include "server/model/errors.h"

namespace hpod {

absl::Status CheckAttributes(const Attributes& attributes) {
  if (attributes.size() > kMaxAttributes) {
    return InvalidField("user_attributes", fmt::format("{} user attributes, at most {} are allowed",
                                                       attributes.size(), kMaxAttributes));
  }
  for (const auto& [key, value] : attributes) {
    if (key.size() > kMaxAttributeKeyBytes) {
      return InvalidField("user_attributes",
                          fmt::format("a user attribute's key has {} bytes, at most {} are allowed",
                                      key.size(), kMaxAttributeKeyBytes));
    }
    if (value.size() > kMaxAttributeBytes) {
      return InvalidField("user_attributes",
                          fmt::format("user attribute '{}' has {} bytes, at most {} are allowed",
                                      key, value.size(), kMaxAttributeBytes));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckConstraints(const Constraints& constraints) {
  if (constraints.size() > kMaxConstraints) {
    return InvalidField("constraints", fmt::format("{} constraints, at most {} are allowed",
                                                   constraints.size(), kMaxConstraints));
  }
  for (const auto& [name, value] : constraints) {
    if (name.size() > kMaxNameBytes) {
      return InvalidField("constraints",
                          fmt::format("a constraint's name has {} bytes, at most {} are allowed",
                                      name.size(), kMaxNameBytes));
    }
    if (std::isnan(value))
      return InvalidField("constraints", fmt::format("constraint '{}' is NaN", name));
  }
  return absl::OkStatus();
}

void MergeAttributes(const Attributes& changes, Attributes& attributes) {
  for (const auto& [key, value] : changes) {
    if (value.empty()) {
      attributes.erase(key);
    } else {
      attributes[key] = value;
    }
  }
}

}  // namespace hpod
