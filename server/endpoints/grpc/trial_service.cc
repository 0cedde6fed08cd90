// hpo.v1.TrialService: each method decodes, has the core execute, and says how to encode the
// result.

#include <fmt/format.h>

#include "hpo/v1/trial_service.grpc.pb.h"

#include "server/endpoints/grpc/convert.h"
#include "server/endpoints/grpc/page.h"
#include "server/endpoints/grpc/service.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;

// A page of trials ends early beyond this: replies stay far below gRPC's 4 MiB.
constexpr size_t kPageBytesMax = 2 << 20;

constexpr TrialParts kLean = {.intermediate_values = false, .distributions = false};

template <class Request>
TrialKey TrialOf(const Request& request) {
  return {request.number(), request.lease_token()};
}

Attributes ToAttributes(const google::protobuf::Map<std::string, std::string>& attributes) {
  return {attributes.begin(), attributes.end()};
}

Constraints ToConstraints(const google::protobuf::Map<std::string, double>& constraints) {
  return {constraints.begin(), constraints.end()};
}

class TrialService final : public GrpcService {
 public:
  explicit TrialService(const ServiceContext& context)
      : core_(context.core),
        suggest_(context.loop, context.limits,
                 std::bind_front(&Async::RequestSuggestTrials, &service_),
                 std::bind_front(&TrialService::Suggest, this)),
        suggest_parameter_(context.loop, context.limits,
                           std::bind_front(&Async::RequestSuggestParameter, &service_),
                           std::bind_front(&TrialService::SuggestOne, this)),
        report_(context.loop, context.limits,
                std::bind_front(&Async::RequestReportValue, &service_),
                std::bind_front(&TrialService::Report, this)),
        complete_(context.loop, context.limits,
                  std::bind_front(&Async::RequestCompleteTrial, &service_),
                  std::bind_front(&TrialService::Complete, this)),
        heartbeat_(context.loop, context.limits,
                   std::bind_front(&Async::RequestHeartbeatTrial, &service_),
                   std::bind_front(&TrialService::Heartbeat, this)),
        enqueue_(context.loop, context.limits,
                 std::bind_front(&Async::RequestEnqueueTrial, &service_),
                 std::bind_front(&TrialService::Enqueue, this)),
        add_(context.loop, context.limits, std::bind_front(&Async::RequestAddTrials, &service_),
             std::bind_front(&TrialService::Add, this)),
        get_(context.loop, context.limits, std::bind_front(&Async::RequestGetTrial, &service_),
             std::bind_front(&TrialService::Get, this)),
        list_(context.loop, context.limits, std::bind_front(&Async::RequestListTrials, &service_),
              std::bind_front(&TrialService::List, this)),
        set_attributes_(context.loop, context.limits,
                        std::bind_front(&Async::RequestSetTrialAttributes, &service_),
                        std::bind_front(&TrialService::SetAttributes, this)) {}

  grpc::Service& Generated() override { return service_; }

  std::vector<Method*> Methods() override {
    return {&suggest_,   &suggest_parameter_, &report_, &complete_,
            &heartbeat_, &enqueue_,           &add_,    &get_,
            &list_,      &set_attributes_};
  }

 private:
  using Async = v1::TrialService::AsyncService;
  using SuggestMethod = UnaryMethod<v1::SuggestTrialsRequest, v1::SuggestTrialsResponse>;
  using SuggestParameterMethod =
      UnaryMethod<v1::SuggestParameterRequest, v1::SuggestParameterResponse>;
  using ReportMethod = UnaryMethod<v1::ReportValueRequest, v1::ReportValueResponse>;
  using CompleteMethod = UnaryMethod<v1::CompleteTrialRequest, v1::CompleteTrialResponse>;
  using HeartbeatMethod = UnaryMethod<v1::HeartbeatTrialRequest, v1::HeartbeatTrialResponse>;
  using EnqueueMethod = UnaryMethod<v1::EnqueueTrialRequest, v1::EnqueueTrialResponse>;
  using AddMethod = UnaryMethod<v1::AddTrialsRequest, v1::AddTrialsResponse>;
  using GetMethod = UnaryMethod<v1::GetTrialRequest, v1::GetTrialResponse>;
  using ListMethod = UnaryMethod<v1::ListTrialsRequest, v1::ListTrialsResponse>;
  using SetAttributesMethod =
      UnaryMethod<v1::SetTrialAttributesRequest, v1::SetTrialAttributesResponse>;

