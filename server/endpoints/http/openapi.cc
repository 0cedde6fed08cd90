#include "server/endpoints/http/openapi.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.pb.h>

#include "hpo/v1/descriptor_set.h"

#include "server/endpoints/http/answer.h"
#include "server/endpoints/http/openapi_schema.h"

namespace hpod {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;
using Json = nlohmann::ordered_json;

constexpr char kPackage[] = "hpo.v1";
constexpr char kAbout[] =
    "Every call of hpod's protocol, with Protobuf's JSON mapping, after Connect's unary protocol "
    "(connectrpc.com/docs/protocol). 64-bit integers are written as strings; requests may have "
    "them as numbers. Names may also be written in snake_case in requests.";

std::string FirstSentence(const std::string& text) {
  const size_t end = std::min(text.find(". "), text.find(".\n"));
  return text.substr(0, end == std::string::npos ? end : end + 1);
}

Json Body(const Json& schema) { return {{"application/json", {{"schema", schema}}}}; }

Json ErrorResponse() {
  return {{"description", "An error. The status follows from the code."},
          {"content", Body({{"$ref", "#/components/schemas/Error"}})}};
}

Json ErrorSchema() {
  Json codes = Json::array();
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code)
    codes.push_back(ConnectCode(static_cast<absl::StatusCode>(code)));
  const Json text = {{"type", "string"}};
  const Json detail = {
      {"type", "object"},
      {"required", {"type", "value"}},
      {"properties",
       {{"type",
         {{"type", "string"}, {"description", "The message's name: google.rpc.ErrorInfo."}}},
        {"value", {{"type", "string"}, {"description", "The message, in base64 without padding."}}},
        {"debug", {{"type", "object"}, {"description", "The message in JSON, with `reason`."}}}}}};
  return {{"type", "object"},
          {"required", {"code"}},
          {"properties",
           {{"code", {{"type", "string"}, {"enum", codes}}},
            {"message", text},
            {"details", {{"type", "array"}, {"items", detail}}}}}};
}

Json TimeoutParameter() {
  return {{"name", "Connect-Timeout-Ms"},
          {"in", "header"},
          {"description", "After this time the answer is deadline_exceeded."},
          {"schema", {{"type", "integer"}, {"minimum", 0}, {"maximum", 9'999'999'999}}}};
}

// What GET and POST have in common.
Json Operation(const MethodDescriptor& method, std::string_view suffix = "") {
  const std::string text = CommentOf(method);
  return {{"operationId", fmt::format("{}.{}{}", method.service()->name(), method.name(), suffix)},
          {"tags", {method.service()->name()}},
          {"summary", FirstSentence(text)},
          {"description", text}};
}

Json UnaryPath(const MethodDescriptor& method) {
  Json post = Operation(method);
  post["parameters"] = {{{"$ref", "#/components/parameters/Timeout"}}};
  post["requestBody"] = {{"required", true}, {"content", Body(Reference(*method.input_type()))}};
  post["responses"] = {
      {"200", {{"description", "OK"}, {"content", Body(Reference(*method.output_type()))}}},
      {"default", ErrorResponse()}};
  return {{"post", post}};
}

Json EventResponses(const MethodDescriptor& method) {
  const std::string text = fmt::format(
      "Server-sent events: `data` is a {} in JSON, `id` its revision; an event of the type `error` "
      "comes last.",
      method.output_type()->full_name());
  return {{"200",
           {{"description", text},
            {"content", {{"text/event-stream", {{"schema", {{"type", "string"}}}}}}}}},
          {"default", ErrorResponse()}};
}

Json StreamPath(const MethodDescriptor& method) {
  Json get = Operation(method, ".get");
  get["parameters"] = Json::array();
  const Descriptor& request = *method.input_type();
  for (int i = 0; i < request.field_count(); ++i) {
    Json schema = FieldSchema(*request.field(i));
    const Json text = schema.value("description", "");
    schema.erase("description");
    get["parameters"].push_back({{"name", request.field(i)->name()},
                                 {"in", "query"},
                                 {"description", text},
                                 {"schema", schema}});
  }
  get["parameters"].push_back(
      {{"name", "Last-Event-ID"},
       {"in", "header"},
       {"description", "The last revision received; wins over `after_revision`."},
       {"schema", {{"type", "string"}}}});
  get["responses"] = EventResponses(method);
  Json post = Operation(method);
  post["requestBody"] = {{"required", true}, {"content", Body(Reference(request))}};
  post["responses"] = EventResponses(method);
  return {{"get", get}, {"post", post}};
}

void AddSchemas(const FileDescriptor& file, Json& schemas) {
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor& message = *file.message_type(i);
    schemas[message.full_name()] = MessageSchema(message);
    for (int n = 0; n < message.enum_type_count(); ++n)
      schemas[message.enum_type(n)->full_name()] = EnumSchema(*message.enum_type(n));
  }
  for (int i = 0; i < file.enum_type_count(); ++i)
    schemas[file.enum_type(i)->full_name()] = EnumSchema(*file.enum_type(i));
}

void AddService(const ServiceDescriptor& service, Json& document) {
  document["tags"].push_back({{"name", service.name()}, {"description", CommentOf(service)}});
  for (int i = 0; i < service.method_count(); ++i) {
    const MethodDescriptor& method = *service.method(i);
    document["paths"][fmt::format("/{}/{}", service.full_name(), method.name())] =
        method.server_streaming() ? StreamPath(method) : UnaryPath(method);
  }
}

Json MakeDocument(const std::string& version) {
  const std::string_view bytes = DescriptorSet();
  google::protobuf::FileDescriptorSet files;
  files.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  DescriptorPool pool;
  Json schemas = {{"Error", ErrorSchema()}};
  Json document = {{"openapi", "3.1.0"},
                   {"info", {{"title", "hpod"}, {"version", version}, {"description", kAbout}}},
                   {"tags", Json::array()},
                   {"paths", Json::object()}};
  for (const google::protobuf::FileDescriptorProto& proto : files.file()) {
    const FileDescriptor* file = pool.BuildFile(proto);
    if (file == nullptr || file->package() != kPackage) continue;
    AddSchemas(*file, schemas);
    for (int i = 0; i < file->service_count(); ++i) AddService(*file->service(i), document);
  }
  document["components"] = {{"schemas", schemas},
                            {"parameters", {{"Timeout", TimeoutParameter()}}}};
  return document;
}

}  // namespace

const std::string& OpenApiDocument(const std::string& version) {
  static const std::string document = MakeDocument(version).dump(1);
  return document;
}

}  // namespace hpod
