// JSON of hpoctl (see json_write.h) and space files back as messages. Every error is
// INVALID_ARGUMENT and names where it is: the parameter and the key, or the field.

#ifndef HPOD_CLIENTS_HPOCTL_JSON_READ_H_
#define HPOD_CLIENTS_HPOCTL_JSON_READ_H_

#include <string_view>

#include "absl/status/statusor.h"

#include "clients/hpoctl/json_write.h"

namespace hpod {

using Parameters = google::protobuf::RepeatedPtrField<hpo::v1::Parameter>;

// `what` names the text in the message. The bare words NaN and Infinity are not JSON.
absl::StatusOr<Json> ParseJson(std::string_view text, std::string_view what);

absl::StatusOr<double> DoubleFromJson(const Json& json, std::string_view field);
absl::StatusOr<hpo::v1::Value> ValueFromJson(const Json& json, std::string_view field);

// A space, in the order of the JSON. Whether bounds and conditions make sense is for the server to
// say.
absl::StatusOr<Parameters> SpaceFromJson(const Json& json);
absl::StatusOr<Parameters> ParseSpace(std::string_view text, std::string_view what);

// What `study export` writes. Fields that are not there stay unset; unknown ones are errors.
absl::StatusOr<hpo::v1::Study> StudyFromJson(const Json& json);
absl::StatusOr<hpo::v1::Trial> TrialFromJson(const Json& json);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_JSON_READ_H_
