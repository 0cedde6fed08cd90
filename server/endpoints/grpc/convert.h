// Protobuf messages to the model's types and back. What cannot be said in the model is
// INVALID_ARGUMENT, naming the field; whether it makes sense is for the model to say.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_CONVERT_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_CONVERT_H_

#include <grpcpp/support/status.h>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "hpo/v1/error.pb.h"
#include "hpo/v1/study.pb.h"
#include "hpo/v1/study_service.pb.h"
#include "hpo/v1/trial.pb.h"
#include "hpo/v1/trial_service.pb.h"

#include "server/model/command.h"
#include "server/model/study_state.h"

namespace hpod {

// With google.rpc.ErrorInfo in the details, if there is a reason. Never longer than clients take.
hpo::v1::RpcStatus EncodeError(const absl::Status& status);
// The same for gRPC.
grpc::Status ToGrpc(const absl::Status& status);

// The key of a request with a `request_id`: its fingerprint covers everything else.
RequestKey KeyOf(const std::string& request_id, const google::protobuf::Message& request);

absl::StatusOr<StudySpec> DecodeSpec(const hpo::v1::Study& study);
absl::StatusOr<UpdateStudy> DecodeUpdate(const hpo::v1::UpdateStudyRequest& request);
absl::StatusOr<Domain> DecodeDomain(const hpo::v1::Parameter& parameter);
absl::StatusOr<FixedParams> DecodeAssignments(
    const google::protobuf::RepeatedPtrField<hpo::v1::Assignment>& params);
absl::StatusOr<TrialState> DecodeState(hpo::v1::TrialState state, std::string_view field);
// A trial from elsewhere; `field` names it in messages.
absl::StatusOr<ForeignTrial> DecodeForeignTrial(const hpo::v1::Trial& trial,
                                                std::string_view field);

// How much of a trial a reply holds.
struct TrialParts {
  bool intermediate_values = true;
  bool distributions = true;
};
void EncodeTrial(const StudyState& study, size_t number, const Now& now, TrialParts parts,
                 hpo::v1::Trial& trial);
// As it was handed out: `lease_token` is the token of that time.
void EncodeHandedOut(const StudyState& study, const HandedOut& handed_out, const Now& now,
                     hpo::v1::Trial& trial);
void EncodeLease(const StudyState& study, size_t number, int64_t lease_token, const Now& now,
                 hpo::v1::Lease& lease);
void EncodeStudy(const StudyState& study, const Now& now, hpo::v1::Study& message);
void EncodeValue(const Value& value, hpo::v1::Value& message);
hpo::v1::StopReason EncodeStopReason(StopReason reason);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_CONVERT_H_
