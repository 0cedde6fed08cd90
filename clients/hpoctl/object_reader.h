// Typed reads of the fields of one JSON object, with one check of the outcome at the end.

#ifndef HPOD_CLIENTS_HPOCTL_OBJECT_READER_H_
#define HPOD_CLIENTS_HPOCTL_OBJECT_READER_H_

#include <cstdint>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "clients/hpoctl/json_write.h"

namespace hpod {

// Each read names a key that the object may have. A key that is absent or null reads as nothing:
// false, and `out` stays. The first error is kept, and later reads do nothing; Finish returns it.
// The JSON outlives the reader.
class ObjectReader {
 public:
  // `where` starts every message, for example "parameter 'lr'".
  ObjectReader(const Json& json, std::string where);

  bool Read(std::string_view key, bool& out);
  bool Read(std::string_view key, int32_t& out);
  bool Read(std::string_view key, int64_t& out);
  bool Read(std::string_view key, uint64_t& out);
  bool Read(std::string_view key, double& out);  // also "NaN", "Infinity", "-Infinity"
  bool Read(std::string_view key, std::string& out);
  bool Read(std::string_view key, google::protobuf::Timestamp& out);
  bool ReadMilliseconds(std::string_view key, google::protobuf::Duration& out);

  // The value of `key`, or nullptr.
  const Json* Child(std::string_view key);
  // The elements of an array, or of an object (with their keys; empty in an array), in order, until
  // one fails.
  using Visitor = absl::FunctionRef<absl::Status(const std::string& key, const Json& value)>;
  void EachElement(std::string_view key, Visitor visitor);
  void EachMember(std::string_view key, Visitor visitor);

  // Records an error, if it is the first.
  void Fail(const absl::Status& status);
  // "<where>: '<key>' <message>"
  void FailAt(std::string_view key, std::string_view message);

  // The first error; or INVALID_ARGUMENT that names a key nobody asked for, with those that were.
  absl::Status Finish();

 private:
  std::string FieldName(std::string_view key) const;

  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
  absl::Status status_;
};

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_OBJECT_READER_H_
