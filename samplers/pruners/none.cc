#include "samplers/algorithms.h"

namespace hpod {
namespace {

class NonePruner final : public Pruner {
 public:
  bool ShouldPrune(const History& /*history*/, size_t /*number*/,
                   Report /*latest*/) const override {
    return false;
  }
};

}  // namespace

std::unique_ptr<Pruner> MakeNonePruner(const OptionReader& /*options*/) {
  return std::make_unique<NonePruner>();
}

}  // namespace hpod
