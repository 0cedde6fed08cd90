// Messages to the model.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/time_util.h>

#include "server/endpoints/grpc/convert.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;
using google::protobuf::util::TimeUtil;

absl::StatusOr<Value> DecodeValue(const v1::Value& value, std::string_view field) {
  switch (value.kind_case()) {
    case v1::Value::kNullValue:
      return Value(std::monostate());
    case v1::Value::kBoolValue:
      return Value(value.bool_value());
    case v1::Value::kIntValue:
      return Value(value.int_value());
    case v1::Value::kDoubleValue:
      return Value(value.double_value());
    case v1::Value::kStringValue:
      return Value(value.string_value());
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return InvalidField(
      field,
      fmt::format(
          "{} has no value; set null_value, bool_value, int_value, double_value or string_value",
          field));
}

Algorithm DecodeAlgorithm(const v1::Algorithm& algorithm) {
  return {algorithm.name(), Options(algorithm.options().begin(), algorithm.options().end())};
}

absl::StatusOr<ParameterSpec> DecodeParameter(const v1::Parameter& parameter) {
  auto domain = DecodeDomain(parameter);
  if (!domain.ok()) return domain.status();
  ParameterSpec spec{parameter.name(), *std::move(domain), {}};
  for (const v1::Condition& condition : parameter.conditions()) {
    NamedCondition named{condition.parent(), {}};
    for (const v1::Value& value : condition.values()) {
      auto decoded = DecodeValue(value, fmt::format("parameter '{}' condition on '{}'",
                                                    parameter.name(), condition.parent()));
      if (!decoded.ok()) return decoded.status();
      named.values.push_back(*std::move(decoded));
    }
    spec.conditions.push_back(std::move(named));
  }
  return spec;
}

absl::StatusOr<Space> DecodeSpace(
    const google::protobuf::RepeatedPtrField<v1::Parameter>& parameters) {
  std::vector<ParameterSpec> specs;
  for (const v1::Parameter& parameter : parameters) {
    auto spec = DecodeParameter(parameter);
    if (!spec.ok()) return spec.status();
    specs.push_back(*std::move(spec));
  }
  return Space::Make(std::move(specs));
}

absl::StatusOr<std::vector<Direction>> DecodeDirections(
    const google::protobuf::RepeatedField<int>& directions) {
  std::vector<Direction> decoded;
  for (int direction : directions) {
    if (direction != v1::DIRECTION_MINIMIZE && direction != v1::DIRECTION_MAXIMIZE) {
      return InvalidField(
          "study.directions",
          fmt::format("study.directions has {}, each is DIRECTION_MINIMIZE or DIRECTION_MAXIMIZE",
                      v1::Direction_Name(direction)));
    }
    decoded.push_back(direction == v1::DIRECTION_MINIMIZE ? Direction::kMinimize
                                                          : Direction::kMaximize);
  }
  return decoded;
}

// A Duration outside its documented range would overflow the arithmetic.
absl::StatusOr<int64_t> DecodeMicroseconds(const google::protobuf::Duration& duration,
                                           std::string_view field) {
  constexpr int64_t kMaxSeconds = 10'000LL * 366 * 24 * 3600;
  if (duration.seconds() < -kMaxSeconds || duration.seconds() > kMaxSeconds ||
      duration.nanos() < -999'999'999 || duration.nanos() > 999'999'999) {
    return InvalidField(field, fmt::format("{} is not a valid duration", field));
  }
  return duration.seconds() * 1'000'000 + duration.nanos() / 1'000;
}

absl::StatusOr<int64_t> DecodeTime(const google::protobuf::Timestamp& time,
                                   std::string_view field) {
  if (time.seconds() < TimeUtil::kTimestampMinSeconds ||
      time.seconds() > TimeUtil::kTimestampMaxSeconds || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return InvalidField(field, fmt::format("{} is not a valid time", field));
  }
  return time.seconds() * 1'000'000 + time.nanos() / 1'000;
}

absl::StatusOr<Budget> DecodeBudget(const v1::Budget& budget) {
  Budget decoded{budget.max_trials(), budget.max_running(), 0};
  auto duration = DecodeMicroseconds(budget.max_duration(), "budget.max_duration");
  if (!duration.ok()) return duration.status();
  decoded.max_duration_us = *duration;
  return decoded;
}

absl::Status DecodeForeignParams(const v1::Trial& trial, std::string_view field,
                                 ForeignTrial& foreign) {
  for (const v1::Assignment& param : trial.params()) {
    const auto distribution =
        std::find_if(trial.distributions().begin(), trial.distributions().end(),
                     [&](const v1::Parameter& other) { return other.name() == param.name(); });
    const std::string label = fmt::format("{} parameter '{}'", field, param.name());
    if (distribution == trial.distributions().end()) {
      return InvalidField(field, fmt::format("{} has no distribution", label));
    }
    auto domain = DecodeDomain(*distribution);
    if (!domain.ok()) return AboutField(field, domain.status());
    auto value = DecodeValue(param.value(), label);
    if (!value.ok()) return AboutField(field, value.status());
    const auto internal = ToInternal(*domain, *value, label);
    if (!internal.ok()) return AboutField(field, internal.status());
    foreign.params.push_back({param.name(), *std::move(domain), *internal});
  }
  return absl::OkStatus();
}

}  // namespace

