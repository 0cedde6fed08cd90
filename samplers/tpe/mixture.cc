#include "samplers/tpe/mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>

#include "samplers/math/truncated_normal.h"
#include "samplers/tpe/fine_steps.h"
#include "samplers/tpe/sorted_centres.h"

namespace hpod {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

KernelConstants NoKernels() {
  KernelConstants none;
  std::fill_n(none.lane, kLanes, -kInfinity);
  return none;
}

}  // namespace

NumericDomain AsNumeric(const Domain& domain) {
  if (const auto* d = std::get_if<IntDomain>(&domain)) {
    return {static_cast<double>(d->low), static_cast<double>(d->high), static_cast<double>(d->step),
            d->log};
  }
  const auto& d = std::get<FloatDomain>(domain);
  return {d.low, d.high, d.step, d.log};
}

Interval IntervalOf(const NumericDomain& domain) {
  return {ToModel(domain.low - 0.5 * domain.step, domain.log),
          ToModel(domain.high + 0.5 * domain.step, domain.log)};
}

RampWeights MakeRampWeights(size_t observation_count, bool forgetting) {
  if (!forgetting || observation_count <= kNewest) return {1.0, 0.0};
  const size_t ramp = observation_count - kNewest;
  const double first = 1.0 / static_cast<double>(observation_count);
  // From 1/m to 1, both included; a ramp of one is its first, and all that follow have 1.
  return {first, ramp > 1 ? (1.0 - first) / static_cast<double>(ramp - 1) : 1.0};
}

ChoiceShares MakeChoiceShares(size_t choice_count, size_t observation_count) {
  const double share = 1.0 / static_cast<double>(observation_count + 1);
  const double row_sum = static_cast<double>(choice_count) * share + 1.0;
  return {(share + 1.0) / row_sum, share / row_sum};
}

Mixture::Mixture(std::span<const Domain> domains, bool forgetting) : forgetting_(forgetting) {
  dimensions_.reserve(domains.size());
  for (const Domain& domain : domains) {
    Dimension& dimension = dimensions_.emplace_back();
    if (const auto* categorical = std::get_if<CategoricalDomain>(&domain)) {
      dimension.kind = Kind::kCategorical;
      dimension.choice_count = categorical->choices.size();
    } else {
      dimension.numeric = AsNumeric(domain);
      dimension.interval = IntervalOf(dimension.numeric);
      dimension.kind = dimension.numeric.step > 0 ? Kind::kStepped : Kind::kContinuous;
    }
    const bool is_continuous = dimension.kind == Kind::kContinuous;
    dimension.position = (is_continuous ? blocks_.continuous : blocks_.tabulated)++;
    if (!is_continuous || dimension.numeric.log) are_points_coordinates_ = false;
    if (!is_continuous) continue;
    intervals_.push_back(dimension.interval);
    blocks_.greatest_scales.push_back(0.0);
    if (!IsPlain(dimension.interval)) has_special_interval_ = true;
    const auto& [low, high] = dimension.interval;
    prior_centres_.push_back(0.5 * low + 0.5 * high);
    prior_scales_.push_back(ScaleOf(LimitsOf(dimension.interval, 0).most));
    prior_constant_ +=
        PreciseNormaliser(intervals_.size() - 1, prior_centres_.back(), prior_scales_.back());
  }
  OrderCoordinates();
}

void Mixture::OrderCoordinates() {
  const auto add = [&](Dimension& d) {
    d.coordinate = tree_scales_.size();
    tree_scales_.push_back(ScaleOf(LimitsOf(d.interval, kSettled).least));
    tree_intervals_.push_back(d.interval);
    if (!IsPlain(d.interval)) is_tree_plain_ = false;
  };
  for (Dimension& d : dimensions_) {
    if (d.kind != Kind::kContinuous) continue;
    add(d);
    term_scales_.push_back(tree_scales_.back());
  }
  for (Dimension& d : dimensions_) {
    if (d.kind != Kind::kStepped || d.numeric.log || !IsPlain(d.interval)) continue;
    const double step = d.numeric.step / LimitsOf(d.interval, kSettled).least;
    d.is_fine = IsFine(step);
    if (!d.is_fine) continue;
    add(d);
    term_scales_.push_back(ScaleOverCells(tree_scales_.back(), d.numeric.step));
    fine_constant_ += std::log(d.numeric.step * term_scales_.back() / tree_scales_.back());
    fine_fourth_powers_ += std::pow(step, 4.0);
  }
  for (Dimension& d : dimensions_) {
    if (d.kind == Kind::kStepped && !d.is_fine) add(d);
  }
}

