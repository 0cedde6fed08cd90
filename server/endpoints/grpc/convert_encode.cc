// The model to messages.

#include <google/protobuf/any.pb.h>
#include <google/protobuf/util/time_util.h>

#include "hpo/v1/error.pb.h"

#include "server/endpoints/grpc/convert.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;
using google::protobuf::util::TimeUtil;

v1::TrialState EncodeState(TrialState state) {
  switch (state) {
    case TrialState::kRunning:
      return v1::TRIAL_STATE_RUNNING;
    case TrialState::kComplete:
      return v1::TRIAL_STATE_COMPLETE;
    case TrialState::kPruned:
      return v1::TRIAL_STATE_PRUNED;
    case TrialState::kFail:
      return v1::TRIAL_STATE_FAIL;
    case TrialState::kWaiting:
      return v1::TRIAL_STATE_WAITING;
  }
  return v1::TRIAL_STATE_UNSPECIFIED;
}

void EncodeDomain(const Domain& domain, v1::Parameter& parameter) {
  if (const auto* real = std::get_if<FloatDomain>(&domain)) {
    v1::FloatDomain& message = *parameter.mutable_float_domain();
    message.set_low(real->low);
    message.set_high(real->high);
    message.set_log(real->log);
    message.set_step(real->step);
  } else if (const auto* whole = std::get_if<IntDomain>(&domain)) {
    v1::IntDomain& message = *parameter.mutable_int_domain();
    message.set_low(whole->low);
    message.set_high(whole->high);
    message.set_log(whole->log);
    message.set_step(whole->step);
  } else {
    v1::CategoricalDomain& message = *parameter.mutable_categorical_domain();
    for (const Value& choice : std::get<CategoricalDomain>(domain).choices)
      EncodeValue(choice, *message.add_choices());
  }
}

void EncodeParameter(const Space& space, const Parameter& parameter, v1::Parameter& message) {
  message.set_name(parameter.name);
  EncodeDomain(parameter.domain, message);
  for (const Condition& condition : parameter.conditions) {
    v1::Condition& encoded = *message.add_conditions();
    const Parameter& parent = space[condition.parent];
    encoded.set_parent(parent.name);
    for (double value : condition.values)
      EncodeValue(ToExternal(parent.domain, value), *encoded.add_values());
  }
}

void EncodeAlgorithm(const Algorithm& algorithm, v1::Algorithm& message) {
  message.set_name(algorithm.name);
  for (const auto& [name, value] : algorithm.options) (*message.mutable_options())[name] = value;
}

void EncodeTime(int64_t microseconds, google::protobuf::Timestamp& time) {
  time = TimeUtil::MicrosecondsToTimestamp(microseconds);
}

void EncodeParams(const History& history, const TrialRecord& record, bool distributions,
                  v1::Trial& trial) {
  for (const DistributionValue& param : record.params) {
    const Distribution& distribution = history.GetDistribution(param.distribution);
    const std::string& name = history.Name(distribution.name);
    v1::Assignment& assignment = *trial.add_params();
    assignment.set_name(name);
    EncodeValue(ToExternal(distribution.domain, param.value), *assignment.mutable_value());
    if (!distributions) continue;
    v1::Parameter& parameter = *trial.add_distributions();
    parameter.set_name(name);
    EncodeDomain(distribution.domain, parameter);
  }
}

// Errors travel in trailers, for which clients have 8 KiB; what requests name may be longer. The
// message is in there twice, once with up to 3 bytes for one.
constexpr size_t kMessageBytesMax = 1'024;
constexpr size_t kMetadataBytesMax = 512;

// At most the first `bytes_max` of a text in UTF-8, in whole characters.
std::string Shorten(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

}  // namespace

v1::RpcStatus EncodeError(const absl::Status& status) {
  v1::RpcStatus error;
  error.set_code(static_cast<int>(status.code()));
  error.set_message(Shorten(std::string_view(status.message().data(), status.message().size()),
                            kMessageBytesMax));
  const auto detail = DetailOf(status);
  if (!detail.has_value()) return error;
  v1::ErrorInfo info;
  info.set_reason(detail->reason);
  info.set_domain("hpod");
  for (const auto& [key, value] : detail->metadata)
    (*info.mutable_metadata())[key] = Shorten(value, kMetadataBytesMax);
  google::protobuf::Any& any = *error.add_details();
  any.set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  any.set_value(info.SerializeAsString());
  return error;
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const v1::RpcStatus error = EncodeError(status);
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (error.details().empty()) return {code, error.message()};
  return {code, error.message(), error.SerializeAsString()};
}

void EncodeValue(const Value& value, v1::Value& message) {
  struct Encoder {
    v1::Value& message;
    void operator()(std::monostate /*null*/) const {
      message.set_null_value(google::protobuf::NULL_VALUE);
    }
    void operator()(bool content) const { message.set_bool_value(content); }
    void operator()(int64_t content) const { message.set_int_value(content); }
    void operator()(double content) const { message.set_double_value(content); }
    void operator()(const std::string& content) const { message.set_string_value(content); }
  };
  std::visit(Encoder{message}, value);
}

