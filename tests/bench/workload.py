"""The spaces and histories of tests/bench/workload.h, from the same formulas, to the last bit."""

from __future__ import annotations

import math
from typing import Any, Mapping, Sequence

import numpy as np

from bench.space import Parameter, Space, floats

BEST = 0.4
DEVIATIONS = 27
LARGEST_POSITION = 1 - 2.0**-53
#Draws per trial and parameter : one uniform, twelve for the normal.
DRAWS = 13

CHOICES = ("a", "b", "c", "d")
SPACES: dict[str, list[Parameter]] = {
    "floats2": floats(2),
    "floats10": floats(10),
    "floats30": floats(30),
    "mixed8": [
        Parameter("lr", "float", 1e-5, 1e-1, log=True),
        Parameter("decay", "float", 1e-6, 1e-2, log=True),
        Parameter("dropout", "float", 0, 0.5),
        Parameter("momentum", "float", 0.5, 0.99),
        Parameter("layers", "int", 1, 12),
        Parameter("units", "int", 16, 1024, log=True),
        Parameter("optimizer", "categorical", choices=CHOICES),
        Parameter("activation", "categorical", choices=CHOICES),
    ],
}


def draws(stream: int, indices: np.ndarray) -> np.ndarray:
    """Draws of a stream, uniform in [0, 1): SplitMix64."""
    z = np.uint64(stream << 48) + (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def historic_positions(kind: str, trials: int, parameters: int) -> np.ndarray:
    """By trial and parameter, in [0, 1); `kind` is "uniform" or "concentrated"."""
    first = np.arange(trials * parameters).reshape(trials, parameters) * DRAWS
    uniform = draws(2, first)
    if kind == "uniform":
        return uniform
    total = np.zeros((trials, parameters))
    for k in range(1, DRAWS):
        total = total + draws(2, first + k)
    normal = np.clip(BEST + (total - 6) / DEVIATIONS, 0.0, LARGEST_POSITION)
    is_uniform = draws(1, np.arange(trials)) < 0.1
    return np.where(is_uniform[:, None], uniform, normal)


def value_at(p: Parameter, position: float) -> float:
    """The internal value at a position (categoricals: the index)."""
    if p.kind == "categorical":
        return float(math.floor(position * len(p.choices)))
    if p.kind == "float":
        if not p.log:
            return p.low + position * (p.high - p.low)
        return min(max(p.low * math.pow(p.high / p.low, position), p.low), p.high)
    if p.log:
        value = math.floor(p.low * math.pow((p.high + 1) / p.low, position))
    else:
        value = p.low + math.floor(position * (p.high - p.low + 1))
    return float(min(max(value, p.low), p.high))


def position_of(p: Parameter, value: Any) -> float:
    """Where an external value lies in its domain, in [0, 1]."""
    if p.kind == "categorical":
        return (p.choices.index(value) + 0.5) / len(p.choices)
    if p.kind == "int":
        return (value - p.low + 0.5) / (p.high - p.low + 1)
    if p.log:
        return math.log(value / p.low) / math.log(p.high / p.low)
    return (value - p.low) / (p.high - p.low)


def objective_of(positions: Sequence[float]) -> float:
    """Squared distances from the best position."""
    total = 0.0
    for position in positions:
        total += (position - BEST) * (position - BEST)
    return total


def evaluate(space: Space, params: Mapping[str, Any]) -> float:
    return objective_of([position_of(p, params[p.name]) for p in space])


def history(space: Space, kind: str, trials: int) -> list[tuple[list[float], float]]:
    """Internal values and objective by trial."""
    rows = historic_positions(kind, trials, len(space)).tolist()
    return [([value_at(p, u) for p, u in zip(space, row)], objective_of(row)) for row in rows]