void Mixture::Reserve(size_t slots, bool are_coded) {
  const size_t count = (slots + kLanes - 1) / kLanes;
  IndexLanes no_trial;
  std::fill_n(no_trial.lane, kLanes, KernelBlocks::kNoTrial);
  while (blocks_.places.size() < count) {
    blocks_.places.push_back(are_coded ? KernelBlocks::kCoded : places_++);
  }
  blocks_.centres.resize(places_ * blocks_.continuous, DoubleLanes{});
  blocks_.scales.resize(places_ * blocks_.continuous, DoubleLanes{});
  if (has_constants_) constants_.resize(places_, NoKernels());
  blocks_.rows.resize(count * blocks_.tabulated, IndexLanes{});
  blocks_.numbers.resize(count, no_trial);
  for (Dimension& d : dimensions_) {
    if (d.kind == Kind::kStepped) d.has_row.resize(Slots(), false);
  }
}

void Mixture::Empty() {
  places_ = 0;
  blocks_.places.clear();
  blocks_.centres.clear();
  blocks_.scales.clear();
  blocks_.rows.clear();
  constants_.clear();
  has_constants_ = false;
  blocks_.numbers.clear();
  blocks_.ranks.Clear();
  has_outsider_ = false;
  for (Dimension& d : dimensions_) {
    d.has_row.clear();
    ClearRows(d);
  }
}

double ScaleOf(double sigma) { return 1.0 / std::numbers::sqrt2 / sigma; }

bool Mixture::SetNormal(size_t slot, size_t dimension, double mu, double sigma) {
  Dimension& d = dimensions_[dimension];
  if (d.kind == Kind::kContinuous) return SetShape(d, {slot, mu, sigma});
  int32_t& row = RowAt(slot, d);
  const int32_t before = row;
  row = TakeRow(d, mu, sigma);
  if (d.has_row[slot]) LeaveRow(d, before);
  d.has_row[slot] = true;
  return false;
}

void Mixture::SetNormals(size_t dimension, std::span<const Normal> normals) {
  Dimension& d = dimensions_[dimension];
  if (d.kind == Kind::kStepped) return SetRows(d, normals);
  for (const Normal& normal : normals) SetShape(d, normal);
}

bool Mixture::SetShape(const Dimension& dimension, const Normal& normal) {
  const auto& [slot, mu, sigma] = normal;
  if (!IsPlain(dimension.interval, mu, sigma)) has_outsider_ = true;
  const size_t i = dimension.position;
  const double scale = ScaleOf(sigma);
  const bool is_new = CentreAt(slot, i) != mu || ScaleAt(slot, i) != scale;
  SetShapeAt(slot, i, mu, scale);
  return is_new;
}

void Mixture::ClearRows(Dimension& d) {
  d.mu.clear();
  d.sigma.clear();
  d.users.clear();
  d.free_rows.clear();
  d.row_of.clear();
}

void Mixture::SetRows(Dimension& d, std::span<const Normal> normals) {
  ClearRows(d);
  d.has_row_of = false;
  d.has_row.assign(d.has_row.size(), false);
  for (const auto& [slot, mu, sigma] : normals) {
    if (d.mu.empty() || d.mu.back() != mu || d.sigma.back() != sigma) {
      d.mu.push_back(mu);
      d.sigma.push_back(sigma);
      d.users.push_back(0);
    }
    ++d.users.back();
    RowAt(slot, d) = static_cast<int32_t>(d.mu.size() - 1);
    d.has_row[slot] = true;
  }
  d.log_mass.resize(d.mu.size());
  LogNormalMasses(d.mu, d.sigma, d.interval, d.log_mass);
}

void Mixture::SetCentre(size_t slot, std::span<const double> centre) {
  for (size_t i = 0; i < blocks_.continuous; ++i) {
    SetShapeAt(slot, i, centre[i], tree_scales_[i]);
  }
}

void Mixture::SetChoice(size_t slot, size_t dimension, size_t choice) {
  RowAt(slot, dimensions_[dimension]) = static_cast<int32_t>(choice);
}

