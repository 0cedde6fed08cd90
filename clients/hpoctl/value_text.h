// Values of parameters as people type them.

#ifndef HPOD_CLIENTS_HPOCTL_VALUE_TEXT_H_
#define HPOD_CLIENTS_HPOCTL_VALUE_TEXT_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "hpo/v1/space.pb.h"
#include "hpo/v1/study.pb.h"

namespace hpod {

// Without a domain: `null`, `true` and `false` are what they say, `3` is an int, `0.1` and `1e3`
// are doubles, `"3"` in quotes is a string as JSON writes it, and anything else is a string.
hpo::v1::Value GuessValue(std::string_view text);

// The value of parameter `name` of `study`. If its space is declared, in the kind of the domain; of
// a categorical the choice that is guessed, else the one that reads as `text`. INVALID_ARGUMENT:
// not a number, not one of the choices, or not a parameter of the space. Bounds are for the server
// to check.
absl::StatusOr<hpo::v1::Value> ParseValue(const hpo::v1::Study& study, const std::string& name,
                                          std::string_view text);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_VALUE_TEXT_H_
