// What Optuna says in system attributes and the model has places for.

#ifndef HPOD_SERVER_MODEL_OPTUNA_ATTRIBUTES_H_
#define HPOD_SERVER_MODEL_OPTUNA_ATTRIBUTES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

#include "server/model/mutation.h"
#include "server/model/study_spec.h"

namespace hpod {

// Of a trial: a list of numbers; or one number, under the prefix and a name.
inline constexpr std::string_view kConstraintsKey = "constraints";
inline constexpr std::string_view kConstraintPrefix = "constraints:";
// Of a trial that was enqueued: an object of parameters.
inline constexpr std::string_view kFixedParamsKey = "fixed_params";
// Of a study: a list of texts.
inline constexpr std::string_view kMetricNamesKey = "study:metric_names";

// INVALID_FIELD: Python could not read the value, and with it the whole study.
absl::Status CheckOptunaAttribute(std::string_view key, std::string_view value);

bool IsConstraintKey(std::string_view key);
// Of a list, the names are "0", "1", ... NaN, which Optuna takes for violated, becomes infinite.
Constraints ConstraintsOf(const Attributes& system_attributes);

// Those whose values the model can hold. Empty if none are fixed.
FixedParams FixedParamsOf(const Attributes& system_attributes);

// Empty if the text is not a list of texts.
std::vector<std::string> MetricNamesOf(std::string_view text);

// A trial's or study's system attributes, with those that say what the model has from elsewhere.
Attributes SystemAttributesWith(const Attributes& own, const Constraints& constraints,
                                const FixedParams& fixed);
Attributes StudySystemAttributes(const StudySpec& spec);

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_ATTRIBUTES_H_
