#include "tests/bench/load.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>
#include <functional>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <memory>

#include "hpo/v1/catalog_service.grpc.pb.h"
#include "hpo/v1/study_service.grpc.pb.h"
#include "hpo/v1/trial_service.grpc.pb.h"

namespace hpod {
namespace {

namespace v1 = hpo::v1;
using SteadyClock = std::chrono::steady_clock;

double MicrosecondsSince(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}

void CheckOk(const grpc::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "call failed: %s\n", status.error_message().c_str());
  std::exit(1);
}

Measurement Summarize(std::vector<double> times_us, double seconds) {
  if (times_us.empty()) return {};
  std::sort(times_us.begin(), times_us.end());
  return {static_cast<double>(times_us.size()) / seconds, times_us[times_us.size() / 2],
          times_us[times_us.size() * 95 / 100]};
}

// Calls under way on one completion queue, each with what to do when it is answered.
class Calls {
 public:
  template <class Stub, class Request, class Response>
  void Start(Stub& stub,
             std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*method)(
                 grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
             const Request& request, std::function<void(const Response&)> done) {
    struct Call final : Pending {
      grpc::ClientContext context;
      grpc::Status status;
      Response response;
      std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
      std::function<void(const Response&)> done;
      void Finish() override {
        CheckOk(status);
        done(response);
      }
    };
    auto* call = new Call;
    call->done = std::move(done);
    call->reader = (stub.*method)(&call->context, request, &queue_);
    call->reader->Finish(&call->response, &call->status, static_cast<Pending*>(call));
    ++under_way_;
  }

  // Until no call is under way.
  void Run() {
    void* tag = nullptr;
    bool ok = false;
    while (under_way_ > 0 && queue_.Next(&tag, &ok)) {
      const std::unique_ptr<Pending> call(static_cast<Pending*>(tag));
      --under_way_;
      call->Finish();
    }
  }

 private:
  struct Pending {
    virtual ~Pending() = default;
    virtual void Finish() = 0;
  };
  grpc::CompletionQueue queue_;
  size_t under_way_ = 0;
};

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  return channel;
}

// The same call over and over, `in_flight` at a time.
template <class Start>
Measurement Repeat(size_t in_flight, double seconds, Calls& calls, Start start) {
  std::vector<double> times_us;
  const auto began = SteadyClock::now();
  std::function<void(size_t)> next = [&](size_t lane) {
    const auto sent = SteadyClock::now();
    start(lane, [&, lane, sent] {
      times_us.push_back(MicrosecondsSince(sent));
      if (MicrosecondsSince(began) < seconds * 1e6) next(lane);
    });
  };
  for (size_t lane = 0; lane < in_flight; ++lane) next(lane);
  calls.Run();
  return Summarize(std::move(times_us), MicrosecondsSince(began) / 1e6);
}

// One worker's trials, one after the other, until all workers together have made enough.
class Worker {
 public:
  struct Shared {
    v1::TrialService::Stub& trials;
    Calls& calls;
    std::string study;
    size_t left;
    std::vector<double> times_us;
  };
  explicit Worker(Shared& shared) : shared_(shared) {}

  void Next() {
    if (shared_.left == 0) return;
    --shared_.left;
    began_ = SteadyClock::now();
    v1::SuggestTrialsRequest request;
    request.set_study(shared_.study);
    shared_.calls
        .Start<v1::TrialService::Stub, v1::SuggestTrialsRequest, v1::SuggestTrialsResponse>(
            shared_.trials, &v1::TrialService::Stub::AsyncSuggestTrials, request,
            [this](const v1::SuggestTrialsResponse& response) { Report(response.trials(0)); });
  }

 private:
  void Report(const v1::Trial& trial) {
    trial_ = trial;
    value_ = 0;
    for (const v1::Assignment& param : trial.params()) {
      value_ += (param.value().double_value() - 0.3) * (param.value().double_value() - 0.3);
    }
    v1::ReportValueRequest request;
    request.set_study(shared_.study);
    request.set_number(trial_.number());
    request.set_lease_token(trial_.lease().token());
    request.set_value(value_);
    shared_.calls.Start<v1::TrialService::Stub, v1::ReportValueRequest, v1::ReportValueResponse>(
        shared_.trials, &v1::TrialService::Stub::AsyncReportValue, request,
        [this](const v1::ReportValueResponse&) { Complete(); });
  }

  void Complete() {
    v1::CompleteTrialRequest request;
    request.set_study(shared_.study);
    request.set_number(trial_.number());
    request.set_lease_token(trial_.lease().token());
    request.add_values(value_);
    shared_.calls
        .Start<v1::TrialService::Stub, v1::CompleteTrialRequest, v1::CompleteTrialResponse>(
            shared_.trials, &v1::TrialService::Stub::AsyncCompleteTrial, request,
            [this](const v1::CompleteTrialResponse&) {
              shared_.times_us.push_back(MicrosecondsSince(began_));
              Next();
            });
  }

