// Reads the golden files (README.md beside this file) into the vocabulary of samplers/.

#ifndef HPOD_TESTS_GOLDEN_GOLDEN_H_
#define HPOD_TESTS_GOLDEN_GOLDEN_H_

#include <cstdint>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "samplers/history.h"

namespace hpod {

// One entry of a golden file, not parsed yet.
struct GoldenEntry {
  std::string name;  // "<file>, <name of the entry>"
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const GoldenEntry& entry);

// The entries of tests/golden/<file>.json for each file, in order. A file that is missing gives one
// entry that does not parse, so that its tests fail.
std::vector<GoldenEntry> GoldenEntries(std::span<const std::string_view> files);

// The name of a parameterised test: the entry's name in letters, digits and underscores.
std::string GoldenTestName(const testing::TestParamInfo<GoldenEntry>& info);

// A number, or one of the texts "nan", "inf" and "-inf".
double GoldenNumber(const nlohmann::json& json);
std::vector<double> GoldenNumbers(const nlohmann::json& json);

Domain GoldenDomain(const nlohmann::json& json);

// A history with the index that each of its file's parameters has as a distribution.
struct GoldenHistory {
  History history;
  std::vector<uint32_t> distributions;
};
GoldenHistory MakeGoldenHistory(const nlohmann::json& json);

// Equal to 1e-9 relative or 1e-12 absolute; infinities and NaN equal themselves.
testing::AssertionResult IsClose(double actual, double expected);
// As many, and each close to its own; the message names the first that is not.
testing::AssertionResult AreClose(std::span<const double> actual, std::span<const double> expected);

}  // namespace hpod

#endif  // HPOD_TESTS_GOLDEN_GOLDEN_H_
