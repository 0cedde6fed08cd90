// The search spaces and histories that hpod and its peers are measured with.
// tests/bench/workload.py makes the same ones from the same formulas, to the last bit.

#ifndef HPOD_TESTS_BENCH_WORKLOAD_H_
#define HPOD_TESTS_BENCH_WORKLOAD_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "samplers/space.h"

namespace hpod {

// "floats1", "floats2", ...: so many, x0, x1, ..., in [0, 1]. "mixed8": log floats, floats, an int,
// a log int and two categoricals. "ints4", which only hpod is measured with: four of up to a
// million. Ends the program with a message if there is no such space.
Space WorkloadSpace(std::string_view name);

enum class HistoryKind : uint8_t {
  kUniform,
  // As TPE leaves it: around position 0.4 with a standard deviation of 1/27 of the range (the sum
  // of 12 uniform draws), but one trial in ten uniform.
  kConcentrated,
};

// Where trial `number` of a history lies in each of `parameters` domains, in [0, 1).
std::vector<double> HistoricPositions(HistoryKind kind, uint64_t number, size_t parameters);

// The internal value at a position: linear, or linear in the logarithm.
double ValueAtPosition(const Domain& domain, double position);
// Where a value lies in its domain, in [0, 1].
double PositionOf(const Domain& domain, double value);

// The objective: squared distances of the positions from 0.4.
double ObjectiveOf(std::span<const double> positions);

}  // namespace hpod

#endif  // HPOD_TESTS_BENCH_WORKLOAD_H_
