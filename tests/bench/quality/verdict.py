"""Compares hpod with the others on each problem by the values after the whole budget."""

from __future__ import annotations

import dataclasses
from typing import Mapping, Sequence

from bench.quality.runs import Task
from bench.quality.systems import SYSTEMS
from bench.quality.verdict_rules import judge
from bench.significance import holm, mean_ranks, median, signed_rank_p

@dataclasses.dataclass(frozen=True)
class Row:
    """One problem: medians and mean ranks by system, adjusted p and verdict by peer."""

    problem: str
    medians: Mapping[str, float]
    ranks: Mapping[str, float]
    p: Mapping[str, float]
    verdicts: Mapping[str, str]


def finals(curves: Mapping[Task, Sequence[float]], problem: str, system: str, seeds: int) -> list[float]:
    return [curves[problem, system, seed][-1] for seed in range(seeds)]


def compare(curves: Mapping[Task, Sequence[float]], problems: Sequence[str], seeds: int) -> list[Row]:
    """One row per problem. p is adjusted over the problems, for each peer."""
    results = {(name, system): finals(curves, name, system, seeds) for name in problems for system in SYSTEMS}
    peers = [system for system in SYSTEMS if system != "hpod"]
    adjusted = {
        peer: holm([signed_rank_p(results[name, "hpod"], results[name, peer]) for name in problems]) for peer in peers
    }
    rows = []
    for i, name in enumerate(problems):
        ranks = mean_ranks([results[name, system] for system in SYSTEMS])
        p = {peer: adjusted[peer][i] for peer in peers}
        verdicts = {peer: judge(p[peer], results[name, "hpod"], results[name, peer]) for peer in peers}
        medians = {system: median(results[name, system]) for system in SYSTEMS}
        rows.append(Row(name, medians, dict(zip(SYSTEMS, ranks)), p, verdicts))
    return rows
