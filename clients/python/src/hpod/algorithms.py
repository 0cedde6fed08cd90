"""Samplers and pruners by name; the daemon runs them."""

from __future__ import annotations

from typing import Any, Dict, Optional, Type, Union

from hpod._arguments import text
from hpod._proto import study_pb2
from hpod.distributions import plain


class _Algorithm:
    def __init__(self, name: str, **options: Union[bool, int, float, str]) -> None:
        self.name = text(f"the name of a {type(self).__name__}", name)
        self.options: Dict[str, str] = {
            key: _text(value) for key, value in options.items()
        }

    def __repr__(self) -> str:
        options = "".join(f", {key}={value}" for key, value in self.options.items())
        return f"{type(self).__name__}({self.name!r}{options})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)


class Sampler(_Algorithm):
    """What proposes parameters: `Sampler("tpe", n_startup_trials=20)`.

    The daemon knows `tpe` (the default), `random` and `grid`; it refuses unknown names
    and options, and lists the known ones.
    """


class Pruner(_Algorithm):
    """What stops hopeless trials: `Pruner("median", n_warmup_steps=3)`.

    The daemon knows `median` (the default for one objective), `percentile` and `none`.
    """


def to_algorithm(
    given: Optional[Union[str, _Algorithm]], kind: Type[_Algorithm]
) -> study_pb2.Algorithm:
    """The wire form; a string is a name without options, None the default.

    Raises:
        TypeError: it is none of them, and no `kind`.
    """
    if given is None:
        return study_pb2.Algorithm()
    if isinstance(given, str):
        return study_pb2.Algorithm(name=given)
    if not isinstance(given, kind):
        noun = kind.__name__
        raise TypeError(
            f"{noun.lower()} is {given!r}, but must be a name or an hpod.{noun}"
        )
    return study_pb2.Algorithm(name=given.name, options=given.options)


def _text(value: Any) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