RequestKey KeyOf(const std::string& request_id, const google::protobuf::Message& request) {
  if (request_id.empty()) return {};
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    request.SerializeToCodedStream(&coded);
  }
  // FNV-1a, 64 bits (Fowler, Noll, Vo): the request's type, then its content, in which the id is
  // constant.
  uint64_t hash = 0xcbf29ce484222325;
  for (const std::string& part : {request.GetTypeName(), bytes}) {
    for (const char byte : part) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return {request_id, hash};
}

absl::StatusOr<Domain> DecodeDomain(const v1::Parameter& parameter) {
  switch (parameter.domain_case()) {
    case v1::Parameter::kFloatDomain: {
      const v1::FloatDomain& domain = parameter.float_domain();
      return FloatDomain{domain.low(), domain.high(), domain.log(), domain.step()};
    }
    case v1::Parameter::kIntDomain: {
      const v1::IntDomain& domain = parameter.int_domain();
      return IntDomain{domain.low(), domain.high(), domain.log(),
                       domain.step() == 0 ? 1 : domain.step()};
    }
    case v1::Parameter::kCategoricalDomain: {
      CategoricalDomain domain;
      for (const v1::Value& choice : parameter.categorical_domain().choices()) {
        auto value = DecodeValue(choice, fmt::format("parameter '{}' choice {}", parameter.name(),
                                                     domain.choices.size()));
        if (!value.ok()) return value.status();
        domain.choices.push_back(*std::move(value));
      }
      return domain;
    }
    case v1::Parameter::DOMAIN_NOT_SET:
      break;
  }
  return InvalidField(
      "parameter",
      fmt::format(
          "parameter '{}' has no domain; set float_domain, int_domain or categorical_domain",
          parameter.name()));
}

absl::StatusOr<FixedParams> DecodeAssignments(
    const google::protobuf::RepeatedPtrField<v1::Assignment>& params) {
  FixedParams fixed;
  for (const v1::Assignment& param : params) {
    if (param.name().empty() || param.name().size() > kMaxNameBytes) {
      return InvalidField("params",
                          fmt::format("a parameter's name has 1 to {} bytes", kMaxNameBytes));
    }
    auto value = DecodeValue(param.value(), fmt::format("parameter '{}'", param.name()));
    if (!value.ok()) return AboutField("params", value.status());
    const bool twice = std::any_of(fixed.begin(), fixed.end(),
                                   [&](const auto& other) { return other.first == param.name(); });
    if (twice)
      return InvalidField("params", fmt::format("parameter '{}' is there twice", param.name()));
    fixed.emplace_back(param.name(), *std::move(value));
  }
  return fixed;
}

absl::StatusOr<TrialState> DecodeState(v1::TrialState state, std::string_view field) {
  switch (state) {
    case v1::TRIAL_STATE_RUNNING:
      return TrialState::kRunning;
    case v1::TRIAL_STATE_COMPLETE:
      return TrialState::kComplete;
    case v1::TRIAL_STATE_PRUNED:
      return TrialState::kPruned;
    case v1::TRIAL_STATE_FAIL:
      return TrialState::kFail;
    case v1::TRIAL_STATE_WAITING:
      return TrialState::kWaiting;
    default:
      return InvalidField(field, fmt::format("{} is {}, which is no state of a trial", field,
                                             static_cast<int>(state)));
  }
}

