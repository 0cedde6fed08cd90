// Errors in Connect's form, connectrpc.com/docs/protocol#error-codes.

#include "server/endpoints/http/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "hpo/v1/error.pb.h"

#include "server/model/errors.h"

namespace hpod {
namespace {

using nlohmann::json;

TEST(ConnectCode, IsThatOfTheProtocol) {
  struct Row {
    absl::StatusCode code;
    std::string_view name;
    unsigned http_status;
  };
  for (const Row& row : std::initializer_list<Row>{
           {absl::StatusCode::kCancelled, "canceled", 499},
           {absl::StatusCode::kUnknown, "unknown", 500},
           {absl::StatusCode::kInvalidArgument, "invalid_argument", 400},
           {absl::StatusCode::kDeadlineExceeded, "deadline_exceeded", 504},
           {absl::StatusCode::kNotFound, "not_found", 404},
           {absl::StatusCode::kAlreadyExists, "already_exists", 409},
           {absl::StatusCode::kPermissionDenied, "permission_denied", 403},
           {absl::StatusCode::kResourceExhausted, "resource_exhausted", 429},
           {absl::StatusCode::kFailedPrecondition, "failed_precondition", 400},
           {absl::StatusCode::kAborted, "aborted", 409},
           {absl::StatusCode::kOutOfRange, "out_of_range", 400},
           {absl::StatusCode::kUnimplemented, "unimplemented", 501},
           {absl::StatusCode::kInternal, "internal", 500},
           {absl::StatusCode::kUnavailable, "unavailable", 503},
           {absl::StatusCode::kDataLoss, "data_loss", 500},
           {absl::StatusCode::kUnauthenticated, "unauthenticated", 401}}) {
    EXPECT_EQ(ConnectCode(row.code), row.name);
    EXPECT_EQ(HttpStatusOf(row.code), row.http_status) << row.name;
  }
}

TEST(ConnectCode, OfWhatIsNoneIsUnknown) {
  for (const int code : {0, 17, 1000, -1}) {
    EXPECT_EQ(ConnectCode(static_cast<absl::StatusCode>(code)), "unknown") << code;
    EXPECT_EQ(HttpStatusOf(static_cast<absl::StatusCode>(code)), 500u) << code;
  }
}

TEST(ConnectError, CarriesTheReasonAsGooglesErrorInfo) {
  const json error = json::parse(EncodeConnectError(
      Refuse(Reason::kTrialNotFound, "studies/s/trials/7 does not exist", {{"trial", "7"}})));
  EXPECT_EQ(error.at("code"), "not_found");
  EXPECT_EQ(error.at("message"), "studies/s/trials/7 does not exist");
  ASSERT_EQ(error.at("details").size(), 1u);
  const json& detail = error["details"][0];
  EXPECT_EQ(detail.at("type"), "google.rpc.ErrorInfo");
  EXPECT_EQ(detail.at("debug"), json::parse(R"({"reason": "TRIAL_NOT_FOUND", "domain": "hpod",
                                                "metadata": {"trial": "7"}})"));
}

TEST(ConnectError, HasItsDetailInBase64WithoutPadding) {
  // Of each length that base64 pads differently.
  for (const char* field : {"a", "ab", "abc"}) {
    const json error = json::parse(EncodeConnectError(InvalidField(field, "m")));
    const std::string value = error.at("details").at(0).at("value");
    EXPECT_EQ(value.find('='), std::string::npos) << value;
    std::string bytes;
    ASSERT_TRUE(absl::Base64Unescape(value, &bytes)) << value;
    hpo::v1::ErrorInfo info;
    ASSERT_TRUE(info.ParseFromString(bytes));
    EXPECT_EQ(info.reason(), "INVALID_FIELD");
    EXPECT_EQ(info.metadata().at("field"), field);
  }
}

TEST(ConnectError, WithoutAReasonHasNoDetails) {
  const json error = json::parse(EncodeConnectError(absl::UnavailableError("m")));
  EXPECT_EQ(error, json::parse(R"({"code": "unavailable", "message": "m"})"));
}

TEST(ConnectError, IsJsonWhateverTheMessageQuotes) {
  const json error = json::parse(EncodeConnectError(absl::NotFoundError("a\xff\"\n\x01")));
  EXPECT_EQ(error.at("message"), "a\xef\xbf\xbd\"\n\x01");
}

TEST(ErrorAnswer, HasTheStatusOfTheCodeUnlessGivenAnother) {
  const absl::Status status = absl::UnimplementedError("m");
  EXPECT_EQ(ErrorAnswer(status).status, 501u);
  EXPECT_EQ(ErrorAnswer(415, status).status, 415u);
  EXPECT_EQ(ErrorAnswer(415, status).body, ErrorAnswer(status).body);
  EXPECT_EQ(ErrorAnswer(status).content_type, "application/json");
}

}  // namespace
}  // namespace hpod
