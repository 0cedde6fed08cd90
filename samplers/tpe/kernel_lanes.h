// The arithmetic of a Parzen mixture on eight kernels at a time, on whatever vectors the processor
// has (SSE4 to AVX-512, chosen when the program starts).
//
// The results, but for RoughSum, have the same bits on all of them: no operation is fused with
// another, and sums are taken without rounding (see SumTerms), so that neither their order nor the
// width of the vectors matters.

#ifndef HPOD_SAMPLERS_TPE_KERNEL_LANES_H_
#define HPOD_SAMPLERS_TPE_KERNEL_LANES_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <vector>

#include "samplers/tpe/lanes.h"
#include "samplers/tpe/normal_lanes.h"
#include "samplers/tpe/ranks.h"

namespace hpod {

// Kernels in blocks of kLanes. A block has for each continuous dimension the centres mu and the
// scales 1 / (sqrt(2) sigma), and for each tabulated dimension the rows of the kernels in the
// tables of a query. A lane without a kernel has finite numbers.
struct KernelBlocks {
  size_t continuous = 0;
  size_t tabulated = 0;
  // By block: its place in the arrays that say so; kCoded: its centres are in CodedPages, and its
  // kernels have the greatest scales.
  std::vector<uint32_t> places;
  std::vector<DoubleLanes> centres;  // [place][continuous]
  std::vector<DoubleLanes> scales;   // [place][continuous]
  // By continuous dimension: what a greater scale stands for. Where there are such, the least width
  // changes with each kernel.
  std::vector<double> greatest_scales;
  bool has_greater_scales = false;
  std::vector<IndexLanes> rows;     // [block][tabulated]
  std::vector<IndexLanes> numbers;  // [block]: of the trials; kNoTrial, kPrior
  Ranks ranks;                      // of the trials, which give the weights

  static constexpr uint32_t kCoded = std::numeric_limits<uint32_t>::max();
  static constexpr int32_t kNoTrial = -1;
  static constexpr int32_t kPrior = std::numeric_limits<int32_t>::max();

  size_t size() const { return numbers.size(); }
  bool IsCoded(size_t block) const { return places[block] == kCoded; }
};

// A point: its coordinate in each continuous dimension, and for each tabulated one a table of
// -ln f >= 0 by row.
struct KernelQuery {
  const double* point = nullptr;
  const double* const* costs = nullptr;
  // Null, or in place of the blocks' own the rows of those from `first` on, [block][tabulated]. All
  // queries of a call have the same.
  const IndexLanes* rows = nullptr;
  size_t first = 0;

  // Of a block.
  const IndexLanes* RowsOf(const KernelBlocks& blocks, size_t block) const {
    return rows == nullptr ? blocks.rows.data() + block * blocks.tabulated
                           : rows + (block - first) * blocks.tabulated;
  }
};

// The terms ln f_k(x), without the weights, of the blocks that may matter to one query.
class KernelTerms {
 public:
  // `memory` gives back what it has given when it ends (scratch.h).
  explicit KernelTerms(std::pmr::memory_resource* memory) : memory_(memory) {}

  double largest = -std::numeric_limits<double>::infinity();  // so far
  // Terms below this do not matter in any case.
  double least = -std::numeric_limits<double>::infinity();
  // Terms below this do not matter.
  double Floor(double gap) const { return largest - gap < least ? least : largest - gap; }

  size_t count = 0;
  uint32_t* blocks = nullptr;
  DoubleLanes* terms = nullptr;

  // Without any blocks.
  void Restart(double least_that_matters);
  // Makes room for so many more blocks.
  void Reserve(size_t more);

 private:
  std::pmr::polymorphic_allocator<> memory_;
  size_t capacity_ = 0;
};

// By place of a block: ln of what does not depend on the point; -inf in a lane without a kernel.
using KernelConstants = DoubleLanes;

// Adds the blocks [first, last), none of them coded, to the terms of each query, except blocks
// whose terms are all below terms.Floor(gap).
void CollectTerms(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                  size_t last, std::span<const KernelQuery> queries, double gap,
                  std::span<KernelTerms> terms);

// Weight of the kernel of a rank, not normalised: min(first + slope * rank, 1). The prior's is 1.
struct RampWeights {
  double first = 1;
  double slope = 0;
};

// factor * e^log_scale; 0 < factor < 2 kernel_count.
struct ScaledSum {
  double factor = 1;
  double log_scale = 0;
};

// The sum of weight_k exp(term_k) over the terms that are at least terms.Floor(gap), of at most
// `kernel_count`. Relative error below 1e-12.
ScaledSum SumTerms(const KernelBlocks& blocks, const KernelTerms& terms, double gap,
                   const RampWeights& weights, size_t kernel_count);

// The same sum, e^largest * factor, for a query alone and without the terms, which are added up as
// they come: its last bits depend on the order and on the processor.
struct RoughSum {
  double largest = -std::numeric_limits<double>::infinity();
  double factor = 0;
  double slack = 0;  // the factor may be that much too small

  double Log() const { return largest + std::log(factor); }  // -inf of nothing
};

// Adds the terms of the blocks [first, last) that are at least `floor`. As for CollectTerms.
void AddRoughly(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                size_t last, const KernelQuery& query, double floor, const RampWeights& weights,
                RoughSum& sum);

// Adds weight_k e^(term_k - reference) of the blocks [first, last), none of them coded, to a sum
// for each query; `reference` is not less than a term. Relative error below 1e-12, but for terms
// that are less than the reference by 700.
void AddInScale(const KernelBlocks& blocks, const KernelConstants* constants, size_t first,
                size_t last, std::span<const KernelQuery> queries, double reference,
                const RampWeights& weights, double* sums);

// Whether a term of the block is at least `floor`.
bool HasTerm(const KernelBlocks& blocks, const KernelConstants* constants, size_t block,
             const KernelQuery& query, double floor);

// What of the kernels is beyond the ends of their intervals: for each continuous dimension an array
// by slot, as CutTails makes it, of whole blocks.
struct KernelTails {
  std::span<const double* const> below;
  std::span<const double* const> above;
};

// Sets the constants of the blocks `which`, none of them coded: ln of the product over their
// continuous dimensions of 1 / (sigma sqrt(2 pi) Z), Z the mass in the dimension's interval, which
// must be longer than kNarrowestWidth. Lanes that have no kernel get a number, too. Of a block's
// bits in the result, those are set whose lanes have a centre outside an interval or are too
// narrow: their constants are no use. Tails that are known, or null, change nothing but the time
// that it takes.
std::vector<uint32_t> SetConstants(const KernelBlocks& blocks, std::span<const uint32_t> which,
                                   std::span<const Interval> intervals, const KernelTails* tails,
                                   KernelConstants* constants);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_KERNEL_LANES_H_
