#include "clients/hpoctl/bench/parts.h"

#include <deque>

#include "clients/hpoctl/bench/scratch_study.h"

namespace hpod {
namespace {

// A running trial of the scratch study.
struct Held {
  int64_t number;
  int64_t token;
  int64_t next_step = 0;
};

class Measurer {
 public:
  Measurer(const LoadOptions& options, Connection& connection, const InterruptFlag& interrupt)
      : options_(options), connection_(connection), interrupt_(interrupt) {}

  absl::StatusOr<Measurement> Read(const std::string& study) {
    CallKind<hpo::v1::GetStudyRequest, hpo::v1::GetStudyResponse> kind;
    kind.start = [this](auto* context, const auto& request, auto* queue) {
      return connection_.studies().AsyncGetStudy(context, request, queue);
    };
    kind.next = [&](auto& request) {
      request.set_study(study);
      return true;
    };
    kind.done = [](const auto&) {};
    return MeasureCalls(kind, options_, connection_, interrupt_);
  }

  // The trials are held.
  absl::StatusOr<Measurement> Suggest(const std::string& study) {
    CallKind<hpo::v1::SuggestTrialsRequest, hpo::v1::SuggestTrialsResponse> kind;
    kind.start = [this](auto* context, const auto& request, auto* queue) {
      return connection_.trials().AsyncSuggestTrials(context, request, queue);
    };
    kind.next = [&](auto& request) {
      request.set_study(study);
      request.set_worker("hpoctl bench");
      return true;
    };
    kind.done = [this](const auto& response) {
      for (const auto& trial : response.trials()) {
        held_.push_back({trial.number(), trial.lease().token()});
      }
    };
    return MeasureCalls(kind, options_, connection_, interrupt_);
  }

  // To the held trials in turn.
  absl::StatusOr<Measurement> Report(const std::string& study) {
    CallKind<hpo::v1::ReportValueRequest, hpo::v1::ReportValueResponse> kind;
    kind.start = [this](auto* context, const auto& request, auto* queue) {
      return connection_.trials().AsyncReportValue(context, request, queue);
    };
    kind.next = [&, turn = size_t{0}](auto& request) mutable {
      Held& held = held_[turn++ % held_.size()];
      request.set_study(study);
      request.set_number(held.number);
      request.set_lease_token(held.token);
      request.set_step(held.next_step++);
      request.set_value(0.5);
      return true;
    };
    kind.done = [](const auto&) {};
    return MeasureCalls(kind, options_, connection_, interrupt_);
  }

  // The held trials, until none is left.
  absl::StatusOr<Measurement> Complete(const std::string& study) {
    CallKind<hpo::v1::CompleteTrialRequest, hpo::v1::CompleteTrialResponse> kind;
    kind.start = [this](auto* context, const auto& request, auto* queue) {
      return connection_.trials().AsyncCompleteTrial(context, request, queue);
    };
    kind.next = [&](auto& request) {
      if (held_.empty()) return false;
      request.set_study(study);
      request.set_number(held_.front().number);
      request.set_lease_token(held_.front().token);
      request.add_values(0.5);
      held_.pop_front();
      return true;
    };
    kind.done = [](const auto&) {};
    return MeasureCalls(kind, options_, connection_, interrupt_);
  }

 private:
  const LoadOptions options_;
  Connection& connection_;
  const InterruptFlag& interrupt_;
  std::deque<Held> held_;
};

}  // namespace

absl::StatusOr<std::vector<Part>> MeasureParts(
    const std::string& prefix, const LoadOptions& options, Connection& connection,
    const InterruptFlag& interrupt, const std::function<void(const std::string& name)>& before) {
  const auto random = ScratchStudy::Make(connection, prefix + "-random", "random", 0);
  if (!random.ok()) return random.status();
  const auto tpe = ScratchStudy::Make(connection, prefix + "-tpe", "tpe", kBenchHistory);
  if (!tpe.ok()) return tpe.status();
  const std::string& simple = (*random)->name();
  const std::string& with_history = (*tpe)->name();

  Measurer measurer(options, connection, interrupt);
  std::vector<Part> parts;
  const auto add = [&](const char* name,
                       const std::function<absl::StatusOr<Measurement>()>& measure) {
    before(name);
    auto measurement = measure();
    if (measurement.ok()) parts.push_back({name, options.in_flight, *measurement});
    return measurement.status();
  };
  absl::Status status = add(kRead, [&] { return measurer.Read(simple); });
  if (status.ok()) status = add(kSuggestRandom, [&] { return measurer.Suggest(simple); });
  if (status.ok()) status = add(kReport, [&] { return measurer.Report(simple); });
  if (status.ok()) status = add(kComplete, [&] { return measurer.Complete(simple); });
  if (status.ok()) status = add(kSuggestTpe, [&] { return measurer.Suggest(with_history); });
  if (!status.ok()) return status;
  return parts;
}

}  // namespace hpod
