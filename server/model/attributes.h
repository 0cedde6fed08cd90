// User attributes and constraints: limits and merging.

#ifndef HPOD_SERVER_MODEL_ATTRIBUTES_H_
#define HPOD_SERVER_MODEL_ATTRIBUTES_H_

#include "absl/status/status.h"

#include "server/model/study_spec.h"

namespace hpod {

// INVALID_FIELD: a key or value that is too long, or too many of them.
absl::Status CheckAttributes(const Attributes& attributes);
// INVALID_FIELD: too many, a name too long, or NaN.
absl::Status CheckConstraints(const Constraints& constraints);

// Sets each attribute of `changes`; an empty value removes its key.
void MergeAttributes(const Attributes& changes, Attributes& attributes);

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_ATTRIBUTES_H_
