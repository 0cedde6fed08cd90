// What requests say beside their message.

#include "server/endpoints/http/request.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_header.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr char kJson[] = "application/json";

const Route kUnary = UnaryRoute{nullptr};
const Route kWatch = WatchRoute{};

unsigned StatusOfRefusal(const HttpHeader& header, const Route& route) {
  const auto refusal = RefuseHeader(header, route);
  return refusal.has_value() ? refusal->status : 0;
}

// The status with which a unary call in JSON with one more header is refused; 0 if it is not.
unsigned RefusalOf(const std::string& name, const std::string& value) {
  return StatusOfRefusal(Post({{"Content-Type", kJson}, {name, value}}), kUnary);
}

absl::StatusOr<std::optional<milliseconds>> Timeout(const std::string& value) {
  return TimeoutOf(Post({{"Connect-Timeout-Ms", value}}));
}

TEST(Target, HasAPathAndAQuery) {
  EXPECT_EQ(PathOf(Get("/a/b?c=d")), "/a/b");
  EXPECT_EQ(QueryOf(Get("/a/b?c=d")), "c=d");
  EXPECT_EQ(QueryOf(Get("/a?b?c")), "b?c");
}

TEST(Target, MayHaveNoQuery) {
  EXPECT_EQ(PathOf(Get("/a")), "/a");
  EXPECT_EQ(QueryOf(Get("/a")), "");
  EXPECT_EQ(QueryOf(Get("/a?")), "");
  EXPECT_EQ(PathOf(Get("")), "");
}

// RFC 9112, section 3.2.2.
TEST(Target, MayBeAbsolute) {
  for (const char* scheme : {"http://", "https://", "HTTP://", "Https://"}) {
    const HttpHeader header = Get(std::string(scheme) + "here:8080/a/b?c=d", {{"Host", "there"}});
    EXPECT_EQ(HostOf(header), "here:8080") << scheme;
    EXPECT_EQ(PathOf(header), "/a/b") << scheme;
    EXPECT_EQ(QueryOf(header), "c=d") << scheme;
  }
}

TEST(Target, ThatIsAbsoluteMayHaveNoPath) {
  EXPECT_EQ(HostOf(Get("http://here")), "here");
  EXPECT_EQ(PathOf(Get("http://here")), "");
  EXPECT_EQ(HostOf(Get("http://here?a=b/c")), "here");
  EXPECT_EQ(PathOf(Get("http://here?a=b/c")), "");
  EXPECT_EQ(QueryOf(Get("http://here?a=b/c")), "a=b/c");
  EXPECT_EQ(HostOf(Get("http:///a", {{"Host", "there"}})), "");
}

TEST(Target, ThatIsNotAbsoluteIsAllPath) {
  for (const char* target :
       {"//here/a", "ftp://here/a", "http:/here/a", "here:80", "*", "/http://a"}) {
    EXPECT_EQ(HostOf(Get(target, {{"Host", "there"}})), "there") << target;
    EXPECT_EQ(PathOf(Get(target)), target);
  }
}

TEST(Timeout, IsInMilliseconds) {
  EXPECT_EQ(Timeout("0").value(), milliseconds(0));
  EXPECT_EQ(Timeout("1500").value(), milliseconds(1500));
  EXPECT_EQ(Timeout("0000000001").value(), milliseconds(1));
}

TEST(Timeout, IsNoneWithoutTheHeader) { EXPECT_EQ(TimeoutOf(Post({})).value(), std::nullopt); }

TEST(Timeout, HasTenDigitsAtMost) {
  EXPECT_EQ(Timeout("9999999999").value(), milliseconds(9'999'999'999));
  for (const char* value :
       {"10000000000", "00000000001", "18446744073709551616", "99999999999999999999999999999999"})
    EXPECT_THAT(Timeout(value), HasCode(absl::StatusCode::kInvalidArgument)) << value;
}

TEST(Timeout, HasDigitsOnly) {
  for (const char* value :
       {"", " ", "-1", "+1", "1.5", "1e3", "0x10", "1 2", "1,2", "1s", "abc", "\xd9\xa1"})
    EXPECT_THAT(Timeout(value), HasCode(absl::StatusCode::kInvalidArgument)) << value;
}

TEST(Timeout, ThatIsNoneRefusesTheRequest) {
  EXPECT_EQ(RefusalOf("Connect-Timeout-Ms", "soon"), 400u);
  EXPECT_EQ(RefusalOf("connect-timeout-ms", "1000"), 0u);
}

TEST(ContentType, OfACallIsJsonOrProtobuf) {
  for (const char* type : {kJson, "application/proto", "Application/JSON; charset=\"UTF-8\""})
    EXPECT_EQ(StatusOfRefusal(Post({{"Content-Type", type}}), kUnary), 0u) << type;
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded",
                           "application/connect+json", "application/json; charset=latin1"})
    EXPECT_EQ(StatusOfRefusal(Post({{"Content-Type", type}}), kUnary), 415u) << type;
  EXPECT_EQ(StatusOfRefusal(Post({}), kUnary), 415u);
}

