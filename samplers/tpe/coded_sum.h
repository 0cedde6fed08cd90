// What the kernels of coded pages add to a density, roughly: in single precision, sixteen at a
// time.

#ifndef HPOD_SAMPLERS_TPE_CODED_SUM_H_
#define HPOD_SAMPLERS_TPE_CODED_SUM_H_

#include <cstddef>
#include <span>

#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/kernel_tree.h"

namespace hpod {

struct CodedTerms {
  // Of a page's slots: what other dimensions make of the terms, less the base.
  std::span<const float, kPageSlots> terms;
  double base = 0;
  // As those of KernelQuery; null in other dimensions.
  const float* const* costs = nullptr;
};

// Adds the terms of a page, of which `first` is the first block, that are at least `floor`; what
// ranks add to weights that are not known is slack. Relative error below 1e-5, besides that of the
// terms.
void AddCodedRoughly(const KernelBlocks& blocks, size_t first, const CodedTerms& coded,
                     double floor, const RampWeights& weights, RoughSum& sum);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_CODED_SUM_H_