v1::StopReason EncodeStopReason(StopReason reason) {
  switch (reason) {
    case StopReason::kNone:
      return v1::STOP_REASON_UNSPECIFIED;
    case StopReason::kMaxTrials:
      return v1::STOP_REASON_MAX_TRIALS;
    case StopReason::kMaxRunning:
      return v1::STOP_REASON_MAX_RUNNING;
    case StopReason::kMaxDuration:
      return v1::STOP_REASON_MAX_DURATION;
    case StopReason::kGridExhausted:
      return v1::STOP_REASON_GRID_EXHAUSTED;
    case StopReason::kStopped:
      return v1::STOP_REASON_STOPPED;
  }
  return v1::STOP_REASON_UNSPECIFIED;
}

void EncodeLease(const StudyState& study, size_t number, int64_t lease_token, const Now& now,
                 v1::Lease& lease) {
  lease.set_token(lease_token);
  *lease.mutable_duration() = TimeUtil::MillisecondsToDuration(study.Spec().lease_ms);
  if (!study.HasLease(number)) return;
  EncodeTime(now.wall_us + study.LeaseExpiresSteadyUs(number) - now.steady_us,
             *lease.mutable_expire_time());
}

void EncodeTrial(const StudyState& study, size_t number, const Now& now, TrialParts parts,
                 v1::Trial& trial) {
  const TrialRecord record = study.Record(number, parts.intermediate_values);
  trial.set_number(static_cast<int64_t>(number));
  trial.set_state(EncodeState(record.state));
  EncodeParams(study.Trials(), record, parts.distributions, trial);
  for (double value : record.values) trial.add_values(value);
  for (const Report& report : record.reports) {
    v1::IntermediateValue& message = *trial.add_intermediate_values();
    message.set_step(report.step);
    message.set_value(report.value);
  }
  if (record.started_us != 0) EncodeTime(record.started_us, *trial.mutable_start_time());
  if (record.completed_us != 0) EncodeTime(record.completed_us, *trial.mutable_complete_time());
  trial.set_worker(record.worker);
  if (study.HasLease(number))
    EncodeLease(study, number, record.lease_token, now, *trial.mutable_lease());
  for (const auto& [key, value] : record.attributes)
    (*trial.mutable_user_attributes())[key] = value;
  for (const auto& [name, value] : record.constraints) (*trial.mutable_constraints())[name] = value;
  if (record.retry_of.has_value()) trial.set_retry_of(*record.retry_of);
  trial.set_retry_count(record.retry_count);
  trial.set_failure(record.failure);
  trial.set_lease_expired(record.lost);
  trial.set_revision(record.revision);
  trial.set_id(record.id);
  for (const auto& [name, value] : record.fixed) {
    v1::Assignment& assignment = *trial.add_fixed_params();
    assignment.set_name(name);
    EncodeValue(value, *assignment.mutable_value());
  }
}

void EncodeHandedOut(const StudyState& study, const HandedOut& handed_out, const Now& now,
                     v1::Trial& trial) {
  EncodeTrial(study, handed_out.number, now, {.intermediate_values = false, .distributions = false},
              trial);
  EncodeLease(study, handed_out.number, handed_out.lease_token, now, *trial.mutable_lease());
}

void EncodeStudy(const StudyState& study, const Now& now, v1::Study& message) {
  const StudySpec& spec = study.Spec();
  const History& trials = study.Trials();
  message.set_name(spec.name);
  for (Direction direction : spec.directions) {
    message.add_directions(direction == Direction::kMinimize ? v1::DIRECTION_MINIMIZE
                                                             : v1::DIRECTION_MAXIMIZE);
  }
  EncodeAlgorithm(spec.sampler, *message.mutable_sampler());
  EncodeAlgorithm(spec.pruner, *message.mutable_pruner());
  message.set_seed(spec.seed);
  for (const Parameter& parameter : spec.space)
    EncodeParameter(spec.space, parameter, *message.add_space());
  message.mutable_budget()->set_max_trials(spec.budget.max_trials);
  message.mutable_budget()->set_max_running(spec.budget.max_running);
  if (spec.budget.max_duration_us > 0) {
    *message.mutable_budget()->mutable_max_duration() =
        TimeUtil::MicrosecondsToDuration(spec.budget.max_duration_us);
  }
  *message.mutable_lease() = TimeUtil::MillisecondsToDuration(spec.lease_ms);
  message.set_max_retries(spec.max_retries);
  for (const std::string& name : spec.metric_names) message.add_metric_names(name);
  for (const auto& [key, value] : spec.attributes)
    (*message.mutable_user_attributes())[key] = value;
  message.set_stopped(spec.stopped);
  EncodeTime(spec.created_us, *message.mutable_create_time());
  v1::TrialCounts& counts = *message.mutable_counts();
  counts.set_running(static_cast<int64_t>(trials.Count(TrialState::kRunning)));
  counts.set_complete(static_cast<int64_t>(trials.Count(TrialState::kComplete)));
  counts.set_pruned(static_cast<int64_t>(trials.Count(TrialState::kPruned)));
  counts.set_failed(static_cast<int64_t>(trials.Count(TrialState::kFail)));
  counts.set_waiting(static_cast<int64_t>(trials.Count(TrialState::kWaiting)));
  counts.set_lost(static_cast<int64_t>(study.LostCount()));
  message.set_revision(study.Revision());
  message.set_stop_reason(EncodeStopReason(study.NextStop(now)));
  if (study.FirstStartUs() != 0)
    EncodeTime(study.FirstStartUs(), *message.mutable_first_trial_time());
  message.set_id(study.Id());
}

}  // namespace hpod
