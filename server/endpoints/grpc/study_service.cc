// hpo.v1.StudyService. WatchStudy, its stream, is in watch.h.

#include <fmt/format.h>

#include "hpo/v1/study_service.grpc.pb.h"

#include "server/endpoints/grpc/convert.h"
#include "server/endpoints/grpc/page.h"
#include "server/endpoints/grpc/service.h"
#include "server/endpoints/grpc/watch.h"
#include "server/model/errors.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;

constexpr size_t kImprovementsMax = 10'000;

class StudyService final : public GrpcService {
 public:
  explicit StudyService(const ServiceContext& context)
      : core_(context.core),
        create_(context.loop, context.limits,
                std::bind_front(&Async::RequestCreateStudy, &service_),
                std::bind_front(&StudyService::Create, this)),
        get_(context.loop, context.limits, std::bind_front(&Async::RequestGetStudy, &service_),
             std::bind_front(&StudyService::Get, this)),
        list_(context.loop, context.limits, std::bind_front(&Async::RequestListStudies, &service_),
              std::bind_front(&StudyService::List, this)),
        update_(context.loop, context.limits,
                std::bind_front(&Async::RequestUpdateStudy, &service_),
                std::bind_front(&StudyService::Update, this)),
        stop_(context.loop, context.limits, std::bind_front(&Async::RequestStopStudy, &service_),
              std::bind_front(&StudyService::Stop, this)),
        delete_(context.loop, context.limits,
                std::bind_front(&Async::RequestDeleteStudy, &service_),
                std::bind_front(&StudyService::Delete, this)),
        best_(context.loop, context.limits,
              std::bind_front(&Async::RequestListBestTrials, &service_),
              std::bind_front(&StudyService::ListBest, this)),
        improvements_(context.loop, context.limits,
                      std::bind_front(&Async::RequestListImprovements, &service_),
                      std::bind_front(&StudyService::ListImprovements, this)),
        watches_(context.core, context.loop, service_) {}

  grpc::Service& Generated() override { return service_; }

  std::vector<Method*> Methods() override {
    return {&create_, &get_, &list_, &update_, &stop_, &delete_, &best_, &improvements_};
  }
  void Start() override {
    GrpcService::Start();
    watches_.Start();
  }

  void EndStreams() override { watches_.End(); }

 private:
  using Async = v1::StudyService::AsyncService;
  using CreateMethod = UnaryMethod<v1::CreateStudyRequest, v1::CreateStudyResponse>;
  using GetMethod = UnaryMethod<v1::GetStudyRequest, v1::GetStudyResponse>;
  using ListMethod = UnaryMethod<v1::ListStudiesRequest, v1::ListStudiesResponse>;
  using UpdateMethod = UnaryMethod<v1::UpdateStudyRequest, v1::UpdateStudyResponse>;
  using StopMethod = UnaryMethod<v1::StopStudyRequest, v1::StopStudyResponse>;
  using DeleteMethod = UnaryMethod<v1::DeleteStudyRequest, v1::DeleteStudyResponse>;
  using BestMethod = UnaryMethod<v1::ListBestTrialsRequest, v1::ListBestTrialsResponse>;
  using ImprovementsMethod = UnaryMethod<v1::ListImprovementsRequest, v1::ListImprovementsResponse>;

  void Create(CreateMethod::Call& call) {
    auto spec = DecodeSpec(call.request.study());
    if (!spec.ok()) return call.Done(spec.status());
    core_.CreateStudy(
        *std::move(spec), call.request.load_if_exists(),
        KeyOf(call.request.request_id(), call.request),
        [this, &call](const StudyState& study, bool created) {
          EncodeStudy(study, core_.ReadClock(), *call.response.mutable_study());
          call.response.set_created(created);
        },
        call);
  }

  void Get(GetMethod::Call& call) {
    core_.Read(
        call.request.study(),
        [this, &call](const StudyState& study) {
          EncodeStudy(study, core_.ReadClock(), *call.response.mutable_study());
          return absl::OkStatus();
        },
        call);
  }

  void List(ListMethod::Call& call) {
    core_.ReadAll(
        [this, &call](const std::map<StudyId, StudyEntry>& studies) {
          return ListPage(studies, call);
        },
        call);
  }

