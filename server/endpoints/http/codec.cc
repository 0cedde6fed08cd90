#include "server/endpoints/http/codec.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>

namespace hpod {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProto = "application/proto";

// Lower case, without blanks and quotes.
std::string Normalize(std::string_view text) {
  std::string normal;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '"')
      normal += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return normal;
}

absl::Status NotThis(std::string_view what, const google::protobuf::Message& message,
                     std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("the body is no {} in {}: {}", message.GetTypeName(), what, why));
}

absl::Status DecodeJson(const std::string& body, google::protobuf::Message& message) {
  if (body.empty()) return NotThis("JSON", message, "it is empty; a message without fields is {}");
  const auto status = google::protobuf::util::JsonStringToMessage(body, &message);
  if (status.ok()) return absl::OkStatus();
  return NotThis("JSON", message, std::string(status.message()));
}

}  // namespace

std::optional<Codec> CodecOf(std::string_view content_type) {
  const std::string type = Normalize(content_type);
  if (type == kJson || type == "application/json;charset=utf-8") return Codec::kJson;
  if (type == kProto) return Codec::kProto;
  return std::nullopt;
}

std::string_view MediaTypeOf(Codec codec) { return codec == Codec::kJson ? kJson : kProto; }

absl::Status DecodeMessage(Codec codec, const std::string& body,
                           google::protobuf::Message& message) {
  if (codec == Codec::kJson) return DecodeJson(body, message);
  if (message.ParseFromString(body)) return absl::OkStatus();
  return NotThis("Protobuf", message, "the bytes cannot be parsed");
}

std::string EncodeMessage(Codec codec, const google::protobuf::Message& message) {
  if (codec == Codec::kProto) return message.SerializeAsString();
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails for Any messages only, which the protocol has none of.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace hpod
