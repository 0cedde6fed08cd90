// Which parameters TPE draws together.

#ifndef HPOD_SAMPLERS_TPE_SEARCH_SPACE_H_
#define HPOD_SAMPLERS_TPE_SEARCH_SPACE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "samplers/history.h"

namespace hpod {

// Distributions by the name of their parameter, ascending; none has a single value.
using JointSpace = std::vector<uint32_t>;
std::vector<Domain> DomainsOf(const History& history, const JointSpace& space);
std::vector<size_t> NamesOf(const History& history, const JointSpace& space);

// The distributions that all COMPLETE and PRUNED trials have: same name, same domain. O(shapes),
// not O(trials).
JointSpace IntersectionSpace(const History& history);

// The names of all COMPLETE and PRUNED trials, divided so that two names are together if and only
// if the same trials have them. Each name has the distribution of the first such trial that has it.
// By their first name, ascending; none is empty. (This is the partition of Optuna's `group`, in
// which each trial splits the groups before it.)
std::vector<JointSpace> GroupedSpaces(const History& history);

// Columns, one per name, of the values of those of `numbers` that have all of `names`, in their
// order. For a running trial, what was foreseen for it stands in for what it lacks. A name may be
// NameCount(): nobody has it.
using Columns = std::vector<std::vector<double>>;
Columns CollectObservations(const History& history, std::span<const size_t> names,
                            std::span<const size_t> numbers);
// The same in the memory of earlier columns.
void CollectObservations(const History& history, std::span<const size_t> names,
                         std::span<const size_t> numbers, Columns& columns);
// Writes the same row of one trial. False, and then the row is of no use, if it lacks a value. Each
// name is known.
bool ReadObservedValues(const History& history, std::span<const size_t> names, size_t number,
                        std::span<double> row);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_SEARCH_SPACE_H_
