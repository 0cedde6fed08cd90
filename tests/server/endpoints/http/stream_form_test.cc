// Streams as server-sent events and as Connect's envelopes.

#include "server/endpoints/http/stream_form.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "server/model/errors.h"
#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using nlohmann::json;
using ::testing::StartsWith;
using namespace std::string_literals;

hpo::v1::WatchStudyResponse AtRevision(int64_t revision) {
  hpo::v1::WatchStudyResponse message;
  message.set_revision(revision);
  message.mutable_study()->set_name("two\nlines");
  return message;
}

// The message in an envelope with these flags and a length of less than 256.
std::string Enveloped(char flags, const std::string& message) {
  return std::string{flags, 0, 0, 0, static_cast<char>(message.size())} + message;
}

absl::StatusOr<hpo::v1::WatchStudyRequest> DecodeConnect(const std::string& body) {
  return DecodeStreamRequest(StreamForm::kConnectJson, body);
}

TEST(StreamFormOf, IsThatOfTheContentType) {
  EXPECT_EQ(StreamFormOf("application/json; charset=utf-8"), StreamForm::kEvents);
  EXPECT_EQ(StreamFormOf("application/connect+json"), StreamForm::kConnectJson);
  EXPECT_EQ(StreamFormOf("application/connect+proto"), StreamForm::kConnectProto);
}

TEST(StreamFormOf, KnowsNothingElse) {
  for (const char* type : {"", "application/proto", "text/event-stream", "application/connect",
                           "application/connect+xml", "application/grpc-web+proto"})
    EXPECT_EQ(StreamFormOf(type), std::nullopt) << type;
}

TEST(StreamRequest, IsTheBodyForEvents) {
  const auto request =
      DecodeStreamRequest(StreamForm::kEvents, R"({"study": "s", "afterRevision": "3"})");
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->study(), "s");
  EXPECT_EQ(request->after_revision(), 3);
}

TEST(StreamRequest, IsInOneEnvelopeForConnect) {
  EXPECT_EQ(DecodeConnect(Enveloped(0, R"({"study":"s"})")).value().study(), "s");
  const auto binary = DecodeStreamRequest(StreamForm::kConnectProto, Enveloped(0, "\x0a\x01s"));
  EXPECT_EQ(binary.value().study(), "s");
  // The binary form of a message without fields.
  EXPECT_THAT(DecodeStreamRequest(StreamForm::kConnectProto, Enveloped(0, "")), IsOk());
}

TEST(StreamRequest, HasALengthInFourBytesWithTheHighestFirst) {
  const std::string message = R"({"study":")" + std::string(600, 'n') + R"("})";
  ASSERT_EQ(message.size(), 612u);
  EXPECT_THAT(DecodeConnect("\0\0\0\x02\x64"s + message), IsOk());
  EXPECT_THAT(DecodeConnect("\0\x64\x02\0\0"s + message),
              HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(StreamRequest, ThatIsNotExactlyOneEnvelopeIsRefused) {
  for (const std::string& body :
       {""s, "\0"s, "\0\0\0\0"s, "{}"s, "\0\0\0\0\x03{}"s, "\0\0\0\0\x02{} "s,
        "\0\xff\xff\xff\xff{}"s, Enveloped(0, "{}") + Enveloped(0, "{}"), Enveloped(2, "{}"),
        Enveloped(3, "{}"), Enveloped(4, "{}"), Enveloped('\x80', "{}"), Enveloped(0, "")})
    EXPECT_THAT(DecodeConnect(body), HasCode(absl::StatusCode::kInvalidArgument))
        << testing::PrintToString(body);
}

TEST(StreamRequest, ThatIsCompressedIsToldTheEncodingsThatAreNot) {
  const auto request = DecodeConnect(Enveloped(1, "\x1f\x8b"));
  EXPECT_THAT(request, HasCode(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(request, SaysThat("identity"));
}

TEST(Events, HaveTheRevisionAsIdAndTheMessageInOneLine) {
  const std::string event = FrameMessage(StreamForm::kEvents, AtRevision(7));
  EXPECT_THAT(event, StartsWith("id: 7\ndata: {"));
  EXPECT_EQ(std::count(event.begin(), event.end(), '\n'), 3);
  EXPECT_TRUE(event.ends_with("}\n\n"));
  const std::string data = event.substr(event.find('{'));
  EXPECT_EQ(json::parse(data).at("study").at("name"), "two\nlines");
}

TEST(Events, BeginWithTheTimeBeforeAReaderComesBack) {
  EXPECT_EQ(FrameBegin(StreamForm::kEvents), "retry: 1000\n\n");
}

TEST(Events, EndWithAnErrorThatHasNoId) {
  const std::string end =
      FrameEnd(StreamForm::kEvents, Refuse(Reason::kShuttingDown, "the daemon\nis shutting down"));
  EXPECT_THAT(end, StartsWith("event: error\ndata: {"));
  EXPECT_EQ(std::count(end.begin(), end.end(), '\n'), 3);
  EXPECT_EQ(json::parse(end.substr(end.find('{'))).at("code"), "unavailable");
}

TEST(Events, ShowThatTheyLiveWithAComment) { EXPECT_EQ(FramePing(StreamForm::kEvents), ":\n\n"); }

TEST(ConnectStream, HasMessagesInEnvelopes) {
  for (const StreamForm form : {StreamForm::kConnectJson, StreamForm::kConnectProto}) {
    const std::string frame = FrameMessage(form, AtRevision(7));
    ASSERT_GT(frame.size(), 5u);
    ASSERT_LT(frame.size(), 65536u);
    EXPECT_EQ(frame.substr(0, 3), "\0\0\0"s);
    const size_t size =
        static_cast<unsigned char>(frame[3]) * 256 + static_cast<unsigned char>(frame[4]);
    EXPECT_EQ(size, frame.size() - 5);
  }
}

TEST(ConnectStream, EndsWithTheErrorInAnEnvelopeOfItsOwnKind) {
  for (const StreamForm form : {StreamForm::kConnectJson, StreamForm::kConnectProto}) {
    const std::string end = FrameEnd(form, absl::NotFoundError("gone"));
    EXPECT_EQ(end[0], 2);
    EXPECT_EQ(json::parse(end.substr(5)),
              json::parse(R"({"error": {"code": "not_found", "message": "gone"}})"));
  }
}

TEST(ConnectStream, HasNothingBesideItsEnvelopes) {
  for (const StreamForm form : {StreamForm::kConnectJson, StreamForm::kConnectProto}) {
    EXPECT_EQ(FrameBegin(form), "");
    EXPECT_EQ(FramePing(form), "");
  }
}

}  // namespace
}  // namespace hpod
