// Small conversions between the messages of hpo.v1 and what hpoctl works with.

#ifndef HPOD_CLIENTS_HPOCTL_WIRE_H_
#define HPOD_CLIENTS_HPOCTL_WIRE_H_

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <string>

#include "absl/status/statusor.h"
#include "hpo/v1/space.pb.h"
#include "hpo/v1/study.pb.h"
#include "hpo/v1/trial.pb.h"

#include "clients/hpoctl/io.h"

namespace hpod {

Time FromProto(const google::protobuf::Timestamp& time);
google::protobuf::Timestamp ToProto(Time time);
std::chrono::nanoseconds FromProto(const google::protobuf::Duration& duration);
google::protobuf::Duration ToProto(std::chrono::nanoseconds duration);
// Rounded to nanoseconds. |seconds| < 9e9.
google::protobuf::Duration DurationOfSeconds(double seconds);

// Names without the prefix of their enum: `COMPLETE`, `MINIMIZE`, `MAX_TRIALS`.
std::string NameOf(hpo::v1::TrialState state);
std::string NameOf(hpo::v1::Direction direction);
std::string NameOf(hpo::v1::StopReason reason);
// The same in lower case, as people read and type them.
std::string LowerNameOf(hpo::v1::TrialState state);
std::string LowerNameOf(hpo::v1::Direction direction);
// In either case. INVALID_ARGUMENT that lists the known names.
absl::StatusOr<hpo::v1::TrialState> ParseState(std::string_view name);
absl::StatusOr<hpo::v1::Direction> ParseDirection(std::string_view name);

// `adam`, `3`, `0.001`, `true`, `null`: strings bare; doubles in full or, with `short_numbers`, for
// the eye.
std::string ValueText(const hpo::v1::Value& value, bool short_numbers);

// All trials of a study, whatever their state.
int64_t TotalTrials(const hpo::v1::TrialCounts& counts);
// Trials that count against `max_trials`: all but waiting ones.
int64_t StartedTrials(const hpo::v1::TrialCounts& counts);

// `studies/mnist`, `studies/mnist/trials/3`.
std::string PathOf(std::string_view study);
std::string PathOf(std::string_view study, int64_t number);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_WIRE_H_
