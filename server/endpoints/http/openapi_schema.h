// JSON schemas of messages and enums, as Protobuf's JSON mapping writes them.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_SCHEMA_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_SCHEMA_H_

#include <google/protobuf/descriptor.h>
#include <nlohmann/json.hpp>
#include <string>

namespace hpod {

// A comment's lines joined, its paragraphs kept.
std::string JoinLines(const std::string& comment);

// The comment above a declaration.
template <class Descriptor>
std::string CommentOf(const Descriptor& descriptor) {
  google::protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  return JoinLines(location.leading_comments);
}

// {"$ref": ...} of a message.
nlohmann::ordered_json Reference(const google::protobuf::Descriptor& message);
// The schema of a message of the protocol; fields that it does not have are refused.
nlohmann::ordered_json MessageSchema(const google::protobuf::Descriptor& message);
// A string that is one of the names.
nlohmann::ordered_json EnumSchema(const google::protobuf::EnumDescriptor& descriptor);
// Of a field, or of a query parameter.
nlohmann::ordered_json FieldSchema(const google::protobuf::FieldDescriptor& field);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_OPENAPI_SCHEMA_H_