  void Suggest(SuggestMethod::Call& call) {
    const v1::SuggestTrialsRequest& request = call.request;
    if (request.count() < 0 || request.count() > static_cast<int32_t>(kMaxBatch)) {
      return call.Done(InvalidField(
          "count", fmt::format("count is {}, it must be 1 to {}", request.count(), kMaxBatch)));
    }
    if (request.worker().size() > kMaxWorkerBytes) {
      return call.Done(
          InvalidField("worker", fmt::format("worker has {} bytes, at most {} are allowed",
                                             request.worker().size(), kMaxWorkerBytes)));
    }
    const auto count = static_cast<size_t>(std::max(request.count(), 1));
    core_.Suggest(
        request.study(), SuggestTrial{request.worker()}, count,
        KeyOf(request.request_id(), request),
        [this, &call](const StudyState& study, const RememberSuggestion& answer) {
          const Now now = core_.ReadClock();
          for (const HandedOut& trial : answer.trials)
            EncodeHandedOut(study, trial, now, *call.response.add_trials());
          call.response.set_stop_reason(EncodeStopReason(answer.stop_reason));
          call.response.set_final(answer.final);
        },
        call);
  }

  void SuggestOne(SuggestParameterMethod::Call& call) {
    const v1::SuggestParameterRequest& request = call.request;
    auto domain = DecodeDomain(request.parameter());
    if (!domain.ok()) return call.Done(AboutField("parameter", domain.status()));
    if (!request.parameter().conditions().empty()) {
      return call.Done(InvalidField(
          "parameter",
          "parameter.conditions must be empty: the worker asks only for what is active"));
    }
    core_.Execute(
        request.study(),
        SuggestParameter{TrialOf(request), request.parameter().name(), *std::move(domain),
                         KeyOf(request.request_id(), request)},
        [&call](const StudyState& study, const SuggestParameter::Result& result) {
          const Domain& drawn_from = study.Trials().GetDistribution(result.distribution).domain;
          EncodeValue(ToExternal(drawn_from, result.value), *call.response.mutable_value());
        },
        call);
  }

  void Report(ReportMethod::Call& call) {
    const v1::ReportValueRequest& request = call.request;
    core_.Execute(
        request.study(),
        ReportValue{TrialOf(request),
                    {request.step(), request.value()},
                    KeyOf(request.request_id(), request)},
        [this, &call](const StudyState& study, const ReportValue::Result& result) {
          call.response.set_should_prune(result.should_prune);
          call.response.set_study_stopped(result.study_stopped);
          call.response.set_step_was_reported(result.step_was_reported);
          EncodeCurrentLease(study, call.request.number(), *call.response.mutable_lease());
        },
        call);
  }

  void Complete(CompleteMethod::Call& call) {
    const v1::CompleteTrialRequest& request = call.request;
    const v1::TrialState asked =
        request.state() == v1::TRIAL_STATE_UNSPECIFIED ? v1::TRIAL_STATE_COMPLETE : request.state();
    const auto state = DecodeState(asked, "state");
    if (!state.ok()) return call.Done(state.status());
    core_.Execute(
        request.study(),
        CompleteTrial{TrialOf(request),
                      *state,
                      {request.values().begin(), request.values().end()},
                      ToConstraints(request.constraints()),
                      ToAttributes(request.user_attributes()),
                      request.failure(),
                      KeyOf(request.request_id(), request)},
        [this, &call](const StudyState& study, const CompleteTrial::Result& result) {
          const auto number = static_cast<size_t>(call.request.number());
          EncodeTrial(study, number, core_.ReadClock(), kLean, *call.response.mutable_trial());
          call.response.set_study_stopped(result.study_stopped);
        },
        call);
  }

  void Heartbeat(HeartbeatMethod::Call& call) {
    core_.Execute(
        call.request.study(), HeartbeatTrial{TrialOf(call.request)},
        [this, &call](const StudyState& study, const HeartbeatTrial::Result& result) {
          EncodeCurrentLease(study, call.request.number(), *call.response.mutable_lease());
          call.response.set_study_stopped(result.study_stopped);
        },
        call);
  }

  void Enqueue(EnqueueMethod::Call& call) {
    const v1::EnqueueTrialRequest& request = call.request;
    auto params = DecodeAssignments(request.params());
    if (!params.ok()) return call.Done(params.status());
    core_.Execute(
        request.study(),
        EnqueueTrial{*std::move(params), ToAttributes(request.user_attributes()),
                     request.skip_if_exists(), KeyOf(request.request_id(), request)},
        [&call](const StudyState& /*study*/, const EnqueueTrial::Result& result) {
          call.response.set_number(static_cast<int64_t>(result.number));
          call.response.set_created(result.created);
        },
        call);
  }

