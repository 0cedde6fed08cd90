// The plain values of space.h and study_spec.h as messages of the protocol.

#include <google/protobuf/duration.pb.h>

#include "hpod/space.h"
#include "hpod/study_spec.h"

namespace hpod {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Match(Cases...) -> Match<Cases...>;

google::protobuf::Duration WireOf(std::chrono::milliseconds duration) {
  google::protobuf::Duration message;
  message.set_seconds(duration.count() / 1'000);
  message.set_nanos(static_cast<int32_t>(duration.count() % 1'000 * 1'000'000));
  return message;
}

hpo::v1::Algorithm WireOf(const Algorithm& algorithm) {
  hpo::v1::Algorithm message;
  message.set_name(algorithm.name);
  message.mutable_options()->insert(algorithm.options.begin(), algorithm.options.end());
  return message;
}

void SetDomain(const Float& domain, hpo::v1::Parameter& message) {
  auto& wire = *message.mutable_float_domain();
  wire.set_low(domain.low);
  wire.set_high(domain.high);
  wire.set_log(domain.log);
  wire.set_step(domain.step);
}

void SetDomain(const Int& domain, hpo::v1::Parameter& message) {
  auto& wire = *message.mutable_int_domain();
  wire.set_low(domain.low);
  wire.set_high(domain.high);
  wire.set_log(domain.log);
  wire.set_step(domain.step);
}

void SetDomain(const Choice& domain, hpo::v1::Parameter& message) {
  auto& wire = *message.mutable_categorical_domain();
  for (const Value& choice : domain.choices) *wire.add_choices() = ToProto(choice);
}

}  // namespace

Value FromProto(const hpo::v1::Value& message) {
  switch (message.kind_case()) {
    case hpo::v1::Value::kBoolValue:
      return message.bool_value();
    case hpo::v1::Value::kIntValue:
      return message.int_value();
    case hpo::v1::Value::kDoubleValue:
      return message.double_value();
    case hpo::v1::Value::kStringValue:
      return message.string_value();
    case hpo::v1::Value::kNullValue:
    case hpo::v1::Value::KIND_NOT_SET:
      break;
  }
  return std::monostate();
}

hpo::v1::Value ToProto(const Value& value) {
  hpo::v1::Value message;
  std::visit(Match{
                 [&](std::monostate) { message.set_null_value(google::protobuf::NULL_VALUE); },
                 [&](bool content) { message.set_bool_value(content); },
                 [&](int64_t content) { message.set_int_value(content); },
                 [&](double content) { message.set_double_value(content); },
                 [&](const std::string& content) { message.set_string_value(content); },
             },
             value);
  return message;
}

hpo::v1::Parameter ToProto(const Parameter& parameter) {
  hpo::v1::Parameter message;
  message.set_name(parameter.name);
  std::visit([&](const auto& domain) { SetDomain(domain, message); }, parameter.domain);
  for (const When& when : parameter.conditions) {
    auto& condition = *message.add_conditions();
    condition.set_parent(when.parent);
    for (const Value& value : when.values) *condition.add_values() = ToProto(value);
  }
  return message;
}

hpo::v1::Study ToProto(const StudySpec& spec) {
  hpo::v1::Study message;
  message.set_name(spec.name);
  for (const Direction direction : spec.directions) {
    message.add_directions(static_cast<hpo::v1::Direction>(direction));
  }
  for (const Parameter& parameter : spec.space) *message.add_space() = ToProto(parameter);
  *message.mutable_sampler() = WireOf(spec.sampler);
  *message.mutable_pruner() = WireOf(spec.pruner);
  message.set_seed(spec.seed);
  message.mutable_budget()->set_max_trials(spec.max_trials);
  message.mutable_budget()->set_max_running(spec.max_running);
  if (spec.max_duration.count() != 0) {
    *message.mutable_budget()->mutable_max_duration() = WireOf(spec.max_duration);
  }
  if (spec.lease.count() != 0) *message.mutable_lease() = WireOf(spec.lease);
  if (spec.max_retries) message.set_max_retries(*spec.max_retries);
  message.mutable_metric_names()->Assign(spec.metric_names.begin(), spec.metric_names.end());
  message.mutable_user_attributes()->insert(spec.user_attributes.begin(),
                                            spec.user_attributes.end());
  return message;
}

}  // namespace hpod
