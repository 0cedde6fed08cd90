// Random search (Bergstra and Bengio, "Random search for hyper-parameter optimization", 2012): each
// active parameter on its own, from the stream of its name. The entry point is MakeRandomSampler.

#include "samplers/algorithms.h"
#include "samplers/fill_point.h"
#include "samplers/rng.h"
#include "samplers/uniform.h"

namespace hpod {
namespace {

class RandomSampler final : public Sampler {
 public:
  absl::StatusOr<Point> Propose(const StudyView& study, const Space& space,
                                std::span<const double> fixed) const override {
    return FillPoint(space, fixed, [&](size_t i) {
      Rng rng = Rng::ForTrial(study.seed, study.number, ParameterStream(space[i].name));
      return DrawUniform(space[i].domain, rng);
    });
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Sampler>> MakeRandomSampler(const OptionReader& /*options*/) {
  return std::make_unique<RandomSampler>();
}

}  // namespace hpod
