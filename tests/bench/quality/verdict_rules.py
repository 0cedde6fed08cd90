"""When one optimiser is called better than another."""

from __future__ import annotations

from typing import Sequence

from bench.significance import midranks

LEVEL = 0.05


def signed_ranks(first: Sequence[float], second: Sequence[float]) -> float:
    """Sum of the signed ranks of first - second: below 0 where the first is mostly smaller."""
    differences = [a - b for a, b in zip(first, second)]
    ranks = midranks([abs(d) for d in differences])
    return sum(rank if d > 0 else -rank if d < 0 else 0 for rank, d in zip(ranks, differences))


def judge(p: float, hpod: Sequence[float], peer: Sequence[float]) -> str:
    if p >= LEVEL:
        return "equal within noise"
    return "better" if signed_ranks(hpod, peer) < 0 else "worse"
