#include "samplers/tpe/sorted_centres.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace hpod {
namespace {

// Of a run, in least widths: a little less than one, for what rounding adds.
constexpr double kRunWidth = 0.999;

}  // namespace

WidthLimits LimitsOf(const Interval& interval, size_t observation_count) {
  // Bounds of a log domain may have equal logarithms.
  const double most = std::max(interval.high - interval.low, std::numeric_limits<double>::min());
  return {most / std::min(100.0, static_cast<double>(observation_count) + 2.0), most};
}

void SortedCentres::Assign(std::vector<Centre> centres) {
  std::sort(centres.begin(), centres.end());
  runs_.clear();
  chunks_.clear();
  for (size_t first = 0; first < centres.size(); first += kMost / 2) {
    const size_t last = std::min(first + kMost / 2, centres.size());
    chunks_.emplace_back(centres.begin() + static_cast<std::ptrdiff_t>(first),
                         centres.begin() + static_cast<std::ptrdiff_t>(last));
  }
}

SortedCentres::Run* SortedCentres::RunOf(double mu) {
  if (runs_.empty() || !interval_.Contains(mu)) return nullptr;
  return &runs_[static_cast<size_t>((mu - interval_.low) / (kRunWidth * limits_.least))];
}

void SortedCentres::MakeRuns() {
  runs_.clear();
  const double count = (interval_.high - interval_.low) / (kRunWidth * limits_.least);
  if (IsPlain(interval_)) runs_.resize(static_cast<size_t>(count) + 1);
}

bool SortedCentres::Count(const Centre& centre) {
  Run* run = RunOf(centre.mu);
  if (run == nullptr) return false;
  ++run->count;
  run->Extend(centre);
  return true;
}

void SortedCentres::FinishThinly(std::vector<Centre> kept) {
  std::vector<Run> runs = std::move(runs_);
  for (const Run& run : runs) {
    if (run.count > 0) kept.push_back(run.first);
    if (run.count > 1) kept.push_back(run.last);
  }
  Assign(std::move(kept));
  runs_ = std::move(runs);
}

SortedCentres::Place SortedCentres::Put(const Centre& centre) {
  if (chunks_.empty()) chunks_.emplace_back();
  const size_t i = ChunkFor(centre);
  std::vector<Centre>& chunk = chunks_[i];
  const auto it = chunk.insert(std::lower_bound(chunk.begin(), chunk.end(), centre), centre);
  const auto index = static_cast<size_t>(it - chunk.begin());
  if (chunk.size() <= kMost) return {i, index};
  constexpr size_t kHalf = kMost / 2;
  std::vector<Centre> upper(chunk.begin() + kHalf, chunk.end());
  chunk.resize(kHalf);
  chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(upper));
  return index < kHalf ? Place{i, index} : Place{i + 1, index - kHalf};
}

SortedCentres::Place SortedCentres::Take(const Centre& centre) {
  const size_t i = ChunkFor(centre);
  std::vector<Centre>& chunk = chunks_[i];
  const auto it = std::lower_bound(chunk.begin(), chunk.end(), centre);
  assert(it != chunk.end() && *it == centre);
  const auto index = static_cast<size_t>(it - chunk.begin());
  chunk.erase(it);
  if (index < chunk.size()) return {i, index};
  if (!chunk.empty()) return {i + 1, 0};
  chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(i));
  return {i, 0};
}

SortedCentres::Place SortedCentres::Next(Place place) const {
  if (place.index + 1 < chunks_[place.chunk].size()) return {place.chunk, place.index + 1};
  return {place.chunk + 1, 0};
}

SortedCentres::Place SortedCentres::Previous(Place place) const {
  if (place.index > 0) return {place.chunk, place.index - 1};
  return {place.chunk - 1, chunks_[place.chunk - 1].size() - 1};
}

double SortedCentres::WidthAt(Place place) const {
  const Place next = Next(place);
  return WidthBetween(IsBegin(place) ? nullptr : &At(Previous(place)), At(place),
                      IsEnd(next) ? nullptr : &At(next), limits_);
}

// The last chunk that begins at or before the centre, or the first.
size_t SortedCentres::ChunkFor(const Centre& centre) const {
  const auto after = std::upper_bound(
      chunks_.begin(), chunks_.end(), centre,
      [](const Centre& c, const auto& chunk) { return !chunk.empty() && c < chunk.front(); });
  return after == chunks_.begin() ? 0 : static_cast<size_t>(after - chunks_.begin()) - 1;
}

}  // namespace hpod
