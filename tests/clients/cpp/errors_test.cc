#include "hpod/errors.h"

#include <gtest/gtest.h>

#include "absl/strings/cord.h"
#include "hpo/v1/error.pb.h"

#include "clients/cpp/src/error_payload.h"

namespace hpod {
namespace {

absl::Status Error(absl::StatusCode code, const std::string& reason,
                   const std::map<std::string, std::string>& metadata = {}) {
  hpo::v1::ErrorInfo wire;
  wire.set_reason(reason);
  wire.mutable_metadata()->insert(metadata.begin(), metadata.end());
  absl::Status status(code, "words");
  status.SetPayload(kErrorInfoUrl, absl::Cord(wire.SerializeAsString()));
  return status;
}

TEST(ErrorInfo, HasReasonAndMetadata) {
  const ErrorInfo info =
      ErrorInfoOf(Error(absl::StatusCode::kNotFound, "STUDY_NOT_FOUND", {{"study", "mnist"}}));
  EXPECT_EQ(info.reason, "STUDY_NOT_FOUND");
  EXPECT_EQ(info.metadata.at("study"), "mnist");
}

TEST(ErrorInfo, IsEmptyWithoutADaemonsWord) {
  EXPECT_EQ(ErrorInfoOf(absl::NotFoundError("no such file")).reason, "");
  EXPECT_EQ(ErrorInfoOf(absl::OkStatus()).reason, "");
}

TEST(LeaseLost, IsTheReasonAndNotAnyAbort) {
  EXPECT_TRUE(IsLeaseLost(Error(absl::StatusCode::kAborted, "LEASE_LOST")));
  EXPECT_FALSE(IsLeaseLost(absl::AbortedError("something else")));
}

TEST(Transient, IsWhatALaterAttemptMayGet) {
  EXPECT_TRUE(IsTransient(absl::UnavailableError("")));
  EXPECT_TRUE(IsTransient(absl::DeadlineExceededError("")));
  EXPECT_TRUE(IsTransient(Error(absl::StatusCode::kResourceExhausted, "STORAGE_FULL")));
  EXPECT_TRUE(IsTransient(Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                                {{"limit", "calls_in_flight"}})));
}

TEST(Transient, IsNoRefusal) {
  EXPECT_FALSE(IsTransient(absl::OkStatus()));
  EXPECT_FALSE(IsTransient(Error(absl::StatusCode::kAborted, "LEASE_LOST")));
  EXPECT_FALSE(IsTransient(
      Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED", {{"limit", "trials"}})));
  EXPECT_FALSE(IsTransient(absl::ResourceExhaustedError("message too large")));
}

}  // namespace
}  // namespace hpod
