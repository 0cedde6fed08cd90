// Optuna's messages to the model's types and back.

#ifndef HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_CONVERT_H_
#define HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_CONVERT_H_

#include <google/protobuf/repeated_ptr_field.h>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "optuna/storage_service.pb.h"

#include "server/model/optuna/commands.h"
#include "server/model/study_state.h"

namespace hpod {

absl::StatusOr<StudySpec> DecodeStudy(const optuna::CreateNewStudyRequest& request);
absl::StatusOr<TrialState> DecodeState(optuna::TrialState state);
// INVALID_FIELD: an unknown state, a malformed time, a parameter without a distribution.
absl::StatusOr<OptunaTemplate> DecodeTemplate(const optuna::Trial& trial);

void EncodeDirections(const StudySpec& spec, google::protobuf::RepeatedField<int>& directions);
void EncodeAttributes(const Attributes& attributes,
                      google::protobuf::RepeatedPtrField<optuna::TextEntry>& entries);
// The user attributes of a study or trial. Those that are not JSON, which other clients may have
// set, become JSON strings: Python could not read the rest otherwise.
void EncodeUserAttributes(const Attributes& attributes,
                          google::protobuf::RepeatedPtrField<optuna::TextEntry>& entries);

// Writes trials of one study, and remembers what they have in common.
class TrialEncoder {
 public:
  explicit TrialEncoder(const StudyState& study) : study_(study) {}
  void Encode(size_t number, optuna::Trial& message);

 private:
  void EncodeParams(size_t number, optuna::Trial& message);
  void EncodeValues(size_t number, optuna::Trial& message) const;
  void EncodeTimes(size_t number, optuna::Trial& message) const;
  const std::string& TextOf(uint32_t distribution);

  const StudyState& study_;
  std::vector<std::string> texts_;  // by distribution; empty: not asked for yet
};

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_GRPC_OPTUNA_CONVERT_H_