  void Add(AddMethod::Call& call) {
    const v1::AddTrialsRequest& request = call.request;
    if (request.trials().empty() || request.trials_size() > static_cast<int>(kMaxBatch)) {
      return call.Done(
          InvalidField("trials", fmt::format("trials has {} entries, it must have 1 to {}",
                                             request.trials_size(), kMaxBatch)));
    }
    AddTrials add{{}, KeyOf(request.request_id(), request)};
    for (const v1::Trial& trial : request.trials()) {
      auto foreign = DecodeForeignTrial(trial, fmt::format("trials[{}]", add.trials.size()));
      if (!foreign.ok()) return call.Done(foreign.status());
      add.trials.push_back(*std::move(foreign));
    }
    core_.Execute(
        request.study(), std::move(add),
        [&call](const StudyState& /*study*/, const AddTrials::Result& result) {
          for (int64_t number : result.numbers) call.response.add_numbers(number);
        },
        call);
  }

  void SetAttributes(SetAttributesMethod::Call& call) {
    const v1::SetTrialAttributesRequest& request = call.request;
    core_.Execute(
        request.study(),
        SetTrialAttributes{TrialOf(request), ToAttributes(request.user_attributes()),
                           ToConstraints(request.constraints()),
                           KeyOf(request.request_id(), request)},
        [](const StudyState& /*study*/, const SetTrialAttributes::Result& /*result*/) {}, call);
  }

  void Get(GetMethod::Call& call) {
    core_.Read(
        call.request.study(),
        [this, &call](const StudyState& study) {
          if (absl::Status exists = study.CheckExists(call.request.number()); !exists.ok())
            return exists;
          const auto number = static_cast<size_t>(call.request.number());
          EncodeTrial(study, number, core_.ReadClock(), {}, *call.response.mutable_trial());
          return absl::OkStatus();
        },
        call);
  }

  void List(ListMethod::Call& call) {
    core_.Read(
        call.request.study(),
        [this, &call](const StudyState& study) { return ListPage(study, call); }, call);
  }

  // A token is the number at which the next page starts, in either direction.
  absl::Status ListPage(const StudyState& study, ListMethod::Call& call) {
    const v1::ListTrialsRequest& request = call.request;
    const auto page_size = PageSize(request.page_size(), 100);
    if (!page_size.ok()) return page_size.status();
    const auto size = static_cast<int64_t>(study.Trials().size());
    const auto start = PageStart(request.page_token(), request.descending() ? size - 1 : 0);
    if (!start.ok()) return start.status();
    std::vector<TrialState> states;
    for (int state : request.states()) {
      const auto decoded = DecodeState(static_cast<v1::TrialState>(state), "states");
      if (!decoded.ok()) return decoded.status();
      states.push_back(*decoded);
    }
    const Now now = core_.ReadClock();
    const TrialParts parts = {.intermediate_values = !request.omit_intermediate_values()};
    size_t bytes = 0;
    for (int64_t number = *start; number >= 0 && number < size;
         number += request.descending() ? -1 : 1) {
      const auto at = static_cast<size_t>(number);
      if (!states.empty() &&
          std::find(states.begin(), states.end(), study.Trials().State(at)) == states.end())
        continue;
      if (call.response.trials_size() >= static_cast<int>(*page_size) || bytes >= kPageBytesMax) {
        call.response.set_next_page_token(std::to_string(number));
        break;
      }
      v1::Trial& trial = *call.response.add_trials();
      EncodeTrial(study, at, now, parts, trial);
      bytes += trial.ByteSizeLong();
    }
    return absl::OkStatus();
  }

  void EncodeCurrentLease(const StudyState& study, int64_t number, v1::Lease& lease) const {
    const auto at = static_cast<size_t>(number);
    EncodeLease(study, at, study.LeaseToken(at), core_.ReadClock(), lease);
  }

  Core& core_;
  Async service_;
  SuggestMethod suggest_;
  SuggestParameterMethod suggest_parameter_;
  ReportMethod report_;
  CompleteMethod complete_;
  HeartbeatMethod heartbeat_;
  EnqueueMethod enqueue_;
  AddMethod add_;
  GetMethod get_;
  ListMethod list_;
  SetAttributesMethod set_attributes_;
};

}  // namespace

std::unique_ptr<GrpcService> MakeTrialService(const ServiceContext& context) {
  return std::make_unique<TrialService>(context);
}

}  // namespace hpod
