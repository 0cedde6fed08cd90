#include "server/endpoints/http/openapi_schema.h"

#include <fmt/format.h>
#include <map>
#include <sstream>

namespace hpod {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Json = nlohmann::ordered_json;

// Types that have a JSON form of their own.
const std::map<std::string, Json, std::less<>>& WellKnownSchemas() {
  static const std::map<std::string, Json, std::less<>> schemas = {
      {"google.protobuf.Duration",
       {{"type", "string"}, {"pattern", "^-?[0-9]+(\\.[0-9]{1,9})?s$"}, {"examples", {"60s"}}}},
      {"google.protobuf.Timestamp", {{"type", "string"}, {"format", "date-time"}}},
      {"google.protobuf.FieldMask",
       {{"type", "string"}, {"description", "Paths in lowerCamelCase, separated by commas."}}},
      {"google.protobuf.Any",
       {{"type", "object"},
        {"required", {"@type"}},
        {"properties", {{"@type", {{"type", "string"}}}}}}},
      {"google.protobuf.NullValue", {{"type", "null"}}},
  };
  return schemas;
}

Json NumberSchema() {
  return {{"oneOf", {{{"type", "number"}}, {{"enum", {"NaN", "Infinity", "-Infinity"}}}}}};
}

Json EnumReference(const EnumDescriptor& descriptor) {
  const auto known = WellKnownSchemas().find(descriptor.full_name());
  if (known != WellKnownSchemas().end()) return known->second;
  return {{"$ref", fmt::format("#/components/schemas/{}", descriptor.full_name())}};
}

Json OneSchema(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return {{"type", "boolean"}};
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_UINT32:
      return {{"type", "integer"}, {"format", "int32"}};
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {{"type", {"string", "integer"}}, {"format", "int64"}};
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return NumberSchema();
    case FieldDescriptor::CPPTYPE_STRING:
      return {{"type", "string"}};
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumReference(*field.enum_type());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Reference(*field.message_type());
  }
  return Json::object();
}

std::string DescribeField(const FieldDescriptor& field) {
  std::string text = CommentOf(field);
  if (const auto* choice = field.real_containing_oneof()) {
    if (!text.empty()) text += ' ';
    text += "One of:";
    for (int i = 0; i < choice->field_count(); ++i)
      text += fmt::format("{} {}", i == 0 ? "" : ",", choice->field(i)->json_name());
    text += '.';
  }
  return text;
}

}  // namespace

std::string JoinLines(const std::string& comment) {
  std::istringstream lines(comment);
  std::string text;
  std::string line;
  bool ends_paragraph = false;
  while (std::getline(lines, line)) {
    const size_t start = line.find_first_not_of(' ');
    if (start == std::string::npos) {
      ends_paragraph = true;
      continue;
    }
    if (!text.empty()) text += ends_paragraph ? "\n\n" : " ";
    ends_paragraph = false;
    text += line.substr(start);
  }
  return text;
}

Json Reference(const Descriptor& message) {
  const auto known = WellKnownSchemas().find(message.full_name());
  if (known != WellKnownSchemas().end()) return known->second;
  return {{"$ref", fmt::format("#/components/schemas/{}", message.full_name())}};
}

Json FieldSchema(const FieldDescriptor& field) {
  Json schema;
  if (field.is_map()) {
    schema = {{"type", "object"},
              {"additionalProperties", OneSchema(*field.message_type()->map_value())}};
  } else if (field.is_repeated()) {
    schema = {{"type", "array"}, {"items", OneSchema(field)}};
  } else {
    schema = OneSchema(field);
  }
  if (const std::string text = DescribeField(field); !text.empty()) schema["description"] = text;
  return schema;
}

Json MessageSchema(const Descriptor& message) {
  Json schema = {{"type", "object"}};
  if (const std::string text = CommentOf(message); !text.empty()) schema["description"] = text;
  schema["properties"] = Json::object();
  for (int i = 0; i < message.field_count(); ++i)
    schema["properties"][message.field(i)->json_name()] = FieldSchema(*message.field(i));
  schema["additionalProperties"] = false;
  return schema;
}

Json EnumSchema(const EnumDescriptor& descriptor) {
  Json schema = {{"type", "string"}};
  std::string text = CommentOf(descriptor);
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const auto& value = *descriptor.value(i);
    schema["enum"].push_back(value.name());
    const std::string comment = CommentOf(value);
    if (comment.empty()) continue;
    text += fmt::format("{}- `{}`: {}", text.empty() ? "" : "\n", value.name(), comment);
  }
  if (!text.empty()) schema["description"] = text;
  return schema;
}

}  // namespace hpod
