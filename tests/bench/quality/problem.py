"""What is minimised: a space, a budget, and a function that says what a point is worth."""

from __future__ import annotations

import dataclasses
import random
from typing import Any, Callable, Mapping, Tuple

from bench.space import Space


@dataclasses.dataclass(frozen=True)
class Problem:
    """`evaluate(params, noise)` gives what the sampler is told and the true value."""

    name: str
    kind: str
    space: Space
    budget: int
    evaluate: Callable[[Mapping[str, Any], random.Random], Tuple[float, float]]


def exact(function: Callable[[Mapping[str, Any]], float]) -> Any:
    """`evaluate` of a function without noise."""

    def evaluate(params: Mapping[str, Any], noise: random.Random) -> Tuple[float, float]:
        value = function(params)
        return value, value

    return evaluate