void Mixture::Move(size_t from, size_t to) {
  const size_t source = from / kLanes;
  const size_t target = to / kLanes;
  const auto move = [&](auto& from_lanes, auto& to_lanes, auto empty) {
    to_lanes.lane[to % kLanes] = from_lanes.lane[from % kLanes];
    from_lanes.lane[from % kLanes] = empty;
  };
  for (size_t i = 0; i < blocks_.tabulated; ++i) {
    move(blocks_.rows[source * blocks_.tabulated + i], blocks_.rows[target * blocks_.tabulated + i],
         0);
  }
  for (Dimension& d : dimensions_) {
    if (d.kind != Kind::kStepped) continue;
    d.has_row[to] = d.has_row[from];
    d.has_row[from] = false;
  }
  move(blocks_.numbers[source], blocks_.numbers[target], KernelBlocks::kNoTrial);
  if (blocks_.IsCoded(source)) return;
  if (!blocks_.IsCoded(target)) MoveShape(from, to);
  if (has_constants_) constants_[PlaceOf(from)].lane[from % kLanes] = -kInfinity;
}

void Mixture::MoveShape(size_t from, size_t to) {
  for (size_t i = 0; i < blocks_.continuous; ++i) {
    SetShapeAt(to, i, CentreAt(from, i), ScaleAt(from, i));
  }
  if (has_constants_) constants_[PlaceOf(to)].lane[to % kLanes] = ConstantAt(from);
}

void Mixture::Clear(size_t slot) {
  blocks_.ranks.Erase(TrialOf(slot));
  blocks_.numbers[slot / kLanes].lane[slot % kLanes] = KernelBlocks::kNoTrial;
  for (Dimension& d : dimensions_) {
    if (d.kind == Kind::kContinuous) continue;
    if (d.kind == Kind::kStepped && d.has_row[slot]) {
      LeaveRow(d, RowAt(slot, d));
      d.has_row[slot] = false;
    }
    RowAt(slot, d) = 0;
  }
}

double Mixture::CentreOf(size_t slot, size_t dimension) const {
  const Dimension& d = dimensions_[dimension];
  if (d.kind == Kind::kContinuous) return CentreAt(slot, d.position);
  return d.mu[RowOf(slot, d)];
}

std::optional<CellSums> Mixture::MakeCellSums() const {
  const bool is_small = blocks_.continuous > 0 && blocks_.continuous <= CellSums::kMostDimensions;
  if (!is_small || blocks_.tabulated > 0 || has_special_interval_) return std::nullopt;
  return CellSums(tree_scales_, intervals_);
}

std::optional<CodedPages> Mixture::MakeCodedPages() const {
  if (tree_scales_.size() < CodedPages::kLeastDimensions || !is_tree_plain_) return std::nullopt;
  double base = fine_constant_;
  for (size_t i = 0; i < term_scales_.size(); ++i) {
    base += std::log(tree_scales_[i]) - 0.5 * std::log(std::numbers::pi);
  }
  return CodedPages(tree_scales_, tree_intervals_, term_scales_, base);
}

bool Mixture::IsSpecial(std::span<const double> centre) const {
  if (!is_tree_plain_) return true;
  for (size_t i = 0; i < centre.size(); ++i) {
    if (!tree_intervals_[i].Contains(centre[i])) return true;
  }
  return false;
}

// In a dimension with steps a kernel whose centre is more than a widths from a cell has a cost of
// at least a^2 / 2 - 0.4 there (see ReachInWidths). If it is a fine one, its mass in the cell is at
// most the step times the greatest density there, which the term scale is less than by 0.1 %.
double Mixture::GreatestTermOf(double constant) const {
  const auto fine = static_cast<double>(term_scales_.size() - blocks_.continuous);
  return constant + 0.4 * static_cast<double>(tree_scales_.size() - term_scales_.size()) +
         0.001 * fine;
}

double Mixture::TreeConstantOf(size_t slot) const {
  double sum = ConstantAt(slot) + fine_constant_;
  for (const Dimension& d : dimensions_) {
    if (!d.is_fine) continue;
    sum += LogNormalPdf(0.0) + std::log(tree_scales_[d.coordinate] * std::numbers::sqrt2) -
           d.log_mass[RowOf(slot, d)];
  }
  return sum;
}

void Mixture::UpdateConstants(std::span<const uint32_t> blocks) {
  MakeConstants(blocks, nullptr, constants_.data());
}

void Mixture::MakeAllConstants(const KernelTails* tails) {
  std::vector<uint32_t> all;
  all.reserve(places_);
  for (uint32_t block = 0; block < blocks_.size(); ++block) {
    if (!blocks_.IsCoded(block)) all.push_back(block);
  }
  constants_.resize(places_);
  has_constants_ = true;
  MakeConstants(all, tails, constants_.data());
}

