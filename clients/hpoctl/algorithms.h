// What `sampler list` and `pruner list` share.

#ifndef HPOD_CLIENTS_HPOCTL_ALGORITHMS_H_
#define HPOD_CLIENTS_HPOCTL_ALGORITHMS_H_

#include "clients/hpoctl/command.h"

namespace hpod {

using AlgorithmEntries = google::protobuf::RepeatedPtrField<hpo::v1::AlgorithmEntry>;

// On a terminal a paragraph for each, with its options; otherwise a row for each option (and one
// for an algorithm without any).
void PrintAlgorithms(const AlgorithmEntries& entries, Context& context);

}  // namespace hpod

#endif  // HPOD_CLIENTS_HPOCTL_ALGORITHMS_H_
