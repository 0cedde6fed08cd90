#include "server/endpoints/http/request.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <charconv>
#include <fmt/format.h>
#include <string>

#include "server/endpoints/http/codec.h"
#include "server/endpoints/http/stream_form.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

struct Target {
  std::optional<std::string_view> host;  // of an absolute one
  std::string_view path_and_query;
};

// A proxy in front may have taken TLS off, so that https is as good as http.
Target TargetOf(const HttpHeader& header) {
  const std::string_view text = View(header.target());
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!beast::iequals(text.substr(0, scheme.size()), scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    const size_t host_end = std::min(rest.find_first_of("/?"), rest.size());
    return {.host = rest.substr(0, host_end), .path_and_query = rest.substr(host_end)};
  }
  return {.host = std::nullopt, .path_and_query = text};
}

// The whole text as a number.
template <class Number>
std::optional<Number> ParseNumber(std::string_view text) {
  Number number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// "%2F" and "+" decoded; nothing if there is a % without two digits.
std::optional<std::string> Unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc() || stop != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

absl::Status SetRevision(std::string_view text, std::string_view field,
                         hpo::v1::WatchStudyRequest& request) {
  const auto revision = ParseNumber<int64_t>(text);
  if (!revision.has_value()) {
    return InvalidField("after_revision",
                        fmt::format("{} is '{}', it must be a revision", field, text));
  }
  request.set_after_revision(*revision);
  return absl::OkStatus();
}

absl::Status ApplyParameter(std::string_view parameter, hpo::v1::WatchStudyRequest& request) {
  const size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  const auto value = Unescape(equals == std::string_view::npos ? std::string_view()
                                                               : parameter.substr(equals + 1));
  if (name == "study" && value.has_value()) {
    request.set_study(*value);
    return absl::OkStatus();
  }
  if ((name == "after_revision" || name == "afterRevision") && value.has_value())
    return SetRevision(*value, name, request);
  return absl::InvalidArgumentError(fmt::format(
      "the query has '{}', it may have study=NAME and after_revision=NUMBER", parameter));
}

// Headers that mean one thing; of two, a proxy in between may have gone by the other.
std::optional<HttpAnswer> RefuseRepeated(const HttpHeader& header) {
  for (const char* name : {"Content-Type", "Content-Encoding", "Expect", "Origin", "Sec-Fetch-Site",
                           "Last-Event-ID", "Connect-Protocol-Version", "Connect-Timeout-Ms"}) {
    if (header.count(name) <= 1) continue;
    return ErrorAnswer(
        absl::InvalidArgumentError(fmt::format("there is more than one {} header", name)));
  }
  return std::nullopt;
}

// Where the body ends follows from the coding: one that is not known would make the rest of the
// body a request.
std::optional<HttpAnswer> RefuseTransferEncoding(const HttpHeader& header) {
  const auto it = header.find(http::field::transfer_encoding);
  if (it == header.end() || beast::iequals(it->value(), "chunked")) return std::nullopt;
  return ErrorAnswer(absl::UnimplementedError(
      fmt::format("Transfer-Encoding is '{}', it may be chunked", View(it->value()))));
}

HttpAnswer WrongType(const HttpHeader& header, std::string_view known) {
  return ErrorAnswer(415, absl::UnimplementedError(
                              fmt::format("Content-Type is '{}', it must be {}",
                                          FindHeader(header, http::field::content_type), known)));
}

std::optional<HttpAnswer> RefuseType(const HttpHeader& header, const Route& route) {
  if (header.method() != http::verb::post) return std::nullopt;
  const std::string_view type = FindHeader(header, http::field::content_type);
  if (std::holds_alternative<UnaryRoute>(route)) {
    if (CodecOf(type).has_value()) return std::nullopt;
    return WrongType(header, "application/json or application/proto");
  }
  if (StreamFormOf(type).has_value()) return std::nullopt;
  return WrongType(header,
                   "application/json, application/connect+json or application/connect+proto");
}

bool TakesEvents(const HttpHeader& header) {
  const auto [begin, end] = header.equal_range(http::field::accept);
  return begin == end || std::any_of(begin, end, [](const auto& field) {
           const std::string_view accept = View(field.value());
           return accept.empty() || accept.find("text/event-stream") != std::string_view::npos ||
                  accept.find("*/*") != std::string_view::npos ||
                  accept.find("text/*") != std::string_view::npos;
         });
}

std::optional<HttpAnswer> RefuseAccept(const HttpHeader& header, const Route& route) {
  if (!std::holds_alternative<WatchRoute>(route)) return std::nullopt;
  const bool is_get = header.method() == http::verb::get;
  const auto form = StreamFormOf(FindHeader(header, http::field::content_type));
  if (!is_get && form != StreamForm::kEvents) return std::nullopt;
  if (TakesEvents(header)) return std::nullopt;
  return ErrorAnswer(406, absl::InvalidArgumentError("Accept must allow text/event-stream"));
}

std::optional<HttpAnswer> RefuseEncoding(const HttpHeader& header) {
  const auto it = header.find(http::field::content_encoding);
  if (it == header.end() || beast::iequals(it->value(), "identity")) return std::nullopt;
  return ErrorAnswer(absl::UnimplementedError(
      fmt::format("Content-Encoding is '{}'; supported encodings: identity", View(it->value()))));
}

std::optional<HttpAnswer> RefuseExpectation(const HttpHeader& header) {
  const auto it = header.find(http::field::expect);
  if (it == header.end() || beast::iequals(it->value(), "100-continue")) return std::nullopt;
  return ErrorAnswer(417, absl::UnimplementedError(fmt::format(
                              "Expect is '{}', it may be 100-continue", View(it->value()))));
}

std::optional<HttpAnswer> RefuseVersion(const HttpHeader& header) {
  const auto it = header.find("Connect-Protocol-Version");
  if (it == header.end() || it->value() == "1") return std::nullopt;
  return ErrorAnswer(absl::InvalidArgumentError(
      fmt::format("Connect-Protocol-Version is '{}', it must be 1", View(it->value()))));
}

}  // namespace

