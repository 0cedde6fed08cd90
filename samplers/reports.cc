#include "samplers/reports.h"

#include <algorithm>
#include <cmath>

namespace hpod {
namespace {

ValueRange RangeOfAll(std::span<const Report> reports) {
  ValueRange range;
  for (const Report& report : reports) range.Include(report.value);
  return range;
}

auto FindStep(std::vector<Report>& reports, int64_t step) {
  return std::lower_bound(reports.begin(), reports.end(), step,
                          [](const Report& report, int64_t s) { return report.step < s; });
}

}  // namespace

// fmin and fmax return the other argument if one is NaN.
void ValueRange::Include(double value) {
  least = std::fmin(least, value);
  greatest = std::fmax(greatest, value);
}

std::span<const Report> Reports::Of(size_t number) const {
  if (number < closed_.size() && closed_[number].count > 0) {
    return {At(closed_[number].first), closed_[number].count};
  }
  const auto it = open_.find(number);
  if (it == open_.end()) return {};
  return it->second.reports;
}

ValueRange Reports::RangeOf(size_t number) const {
  const auto it = open_.find(number);
  return it == open_.end() ? RangeOfAll(Of(number)) : it->second.range;
}

bool Reports::Add(size_t number, Report report) {
  Open& open = OpenOf(number);
  const auto it = FindStep(open.reports, report.step);
  if (it != open.reports.end() && it->step == report.step) return false;
  open.reports.insert(it, report);
  open.range.Include(report.value);
  return true;
}

void Reports::Set(size_t number, Report report) {
  if (Add(number, report)) return;
  Open& open = OpenOf(number);
  FindStep(open.reports, report.step)->value = report.value;
  open.range = RangeOfAll(open.reports);
}

void Reports::Close(size_t number) {
  const auto it = open_.find(number);
  if (it == open_.end()) return;
  const std::vector<Report>& reports = it->second.reports;
  if (closed_.size() <= number) closed_.resize(number + 1);
  const uint32_t first = TakePlace(reports.size());
  std::copy(reports.begin(), reports.end(), At(first));
  closed_[number] = {first, static_cast<uint32_t>(reports.size())};
  open_.erase(it);
}

Reports::Open& Reports::OpenOf(size_t number) {
  const auto [it, is_new] = open_.try_emplace(number);
  if (is_new && number < closed_.size() && closed_[number].count > 0) {
    const std::span<const Report> closed = Of(number);
    it->second.reports.assign(closed.begin(), closed.end());
    it->second.range = RangeOfAll(closed);
    closed_[number] = {};
  }
  return it->second;
}

uint32_t Reports::TakePlace(size_t count) {
  const size_t left = chunks_.size() * kChunk - used_;
  if (count > left) {
    used_ += left;
    const size_t chunks = (count + kChunk - 1) / kChunk;
    chunks_.push_back(std::make_unique<Report[]>(chunks * kChunk));
    chunks_.resize(chunks_.size() + chunks - 1);
  }
  const auto first = static_cast<uint32_t>(used_);
  used_ += count;
  // What is left of several has no pointer of its own.
  if (count > kChunk) used_ = chunks_.size() * kChunk;
  return first;
}

size_t Reports::MemoryBytes() const {
  constexpr size_t kNodeBytes = 16;
  size_t bytes = closed_.capacity() * sizeof(Place) + chunks_.capacity() * sizeof(chunks_[0]) +
                 chunks_.size() * kChunk * sizeof(Report);
  for (const auto& [number, open] : open_) {
    bytes += kNodeBytes + sizeof(open) + open.reports.capacity() * sizeof(Report);
  }
  return bytes;
}

}  // namespace hpod
