// The JSON texts in storage's columns. Doubles are written in the shortest form that reads back bit
// for bit.

#ifndef HPOD_SERVER_STORAGE_JSON_CODEC_H_
#define HPOD_SERVER_STORAGE_JSON_CODEC_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

#include "server/model/mutation.h"
#include "server/model/study_spec.h"

namespace hpod {

// [0.1,3,-0]. Doubles must be finite (internal values are). Parsing: DATA_LOSS if the text is
// anything else.
void AppendNumbers(std::span<const double> numbers, std::string& text);
absl::Status ParseNumbers(std::string_view text, std::vector<double>& numbers);
std::string EncodeIntegers(std::span<const int64_t> numbers);
absl::StatusOr<std::vector<int64_t>> DecodeIntegers(std::string_view text);

// Each Decode: DATA_LOSS if the text is not what Encode wrote.
std::string EncodeDomain(const Domain& domain);
absl::StatusOr<Domain> DecodeDomain(std::string_view text);
std::string EncodeSpace(const Space& space);
absl::StatusOr<Space> DecodeSpace(std::string_view text);
std::string EncodeDirections(std::span<const Direction> directions);
absl::StatusOr<std::vector<Direction>> DecodeDirections(std::string_view text);
std::string EncodeOptions(const Options& options);
absl::StatusOr<Options> DecodeOptions(std::string_view text);
std::string EncodeStrings(std::span<const std::string> strings);
absl::StatusOr<std::vector<std::string>> DecodeStrings(std::string_view text);
// Values that may be infinite.
std::string EncodeDoubles(std::span<const double> values);
absl::StatusOr<std::vector<double>> DecodeDoubles(std::string_view text);

std::string EncodeConstraints(const Constraints& constraints);
std::string EncodeOptunaFacts(const OptunaFacts& facts);

// The `extra` column: constraints, fixed, foreseen, retry_of, retry_count, lost, failure, optuna.
// Empty: the trial has none.
std::string EncodeExtra(const TrialRecord& trial);
absl::Status DecodeExtra(std::string_view text, TrialRecord& trial);

}  // namespace hpod

#endif  // HPOD_SERVER_STORAGE_JSON_CODEC_H_
