#include "tests/bench/workload.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <system_error>
#include <utility>

namespace hpod {
namespace {

constexpr double kBest = 0.4;
constexpr double kDeviations = 27;
constexpr double kLargestPosition = 1 - 0x1p-53;
// Draws per trial and parameter: one uniform, twelve for the normal.
constexpr uint64_t kDraws = 13;

// Draw number `index` of a stream, uniform in [0, 1): SplitMix64.
double Draw(uint64_t stream, uint64_t index) {
  uint64_t z = (stream << 48) + (index + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

Space MakeSpace(std::vector<ParameterSpec> specs) { return *Space::Make(std::move(specs)); }

Space Floats(size_t count) {
  std::vector<ParameterSpec> specs;
  for (size_t i = 0; i < count; ++i) {
    specs.push_back({fmt::format("x{}", i), FloatDomain{0, 1, false, 0}, {}});
  }
  return MakeSpace(std::move(specs));
}

Space WideInts(size_t count) {
  std::vector<ParameterSpec> specs;
  for (size_t i = 0; i < count; ++i) {
    specs.push_back({fmt::format("x{}", i), IntDomain{0, 1'000'000, false, 1}, {}});
  }
  return MakeSpace(std::move(specs));
}

Space Mixed() {
  const CategoricalDomain choices{{Value("a"), Value("b"), Value("c"), Value("d")}};
  return MakeSpace({{"lr", FloatDomain{1e-5, 1e-1, true, 0}, {}},
                    {"decay", FloatDomain{1e-6, 1e-2, true, 0}, {}},
                    {"dropout", FloatDomain{0, 0.5, false, 0}, {}},
                    {"momentum", FloatDomain{0.5, 0.99, false, 0}, {}},
                    {"layers", IntDomain{1, 12, false, 1}, {}},
                    {"units", IntDomain{16, 1024, true, 1}, {}},
                    {"optimizer", choices, {}},
                    {"activation", choices, {}}});
}

double Whole(double low, double high, bool log, double position) {
  const double value = log ? std::floor(low * std::pow((high + 1) / low, position))
                           : low + std::floor(position * (high - low + 1));
  return std::clamp(value, low, high);
}

}  // namespace

Space WorkloadSpace(std::string_view name) {
  constexpr std::string_view kFloats = "floats";
  if (name == "mixed8") return Mixed();
  if (name == "ints4") return WideInts(4);
  if (name.starts_with(kFloats)) {
    size_t count = 0;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + kFloats.size(), end, count);
    if (error == std::errc() && rest == end && count > 0) return Floats(count);
  }
  std::fprintf(stderr, "no space '%s'\n", std::string(name).c_str());
  std::exit(1);
}

std::vector<double> HistoricPositions(HistoryKind kind, uint64_t number, size_t parameters) {
  const bool is_uniform = kind == HistoryKind::kUniform || Draw(1, number) < 0.1;
  std::vector<double> positions(parameters);
  for (size_t i = 0; i < parameters; ++i) {
    const uint64_t first = (number * parameters + i) * kDraws;
    if (is_uniform) {
      positions[i] = Draw(2, first);
      continue;
    }
    double sum = 0;
    for (uint64_t k = 1; k < kDraws; ++k) sum += Draw(2, first + k);
    positions[i] = std::clamp(kBest + (sum - 6) / kDeviations, 0.0, kLargestPosition);
  }
  return positions;
}

double ValueAtPosition(const Domain& domain, double position) {
  if (const auto* d = std::get_if<FloatDomain>(&domain)) {
    if (!d->log) return d->low + position * (d->high - d->low);
    return std::clamp(d->low * std::pow(d->high / d->low, position), d->low, d->high);
  }
  if (const auto* d = std::get_if<IntDomain>(&domain)) {
    return Whole(static_cast<double>(d->low), static_cast<double>(d->high), d->log, position);
  }
  const auto count = static_cast<double>(std::get<CategoricalDomain>(domain).choices.size());
  return std::floor(position * count);
}

double PositionOf(const Domain& domain, double value) {
  if (const auto* d = std::get_if<FloatDomain>(&domain)) {
    return d->log ? std::log(value / d->low) / std::log(d->high / d->low)
                  : (value - d->low) / (d->high - d->low);
  }
  const auto count = static_cast<double>(Cardinality(domain));
  return (static_cast<double>(IndexOfValue(domain, value)) + 0.5) / count;
}

double ObjectiveOf(std::span<const double> positions) {
  double sum = 0;
  for (const double position : positions) sum += (position - kBest) * (position - kBest);
  return sum;
}

}  // namespace hpod
