#include "clients/hpoctl/object_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/util/time_util.h>
#include <limits>

#include "clients/hpoctl/json_read.h"
#include "clients/hpoctl/text.h"
#include "clients/hpoctl/wire.h"

namespace hpod {
namespace {

template <class Int>
bool Fits(const Json& json) {
  if (json.is_number_unsigned()) {
    return json.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<Int>::max());
  }
  if (!json.is_number_integer()) return false;
  const auto value = json.get<int64_t>();
  return std::is_signed_v<Int> ? value >= static_cast<int64_t>(std::numeric_limits<Int>::min())
                               : value >= 0;
}

}  // namespace

ObjectReader::ObjectReader(const Json& json, std::string where)
    : json_(json), where_(std::move(where)) {
  if (!json.is_object()) {
    Fail(absl::InvalidArgumentError(
        fmt::format("{} must be an object, is {}", where_, json.type_name())));
  }
}

const Json* ObjectReader::Child(std::string_view key) {
  known_.emplace_back(key);
  if (!status_.ok()) return nullptr;
  const auto found = json_.find(std::string(key));
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

bool ObjectReader::Read(std::string_view key, bool& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  if (!child->is_boolean()) {
    FailAt(key, "must be true or false");
    return false;
  }
  out = child->get<bool>();
  return true;
}

bool ObjectReader::Read(std::string_view key, int32_t& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  if (!Fits<int32_t>(*child)) {
    FailAt(key, "must be a whole number of 32 bits");
    return false;
  }
  out = child->get<int32_t>();
  return true;
}

bool ObjectReader::Read(std::string_view key, int64_t& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  if (!Fits<int64_t>(*child)) {
    FailAt(key, "must be a whole number");
    return false;
  }
  out = child->get<int64_t>();
  return true;
}

bool ObjectReader::Read(std::string_view key, uint64_t& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  if (!Fits<uint64_t>(*child)) {
    FailAt(key, "must be a whole number, not negative");
    return false;
  }
  out = child->get<uint64_t>();
  return true;
}

bool ObjectReader::Read(std::string_view key, double& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  const auto value = DoubleFromJson(*child, FieldName(key));
  if (value.ok()) out = *value;
  Fail(value.status());
  return value.ok();
}

bool ObjectReader::Read(std::string_view key, std::string& out) {
  const Json* child = Child(key);
  if (child == nullptr) return false;
  if (!child->is_string()) {
    FailAt(key, "must be a string");
    return false;
  }
  out = child->get<std::string>();
  return true;
}

bool ObjectReader::Read(std::string_view key, google::protobuf::Timestamp& out) {
  std::string text;
  if (!Read(key, text)) return false;
  if (google::protobuf::util::TimeUtil::FromString(text, &out)) return true;
  FailAt(key, "must be a time as 2026-01-31T12:00:00Z");
  return false;
}

bool ObjectReader::ReadMilliseconds(std::string_view key, google::protobuf::Duration& out) {
  double milliseconds = 0;
  if (!Read(key, milliseconds)) return false;
  if (!(std::abs(milliseconds) < 9e12)) {
    FailAt(key, "is out of range");
    return false;
  }
  out = ToProto(std::chrono::nanoseconds(std::llround(milliseconds * 1e6)));
  return true;
}

void ObjectReader::EachElement(std::string_view key, Visitor visitor) {
  const Json* child = Child(key);
  if (child == nullptr) return;
  if (!child->is_array()) return FailAt(key, "must be an array");
  for (const Json& element : *child) {
    if (!status_.ok()) return;
    Fail(visitor("", element));
  }
}

void ObjectReader::EachMember(std::string_view key, Visitor visitor) {
  const Json* child = Child(key);
  if (child == nullptr) return;
  if (!child->is_object()) return FailAt(key, "must be an object");
  for (const auto& [name, value] : child->items()) {
    if (!status_.ok()) return;
    Fail(visitor(name, value));
  }
}

void ObjectReader::Fail(const absl::Status& status) {
  if (status_.ok()) status_ = status;
}

void ObjectReader::FailAt(std::string_view key, std::string_view message) {
  Fail(absl::InvalidArgumentError(fmt::format("{} {}", FieldName(key), message)));
}

std::string ObjectReader::FieldName(std::string_view key) const {
  return fmt::format("{}: '{}'", where_, key);
}

absl::Status ObjectReader::Finish() {
  if (!status_.ok()) return status_;
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      return absl::InvalidArgumentError(fmt::format("{}: unknown key '{}' (known: {})", where_,
                                                    Printable(key), fmt::join(known_, ", ")));
    }
  }
  return absl::OkStatus();
}

}  // namespace hpod
