// A Parzen mixture as its density is computed: kernels in blocks of lanes, each in a slot of its
// own, in any order. Which slots they have does not matter to the result, not even to its last bit.

#ifndef HPOD_SAMPLERS_TPE_MIXTURE_H_
#define HPOD_SAMPLERS_TPE_MIXTURE_H_

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "samplers/space.h"
#include "samplers/tpe/cell_sums.h"
#include "samplers/tpe/coded_pages.h"
#include "samplers/tpe/kernel_lanes.h"
#include "samplers/tpe/kernel_tree.h"

namespace hpod {

// A numeric domain as kernels need it.
struct NumericDomain {
  double low = 0;
  double high = 0;
  double step = 0;  // 0: continuous
  bool log = false;
};
// `domain` is not categorical.
NumericDomain AsNumeric(const Domain& domain);

// A value in the numbers in which kernels are normal: its logarithm if `log`, kept finite for
// values that an earlier domain of the same name may have had.
inline double ToModel(double value, bool log) {
  return log ? std::log(std::max(value, std::numeric_limits<double>::min())) : value;
}

// Where kernels are cut off: the bounds of the domain, half a step beyond them if it has a step, in
// the model's numbers.
Interval IntervalOf(const NumericDomain& domain);

// Ends of the cell around the grid value `x`, in the model's numbers.
inline Interval CellAround(double x, const NumericDomain& domain) {
  const double left = x - 0.5 * domain.step;
  const double right = x + 0.5 * domain.step;
  return domain.log ? Interval{std::log(left), std::log(right)} : Interval{left, right};
}

// So many of the newest observations weigh 1 in any case.
inline constexpr size_t kNewest = 25;

// The weight of an observation is 1; of more than 25 with `forgetting`, the oldest have weights
// that rise linearly from 1 / m.
RampWeights MakeRampWeights(size_t observation_count, bool forgetting);

// Probabilities in a categorical kernel of an observation: of its own choice, of each other.
struct ChoiceShares {
  double hit = 0;
  double miss = 0;
};
ChoiceShares MakeChoiceShares(size_t choice_count, size_t observation_count);

// 1 / (sqrt(2) sigma).
double ScaleOf(double sigma);

// Blocks of pages.
inline constexpr size_t kPageBlocks = kPageSlots / kLanes;
inline size_t FirstBlock(size_t page) { return page * kPageBlocks; }

// Slots in pages of kPageSlots: those that every query looks at, and those of kernels that have all
// the same width in each numeric dimension, which a tree has by their centres.
struct Partition {
  // Blocks of the page up to the last that has a kernel.
  size_t BlockCount(uint32_t page) const {
    return (static_cast<size_t>(std::bit_width(used[page])) + kLanes - 1) / kLanes;
  }

  // Whether kernels have been coded.
  bool HasCoded() const {
    return codes.has_value() && greatest_term > -std::numeric_limits<double>::infinity();
  }

  std::vector<uint64_t> used;  // by page: which slots have a kernel
  std::vector<uint32_t> everywhere;
  KernelTree tree;
  // Of its cells, if the space has few enough dimensions and all are continuous.
  std::optional<CellSums> sums;
  size_t newest = 0;  // the greatest number that a kernel in the tree has had
  // Of its pages, if the space has enough numeric dimensions.
  std::optional<CodedPages> codes;
  // At most: a term of what has been in the tree, and the sum of its (distance * scale)^2 in the
  // tree's dimensions.
  double greatest_term = -std::numeric_limits<double>::infinity();
};

// Values of trials, by dimension and number of the trial. Kernels that are coded have their centres
// there.
using TrialValues = std::span<const std::span<const double>>;

class Mixture {
 public:
  // d >= 1 domains, none with a single value.
  Mixture(std::span<const Domain> domains, bool forgetting);

  // Makes room for so many slots; new ones are empty. Those that are coded get no centres here, and
  // constants neither.
  void Reserve(size_t slots, bool are_coded = false);
  // Takes all kernels away, and their slots.
  void Empty();
  size_t Slots() const { return blocks_.size() * kLanes; }

