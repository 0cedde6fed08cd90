// Messages as bodies: Protobuf's JSON mapping, or its binary form.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_CODEC_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_CODEC_H_

#include <google/protobuf/message.h>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace hpod {

enum class Codec { kJson, kProto };

// Of a Content-Type: application/json, with or without charset=utf-8, or application/proto.
std::optional<Codec> CodecOf(std::string_view content_type);
std::string_view MediaTypeOf(Codec codec);

// INVALID_ARGUMENT: not such a message. Fields that it does not have are refused in JSON and
// ignored in the binary form, as gRPC does.
absl::Status DecodeMessage(Codec codec, const std::string& body,
                           google::protobuf::Message& message);
// In JSON with lowerCamelCase names, enum values by name, 64-bit integers as strings, and fields
// that have their default.
std::string EncodeMessage(Codec codec, const google::protobuf::Message& message);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_CODEC_H_
