#include "tests/bench/in_process_study.h"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "samplers/registry.h"

namespace hpod {
namespace {

template <class T>
T ValueOrExit(absl::StatusOr<T> result) {
  if (result.ok()) return *std::move(result);
  std::fprintf(stderr, "%s\n", std::string(result.status().message()).c_str());
  std::exit(1);
}

}  // namespace

InProcessStudy::InProcessStudy(Space space, std::string_view sampler, uint64_t seed)
    : space_(std::move(space)),
      seed_(seed),
      history_({Direction::kMinimize}),
      sampler_(ValueOrExit(MakeSampler(sampler, {}))) {
  for (const Parameter& p : space_) {
    distributions_.push_back(history_.InternDistribution(p.name, p.domain));
  }
}

Point InProcessStudy::Propose() const {
  return ValueOrExit(sampler_->Propose({history_, seed_, history_.size()}, space_, {}));
}

void InProcessStudy::Start(std::span<const double> point) {
  history_.Append(TrialState::kRunning);
  const size_t number = history_.size() - 1;
  for (size_t i = 0; i < point.size(); ++i) {
    if (HasValue(point[i])) history_.SetParam(number, distributions_[i], point[i]);
  }
  sampler_->Observe(history_, number);
}

void InProcessStudy::Complete(double value) {
  const size_t number = history_.size() - 1;
  history_.SetState(number, TrialState::kComplete, {&value, 1});
  sampler_->Observe(history_, number);
}

}  // namespace hpod
