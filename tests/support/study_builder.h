// Short ways to write specs, spaces and commands.

#ifndef HPOD_TESTS_SUPPORT_STUDY_BUILDER_H_
#define HPOD_TESTS_SUPPORT_STUDY_BUILDER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "samplers/space.h"
#include "server/model/command.h"
#include "server/model/study_spec.h"

namespace hpod {

inline Domain Real(double low, double high) { return FloatDomain{low, high, false, 0}; }
inline Domain LogReal(double low, double high) { return FloatDomain{low, high, true, 0}; }
inline Domain Stepped(double low, double high, double step) {
  return FloatDomain{low, high, false, step};
}
inline Domain Whole(int64_t low, int64_t high) { return IntDomain{low, high, false, 1}; }
inline Domain OneOf(std::vector<Value> choices) { return CategoricalDomain{std::move(choices)}; }
inline Value Text(std::string text) { return Value(std::move(text)); }

// The specs must be valid.
inline Space SpaceOf(std::vector<ParameterSpec> specs) {
  return Space::Make(std::move(specs)).value();
}
// lr (log), layers (int), optimizer (categorical).
inline Space PlainSpace() {
  return SpaceOf({{"lr", LogReal(1e-5, 0.1), {}},
                  {"layers", Whole(1, 8), {}},
                  {"optimizer", OneOf({Text("adam"), Text("sgd")}), {}}});
}
// momentum only with sgd.
inline Space ConditionalSpace() {
  return SpaceOf({{"momentum", Real(0, 0.99), {{"optimizer", {Text("sgd")}}}},
                  {"optimizer", OneOf({Text("adam"), Text("sgd")}), {}}});
}
// Six points.
inline Space SmallGrid() { return SpaceOf({{"x", Whole(1, 3), {}}, {"y", Whole(0, 1), {}}}); }

// A define-by-run study, one objective minimized, random sampler, no pruner, a lease of 10 s.
class SpecBuilder {
 public:
  SpecBuilder() {
    spec_.name = "study";
    spec_.directions = {Direction::kMinimize};
    spec_.sampler.name = "random";
    spec_.pruner.name = "none";
    spec_.seed = 42;
    spec_.lease_ms = 10'000;
    spec_.created_us = 1'700'000'000'000'000;
  }

  SpecBuilder& Name(std::string name) { return Set(spec_.name, std::move(name)); }
  SpecBuilder& Directions(std::vector<Direction> value) {
    return Set(spec_.directions, std::move(value));
  }
  SpecBuilder& Sampler(std::string name, Options options = {}) {
    return Set(spec_.sampler, {std::move(name), std::move(options)});
  }
  SpecBuilder& Pruner(std::string name, Options options = {}) {
    return Set(spec_.pruner, {std::move(name), std::move(options)});
  }
  SpecBuilder& Seed(uint64_t seed) { return Set(spec_.seed, seed); }
  SpecBuilder& Over(Space space) { return Set(spec_.space, std::move(space)); }
  SpecBuilder& MaxTrials(int64_t count) { return Set(spec_.budget.max_trials, count); }
  SpecBuilder& MaxRunning(int64_t count) { return Set(spec_.budget.max_running, count); }
  SpecBuilder& MaxDurationMs(int64_t ms) { return Set(spec_.budget.max_duration_us, ms * 1'000); }
  SpecBuilder& LeaseMs(int64_t ms) { return Set(spec_.lease_ms, ms); }
  SpecBuilder& MaxRetries(int32_t count) { return Set(spec_.max_retries, count); }

  StudySpec Build() const { return spec_; }
  operator StudySpec() const { return spec_; }

 private:
  template <class T>
  SpecBuilder& Set(T& field, T value) {
    field = std::move(value);
    return *this;
  }
  StudySpec spec_;
};

inline SpecBuilder ASpec() { return SpecBuilder(); }
inline SpecBuilder TwoObjectives() {
  return SpecBuilder().Directions({Direction::kMinimize, Direction::kMaximize});
}

// What a worker holds of a trial.
inline TrialKey KeyOf(const HandedOut& trial) {
  return {static_cast<int64_t>(trial.number), trial.lease_token};
}
inline TrialKey Unfenced(size_t number) { return {static_cast<int64_t>(number), 0}; }

inline SuggestParameter Ask(TrialKey trial, std::string name, Domain domain) {
  return {trial, std::move(name), std::move(domain), {}};
}
inline ReportValue ReportAt(TrialKey trial, int64_t step, double value) {
  return {trial, {step, value}, {}};
}
inline CompleteTrial Complete(TrialKey trial, std::vector<double> values) {
  return {trial, TrialState::kComplete, std::move(values), {}, {}, {}, {}};
}
inline CompleteTrial Prune(TrialKey trial) {
  return {trial, TrialState::kPruned, {}, {}, {}, {}, {}};
}
inline CompleteTrial Fail(TrialKey trial, std::string failure = "") {
  return {trial, TrialState::kFail, {}, {}, {}, std::move(failure), {}};
}
inline EnqueueTrial Enqueue(FixedParams params) { return {std::move(params), {}, false, {}}; }
inline EnqueueTrial EnqueueUnlessThere(FixedParams params) {
  return {std::move(params), {}, true, {}};
}
inline SetTrialAttributes SetAttributes(TrialKey trial, Attributes attributes) {
  return {trial, std::move(attributes), {}, {}};
}
inline SetTrialAttributes SetConstraints(TrialKey trial, Constraints constraints) {
  return {trial, {}, std::move(constraints), {}};
}
inline UpdateStudy Stop(bool stopped = true) {
  UpdateStudy command;
  command.stopped = stopped;
  return command;
}

// The same command with a request id; the content is what `fingerprint` says it is.
template <class Command>
Command WithRequest(Command command, std::string id, uint64_t fingerprint = 1) {
  command.request = {std::move(id), fingerprint};
  return command;
}

// A finished trial from elsewhere with parameters (name, domain, internal value).
inline ForeignTrial Foreign(TrialState state, std::vector<ForeignTrial::Param> params,
                            std::vector<double> values) {
  ForeignTrial foreign;
  foreign.params = std::move(params);
  foreign.record.state = state;
  foreign.record.values = std::move(values);
  return foreign;
}

}  // namespace hpod

#endif  // HPOD_TESTS_SUPPORT_STUDY_BUILDER_H_
