// Sets of loss vectors: nondomination ranks, hypervolume, and the choice of a subset by
// hypervolume.
//
// Losses are minimised. A set of n vectors with d losses each is n * d numbers, row by row.

#ifndef HPOD_SAMPLERS_TPE_PARETO_H_
#define HPOD_SAMPLERS_TPE_PARETO_H_

#include <cstddef>
#include <span>
#include <vector>

namespace hpod {

// n ranks: 0 for vectors that no other dominates, 1 for those that only rank 0 dominates, ... Equal
// vectors have equal ranks. Ranks are computed until at least `enough` distinct vectors have
// theirs; the rest get one common, worse rank. By peeling fronts off the lexicographic order: O(n *
// front) per front.
std::vector<size_t> NondominationRanks(std::span<const double> values, size_t dimensions,
                                       size_t enough);

// Volume that `losses` dominate up to `reference` (d numbers, none below any loss); +inf if it is
// not finite. After While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes",
// 2012.
double Hypervolume(std::span<const double> losses, std::span<const double> reference);

// Rows of `count` vectors of a front that together dominate much volume: greedily, each time the
// one that adds most, the first in lexicographic order among equals. At least 1 - 1/e of the best
// (Guerreiro, Fonseca and Paquete, "Greedy hypervolume subset selection in low dimensions", 2016).
// The reference point lies a tenth beyond the worst losses.
//   Equal vectors count once while there are others. Losses whose worst is not finite: the first
//   ones in lexicographic order. count <= n. The order of the result is unspecified.
std::vector<size_t> SelectByHypervolume(std::span<const double> values, size_t dimensions,
                                        size_t count);

}  // namespace hpod

#endif  // HPOD_SAMPLERS_TPE_PARETO_H_
