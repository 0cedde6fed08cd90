"""Which of several optimisers is better: ranks, and Wilcoxon's signed-rank test with Holm's correction."""

from __future__ import annotations

from typing import Sequence


def midranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1, smallest first; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for i in order[start:end]:
            ranks[i] = (start + 1 + end) / 2
        start = end
    return ranks


def signed_rank_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of Wilcoxon's test for pairs, exact also with ties; pairs without a difference are left out.

    The distribution of the rank sum is counted over all signs. Ranks are doubled so that shared ones are whole.
    """
    differences = [a - b for a, b in zip(first, second, strict=True) if a != b]
    ranks = [round(2 * rank) for rank in midranks([abs(d) for d in differences])]
    ways = [1] + [0] * sum(ranks)
    for rank in ranks:
        for total in range(len(ways) - 1, rank - 1, -1):
            ways[total] += ways[total - rank]
    positive = sum(rank for rank, d in zip(ranks, differences) if d > 0)
    tail = min(positive, sum(ranks) - positive)
    return min(1.0, 2 * sum(ways[: tail + 1]) / 2 ** len(ranks))


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for their number by Holm's step-down method, in the given order."""
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for done, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - done) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def mean_ranks(results: Sequence[Sequence[float]]) -> list[float]:
    """Of each system over the seeds; `results[system][seed]`, smallest is best."""
    by_seed = [midranks(values) for values in zip(*results, strict=True)]
    return [sum(column) / len(by_seed) for column in zip(*by_seed)]


def quantile(values: Sequence[float], q: float) -> float:
    """With linear interpolation between neighbours; of at least one value."""
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def median(values: Sequence[float]) -> float:
    return quantile(values, 0.5)
