// Messages as JSON, in the shapes that clients/hpoctl/README.md documents: the protos' field names
// in snake_case, enums without their prefix, times as RFC 3339, durations in milliseconds,
// parameters as an object in their order. Every field is always there; what is absent is null.
// json_read.h reads the same back without loss.

#ifndef HPOD_CLIENTS_HPOCTL_JSON_WRITE_H_
#define HPOD_CLIENTS_HPOCTL_JSON_WRITE_H_

#include <nlohmann/json.hpp>

#include "hpo/v1/catalog_service.pb.h"
#include "hpo/v1/space.pb.h"
#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

namespace hpod {

using Json = nlohmann::ordered_json;

// A number; or, as JSON has none for them, the strings "NaN", "Infinity" and "-Infinity".
Json DoubleJson(double value);
// As DoubleJson, but {"double": "NaN"} where a string would be a value of its own.
Json ValueJson(const hpo::v1::Value& value);
// The form of a space file: name to {"type": "float", ...}.
Json SpaceJson(const google::protobuf::RepeatedPtrField<hpo::v1::Parameter>& parameters);
Json AssignmentsJson(const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& assignments);
Json StudyJson(const hpo::v1::Study& study);
Json LeaseJson(const hpo::v1::Lease& lease);
// Without `distributions`, which repeat the space.
Json TrialJson(const hpo::v1::Trial& trial);
// With them.
Json FullTrialJson(const hpo::v1::Trial& trial);
Json AlgorithmEntryJson(const hpo::v1::AlgorithmEntry& entry);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_JSON_WRITE_H_
