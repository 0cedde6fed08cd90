// Optuna's distributions, which are JSON text, as domains of hpo.v1 and back.

#ifndef HPOD_CLIENTS_HPOCTL_OPTUNA_DISTRIBUTION_H_
#define HPOD_CLIENTS_HPOCTL_OPTUNA_DISTRIBUTION_H_

#include <optional>
#include <string>
#include <string_view>

#include "hpo/v1/space.pb.h"

#include "clients/hpoctl/json_write.h"
#include "clients/hpoctl/optuna/study.h"

namespace hpod::optuna {

// JSON as Python writes it, with NaN and Infinity, which become {"double": "NaN"} and its like.
// Nothing if it is not even that.
std::optional<Json> ParsePython(std::string_view text);
// The opposite: NaN, Infinity and -Infinity are bare words, and what is not ASCII is escaped.
std::string PythonNumber(double number);
std::string PythonText(const hpo::v1::Value& value);

// A parameter as the daemon has it.
struct Mapped {
  hpo::v1::Parameter parameter;
  hpo::v1::Value value;
  // DistributionText(parameter) is the text it was made from: no need to keep that.
  bool is_exact;
};

// Where the daemon cannot have the domain, a like one: widened to a value that Optuna let lie
// outside, or with a text for each choice where some are no scalars or are equal. Nothing if it can
// have none.
std::optional<Mapped> Map(const Param& param);

// The text Optuna writes for a domain.
std::string DistributionText(const hpo::v1::Parameter& parameter);
// A number; of a categorical parameter the index of the choice.
double InternalValue(const hpo::v1::Parameter& parameter, const hpo::v1::Value& value);

}  // namespace hpod::optuna

#endif  // HPOD_CLIENTS_HPOCTL_OPTUNA_DISTRIBUTION_H_
