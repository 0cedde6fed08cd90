// What the spec of a new study may be.

#ifndef HPOD_SERVER_MODEL_STUDY_RULES_H_
#define HPOD_SERVER_MODEL_STUDY_RULES_H_

#include <string_view>

#include "absl/status/status.h"

#include "server/model/study_spec.h"

namespace hpod {

// One objective, minimized; sampler `tpe`; pruner `median`, or `none` with several objectives.
void FillDefaults(StudySpec& spec);

// INVALID_FIELD: empty or too long. Optuna's clients may give any name.
absl::Status CheckStudyName(std::string_view name);

// INVALID_FIELD that names the field; the name apart. Sampler and pruner are checked by
// StudyState::Make.
absl::Status CheckSpec(const StudySpec& spec);

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_STUDY_RULES_H_
