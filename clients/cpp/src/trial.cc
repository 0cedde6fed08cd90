#include "hpod/trial.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "clients/cpp/src/session.h"

namespace hpod {

using hpo::v1::TrialService;

namespace {

// A request about the trial, with what each of them has.
template <class Request>
Request RequestFor(const std::string& study, int64_t number, const Lease& lease) {
  Request request;
  request.set_study(study);
  request.set_number(number);
  request.set_lease_token(lease.token());
  return request;
}

}  // namespace

Trial::Trial(std::shared_ptr<Session> session, std::string study, const hpo::v1::Trial& message)
    : session_(std::move(session)),
      study_(std::move(study)),
      number_(message.number()),
      user_attributes_(message.user_attributes().begin(), message.user_attributes().end()),
      lease_(std::make_shared<Lease>(study_, number_, message.lease())) {
  if (message.has_retry_of()) retry_of_ = message.retry_of();
  for (const auto& param : message.params()) {
    params_.emplace_back(param.name(), FromProto(param.value()));
  }
  session_->leases.Hold(lease_);
}

Trial::Trial(Trial&&) noexcept = default;

Trial& Trial::operator=(Trial&& other) noexcept {
  if (lease_ != nullptr && lease_ != other.lease_) lease_->Release();
  session_ = std::move(other.session_);
  study_ = std::move(other.study_);
  number_ = other.number_;
  retry_of_ = other.retry_of_;
  user_attributes_ = std::move(other.user_attributes_);
  params_ = std::move(other.params_);
  lease_ = std::move(other.lease_);
  return *this;
}

Trial::~Trial() {
  if (lease_ != nullptr) lease_->Release();
}

std::stop_token Trial::lease_lost() const { return lease_->lost(); }

template <class Method, class Request>
auto Trial::Call(Method method, const Request& request) {
  using Reply = decltype(session_->connection->Call(method, request));
  if (absl::Status loss = lease_->Check(); !loss.ok()) return Reply(std::move(loss));
  Reply reply = session_->connection->Call(method, request);
  lease_->Note(reply.status());
  return reply;
}

absl::StatusOr<Value> Trial::Find(const std::string& name) const {
  const auto known = std::find_if(params_.begin(), params_.end(),
                                  [&](const auto& param) { return param.first == name; });
  if (known != params_.end()) return known->second;
  return absl::NotFoundError(absl::StrCat("the trial has no parameter '", name, "'"));
}

absl::StatusOr<Value> Trial::Suggest(const std::string& name, const Domain& domain) {
  if (absl::StatusOr<Value> known = Find(name); known.ok()) return known;
  auto request = RequestFor<hpo::v1::SuggestParameterRequest>(study_, number_, *lease_);
  *request.mutable_parameter() = ToProto(Parameter{.name = name, .domain = domain});
  const auto reply = Call(&TrialService::Stub::SuggestParameter, request);
  if (!reply.ok()) return reply.status();
  return params_.emplace_back(name, FromProto(reply->value())).second;
}

absl::StatusOr<Report> Trial::ReportValue(int64_t step, double value) {
  auto request = RequestFor<hpo::v1::ReportValueRequest>(study_, number_, *lease_);
  request.set_step(step);
  request.set_value(value);
  const auto reply = Call(&TrialService::Stub::ReportValue, request);
  if (!reply.ok()) return reply.status();
  return Report{.should_prune = reply->should_prune(),
                .study_stopped = reply->study_stopped(),
                .step_was_reported = reply->step_was_reported()};
}

absl::Status Trial::SetAttributes(const std::map<std::string, std::string>& user_attributes,
                                  const std::map<std::string, double>& constraints) {
  auto request = RequestFor<hpo::v1::SetTrialAttributesRequest>(study_, number_, *lease_);
  request.mutable_user_attributes()->insert(user_attributes.begin(), user_attributes.end());
  request.mutable_constraints()->insert(constraints.begin(), constraints.end());
  return Call(&TrialService::Stub::SetTrialAttributes, request).status();
}

absl::Status Trial::Complete(double value) { return Complete(std::vector<double>{value}); }

absl::Status Trial::Complete(const std::vector<double>& values) {
  return Finish(hpo::v1::TRIAL_STATE_COMPLETE, values, "");
}

absl::Status Trial::Prune() { return Finish(hpo::v1::TRIAL_STATE_PRUNED, {}, ""); }

absl::Status Trial::Fail(const std::string& why) {
  return Finish(hpo::v1::TRIAL_STATE_FAIL, {}, why);
}

absl::Status Trial::Finish(hpo::v1::TrialState state, const std::vector<double>& values,
                           const std::string& failure) {
  auto request = RequestFor<hpo::v1::CompleteTrialRequest>(study_, number_, *lease_);
  request.set_state(state);
  request.mutable_values()->Add(values.begin(), values.end());
  request.set_failure(failure);
  const absl::Status status = Call(&TrialService::Stub::CompleteTrial, request).status();
  if (status.ok()) lease_->Release();
  return status;
}

}  // namespace hpod
