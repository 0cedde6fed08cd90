// Optuna's distributions: JSON texts, of which the model's domains are the useful part.

#ifndef HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_H_
#define HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "samplers/space.h"
#include "server/model/optuna/python_json.h"

namespace hpod {

// Its classes; the last five are those of Optuna 1 and 2, which are still read.
enum class OptunaClass {
  kFloat,
  kInt,
  kCategorical,
  kUniform,
  kLogUniform,
  kDiscreteUniform,
  kIntUniform,
  kIntLogUniform,
};

struct OptunaDistribution {
  OptunaClass kind = OptunaClass::kFloat;
  bool log = false;
  std::vector<PythonJson> choices;
  // Absent if the model has none like it: choices that repeat or are lists, bounds that are not
  // finite or beyond 2^53.
  std::optional<Domain> domain;
};

// INVALID_ARGUMENT: Optuna could not read it back.
absl::StatusOr<OptunaDistribution> ParseOptunaDistribution(std::string_view text);
OptunaDistribution ToOptunaDistribution(const Domain& domain);
// The text that Optuna has for a domain.
std::string ToOptunaJson(const Domain& domain);

// Optuna's rule for two distributions of one name: same class; same `log` of a float or int;
// choices that are equal in Python, in the same order. INVALID_ARGUMENT that says what changed.
absl::Status CheckCompatible(const OptunaDistribution& known, const OptunaDistribution& asked,
                             std::string_view name);

// Whether a trial can be read back with this internal value. INVALID_ARGUMENT: NaN; an index that
// is not of a choice; an int that is not finite.
absl::Status CheckInternalValue(const OptunaDistribution& distribution, double value,
                                std::string_view name);

// Whether algorithms may see the value: finite, positive where logarithms are taken, whole for an
// int. It may be outside the bounds.
bool IsUsable(const Domain& domain, double value);

}  // namespace hpod

#endif  // HPOD_SERVER_MODEL_OPTUNA_DISTRIBUTION_H_
