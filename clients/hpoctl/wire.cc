#include "clients/hpoctl/wire.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/time_util.h>
#include <vector>

#include "clients/hpoctl/text.h"

namespace hpod {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::string_view kStatePrefix = "TRIAL_STATE_";
constexpr std::string_view kDirectionPrefix = "DIRECTION_";
constexpr std::string_view kReasonPrefix = "STOP_REASON_";

std::string WithoutPrefix(const std::string& name, std::string_view prefix) {
  return name.substr(std::min(prefix.size(), name.size()));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The value of an enum by its short name in either case; the first value, UNSPECIFIED, has none.
absl::StatusOr<int> ParseEnum(const google::protobuf::EnumDescriptor& descriptor,
                              std::string_view prefix, std::string_view name,
                              std::string_view what) {
  std::vector<std::string> known;
  for (int i = 1; i < descriptor.value_count(); ++i) {
    known.push_back(Lower(WithoutPrefix(descriptor.value(i)->name(), prefix)));
    if (known.back() == Lower(std::string(name))) return descriptor.value(i)->number();
  }
  std::sort(known.begin(), known.end());
  return absl::InvalidArgumentError(
      fmt::format("unknown {} '{}' (known: {})", what, Printable(name), fmt::join(known, ", ")));
}

}  // namespace

Time FromProto(const google::protobuf::Timestamp& time) {
  return Time(std::chrono::nanoseconds(TimeUtil::TimestampToNanoseconds(time)));
}

google::protobuf::Timestamp ToProto(Time time) {
  return TimeUtil::NanosecondsToTimestamp(time.time_since_epoch().count());
}

std::chrono::nanoseconds FromProto(const google::protobuf::Duration& duration) {
  return std::chrono::nanoseconds(TimeUtil::DurationToNanoseconds(duration));
}

google::protobuf::Duration ToProto(std::chrono::nanoseconds duration) {
  return TimeUtil::NanosecondsToDuration(duration.count());
}

google::protobuf::Duration DurationOfSeconds(double seconds) {
  return ToProto(std::chrono::nanoseconds(std::llround(seconds * 1e9)));
}

std::string NameOf(hpo::v1::TrialState state) {
  return WithoutPrefix(hpo::v1::TrialState_Name(state), kStatePrefix);
}
std::string NameOf(hpo::v1::Direction direction) {
  return WithoutPrefix(hpo::v1::Direction_Name(direction), kDirectionPrefix);
}
std::string NameOf(hpo::v1::StopReason reason) {
  return WithoutPrefix(hpo::v1::StopReason_Name(reason), kReasonPrefix);
}
std::string LowerNameOf(hpo::v1::TrialState state) { return Lower(NameOf(state)); }
std::string LowerNameOf(hpo::v1::Direction direction) { return Lower(NameOf(direction)); }

absl::StatusOr<hpo::v1::TrialState> ParseState(std::string_view name) {
  const auto number = ParseEnum(*hpo::v1::TrialState_descriptor(), kStatePrefix, name, "state");
  if (!number.ok()) return number.status();
  return static_cast<hpo::v1::TrialState>(*number);
}

absl::StatusOr<hpo::v1::Direction> ParseDirection(std::string_view name) {
  const auto number =
      ParseEnum(*hpo::v1::Direction_descriptor(), kDirectionPrefix, name, "direction");
  if (!number.ok()) return number.status();
  return static_cast<hpo::v1::Direction>(*number);
}

std::string ValueText(const hpo::v1::Value& value, bool short_numbers) {
  switch (value.kind_case()) {
    case hpo::v1::Value::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case hpo::v1::Value::kIntValue:
      return fmt::format("{}", value.int_value());
    case hpo::v1::Value::kDoubleValue:
      return short_numbers ? ShortNumber(value.double_value()) : ExactNumber(value.double_value());
    case hpo::v1::Value::kStringValue:
      return value.string_value();
    case hpo::v1::Value::kNullValue:
    case hpo::v1::Value::KIND_NOT_SET:
      break;
  }
  return "null";
}

int64_t TotalTrials(const hpo::v1::TrialCounts& counts) {
  return StartedTrials(counts) + counts.waiting();
}

int64_t StartedTrials(const hpo::v1::TrialCounts& counts) {
  return counts.running() + counts.complete() + counts.pruned() + counts.failed();
}

std::string PathOf(std::string_view study) { return fmt::format("studies/{}", study); }

std::string PathOf(std::string_view study, int64_t number) {
  return fmt::format("studies/{}/trials/{}", study, number);
}

}  // namespace hpod