  // A kernel is set one dimension after the other; then which trial's it is, the oldest having the
  // least number, or that it is the prior; then UpdateConstants of its block, if they are kept.
  // Lesser widths than the least of LimitsOf stand for that.
  // Whether that changes what the block's constants depend on.
  bool SetNormal(size_t slot, size_t dimension, double mu, double sigma);
  // All kernels of a numeric dimension at once: ascending centres, the prior last.
  struct Normal {
    size_t slot;
    double mu;
    double sigma;
  };
  void SetNormals(size_t dimension, std::span<const Normal> normals);
  // Of the continuous dimensions, the first of a centre's, with the least width that there can be.
  void SetCentre(size_t slot, std::span<const double> centre);
  // `choice`: observed; the number of choices for the prior.
  void SetChoice(size_t slot, size_t dimension, size_t choice);
  void SetTrial(size_t slot, size_t number) {
    blocks_.numbers[slot / kLanes].lane[slot % kLanes] = static_cast<int32_t>(number);
    blocks_.ranks.Insert(number);
  }
  void SetPrior(size_t slot) {
    blocks_.numbers[slot / kLanes].lane[slot % kLanes] = KernelBlocks::kPrior;
    prior_slot_ = slot;
  }
  size_t PriorSlot() const { return prior_slot_; }
  // Whether a kernel's weight is 1 in any case.
  bool IsNewest(size_t number) const {
    return blocks_.ranks.Of(number) + kNewest >= observation_count_;
  }
  // Of a kernel that is not the prior.
  size_t TrialOf(size_t slot) const { return static_cast<size_t>(NumberAt(slot)); }
  // The constants of kernels, which hold their normalisers: of some blocks, or of all; or each call
  // makes those that it needs, until they are all made again.
  void UpdateConstants(std::span<const uint32_t> blocks);
  void UpdateConstants() { MakeAllConstants(nullptr); }
  void UpdateConstants(const KernelTails& tails) { MakeAllConstants(&tails); }
  void DropConstants() { has_constants_ = false; }
  bool HasConstants() const { return has_constants_; }

  // Makes a slot with a kernel empty; its block wants UpdateConstants.
  void Clear(size_t slot);
  // Moves a kernel to an empty slot: if one of them is coded, without its centre, its widths and
  // its constant.
  void Move(size_t from, size_t to);

  // Nothing if the mixture has other dimensions, or too many, or intervals that have no formulas.
  std::optional<CellSums> MakeCellSums() const;
  // Nothing if it has too few numeric dimensions, or intervals that have no formulas.
  std::optional<CodedPages> MakeCodedPages() const;
  // The number of dimensions with neither a step nor choices, and of those with no choices: the
  // tree's. Those with steps come last in its centres.
  size_t ContinuousCount() const { return blocks_.continuous; }
  size_t NumericCount() const { return tree_scales_.size(); }
  // Where a numeric dimension is in the tree's centres.
  size_t CoordinateOf(size_t dimension) const { return dimensions_[dimension].coordinate; }
  // Of the i-th continuous dimension, if the slot is not coded.
  double CentreAt(size_t slot, size_t i) const {
    return blocks_.centres[ShapeIndex(slot, i)].lane[slot % kLanes];
  }
  double ScaleAt(size_t slot, size_t i) const {
    return blocks_.scales[ShapeIndex(slot, i)].lane[slot % kLanes];
  }
  // By coordinate: of the least width that there can be, with kSettled observations.
  std::span<const double> LeastWidthScales() const { return tree_scales_; }
  // Of a dimension with steps.
  double SigmaOf(size_t slot, size_t dimension) const {
    return dimensions_[dimension].sigma[RowOf(slot, dimensions_[dimension])];
  }
  // See Partition::greatest_term.
  double GreatestTermOf(double constant) const;
  // What of a kernel in the tree does not depend on the point, in dimensions that are continuous or
  // finely stepped.
  double TreeConstantOf(size_t slot) const;
  // The same by kernel; `centres`: the tree's, one after the other. None without such dimensions.
  std::vector<double> TreeConstants(std::span<const double> centres) const;
  // Whether one of the tree's centres is outside an interval, or an interval has no formulas.
  bool IsSpecial(std::span<const double> centre) const;
  double CentreOf(size_t slot, size_t dimension) const;
  size_t ChoiceOf(size_t slot, size_t dimension) const {
    return RowOf(slot, dimensions_[dimension]);
  }

  // Number of kernels without the prior.
  void SetObservationCount(size_t count);

