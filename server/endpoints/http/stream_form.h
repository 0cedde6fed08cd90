// How the messages of a stream are written into one body: as server-sent events
// (html.spec.whatwg.org/multipage/server-sent-events.html), or in the envelopes of Connect's
// streaming protocol (connectrpc.com/docs/protocol#streaming-response).

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_STREAM_FORM_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_STREAM_FORM_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hpo/v1/study_service.pb.h"

namespace hpod {

enum class StreamForm { kEvents, kConnectJson, kConnectProto };

// The form in which a request of this Content-Type is answered: events for application/json.
std::optional<StreamForm> StreamFormOf(std::string_view content_type);
std::string_view MediaTypeOf(StreamForm form);

// The request's message. INVALID_ARGUMENT: not such a message. UNIMPLEMENTED: it is compressed.
absl::StatusOr<hpo::v1::WatchStudyRequest> DecodeStreamRequest(StreamForm form,
                                                               const std::string& body);

// What a stream begins with, may be empty.
std::string FrameBegin(StreamForm form);
// An event's id is the message's revision.
std::string FrameMessage(StreamForm form, const hpo::v1::WatchStudyResponse& message);
// Why it ends: an event of the type "error", or Connect's EndStreamResponse.
std::string FrameEnd(StreamForm form, const absl::Status& status);
// Shows that the stream lives; empty if the form has nothing for that.
std::string FramePing(StreamForm form);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_STREAM_FORM_H_
