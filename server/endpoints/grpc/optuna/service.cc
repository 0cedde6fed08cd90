// optuna.StorageService: the storage of Optuna's clients, on the studies of everybody else.
//
// Each call is a command or a read of a study that is named by its id, or by that of a trial. Reads
// are answered with the group (Core::ReadInGroup): an Optuna client asks for the trials of its
// study several times per trial, and must not cause a commit each time.

#include "server/endpoints/grpc/service.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <vector>

#include "optuna/storage_service.grpc.pb.h"

#include "server/endpoints/grpc/optuna/convert.h"
#include "server/model/errors.h"
#include "server/model/optuna/attributes.h"

namespace hpod {
namespace {

template <class Request, class Reply>
using CallOf = typename UnaryMethod<Request, Reply>::Call;

absl::Status NoSuchTrial(int64_t trial_id) {
  return Refuse(Reason::kTrialNotFound, fmt::format("there is no trial with the id {}", trial_id));
}

class OptunaService final : public GrpcService {
 public:
  explicit OptunaService(const ServiceContext& context) : context_(context), core_(context.core) {
    Add(&Async::RequestCreateNewStudy, &OptunaService::CreateNewStudy);
    Add(&Async::RequestDeleteStudy, &OptunaService::DeleteStudy);
    Add(&Async::RequestSetStudyUserAttribute, &OptunaService::SetStudyUserAttribute);
    Add(&Async::RequestSetStudySystemAttribute, &OptunaService::SetStudySystemAttribute);
    Add(&Async::RequestGetStudyIdFromName, &OptunaService::GetStudyIdFromName);
    Add(&Async::RequestGetStudyNameFromId, &OptunaService::GetStudyNameFromId);
    Add(&Async::RequestGetStudyDirections, &OptunaService::GetStudyDirections);
    Add(&Async::RequestGetStudyUserAttributes, &OptunaService::GetStudyUserAttributes);
    Add(&Async::RequestGetStudySystemAttributes, &OptunaService::GetStudySystemAttributes);
    Add(&Async::RequestGetAllStudies, &OptunaService::GetAllStudies);
    Add(&Async::RequestCreateNewTrial, &OptunaService::CreateNewTrial);
    Add(&Async::RequestSetTrialParameter, &OptunaService::SetTrialParameter);
    Add(&Async::RequestGetTrialIdFromStudyIdTrialNumber, &OptunaService::GetTrialId);
    Add(&Async::RequestSetTrialStateValues, &OptunaService::SetTrialStateValues);
    Add(&Async::RequestSetTrialIntermediateValue, &OptunaService::SetTrialIntermediateValue);
    Add(&Async::RequestSetTrialUserAttribute, &OptunaService::SetTrialUserAttribute);
    Add(&Async::RequestSetTrialSystemAttribute, &OptunaService::SetTrialSystemAttribute);
    Add(&Async::RequestGetTrial, &OptunaService::GetTrial);
    Add(&Async::RequestGetTrials, &OptunaService::GetTrials);
  }

  grpc::Service& Generated() override { return service_; }

  void Start() override {
    for (const auto& start : starts_) start();
  }

 private:
  using Async = optuna::StorageService::AsyncService;

