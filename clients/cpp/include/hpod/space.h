// Parameters, their domains and values.

#ifndef HPOD_SPACE_H_
#define HPOD_SPACE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hpo/v1/space.pb.h"

namespace hpod {

// Float domains give double, int domains int64_t, choices what they were declared as; monostate is
// null.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string>;

// Real numbers in [low, high], both included.
struct Float {
  double low = 0;
  double high = 0;
  // Search in ln(value). Needs low > 0; excludes `step`.
  bool log = false;
  // Only low, low + step, ... up to high. 0: no grid.
  double step = 0;
};

// Whole numbers in [low, high], both included.
struct Int {
  int64_t low = 0;
  int64_t high = 0;
  // Search in ln(value). Needs low >= 1.
  bool log = false;
  // Only low, low + step, ... up to high. 0 means 1.
  int64_t step = 0;
};

// One of several distinct values, without order between them.
struct Choice {
  std::vector<Value> choices;
};

using Domain = std::variant<Float, Int, Choice>;

// True when the parameter `parent` is active and has one of `values`.
struct When {
  std::string parent;
  std::vector<Value> values;
};

// Part of a trial when all `conditions` hold; without conditions, always.
struct Parameter {
  std::string name;
  Domain domain;
  std::vector<When> conditions = {};
};

// To and from messages of the protocol.
Value FromProto(const hpo::v1::Value& message);
hpo::v1::Value ToProto(const Value& value);
hpo::v1::Parameter ToProto(const Parameter& parameter);

}  // namespace hpod

#endif  // HPOD_SPACE_H_
