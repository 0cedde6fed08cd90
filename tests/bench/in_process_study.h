// A study as the engine keeps it, without the engine: the history, and a sampler that observes it.

#ifndef HPOD_TESTS_BENCH_IN_PROCESS_STUDY_H_
#define HPOD_TESTS_BENCH_IN_PROCESS_STUDY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "samplers/history.h"
#include "samplers/sampler.h"
#include "samplers/space.h"

namespace hpod {

class InProcessStudy {
 public:
  // Of one objective, minimised. Ends the program with a message if there is no such sampler.
  InProcessStudy(Space space, std::string_view sampler, uint64_t seed);

  // The next trial's point. Ends the program with a message if the sampler cannot give one.
  Point Propose() const;
  // Appends trial number size(), running at `point`; NaN: inactive.
  void Start(std::span<const double> point);
  // Completes the trial that was started last.
  void Complete(double value);

  const Space& space() const { return space_; }
  size_t size() const { return history_.size(); }

 private:
  Space space_;
  uint64_t seed_;
  History history_;
  std::unique_ptr<Sampler> sampler_;
  std::vector<uint32_t> distributions_;
};

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_IN_PROCESS_STUDY_H_
