#include "tests/samplers/spaces.h"

#include <gtest/gtest.h>

namespace hpod {

ParameterSpec Float(std::string name, double low, double high) {
  return {std::move(name), FloatDomain{low, high, false, 0}, {}};
}

ParameterSpec LogFloat(std::string name, double low, double high) {
  return {std::move(name), FloatDomain{low, high, true, 0}, {}};
}

ParameterSpec SteppedFloat(std::string name, double low, double high, double step) {
  return {std::move(name), FloatDomain{low, high, false, step}, {}};
}

ParameterSpec Int(std::string name, int64_t low, int64_t high, int64_t step) {
  return {std::move(name), IntDomain{low, high, false, step}, {}};
}

ParameterSpec LogInt(std::string name, int64_t low, int64_t high) {
  return {std::move(name), IntDomain{low, high, true, 1}, {}};
}

ParameterSpec Choice(std::string name, size_t count) {
  CategoricalDomain domain;
  for (size_t i = 0; i < count; ++i)
    domain.choices.emplace_back(std::string(1, static_cast<char>('a' + i)));
  return {std::move(name), std::move(domain), {}};
}

ParameterSpec When(ParameterSpec spec, std::string parent, std::vector<Value> values) {
  spec.conditions.push_back({std::move(parent), std::move(values)});
  return spec;
}

Space MakeSpace(std::vector<ParameterSpec> specs) {
  absl::StatusOr<Space> space = Space::Make(std::move(specs));
  if (!space.ok()) {
    ADD_FAILURE() << space.status();
    return {};
  }
  return *std::move(space);
}

std::vector<ParameterSpec> AllKinds() {
  return {Float("float", -2.0, 3.0),
          LogFloat("log_float", 1e-5, 10.0),
          SteppedFloat("stepped_float", 0.1, 0.95, 0.1),
          Int("int", -3, 12),
          Int("stepped_int", 10, 100, 15),
          LogInt("log_int", 1, 1000),
          Choice("choice", 4),
          Float("single_float", 0.5, 0.5),
          Int("single_int", 7, 9, 5),
          Choice("single_choice", 1)};
}

std::vector<ParameterSpec> DiscreteTree() {
  return {Choice("model", 3),
          When(Int("depth", 1, 4), "model", {std::string("a")}),
          When(Choice("kernel", 3), "model", {std::string("b"), std::string("c")}),
          When(SteppedFloat("degree", 0.0, 1.0, 0.25), "kernel", {std::string("b")}),
          Int("seeds", 1, 3),
          When(When(Int("both", 0, 4), "model", {std::string("c")}), "seeds",
               {int64_t{2}, int64_t{3}})};
}

std::vector<ParameterSpec> Everything() {
  std::vector<ParameterSpec> specs = AllKinds();
  for (ParameterSpec& spec : DiscreteTree()) specs.push_back(std::move(spec));
  specs.push_back(
      When(LogFloat("rate", 1e-6, 1e-1), "model", {std::string("a"), std::string("c")}));
  specs.push_back(When(Float("slope", 0.0, 1.0), "degree", {0.25, 0.5}));
  return specs;
}

size_t AddTrial(History& history, const Space& space, std::span<const double> point,
                TrialState state, std::vector<double> values) {
  const size_t number = history.size();
  history.Append(state == TrialState::kWaiting ? state : TrialState::kRunning);
  for (size_t i = 0; i < space.size(); ++i) {
    if (!HasValue(point[i])) continue;
    history.SetParam(number, history.InternDistribution(space[i].name, space[i].domain), point[i]);
  }
  if (IsFinished(state)) history.SetState(number, state, values);
  return number;
}

}  // namespace hpod