  // One method: how gRPC is asked for its next call, and what handles it.
  template <class Generated, class Request, class Reply, class Call>
  void Add(void (Generated::*accept)(grpc::ServerContext*, Request*,
                                     grpc::ServerAsyncResponseWriter<Reply>*,
                                     grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
           void (OptunaService::*handle)(Call&)) {
    auto method = std::make_shared<UnaryMethod<Request, Reply>>(context_.loop, context_.limits,
                                                                std::bind_front(accept, &service_),
                                                                std::bind_front(handle, this));
    starts_.emplace_back([method] { method->Start(); });
  }

  void CreateNewStudy(CallOf<optuna::CreateNewStudyRequest, optuna::CreateNewStudyReply>& call) {
    auto spec = DecodeStudy(call.request);
    if (!spec.ok()) return call.Done(spec.status());
    core_.CreateStudyOfAnyName(
        *std::move(spec),
        [&call](const StudyState& study, bool /*is_new*/) {
          call.response.set_study_id(study.Id());
        },
        call);
  }

  void DeleteStudy(CallOf<optuna::DeleteStudyRequest, optuna::DeleteStudyReply>& call) {
    core_.DeleteStudy(Core::ById{call.request.study_id()}, call);
  }

  void SetStudyUserAttribute(
      CallOf<optuna::SetStudyUserAttributeRequest, optuna::SetStudyUserAttributeReply>& call) {
    SetStudyAttribute(AttributeScope::kUser, call);
  }

  void SetStudySystemAttribute(
      CallOf<optuna::SetStudySystemAttributeRequest, optuna::SetStudySystemAttributeReply>& call) {
    SetStudyAttribute(AttributeScope::kSystem, call);
  }

  void GetStudyIdFromName(
      CallOf<optuna::GetStudyIdFromNameRequest, optuna::GetStudyIdFromNameReply>& call) {
    ReadStudy(call.request.study_name(), call,
              [&call](const StudyState& study) { call.response.set_study_id(study.Id()); });
  }

  void GetStudyNameFromId(
      CallOf<optuna::GetStudyNameFromIdRequest, optuna::GetStudyNameFromIdReply>& call) {
    ReadStudy(Core::ById{call.request.study_id()}, call, [&call](const StudyState& study) {
      call.response.set_study_name(study.Spec().name);
    });
  }

  void GetStudyDirections(
      CallOf<optuna::GetStudyDirectionsRequest, optuna::GetStudyDirectionsReply>& call) {
    ReadStudy(Core::ById{call.request.study_id()}, call, [&call](const StudyState& study) {
      EncodeDirections(study.Spec(), *call.response.mutable_directions());
    });
  }

  void GetStudyUserAttributes(
      CallOf<optuna::GetStudyUserAttributesRequest, optuna::GetStudyUserAttributesReply>& call) {
    ReadStudy(Core::ById{call.request.study_id()}, call, [&call](const StudyState& study) {
      EncodeUserAttributes(study.Spec().attributes, *call.response.mutable_user_attributes());
    });
  }

  void GetStudySystemAttributes(CallOf<optuna::GetStudySystemAttributesRequest,
                                       optuna::GetStudySystemAttributesReply>& call) {
    ReadStudy(Core::ById{call.request.study_id()}, call, [&call](const StudyState& study) {
      EncodeAttributes(StudySystemAttributes(study.Spec()),
                       *call.response.mutable_system_attributes());
    });
  }

  void GetAllStudies(CallOf<optuna::GetAllStudiesRequest, optuna::GetAllStudiesReply>& call) {
    core_.ReadAllInGroup(
        [&call](const std::map<StudyId, StudyEntry>& studies) {
          for (const auto& [id, entry] : studies) {
            const StudySpec& spec = entry.state->Spec();
            optuna::Study& study = *call.response.add_studies();
            study.set_study_id(id);
            study.set_study_name(spec.name);
            EncodeDirections(spec, *study.mutable_directions());
            EncodeUserAttributes(spec.attributes, *study.mutable_user_attributes());
            EncodeAttributes(StudySystemAttributes(spec), *study.mutable_system_attributes());
          }
        },
        call);
  }

  void CreateNewTrial(CallOf<optuna::CreateNewTrialRequest, optuna::CreateNewTrialReply>& call) {
    OptunaCreateTrial command;
    if (!call.request.template_trial_is_none()) {
      auto made_up = DecodeTemplate(call.request.template_trial());
      if (!made_up.ok()) return call.Done(made_up.status());
      command.made_up = *std::move(made_up);
    }
    core_.ExecuteIn<OptunaCreateTrial>(
        Core::ById{call.request.study_id()}, std::move(command),
        [&call](const StudyState& study, const OptunaCreateTrial::Result& result) {
          call.response.set_trial_id(study.TrialId(result.number));
        },
        call);
  }

  void SetTrialParameter(
      CallOf<optuna::SetTrialParameterRequest, optuna::SetTrialParameterReply>& call) {
    const optuna::SetTrialParameterRequest& request = call.request;
    ExecuteOfTrial(OptunaSetParameter{request.trial_id(),
                                      request.param_name(),
                                      {request.distribution(), request.param_value_internal()}},
                   call);
  }

  void GetTrialId(CallOf<optuna::GetTrialIdFromStudyIdTrialNumberRequest,
                         optuna::GetTrialIdFromStudyIdTrialNumberReply>& call) {
    core_.ReadInGroup(
        Core::ById{call.request.study_id()},
        [&call](const StudyState& study) {
          const int64_t number = call.request.trial_number();
          if (absl::Status exists = study.CheckExists(number); !exists.ok()) return exists;
          call.response.set_trial_id(study.TrialId(static_cast<size_t>(number)));
          return absl::OkStatus();
        },
        call);
  }

  void SetTrialStateValues(
      CallOf<optuna::SetTrialStateValuesRequest, optuna::SetTrialStateValuesReply>& call) {
    const optuna::SetTrialStateValuesRequest& request = call.request;
    const auto state = DecodeState(request.state());
    if (!state.ok()) return call.Done(state.status());
    core_.ExecuteIn<OptunaSetState>(
        Core::OfTrial{request.trial_id()},
        OptunaSetState{
            request.trial_id(), *state, {request.values().begin(), request.values().end()}},
        [&call](const StudyState& /*study*/, const OptunaSetState::Result& result) {
          call.response.set_trial_updated(result.updated);
        },
        call);
  }

  void SetTrialIntermediateValue(CallOf<optuna::SetTrialIntermediateValueRequest,
                                        optuna::SetTrialIntermediateValueReply>& call) {
    const optuna::SetTrialIntermediateValueRequest& request = call.request;
    ExecuteOfTrial(OptunaReport{request.trial_id(), {request.step(), request.intermediate_value()}},
                   call);
  }

  void SetTrialUserAttribute(
      CallOf<optuna::SetTrialUserAttributeRequest, optuna::SetTrialUserAttributeReply>& call) {
    ExecuteOfTrial(OptunaSetTrialAttribute{call.request.trial_id(), AttributeScope::kUser,
                                           call.request.key(), call.request.value()},
                   call);
  }

  void SetTrialSystemAttribute(
      CallOf<optuna::SetTrialSystemAttributeRequest, optuna::SetTrialSystemAttributeReply>& call) {
    ExecuteOfTrial(OptunaSetTrialAttribute{call.request.trial_id(), AttributeScope::kSystem,
                                           call.request.key(), call.request.value()},
                   call);
  }

  void GetTrial(CallOf<optuna::GetTrialRequest, optuna::GetTrialReply>& call) {
    const int64_t trial_id = call.request.trial_id();
    core_.ReadInGroup(
        Core::OfTrial{trial_id},
        [&call, trial_id](const StudyState& study) {
          const std::optional<size_t> number = study.FindTrial(trial_id);
          if (!number.has_value()) return NoSuchTrial(trial_id);
          TrialEncoder(study).Encode(*number, *call.response.mutable_trial());
          return absl::OkStatus();
        },
        call);
  }

  void GetTrials(CallOf<optuna::GetTrialsRequest, optuna::GetTrialsReply>& call) {
    ReadStudy(Core::ById{call.request.study_id()}, call, [&call](const StudyState& study) {
      const size_t first = study.FirstTrialAfter(call.request.trial_id_greater_than());
      std::vector<size_t> numbers;
      for (const int64_t trial_id : call.request.included_trial_ids()) {
        const std::optional<size_t> number = study.FindTrial(trial_id);
        if (number.has_value() && *number < first) numbers.push_back(*number);
      }
      std::sort(numbers.begin(), numbers.end());
      numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
      TrialEncoder encoder(study);
      for (const size_t number : numbers) encoder.Encode(number, *call.response.add_trials());
      for (size_t number = first; number < study.Trials().size(); ++number)
        encoder.Encode(number, *call.response.add_trials());
    });
  }

  // Calls that have something in common.

  template <class Call>
  void SetStudyAttribute(AttributeScope scope, Call& call) {
    core_.ExecuteIn<OptunaSetStudyAttribute>(
        Core::ById{call.request.study_id()},
        OptunaSetStudyAttribute{scope, call.request.key(), call.request.value()},
        [](const StudyState& /*study*/, const OptunaSetStudyAttribute::Result& /*result*/) {},
        call);
  }

  // A command of a trial that answers nothing.
  template <class Command, class Call>
  void ExecuteOfTrial(Command command, Call& call) {
    const int64_t trial_id = command.trial_id;
    core_.ExecuteIn<Command>(
        Core::OfTrial{trial_id}, std::move(command),
        [](const StudyState& /*study*/, const typename Command::Result& /*result*/) {}, call);
  }

  template <class Call, class Show>
  void ReadStudy(const Core::StudyKey& study, Call& call, Show show) {
    core_.ReadInGroup(
        study,
        [show = std::move(show)](const StudyState& state) {
          show(state);
          return absl::OkStatus();
        },
        call);
  }

  const ServiceContext context_;
  Core& core_;
  Async service_;
  std::vector<std::function<void()>> starts_;
};

}  // namespace

std::unique_ptr<GrpcService> MakeOptunaService(const ServiceContext& context) {
  return std::make_unique<OptunaService>(context);
}

}  // namespace hpod