  Shared& shared_;
  SteadyClock::time_point began_;
  v1::Trial trial_;
  double value_ = 0;
};

}  // namespace

Measurement MeasureEmptyCalls(const std::string& address, size_t in_flight, double seconds) {
  v1::CatalogService::Stub stub(Connect(address));
  Calls calls;
  return Repeat(in_flight, seconds, calls, [&](size_t /*lane*/, std::function<void()> done) {
    calls.Start<v1::CatalogService::Stub, v1::ListSamplersRequest, v1::ListSamplersResponse>(
        stub, &v1::CatalogService::Stub::AsyncListSamplers, {},
        [done = std::move(done)](const v1::ListSamplersResponse&) { done(); });
  });
}

std::string CreateStudy(const std::string& address, const std::string& sampler, size_t parameters) {
  static int number = 0;
  v1::StudyService::Stub studies(Connect(address));
  v1::CreateStudyRequest request;
  request.mutable_study()->set_name(fmt::format("{}-{}", sampler, number++));
  request.mutable_study()->mutable_sampler()->set_name(sampler);
  request.mutable_study()->set_seed(1);
  for (size_t i = 0; i < parameters; ++i) {
    v1::Parameter& parameter = *request.mutable_study()->add_space();
    parameter.set_name(fmt::format("x{}", i));
    parameter.mutable_float_domain()->set_high(1);
  }
  grpc::ClientContext context;
  v1::CreateStudyResponse response;
  CheckOk(studies.CreateStudy(&context, request, &response));
  return request.study().name();
}

Measurement MeasureReports(const std::string& address, size_t in_flight, double seconds) {
  const std::string study = CreateStudy(address, "random", 2);
  v1::TrialService::Stub trials(Connect(address));
  v1::SuggestTrialsRequest suggest;
  suggest.set_study(study);
  suggest.set_count(static_cast<int32_t>(in_flight));
  v1::SuggestTrialsResponse running;
  grpc::ClientContext context;
  CheckOk(trials.SuggestTrials(&context, suggest, &running));
  std::vector<v1::ReportValueRequest> requests(in_flight);
  for (size_t lane = 0; lane < in_flight; ++lane) {
    const v1::Trial& trial = running.trials(static_cast<int>(lane));
    requests[lane].set_study(suggest.study());
    requests[lane].set_number(trial.number());
    requests[lane].set_lease_token(trial.lease().token());
    requests[lane].set_value(0.5);
  }
  Calls calls;
  return Repeat(in_flight, seconds, calls, [&](size_t lane, std::function<void()> done) {
    requests[lane].set_step(requests[lane].step() + 1);
    calls.Start<v1::TrialService::Stub, v1::ReportValueRequest, v1::ReportValueResponse>(
        trials, &v1::TrialService::Stub::AsyncReportValue, requests[lane],
        [done = std::move(done)](const v1::ReportValueResponse&) { done(); });
  });
}

Measurement MeasureTrials(const std::string& address, const std::string& study, size_t workers,
                          size_t trials) {
  v1::TrialService::Stub stub(Connect(address));
  Calls calls;
  Worker::Shared shared{stub, calls, study, trials, {}};
  std::deque<Worker> all;
  const auto began = SteadyClock::now();
  for (size_t i = 0; i < workers; ++i) all.emplace_back(shared).Next();
  calls.Run();
  return Summarize(std::move(shared.times_us), MicrosecondsSince(began) / 1e6);
}

Measurement MeasureJudgedReports(const std::string& address, const std::string& study,
                                 size_t trials, int64_t steps) {
  v1::TrialService::Stub stub(Connect(address));
  std::vector<double> times_us;
  const auto began = SteadyClock::now();
  for (size_t i = 0; i < trials; ++i) {
    v1::SuggestTrialsRequest suggest;
    suggest.set_study(study);
    v1::SuggestTrialsResponse started;
    grpc::ClientContext suggesting;
    CheckOk(stub.SuggestTrials(&suggesting, suggest, &started));
    v1::ReportValueRequest request;
    request.set_study(study);
    request.set_number(started.trials(0).number());
    request.set_lease_token(started.trials(0).lease().token());
    for (int64_t step = 0; step < steps; ++step) {
      // Better than all others: compared, and not pruned.
      request.set_step(step);
      request.set_value(-1);
      v1::ReportValueResponse response;
      grpc::ClientContext reporting;
      const auto sent = SteadyClock::now();
      CheckOk(stub.ReportValue(&reporting, request, &response));
      times_us.push_back(MicrosecondsSince(sent));
    }
  }
  return Summarize(std::move(times_us), MicrosecondsSince(began) / 1e6);
}

}  // namespace hpod