TEST(ContentType, OfAStreamIsJsonOrConnects) {
  for (const char* type : {kJson, "application/connect+json", "application/connect+proto"})
    EXPECT_EQ(StatusOfRefusal(Post({{"Content-Type", type}}), kWatch), 0u) << type;
  for (const char* type : {"application/proto", "application/grpc", "text/event-stream"})
    EXPECT_EQ(StatusOfRefusal(Post({{"Content-Type", type}}), kWatch), 415u) << type;
}

TEST(ContentType, OfAGetDoesNotMatter) {
  EXPECT_EQ(StatusOfRefusal(Get("/"), kWatch), 0u);
  EXPECT_EQ(StatusOfRefusal(Get("/", {{"Content-Type", "text/plain"}}), Route(OpenApiRoute{})), 0u);
}

TEST(Accept, OfAStreamMustAllowEvents) {
  for (const char* accept : {"", "text/event-stream", "text/html, */*;q=0.1", "text/*"})
    EXPECT_EQ(StatusOfRefusal(Get("/", {{"Accept", accept}}), kWatch), 0u) << accept;
  for (const char* accept : {"text/html", "application/json", "x"})
    EXPECT_EQ(StatusOfRefusal(Get("/", {{"Accept", accept}}), kWatch), 406u) << accept;
}

TEST(Accept, MayBeSpreadOverSeveralHeaders) {
  const HeaderFields fields = {{"Accept", "text/html"}, {"Accept", "text/event-stream"}};
  EXPECT_EQ(StatusOfRefusal(Get("/", fields), kWatch), 0u);
}

TEST(Accept, OfCallsAndOfConnectsStreamsDoesNotMatter) {
  EXPECT_EQ(RefusalOf("Accept", "text/html"), 0u);
  const HeaderFields fields = {{"Content-Type", "application/connect+json"}, {"Accept", "x"}};
  EXPECT_EQ(StatusOfRefusal(Post(fields), kWatch), 0u);
}

TEST(Encoding, OfABodyIsIdentity) {
  EXPECT_EQ(RefusalOf("Content-Encoding", "Identity"), 0u);
  for (const char* encoding : {"gzip", "br", "gzip, identity", "", "identity, gzip"})
    EXPECT_EQ(RefusalOf("Content-Encoding", encoding), 501u) << encoding;
}

TEST(Encoding, OfATransferIsChunked) {
  EXPECT_EQ(RefusalOf("Transfer-Encoding", "Chunked"), 0u);
  for (const char* coding : {"gzip", "xchunked", "gzip, chunked", "chunked, gzip", "identity", ""})
    EXPECT_EQ(RefusalOf("Transfer-Encoding", coding), 501u) << coding;
}

TEST(Encoding, ThatConnectsStreamsMayUseIsNoneOfTheRequest) {
  const HeaderFields fields = {{"Content-Type", "application/connect+proto"},
                               {"Connect-Content-Encoding", "gzip"}};
  EXPECT_EQ(StatusOfRefusal(Post(fields), kWatch), 0u);
}

TEST(Expectation, IsToContinue) {
  EXPECT_EQ(RefusalOf("Expect", "100-Continue"), 0u);
  for (const char* expectation : {"", "200-ok", "100-continue, x"})
    EXPECT_EQ(RefusalOf("Expect", expectation), 417u) << expectation;
}

TEST(ProtocolVersion, IsOne) {
  EXPECT_EQ(RefusalOf("Connect-Protocol-Version", "1"), 0u);
  for (const char* version : {"", "0", "2", "01", "1.0", "one"})
    EXPECT_EQ(RefusalOf("Connect-Protocol-Version", version), 400u) << version;
}