  // ln of the density at each of `points`, which is c x d internal values.
  std::vector<double> LogDensity(std::span<const double> points) const;
  // The same without looking at kernels that are too far away to matter.
  std::vector<double> LogDensity(std::span<const double> points, const Partition& near,
                                 TrialValues values) const;

  // Position of the point with the greatest log_l - LogDensity, the first among equals, without
  // computing more of the densities than that takes. A NaN never wins. `near` may be null.
  size_t GreatestRatio(std::span<const double> points, std::span<const double> log_l,
                       const Partition* near, TrialValues values) const;

 private:
  enum class Kind : uint8_t { kContinuous, kStepped, kCategorical };
  struct Dimension {
    Kind kind = Kind::kContinuous;
    size_t position = 0;    // among the continuous or the tabulated ones
    size_t coordinate = 0;  // in the tree's centres
    // Stepped, and steps are so fine that coded terms have it (fine_steps.h).
    bool is_fine = false;
    NumericDomain numeric;
    Interval interval;
    size_t choice_count = 0;
    // Stepped: kernels with equal mu and sigma, which ints have many of, share a row.
    std::map<std::pair<double, double>, int32_t> row_of;
    bool has_row_of = true;      // else it is to be made
    std::vector<bool> has_row;   // by slot
    std::vector<int32_t> users;  // kernels per row
    std::vector<int32_t> free_rows;
    std::vector<double> mu;
    std::vector<double> sigma;
    std::vector<double> log_mass;
  };
  class Constants;
  class Queries;
  class CellHeat;
  class DecodedPage;
  class PageCosts;
  class CodedReader;
  struct CodedSum;
  struct Candidate;

  double ConstantAt(size_t slot) const { return constants_[PlaceOf(slot)].lane[slot % kLanes]; }
  // The tree's: those of continuous dimensions first, then of finely stepped ones.
  void OrderCoordinates();
  static void ClearRows(Dimension& dimension);
  void SetRows(Dimension& dimension, std::span<const Normal> normals);
  static void MakeRowOf(Dimension& dimension);
  static int32_t TakeRow(Dimension& dimension, double mu, double sigma);
  static void LeaveRow(Dimension& dimension, int32_t row);
  int32_t& RowAt(size_t slot, const Dimension& dimension) {
    return blocks_.rows[(slot / kLanes) * blocks_.tabulated + dimension.position]
        .lane[slot % kLanes];
  }
  size_t RowOf(size_t slot, const Dimension& dimension) const {
    const size_t index = (slot / kLanes) * blocks_.tabulated + dimension.position;
    return static_cast<size_t>(blocks_.rows[index].lane[slot % kLanes]);
  }
  int32_t NumberAt(size_t slot) const { return blocks_.numbers[slot / kLanes].lane[slot % kLanes]; }
  void MakeAllConstants(const KernelTails* tails);
  void MakeConstants(std::span<const uint32_t> which, const KernelTails* tails,
                     KernelConstants* constants) const;
  double PreciseConstant(size_t block, size_t lane) const;
  // ln of the inverse of its mass and of sigma sqrt(2 pi), in the i-th continuous dimension.
  double PreciseNormaliser(size_t i, double mu, double scale) const;

