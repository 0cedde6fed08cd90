#include "server/endpoints/http/stream_form.h"

#include <fmt/format.h>

#include "server/endpoints/http/answer.h"
#include "server/endpoints/http/codec.h"

namespace hpod {
namespace {

constexpr std::string_view kConnectJson = "application/connect+json";
constexpr std::string_view kConnectProto = "application/connect+proto";
constexpr char kMessageFlags = 0;
constexpr char kCompressedFlag = 1;
constexpr char kEndFlags = 2;
constexpr size_t kEnvelopeBytes = 5;

// Flags, length in four bytes, highest first, message.
std::string Envelope(char flags, const std::string& message) {
  std::string envelope(1, flags);
  for (const int shift : {24, 16, 8, 0})
    envelope += static_cast<char>((message.size() >> shift) & 0xFFU);
  return envelope + message;
}

// A client that can compress says so in Connect-Content-Encoding, and does it by message.
absl::StatusOr<std::string> Unwrap(const std::string& body) {
  size_t size = 0;
  for (size_t i = 1; i < std::min(body.size(), kEnvelopeBytes); ++i)
    size = (size << 8U) | static_cast<unsigned char>(body[i]);
  if (body.size() < kEnvelopeBytes || body.size() != kEnvelopeBytes + size ||
      (body[0] & ~kCompressedFlag) != kMessageFlags) {
    return absl::InvalidArgumentError(
        "the body must be one message in an envelope of Connect's streaming protocol");
  }
  if (body[0] == kCompressedFlag) {
    return absl::UnimplementedError("the message is compressed; supported encodings: identity");
  }
  return body.substr(kEnvelopeBytes);
}

Codec CodecOf(StreamForm form) {
  return form == StreamForm::kConnectProto ? Codec::kProto : Codec::kJson;
}

}  // namespace

std::optional<StreamForm> StreamFormOf(std::string_view content_type) {
  if (content_type == kConnectJson) return StreamForm::kConnectJson;
  if (content_type == kConnectProto) return StreamForm::kConnectProto;
  if (CodecOf(content_type) == Codec::kJson) return StreamForm::kEvents;
  return std::nullopt;
}

std::string_view MediaTypeOf(StreamForm form) {
  switch (form) {
    case StreamForm::kEvents:
      return "text/event-stream";
    case StreamForm::kConnectJson:
      return kConnectJson;
    case StreamForm::kConnectProto:
      return kConnectProto;
  }
  return {};
}

absl::StatusOr<hpo::v1::WatchStudyRequest> DecodeStreamRequest(StreamForm form,
                                                               const std::string& body) {
  absl::StatusOr<std::string> bytes = body;
  if (form != StreamForm::kEvents) bytes = Unwrap(body);
  if (!bytes.ok()) return bytes.status();
  hpo::v1::WatchStudyRequest request;
  if (absl::Status status = DecodeMessage(CodecOf(form), *bytes, request); !status.ok())
    return status;
  return request;
}

std::string FrameBegin(StreamForm form) {
  // Browsers wait this long before they connect again.
  return form == StreamForm::kEvents ? "retry: 1000\n\n" : "";
}

std::string FrameMessage(StreamForm form, const hpo::v1::WatchStudyResponse& message) {
  const std::string encoded = EncodeMessage(CodecOf(form), message);
  if (form != StreamForm::kEvents) return Envelope(kMessageFlags, encoded);
  return fmt::format("id: {}\ndata: {}\n\n", message.revision(), encoded);
}

std::string FrameEnd(StreamForm form, const absl::Status& status) {
  const std::string error = EncodeConnectError(status);
  if (form == StreamForm::kEvents) return fmt::format("event: error\ndata: {}\n\n", error);
  return Envelope(kEndFlags, fmt::format(R"({{"error":{}}})", error));
}

std::string FramePing(StreamForm form) { return form == StreamForm::kEvents ? ":\n\n" : ""; }

}  // namespace hpod