absl::StatusOr<StudySpec> DecodeSpec(const v1::Study& study) {
  StudySpec spec;
  spec.name = study.name();
  auto directions = DecodeDirections(study.directions());
  if (!directions.ok()) return directions.status();
  auto space = DecodeSpace(study.space());
  if (!space.ok()) return AboutField("study.space", space.status());
  auto budget = DecodeBudget(study.budget());
  if (!budget.ok()) return budget.status();
  auto lease = DecodeMicroseconds(study.lease(), "lease");
  if (!lease.ok()) return lease.status();
  spec.directions = *std::move(directions);
  spec.sampler = DecodeAlgorithm(study.sampler());
  spec.pruner = DecodeAlgorithm(study.pruner());
  spec.seed = study.seed();
  spec.space = *std::move(space);
  spec.budget = *budget;
  if (study.has_lease()) spec.lease_ms = *lease / 1'000;
  if (study.has_max_retries()) spec.max_retries = study.max_retries();
  spec.metric_names.assign(study.metric_names().begin(), study.metric_names().end());
  spec.attributes = Attributes(study.user_attributes().begin(), study.user_attributes().end());
  spec.stopped = study.stopped();
  return spec;
}

absl::StatusOr<UpdateStudy> DecodeUpdate(const v1::UpdateStudyRequest& request) {
  UpdateStudy update;
  const v1::Study& study = request.update();
  if (request.update_mask().paths().empty())
    return InvalidField("update_mask", "update_mask is empty, name the fields to change");
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "budget") {
      auto budget = DecodeBudget(study.budget());
      if (!budget.ok()) return budget.status();
      update.budget = *budget;
    } else if (path == "lease") {
      auto lease = DecodeMicroseconds(study.lease(), "lease");
      if (!lease.ok()) return lease.status();
      update.lease_ms = *lease / 1'000;
    } else if (path == "max_retries") {
      update.max_retries = study.max_retries();
    } else if (path == "metric_names") {
      update.metric_names.emplace(study.metric_names().begin(), study.metric_names().end());
    } else if (path == "user_attributes") {
      update.attributes =
          Attributes(study.user_attributes().begin(), study.user_attributes().end());
    } else if (path == "stopped") {
      update.stopped = study.stopped();
    } else {
      return InvalidField(
          "update_mask",
          fmt::format("update_mask has '{}' (updatable: budget, lease, max_retries, metric_names, "
                      "user_attributes, stopped)",
                      path));
    }
  }
  return update;
}

absl::StatusOr<ForeignTrial> DecodeForeignTrial(const v1::Trial& trial, std::string_view field) {
  ForeignTrial foreign;
  TrialRecord& record = foreign.record;
  auto state = DecodeState(trial.state(), fmt::format("{}.state", field));
  if (!state.ok()) return state.status();
  record.state = *state;
  if (absl::Status status = DecodeForeignParams(trial, field, foreign); !status.ok()) return status;
  auto fixed = DecodeAssignments(trial.fixed_params());
  if (!fixed.ok()) return fixed.status();
  record.fixed = *std::move(fixed);
  record.values.assign(trial.values().begin(), trial.values().end());
  for (const v1::IntermediateValue& report : trial.intermediate_values())
    record.reports.push_back({report.step(), report.value()});
  auto started = DecodeTime(trial.start_time(), fmt::format("{}.start_time", field));
  if (!started.ok()) return started.status();
  auto completed = DecodeTime(trial.complete_time(), fmt::format("{}.complete_time", field));
  if (!completed.ok()) return completed.status();
  record.started_us = *started;
  record.completed_us = *completed;
  if (trial.worker().size() > kMaxWorkerBytes) {
    return InvalidField(field, fmt::format("{}.worker has {} bytes, at most {} are allowed", field,
                                           trial.worker().size(), kMaxWorkerBytes));
  }
  record.worker = trial.worker();
  record.attributes = Attributes(trial.user_attributes().begin(), trial.user_attributes().end());
  record.constraints = Constraints(trial.constraints().begin(), trial.constraints().end());
  if (trial.has_retry_of()) record.retry_of = trial.retry_of();
  record.retry_count = trial.retry_count();
  record.lost = trial.lease_expired();
  if (trial.failure().size() > kMaxFailureBytes) {
    return InvalidField(field, fmt::format("{}.failure has {} bytes, at most {} are allowed", field,
                                           trial.failure().size(), kMaxFailureBytes));
  }
  record.failure = trial.failure();
  return foreign;
}

}  // namespace hpod
