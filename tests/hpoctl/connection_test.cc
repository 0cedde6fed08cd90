#include "clients/hpoctl/connection.h"

#include <gtest/gtest.h>

#include "hpo/v1/error.pb.h"

#include "clients/hpoctl/exit_code.h"

namespace hpod {
namespace {

grpc::Status DaemonError(grpc::StatusCode code, const std::string& message,
                         const std::string& reason) {
  hpo::v1::ErrorInfo info;
  info.set_reason(reason);
  hpo::v1::RpcStatus status;
  status.set_code(code);
  google::protobuf::Any& detail = *status.add_details();
  detail.set_type_url("type.googleapis.com/google.rpc.ErrorInfo");
  detail.set_value(info.SerializeAsString());
  return grpc::Status(code, message, status.SerializeAsString());
}

TEST(Connection, AddsWhatToTryToARefusal) {
  const Connection connection("host:1", std::chrono::seconds(10));
  const absl::Status error = connection.ToError(
      DaemonError(grpc::StatusCode::NOT_FOUND, "no study 'x'", "STUDY_NOT_FOUND"));
  EXPECT_EQ(ExitCodeOf(error), ExitCode::kRefused);
  EXPECT_EQ(std::string(error.message()),
            "no study 'x' (list the studies with: hpoctl study list)");
}

TEST(Connection, TakesAnInvalidArgumentOfTheServerAsARefusal) {
  const Connection connection("host:1", std::chrono::seconds(10));
  const absl::Status error = connection.ToError(
      DaemonError(grpc::StatusCode::INVALID_ARGUMENT, "study.name is empty", "INVALID_FIELD"));
  EXPECT_EQ(ExitCodeOf(error), ExitCode::kRefused);
  EXPECT_EQ(std::string(error.message()), "study.name is empty");
}

TEST(Connection, TellsADaemonThatStopsFromNoDaemon) {
  const Connection connection("host:1", std::chrono::seconds(10));
  const auto stopping =
      DaemonError(grpc::StatusCode::UNAVAILABLE, "shutting down", "SHUTTING_DOWN");
  EXPECT_EQ(ExitCodeOf(connection.ToError(stopping)), ExitCode::kRefused);
  const grpc::Status nobody(
      grpc::StatusCode::UNAVAILABLE,
      "failed to connect to all addresses; last error: UNKNOWN: "
      "ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused");
  const absl::Status error = connection.ToError(nobody);
  EXPECT_EQ(ExitCodeOf(error), ExitCode::kUnreachable);
  EXPECT_EQ(std::string(error.message()),
            "cannot reach host:1: connection refused (is hpod running? start it with: hpod "
            "--storage sqlite:///studies.db)");
}

TEST(Connection, SaysHowLongItWaited) {
  const Connection connection("host:1", std::chrono::milliseconds(2500));
  const absl::Status error =
      connection.ToError(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"));
  EXPECT_EQ(ExitCodeOf(error), ExitCode::kUnreachable);
  EXPECT_EQ(std::string(error.message()),
            "no answer from host:1 within 2.5 s (wait longer with --timeout)");
}

TEST(Connection, HidesControlCharactersOfTheServer) {
  const Connection connection("host:1", std::chrono::seconds(10));
  const absl::Status error =
      connection.ToError(DaemonError(grpc::StatusCode::NOT_FOUND, "no study '\x1b[2J'", ""));
  EXPECT_EQ(std::string(error.message()), "no study '\\x1b[2J'");
}

TEST(ErrorReason, IsEmptyWithoutDetails) {
  EXPECT_EQ(ErrorReasonOf(grpc::Status(grpc::StatusCode::INTERNAL, "x", "\xFFgarbage")), "");
}

}  // namespace
}  // namespace hpod
