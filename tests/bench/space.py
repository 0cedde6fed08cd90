"""Search spaces as data, for every system that is compared."""

from __future__ import annotations

import dataclasses
from typing import Any, Mapping, Optional, Sequence, Tuple


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter; with `parent`, one that exists where the parent has one of the values."""

    name: str
    kind: str  # "float", "int" or "categorical"
    low: float = 0
    high: float = 1
    log: bool = False
    choices: Tuple[str, ...] = ()
    parent: Optional[str] = None
    parent_values: Tuple[str, ...] = ()

    def is_active(self, params: Mapping[str, Any]) -> bool:
        return self.parent is None or params.get(self.parent) in self.parent_values


Space = Sequence[Parameter]


def floats(count: int, low: float = 0.0, high: float = 1.0, log: bool = False) -> list[Parameter]:
    """x0, x1, ... of the same range."""
    return [Parameter(f"x{i}", "float", low, high, log) for i in range(count)]


def suggest(trial: Any, space: Space) -> dict[str, Any]:
    """Asks a trial of Optuna, Rustuna or hpod for its active parameters, in order."""
    params: dict[str, Any] = {}
    for p in space:
        if not p.is_active(params):
            continue
        if p.kind == "float":
            params[p.name] = trial.suggest_float(p.name, p.low, p.high, log=p.log)
        elif p.kind == "int":
            params[p.name] = trial.suggest_int(p.name, int(p.low), int(p.high), log=p.log)
        else:
            params[p.name] = trial.suggest_categorical(p.name, list(p.choices))
    return params


def to_external(space: Space, point: Sequence[Optional[float]]) -> dict[str, Any]:
    """Parameters by name of a point of internal values; None is inactive."""
    params: dict[str, Any] = {}
    for p, value in zip(space, point):
        if value is None:
            continue
        if p.kind == "categorical":
            params[p.name] = p.choices[int(value)]
        else:
            params[p.name] = int(value) if p.kind == "int" else float(value)
    return params


def to_json(space: Space) -> list[dict[str, Any]]:
    """The form that tests/bench/ask_tell.cc reads."""
    entries = [dataclasses.asdict(p) for p in space]
    for entry in entries:
        if entry["kind"] == "int":
            entry["low"], entry["high"] = int(entry["low"]), int(entry["high"])
    return entries
