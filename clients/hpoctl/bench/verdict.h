// What to make of a measurement, in plain words.

#ifndef HPOD_CLIENTS_HPOCTL_BENCH_VERDICT_H_
#define HPOD_CLIENTS_HPOCTL_BENCH_VERDICT_H_

#include <string>
#include <vector>

#include "clients/hpoctl/bench/parts.h"

namespace hpod {

// Sentences about the parts: the cost of one trial, what the disk adds, and how many workers it is
// enough for. `parts` has each of the names.
std::vector<std::string> Verdict(const std::vector<Part>& parts);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_BENCH_VERDICT_H_