std::string_view PathOf(const HttpHeader& header) {
  const std::string_view target = TargetOf(header).path_and_query;
  return target.substr(0, target.find('?'));
}

std::string_view QueryOf(const HttpHeader& header) {
  const std::string_view target = TargetOf(header).path_and_query;
  const size_t mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

std::string_view HostOf(const HttpHeader& header) {
  return TargetOf(header).host.value_or(FindHeader(header, http::field::host));
}

std::string_view FindHeader(const HttpHeader& header, http::field name) {
  return View(header[name]);
}

std::optional<HttpAnswer> RefuseHeader(const HttpHeader& header, const Route& route) {
  if (auto refusal = RefuseRepeated(header)) return refusal;
  if (auto refusal = RefuseTransferEncoding(header)) return refusal;
  if (auto refusal = RefuseType(header, route)) return refusal;
  if (auto refusal = RefuseAccept(header, route)) return refusal;
  if (auto refusal = RefuseEncoding(header)) return refusal;
  if (auto refusal = RefuseExpectation(header)) return refusal;
  if (auto refusal = RefuseVersion(header)) return refusal;
  if (const auto timeout = TimeoutOf(header); !timeout.ok()) return ErrorAnswer(timeout.status());
  return std::nullopt;
}

absl::StatusOr<std::optional<std::chrono::milliseconds>> TimeoutOf(const HttpHeader& header) {
  const auto it = header.find("Connect-Timeout-Ms");
  if (it == header.end()) return std::optional<std::chrono::milliseconds>();
  constexpr size_t kDigitsMax = 10;
  const auto milliseconds = ParseNumber<uint64_t>(View(it->value()));
  if (!milliseconds.has_value() || it->value().size() > kDigitsMax) {
    return absl::InvalidArgumentError(
        fmt::format("Connect-Timeout-Ms is '{}', it must have 1 to 10 digits", View(it->value())));
  }
  return std::chrono::milliseconds(*milliseconds);
}

absl::StatusOr<hpo::v1::WatchStudyRequest> WatchRequestOfQuery(std::string_view query) {
  hpo::v1::WatchStudyRequest request;
  while (!query.empty()) {
    const size_t end = query.find('&');
    if (absl::Status status = ApplyParameter(query.substr(0, end), request); !status.ok())
      return status;
    if (end == std::string_view::npos) break;
    query = query.substr(end + 1);
  }
  return request;
}

absl::Status ApplyLastEventId(const HttpHeader& header, hpo::v1::WatchStudyRequest& request) {
  const auto it = header.find("Last-Event-ID");
  if (it == header.end() || it->value().empty()) return absl::OkStatus();
  return SetRevision(View(it->value()), "Last-Event-ID", request);
}

}  // namespace hpod
