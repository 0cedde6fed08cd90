"""Scenario files, and whether an answer is the expected one."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import struct
from typing import Any, Iterable

FOLDER = pathlib.Path(__file__).resolve().parent / "scenarios"


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    through_proxy: bool
    steps: tuple[dict[str, Any], ...]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Scenario:
    text = (FOLDER / f"{name}.json").read_text()
    fields = json.loads(text, parse_float=lambda digits: bits(float(digits)))
    return Scenario(name, fields.get("through_proxy", False), tuple(fields["steps"]))


def bits(number: float) -> str:
    """A double as runners read and write it."""
    return struct.pack(">d", number).hex()


def check(expected: Any, got: Any, bound: dict[str, Any], where: str) -> None:
    """Asserts that `got` is as `expected`; see README.md. Binds new `$names`."""
    if isinstance(expected, str) and expected.startswith("$"):
        known = bound.setdefault(expected, got)
        assert identical(got, known), f"{where}: got {got}, but {expected} is {known}"
    elif isinstance(expected, dict):
        assert isinstance(got, dict), f"{where}: got {got}, expected {expected}"
        for key, value in expected.items():
            assert key in got, f"{where}: got {got}, without '{key}'"
            check(value, got[key], bound, f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(got, list), f"{where}: got {got}, expected {expected}"
        assert len(got) == len(expected), f"{where}: got {got}, expected {expected}"
        for i, (one, other) in enumerate(zip(expected, got)):
            check(one, other, bound, f"{where}[{i}]")
    else:
        assert identical(got, expected), f"{where}: got {got!r}, expected {expected!r}"


def identical(one: Any, other: Any) -> bool:
    """Equal as JSON: `true` is not 1; the order of members does not matter."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def without(step: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: value for key, value in step.items() if key not in keys}
