// The forms of tests/conformance/README.md, as JSON, and what they are to the client.

#ifndef HPOD_CLIENTS_CPP_CONFORMANCE_FORMS_H_
#define HPOD_CLIENTS_CPP_CONFORMANCE_FORMS_H_

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "hpod/client.h"

namespace conformance {

using Json = nlohmann::json;

// Doubles are the hexadecimal digits of their bits.
double ToDouble(const Json& json);
hpod::Value ToValue(const Json& json);
Json ToJson(const hpod::Value& value);
hpod::Parameter ToParameter(const Json& json);
hpod::StudySpec ToSpec(const Json& step);
hpo::v1::TrialState ToState(const Json& json);
// A step's user attributes: name to JSON text.
std::map<std::string, std::string> JsonTexts(const Json& step);
std::map<std::string, double> Constraints(const Json& step);

Json ToJson(const absl::Status& error);
Json ToJson(const hpo::v1::Study& study);
Json ToJson(const hpo::v1::Trial& trial);
// Without its prefix: `MAX_TRIALS`.
std::string NameOf(hpo::v1::StopReason reason);

}  // namespace conformance

#endif  // HPOD_CLIENTS_CPP_CONFORMANCE_FORMS_H_
