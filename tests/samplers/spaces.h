// Short ways to write spaces and histories in the tests of samplers/.

#ifndef HPOD_TESTS_SAMPLERS_SPACES_H_
#define HPOD_TESTS_SAMPLERS_SPACES_H_

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "samplers/history.h"
#include "samplers/space.h"

namespace hpod {

ParameterSpec Float(std::string name, double low, double high);
ParameterSpec LogFloat(std::string name, double low, double high);
ParameterSpec SteppedFloat(std::string name, double low, double high, double step);
ParameterSpec Int(std::string name, int64_t low, int64_t high, int64_t step = 1);
ParameterSpec LogInt(std::string name, int64_t low, int64_t high);
// The choices "a", "b", "c", ...
ParameterSpec Choice(std::string name, size_t count);

// The spec with one more condition.
ParameterSpec When(ParameterSpec spec, std::string parent, std::vector<Value> values);

// Fails the test and gives an empty space if the specs are refused.
Space MakeSpace(std::vector<ParameterSpec> specs);

// A number of every kind, single-valued ones included; no conditions.
std::vector<ParameterSpec> AllKinds();
// Discrete parameters only, with conditions two deep and with two parents.
std::vector<ParameterSpec> DiscreteTree();
// Both of the above, joined by conditions on discrete parents.
std::vector<ParameterSpec> Everything();

// Appends a trial in `state` with the values of `point` that are not NaN. `values`: one per
// objective, or none. Returns its number.
size_t AddTrial(History& history, const Space& space, std::span<const double> point,
                TrialState state, std::vector<double> values = {});

}  // namespace hpod

#endif  // HPOD_TESTS_SAMPLERS_SPACES_H_
