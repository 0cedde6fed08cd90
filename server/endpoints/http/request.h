// What requests say beside their message: host, path and query, headers.

#ifndef HPOD_SERVER_ENDPOINTS_HTTP_REQUEST_H_
#define HPOD_SERVER_ENDPOINTS_HTTP_REQUEST_H_

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <chrono>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "hpo/v1/study_service.pb.h"

#include "server/endpoints/http/answer.h"
#include "server/endpoints/http/routes.h"

namespace hpod {

using HttpHeader = boost::beast::http::request_header<>;

// Of the target, which is "/path?query" or, as to a proxy, "http://host/path?query".
std::string_view PathOf(const HttpHeader& header);
std::string_view QueryOf(const HttpHeader& header);
// "host:port" of the target, which then goes before the header (RFC 9112, section 3.2.2), or of the
// Host header; empty if there is none.
std::string_view HostOf(const HttpHeader& header);
// Empty if there is none.
std::string_view FindHeader(const HttpHeader& header, boost::beast::http::field name);

// The refusal, before the body is read: 415 for a Content-Type that the route does not take, 406 if
// the client takes no event stream, 501 for compressed bodies and codings other than chunked, 417
// for expectations other than 100-continue, 400 for a protocol version or a time-out that are none,
// and for headers that are there twice.
std::optional<HttpAnswer> RefuseHeader(const HttpHeader& header, const Route& route);

// Connect-Timeout-Ms; nothing: no limit. INVALID_ARGUMENT: not up to 10 digits.
absl::StatusOr<std::optional<std::chrono::milliseconds>> TimeoutOf(const HttpHeader& header);

// "study=mnist&after_revision=3". INVALID_ARGUMENT: another parameter, or a value that is none.
absl::StatusOr<hpo::v1::WatchStudyRequest> WatchRequestOfQuery(std::string_view query);
// Last-Event-ID, with which browsers resume, wins over what the request says.
absl::Status ApplyLastEventId(const HttpHeader& header, hpo::v1::WatchStudyRequest& request);

}  // namespace hpod

#endif  // HPOD_SERVER_ENDPOINTS_HTTP_REQUEST_H_