TEST(RepeatedHeader, IsRefusedAlsoIfBothSayTheSame) {
  for (const char* name : {"Content-Encoding", "Expect", "Origin", "Sec-Fetch-Site",
                           "Last-Event-ID", "Connect-Protocol-Version", "Connect-Timeout-Ms"}) {
    const auto refusal =
        RefuseHeader(Post({{"Content-Type", kJson}, {name, "1"}, {name, "1"}}), kUnary);
    ASSERT_TRUE(refusal.has_value()) << name;
    EXPECT_EQ(refusal->status, 400u) << name;
    EXPECT_THAT(refusal->body, HasSubstr(fmt::format("more than one {} header", name)));
  }
  EXPECT_EQ(RefusalOf("content-type", kJson), 400u);
}

TEST(RepeatedHeader, ThatMeansNothingHereIsNoMatter) {
  EXPECT_EQ(StatusOfRefusal(Post({{"Content-Type", kJson}, {"X", "1"}, {"X", "2"}}), kUnary), 0u);
}

TEST(Query, HasTheStudyAndTheRevision) {
  const auto request = WatchRequestOfQuery("study=mnist&after_revision=3");
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->study(), "mnist");
  EXPECT_EQ(request->after_revision(), 3);
  EXPECT_EQ(WatchRequestOfQuery("afterRevision=4").value().after_revision(), 4);
}

TEST(Query, MayLeaveOutTheRevision) {
  EXPECT_FALSE(WatchRequestOfQuery("study=s").value().has_after_revision());
  EXPECT_FALSE(WatchRequestOfQuery("").value().has_after_revision());
  EXPECT_TRUE(WatchRequestOfQuery("after_revision=0").value().has_after_revision());
}

TEST(Query, IsUnescaped) {
  EXPECT_EQ(WatchRequestOfQuery("study=a+b%2fc%26%3D%2B%25%C3%A9").value().study(), "a b/c&=+%é");
  EXPECT_EQ(WatchRequestOfQuery("study=").value().study(), "");
  EXPECT_EQ(WatchRequestOfQuery("study").value().study(), "");
  EXPECT_EQ(WatchRequestOfQuery("study=a=b").value().study(), "a=b");
}

TEST(Query, WithAHalfEscapeIsRefused) {
  for (const char* query : {"study=%", "study=%4", "study=%zz", "study=%4g", "study=%+4",
                            "study=%-1", "study=%0x", "study=a%"})
    EXPECT_THAT(WatchRequestOfQuery(query), HasCode(absl::StatusCode::kInvalidArgument)) << query;
}

TEST(Query, WithAnythingElseIsRefused) {
  for (const char* query : {"stud=a", "Study=a", "study=a&callback=x", "study=a&&after_revision=1",
                            "&study=a", "=", "&"})
    EXPECT_THAT(WatchRequestOfQuery(query), HasCode(absl::StatusCode::kInvalidArgument)) << query;
}

TEST(Query, GoesByTheLastOfTwoValues) {
  EXPECT_EQ(WatchRequestOfQuery("study=a&study=b").value().study(), "b");
}

TEST(Query, WithARevisionThatIsNoneNamesTheField) {
  for (const char* value : {"", "x", "1x", "%201", "1.0", "1e3", "%2B1", "0x1",
                            "9223372036854775808", "-9223372036854775809"})
    EXPECT_THAT(WatchRequestOfQuery(fmt::format("after_revision={}", value)),
                IsInvalidField("after_revision"))
        << value;
  EXPECT_THAT(WatchRequestOfQuery("after_revision=9223372036854775807"), IsOk());
}

TEST(LastEventId, WinsOverTheRevision) {
  auto request = WatchRequestOfQuery("study=s&after_revision=1").value();
  ASSERT_THAT(ApplyLastEventId(Get("/", {{"Last-Event-ID", "7"}}), request), IsOk());
  EXPECT_EQ(request.after_revision(), 7);
}

TEST(LastEventId, ThatIsEmptyOrAbsentChangesNothing) {
  auto request = WatchRequestOfQuery("study=s&after_revision=1").value();
  ASSERT_THAT(ApplyLastEventId(Get("/"), request), IsOk());
  ASSERT_THAT(ApplyLastEventId(Get("/", {{"Last-Event-ID", ""}}), request), IsOk());
  EXPECT_EQ(request.after_revision(), 1);
}

TEST(LastEventId, ThatIsNoRevisionIsRefused) {
  for (const char* id : {"x", "1 2", "+1", "1.5", "9223372036854775808"}) {
    hpo::v1::WatchStudyRequest request;
    const absl::Status status = ApplyLastEventId(Get("/", {{"Last-Event-ID", id}}), request);
    EXPECT_THAT(status, IsInvalidField("after_revision")) << id;
    EXPECT_THAT(status, SaysThat("Last-Event-ID")) << id;
  }
}

}  // namespace
}  // namespace hpod
