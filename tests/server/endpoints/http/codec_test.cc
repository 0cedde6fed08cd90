// Messages as bodies.

#include "server/endpoints/http/codec.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "hpo/v1/study_service.pb.h"
#include "hpo/v1/trial_service.pb.h"

#include "tests/support/status_matchers.h"

namespace hpod {
namespace {

using nlohmann::json;

absl::Status DecodeReport(const std::string& body) {
  hpo::v1::ReportValueRequest request;
  return DecodeMessage(Codec::kJson, body, request);
}

TEST(CodecOf, KnowsJsonInUtf8AndProtobuf) {
  for (const char* type :
       {"application/json", "APPLICATION/json", " application/json ",
        "application/json;charset=utf-8", "application/json ; charset=\"UTF-8\""})
    EXPECT_EQ(CodecOf(type), Codec::kJson) << type;
  EXPECT_EQ(CodecOf("application/proto"), Codec::kProto);
}

TEST(CodecOf, KnowsNothingElse) {
  for (const char* type :
       {"", "json", "text/json", "application/json;", "application/json;charset=utf-16",
        "application/json;charset=utf-8;x=y", "application/jsonp", "application/protobuf",
        "application/proto;charset=utf-8", "application/json, application/json"})
    EXPECT_EQ(CodecOf(type), std::nullopt) << type;
}

TEST(CodecOf, UndoesMediaTypeOf) {
  for (const Codec codec : {Codec::kJson, Codec::kProto})
    EXPECT_EQ(CodecOf(MediaTypeOf(codec)), codec);
}

TEST(JsonBody, MayHaveEitherFormOfNamesAndIntegers) {
  for (const char* body :
       {R"({"study": "s", "leaseToken": "7"})", R"({"study":"s","lease_token":7})",
        R"({"study":"s","leaseToken":7.0})"}) {
    hpo::v1::HeartbeatTrialRequest request;
    ASSERT_THAT(DecodeMessage(Codec::kJson, body, request), IsOk()) << body;
    EXPECT_EQ(request.lease_token(), 7u) << body;
  }
}

TEST(JsonBody, ThatIsEmptyIsToldWhatAnEmptyMessageIs) {
  EXPECT_THAT(DecodeReport(""), SaysThat("{}"));
  EXPECT_THAT(DecodeReport("{}"), IsOk());
}

TEST(JsonBody, WithAnUnknownFieldIsRefused) {
  EXPECT_THAT(DecodeReport(R"({"vaule": 1})"), SaysThat("vaule"));
}

TEST(JsonBody, WithANumberOutOfRangeIsRefused) {
  for (const char* body :
       {R"({"number": 9223372036854775808})", R"({"number": "-9223372036854775809"})",
        R"({"number": 1.5})", R"({"number": ""})", R"({"number": "1x"})", R"({"value": 1e400})",
        R"({"value": NaN})", R"({"value": "much"})"})
    EXPECT_THAT(DecodeReport(body), HasCode(absl::StatusCode::kInvalidArgument)) << body;
  for (const char* body : {R"({"number": 9223372036854775807})", R"({"value": "NaN"})",
                           R"({"value": "-Infinity"})", R"({"value": "0.5"})"})
    EXPECT_THAT(DecodeReport(body), IsOk()) << body;
}

TEST(JsonBody, ThatIsNoObjectIsRefused) {
  for (const char* body :
       {"[]", "1", "\"x\"", "true", "{", "{} {}", "{]", "\xef\xbb\xbf{}", "// x"})
    EXPECT_THAT(DecodeReport(body), HasCode(absl::StatusCode::kInvalidArgument)) << body;
}

TEST(JsonBody, IsRefusedByTheNameOfItsMessage) {
  EXPECT_THAT(DecodeReport("x"), SaysThat("hpo.v1.ReportValueRequest"));
}

TEST(ProtobufBody, ThatCannotBeParsedIsRefused) {
  hpo::v1::GetStudyRequest request;
  for (const char* body : {"\x0a\xff\xff\x7f", "\x0a", "\xff"})
    EXPECT_THAT(DecodeMessage(Codec::kProto, body, request),
                HasCode(absl::StatusCode::kInvalidArgument));
}

TEST(ProtobufBody, MayBeEmptyAndMayHaveUnknownFields) {
  hpo::v1::GetStudyRequest request;
  EXPECT_THAT(DecodeMessage(Codec::kProto, "", request), IsOk());
  EXPECT_THAT(DecodeMessage(Codec::kProto, "\x0a\x01s\xf8\x7f\x01", request), IsOk());
  EXPECT_EQ(request.study(), "s");
}

TEST(EncodeMessage, WritesDefaultsIn64BitStringsAndCamelCase) {
  const json encoded = json::parse(EncodeMessage(Codec::kJson, hpo::v1::SuggestTrialsRequest()));
  EXPECT_EQ(encoded.at("requestId"), "");
  hpo::v1::Trial trial;
  trial.set_number(std::numeric_limits<int64_t>::max());
  trial.set_state(hpo::v1::TRIAL_STATE_PRUNED);
  trial.add_values(-INFINITY);
  const json object = json::parse(EncodeMessage(Codec::kJson, trial));
  EXPECT_EQ(object.at("number"), "9223372036854775807");
  EXPECT_EQ(object.at("state"), "TRIAL_STATE_PRUNED");
  EXPECT_EQ(object.at("values"), json({"-Infinity"}));
  EXPECT_EQ(object.at("retryCount"), 0);
  EXPECT_EQ(object.at("intermediateValues"), json::array());
}

TEST(EncodeMessage, WritesWhatDecodeMessageReads) {
  hpo::v1::ReportValueRequest written;
  written.set_study("a \"b\"\n\xc3\xa9");
  written.set_value(0.1);
  for (const Codec codec : {Codec::kJson, Codec::kProto}) {
    hpo::v1::ReportValueRequest read;
    ASSERT_THAT(DecodeMessage(codec, EncodeMessage(codec, written), read), IsOk());
    EXPECT_EQ(read.SerializeAsString(), written.SerializeAsString());
  }
}

}  // namespace
}  // namespace hpod