  // From how many widths on a kernel cannot matter in a stepped dimension.
  double ReachInWidths() const;
  // -ln f in the cell around a value, of some rows.
  static void CellCosts(const Dimension& dimension, const Interval& cell,
                        std::span<const size_t> rows, std::span<double> costs);
  // The same at a value, by row.
  void SetCellCosts(const Dimension& dimension, double value, double reach,
                    std::pmr::vector<double>& costs) const;
  void SetChoiceCosts(const Dimension& dimension, double value,
                      std::pmr::vector<double>& costs) const;
  // Of a slot that is not coded.
  size_t PlaceOf(size_t slot) const { return blocks_.places[slot / kLanes]; }
  size_t ShapeIndex(size_t slot, size_t i) const { return PlaceOf(slot) * blocks_.continuous + i; }
  void SetShapeAt(size_t slot, size_t i, double mu, double scale) {
    const size_t index = ShapeIndex(slot, i);
    blocks_.centres[index].lane[slot % kLanes] = mu;
    blocks_.scales[index].lane[slot % kLanes] = scale;
  }
  void MoveShape(size_t from, size_t to);
  // As SetNormal, in a continuous dimension.
  bool SetShape(const Dimension& dimension, const Normal& normal);
  // The points of which one has the greatest ratio, ascending; usually it is one alone.
  std::vector<size_t> PossiblyGreatest(Queries& queries, std::span<const double> log_l,
                                       const Partition* near) const;
  // The same where the partition has sums of cells (cell_race.cc).
  std::vector<size_t> GreatestByCells(Queries& queries, std::span<const double> log_l,
                                      const Partition& near) const;
  static CellHeat* NextHeat(std::span<CellHeat> heats);
  std::vector<CellHeat> MakeHeats(Queries& queries, std::span<const double> log_l,
                                  const Partition& near) const;
  // Reads more, until the ratio is below what is to be beaten; or, if it all has been read, with
  // less tolerance.
  void LookCloser(Candidate& c, Queries& queries, double to_beat, const Partition* near) const;
  // The same, with the tolerance that there is: pages that are coded, and others in the order of
  // the tree.
  void ReadCoded(Candidate& c, Queries& queries, double to_beat, const Partition& near) const;
  void ReadTree(Candidate& c, Queries& queries, double to_beat, const Partition* near) const;
  // Takes over what a sum so far, or if all has been read the sum, says of the ratio. `error`: of
  // its logarithm.
  void Bound(Candidate& c, const RoughSum& sum, double log_sum, double error) const;
  // Of the kernels in a tree.
  NumberWeights WeightsInTree(const Partition& near) const;
  // Lesser terms do not matter to a candidate whose sum is at least that.
  double FloorOf(const Candidate& c, double log_sum) const;
  // Of the logarithm of a sum over coded kernels whose costs are up to `reach`: how much it may be
  // off.
  double CodedError(const CodedPages::Point& point, double reach) const;
  // Calls visit(first, last) for runs of blocks that may have terms of at least floor(), until it
  // returns false; floor() may rise meanwhile. Whether it never did. Not if pages are coded.
  template <class Floor, class Visit>
  bool VisitNear(const TreePoint& point, const Partition* near, const Floor& floor,
                 const Visit& visit) const;
  ScaledSum Sum(const KernelTerms& terms, double gap) const;
  // Terms below the largest by more than this are left out, for a relative error of the density of
  // at most e^-precision.
  double GapFor(double precision) const;
  // If a sum is at least e^log_sum, all lesser terms together are at most e^-precision of it.
  double LeastTerm(double log_sum, double precision) const;
  // At most the prior's term at a point in the intervals.
  double LeastPriorTerm(const KernelQuery& query) const;
  // The same without the point's tables.
  double LeastPriorTerm(const Queries& queries, size_t i) const;

  std::vector<Dimension> dimensions_;
  std::vector<Interval> intervals_;     // of the continuous dimensions
  bool are_points_coordinates_ = true;  // all dimensions are continuous, none log
  bool has_special_interval_ = false;
  bool has_outsider_ = false;  // a kernel with a centre outside an interval, or too narrow
  KernelBlocks blocks_;
  uint32_t places_ = 0;  // of blocks that are not coded
  bool has_constants_ = false;
  std::vector<KernelConstants> constants_;
  // By coordinate in the tree's centres.
  std::vector<double> tree_scales_;
  std::vector<Interval> tree_intervals_;
  bool is_tree_plain_ = true;  // all those intervals have formulas
  // Of the first coordinates, those of dimensions that are continuous or finely stepped.
  std::vector<double> term_scales_;
  // Of the finely stepped ones: sums of the logarithms of steps and of what term scales are less
  // by, and of the steps in widths to the fourth power.
  double fine_constant_ = 0;
  double fine_fourth_powers_ = 0;
  // Of the prior, by continuous dimension.
  std::vector<double> prior_centres_;
  std::vector<double> prior_scales_;
  double prior_constant_ = 0;
  bool forgetting_ = true;
  size_t prior_slot_ = 0;
  size_t observation_count_ = 0;
  // By their number.
  double log_kernel_count_ = 0;
  RampWeights weights_;
  double log_total_weight_ = 0;
  double greatest_constant_ = 0;  // of kernels whose centres are in the intervals
};

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_MIXTURE_H_