  // A token is the id at which the next page starts.
  absl::Status ListPage(const std::map<StudyId, StudyEntry>& studies, ListMethod::Call& call) {
    const v1::ListStudiesRequest& request = call.request;
    const auto page_size = PageSize(request.page_size(), 100);
    if (!page_size.ok()) return page_size.status();
    const auto start = PageStart(request.page_token(), 0);
    if (!start.ok()) return start.status();
    for (auto it = studies.lower_bound(*start); it != studies.end(); ++it) {
      const StudySpec& spec = it->second.state->Spec();
      if (!spec.name.starts_with(request.name_prefix())) continue;
      if (request.has_stopped() && request.stopped() != spec.stopped) continue;
      if (call.response.studies_size() >= static_cast<int>(*page_size)) {
        call.response.set_next_page_token(std::to_string(it->first));
        break;
      }
      EncodeStudy(*it->second.state, core_.ReadClock(), *call.response.add_studies());
    }
    return absl::OkStatus();
  }

  void Update(UpdateMethod::Call& call) {
    auto update = DecodeUpdate(call.request);
    if (!update.ok()) return call.Done(update.status());
    update->request = KeyOf(call.request.request_id(), call.request);
    ExecuteUpdate(call, *std::move(update));
  }

  void Stop(StopMethod::Call& call) {
    UpdateStudy update;
    update.stopped = true;
    update.request = KeyOf(call.request.request_id(), call.request);
    ExecuteUpdate(call, std::move(update));
  }

  template <class Call>
  void ExecuteUpdate(Call& call, UpdateStudy update) {
    core_.Execute(
        call.request.study(), std::move(update),
        [this, &call](const StudyState& study, const UpdateStudy::Result& /*result*/) {
          EncodeStudy(study, core_.ReadClock(), *call.response.mutable_study());
        },
        call);
  }

  void Delete(DeleteMethod::Call& call) {
    core_.DeleteStudy(call.request.study(), KeyOf(call.request.request_id(), call.request), call);
  }

  void ListBest(BestMethod::Call& call) {
    core_.Read(
        call.request.study(),
        [this, &call](const StudyState& study) { return BestPage(study, call); }, call);
  }

  // A token is the rank at which the next page starts.
  absl::Status BestPage(const StudyState& study, BestMethod::Call& call) {
    const bool one_objective = study.Spec().directions.size() == 1;
    const auto page_size = PageSize(call.request.page_size(), one_objective ? 1 : kMaxPageSize);
    if (!page_size.ok()) return page_size.status();
    const auto start = PageStart(call.request.page_token(), 0);
    if (!start.ok()) return start.status();
    const auto first = static_cast<size_t>(*start);
    const size_t last = first + *page_size;
    const std::vector<size_t> numbers =
        one_objective ? study.BestTrials(last + 1) : study.ParetoFront();
    const Now now = core_.ReadClock();
    for (size_t rank = first; rank < std::min(last, numbers.size()); ++rank) {
      EncodeTrial(study, numbers[rank], now, {}, *call.response.add_trials());
    }
    if (numbers.size() > last) call.response.set_next_page_token(std::to_string(last));
    return absl::OkStatus();
  }

  void ListImprovements(ImprovementsMethod::Call& call) {
    core_.Read(
        call.request.study(),
        [this, &call](const StudyState& study) {
          if (study.Spec().directions.size() > 1) {
            return Refuse(
                Reason::kSeveralObjectives,
                "a study with several objectives has no single best; list its best trials");
          }
          const std::vector<size_t> numbers = study.Improvements();
          const size_t first =
              numbers.size() > kImprovementsMax ? numbers.size() - kImprovementsMax : 0;
          for (size_t i = first; i < numbers.size(); ++i) {
            EncodeTrial(study, numbers[i], core_.ReadClock(), {.intermediate_values = false},
                        *call.response.add_trials());
          }
          return absl::OkStatus();
        },
        call);
  }

  Core& core_;
  Async service_;
  CreateMethod create_;
  GetMethod get_;
  ListMethod list_;
  UpdateMethod update_;
  StopMethod stop_;
  DeleteMethod delete_;
  BestMethod best_;
  ImprovementsMethod improvements_;
  Watches watches_;
};

}  // namespace

std::unique_ptr<GrpcService> MakeStudyService(const ServiceContext& context) {
  return std::make_unique<StudyService>(context);
}

}  // namespace hpod