void Mixture::MakeConstants(std::span<const uint32_t> which, const KernelTails* tails,
                            KernelConstants* constants) const {
  const std::vector<uint32_t> special = SetConstants(blocks_, which, intervals_, tails, constants);
  for (size_t i = 0; i < which.size(); ++i) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      double& constant = constants[blocks_.places[which[i]]].lane[lane];
      if (blocks_.numbers[which[i]].lane[lane] == KernelBlocks::kNoTrial) {
        constant = -kInfinity;
      } else if (has_special_interval_ || (special[i] >> lane & 1U) != 0) {
        constant = PreciseConstant(which[i], lane);
      }
    }
  }
}

std::vector<double> Mixture::TreeConstants(std::span<const double> centres) const {
  const size_t d = term_scales_.size();
  const size_t row = tree_scales_.size();
  const size_t count = d == 0 ? 0 : centres.size() / row;
  KernelBlocks block;
  block.continuous = d;
  block.places = {0};
  block.greatest_scales = tree_scales_;
  block.centres.resize(d);
  block.scales.resize(d);
  for (size_t i = 0; i < d; ++i) std::fill_n(block.scales[i].lane, kLanes, tree_scales_[i]);
  constexpr uint32_t kTheBlock[] = {0};
  KernelConstants constants;
  std::vector<double> all;
  all.reserve(count);
  for (size_t first = 0; first < count; first += kLanes) {
    const size_t lanes = std::min(kLanes, count - first);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double* centre = &centres[(first + std::min(lane, lanes - 1)) * row];
      for (size_t i = 0; i < d; ++i) block.centres[i].lane[lane] = centre[i];
    }
    SetConstants(block, kTheBlock, tree_intervals_, nullptr, &constants);
    for (size_t lane = 0; lane < lanes; ++lane) {
      all.push_back(constants.lane[lane] + fine_constant_);
    }
  }
  return all;
}

void Mixture::MakeRowOf(Dimension& dimension) {
  for (size_t row = 0; row < dimension.mu.size(); ++row) {
    if (dimension.users[row] == 0) continue;
    dimension.row_of.try_emplace({dimension.mu[row], dimension.sigma[row]},
                                 static_cast<int32_t>(row));
  }
  dimension.has_row_of = true;
}

int32_t Mixture::TakeRow(Dimension& dimension, double mu, double sigma) {
  if (!dimension.has_row_of) MakeRowOf(dimension);
  const auto [entry, inserted] = dimension.row_of.try_emplace({mu, sigma}, 0);
  int32_t& row = entry->second;
  if (!inserted) {
    ++dimension.users[static_cast<size_t>(row)];
    return row;
  }
  if (dimension.free_rows.empty()) {
    dimension.free_rows.push_back(static_cast<int32_t>(dimension.mu.size()));
    dimension.mu.emplace_back();
    dimension.sigma.emplace_back();
    dimension.log_mass.emplace_back();
    dimension.users.emplace_back();
  }
  row = dimension.free_rows.back();
  dimension.free_rows.pop_back();
  const auto index = static_cast<size_t>(row);
  dimension.mu[index] = mu;
  dimension.sigma[index] = sigma;
  LogNormalMasses({&mu, 1}, {&sigma, 1}, dimension.interval, {&dimension.log_mass[index], 1});
  dimension.users[index] = 1;
  return row;
}

void Mixture::LeaveRow(Dimension& dimension, int32_t row) {
  const auto index = static_cast<size_t>(row);
  if (--dimension.users[index] > 0) return;
  // The row of the prior may be equal to another.
  const auto entry = dimension.row_of.find({dimension.mu[index], dimension.sigma[index]});
  if (entry != dimension.row_of.end() && entry->second == row) dimension.row_of.erase(entry);
  dimension.free_rows.push_back(row);
}

double Mixture::PreciseConstant(size_t block, size_t lane) const {
  double sum = 0.0;
  for (size_t i = 0; i < blocks_.continuous; ++i) {
    const size_t slot = block * kLanes + lane;
    sum += PreciseNormaliser(i, CentreAt(slot, i),
                             std::min(ScaleAt(slot, i), blocks_.greatest_scales[i]));
    // A kernel so far outside the bounds that its mass in them is no double has no part in the
    // mixture.
    if (sum == -kInfinity) break;
  }
  return sum;
}

double Mixture::PreciseNormaliser(size_t i, double mu, double scale) const {
  const double inverse_sigma = scale * std::numbers::sqrt2;
  const double log_mass = LogNormalMass((intervals_[i].low - mu) * inverse_sigma,
                                        (intervals_[i].high - mu) * inverse_sigma);
  if (!std::isfinite(log_mass)) return -kInfinity;
  return LogNormalPdf(0.0) + std::log(inverse_sigma) - log_mass;
}

}  // namespace hpod
