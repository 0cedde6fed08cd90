// hpod's samplers for a program in another language, without a daemon: reads lines from standard
// input and answers each with one line.
//
//   {"sampler": "tpe", "seed": 1, "space": [PARAMETER, ...]}   begins a study
//   0.25                                                       the value of the last point
//
// Each answer is the next point: a JSON array of internal values in the order of the space
// (categoricals: the index of the choice), null where a parameter is inactive.
//
// PARAMETER: {"name", "kind": "float" or "int", "low", "high", "log"}, or {"name",
// "kind": "categorical", "choices": [strings]}; "parent" and "parent_values" if it is conditional.

#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/in_process_study.h"

namespace hpod {
namespace {

using nlohmann::json;

Domain ReadDomain(const json& entry) {
  const auto kind = entry.at("kind").get<std::string>();
  if (kind == "float") return FloatDomain{entry.at("low"), entry.at("high"), entry.at("log"), 0};
  if (kind == "int") return IntDomain{entry.at("low"), entry.at("high"), entry.at("log"), 1};
  CategoricalDomain domain;
  for (const json& choice : entry.at("choices")) {
    domain.choices.emplace_back(choice.get<std::string>());
  }
  return domain;
}

Space ReadSpace(const json& entries) {
  std::vector<ParameterSpec> specs;
  for (const json& entry : entries) {
    ParameterSpec spec{entry.at("name"), ReadDomain(entry), {}};
    if (const auto parent = entry.find("parent"); parent != entry.end() && !parent->is_null()) {
      NamedCondition condition{*parent, {}};
      for (const json& value : entry.at("parent_values")) {
        condition.values.emplace_back(value.get<std::string>());
      }
      spec.conditions.push_back(std::move(condition));
    }
    specs.push_back(std::move(spec));
  }
  auto space = Space::Make(std::move(specs));
  if (!space.ok()) {
    std::cerr << space.status().message() << "\n";
    std::exit(1);
  }
  return *std::move(space);
}

void Answer(InProcessStudy& study) {
  const Point point = study.Propose();
  study.Start(point);
  // NaN is written as null.
  std::cout << json(point).dump() << std::endl;
}

void Serve() {
  std::unique_ptr<InProcessStudy> study;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.starts_with('{')) {
      const json request = json::parse(line);
      study = std::make_unique<InProcessStudy>(ReadSpace(request.at("space")),
                                               request.at("sampler").get<std::string>(),
                                               request.at("seed").get<uint64_t>());
    } else if (study != nullptr) {
      study->Complete(std::strtod(line.c_str(), nullptr));
    } else {
      std::cerr << "the first line must begin a study\n";
      std::exit(1);
    }
    Answer(*study);
  }
}

}  // namespace
}  // namespace hpod

int main() {
  hpod::Serve();
  return 0;
}
