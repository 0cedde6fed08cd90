#include "hpod/client.h"

#include "clients/cpp/src/session.h"

namespace hpod {

using hpo::v1::StudyService;

absl::StatusOr<Client> Client::Connect() {
  absl::StatusOr<Options> options = Options::FromEnvironment();
  if (!options.ok()) return options.status();
  return Connect(*options);
}

absl::StatusOr<Client> Client::Connect(const Options& options) {
  absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Make(options);
  if (!connection.ok()) return connection.status();
  return Client(std::make_shared<Session>(*std::move(connection)));
}

Client::Client(std::shared_ptr<Session> session) : session_(std::move(session)) {}

Connection& Client::connection() const { return *session_->connection; }

absl::StatusOr<Study> Client::CreateStudy(const StudySpec& spec) const {
  return Create(spec, /*load_if_exists=*/false);
}

absl::StatusOr<Study> Client::CreateOrLoadStudy(const StudySpec& spec) const {
  return Create(spec, /*load_if_exists=*/true);
}

absl::StatusOr<Study> Client::Create(const StudySpec& spec, bool load_if_exists) const {
  hpo::v1::CreateStudyRequest request;
  *request.mutable_study() = ToProto(spec);
  request.set_load_if_exists(load_if_exists);
  const auto reply = connection().Call(&StudyService::Stub::CreateStudy, request);
  if (!reply.ok()) return reply.status();
  return Study(session_, reply->study().name());
}

absl::StatusOr<Study> Client::LoadStudy(std::string_view name) const {
  hpo::v1::GetStudyRequest request;
  request.set_study(std::string(name));
  const auto reply = connection().Call(&StudyService::Stub::GetStudy, request);
  if (!reply.ok()) return reply.status();
  return Study(session_, reply->study().name());
}

absl::Status Client::DeleteStudy(std::string_view name) const {
  hpo::v1::DeleteStudyRequest request;
  request.set_study(std::string(name));
  return connection().Call(&StudyService::Stub::DeleteStudy, request).status();
}

}  // namespace hpod
