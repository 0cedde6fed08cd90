"""Limits of a study."""

from __future__ import annotations

from datetime import timedelta
from typing import Optional, Union

from hpod._arguments import real, whole
from hpod._proto import study_pb2

Seconds = Union[float, timedelta]

# Of google.protobuf.Duration: 10,000 years.
_SECONDS_MAX = 315_576_000_000


def to_budget(
    max_trials: Optional[int],
    max_running: Optional[int],
    max_duration: Optional[Seconds],
) -> study_pb2.Budget:
    """The wire form of the limits.

    Raises:
        TypeError: one is no number.
        ValueError: one is beyond what the wire can have.
    """
    budget = study_pb2.Budget(
        max_trials=whole("max_trials", max_trials or 0),
        max_running=whole("max_running", max_running or 0),
    )
    if max_duration is not None:
        duration = to_timedelta("max_duration", max_duration)
        budget.max_duration.FromTimedelta(duration)
    return budget


def to_timedelta(name: str, seconds: Seconds) -> timedelta:
    """`seconds` of the argument `name` as a timedelta.

    Raises:
        TypeError: it is no number.
        ValueError: it is not finite, or more than the wire can have.
    """
    if isinstance(seconds, timedelta):
        number = seconds.total_seconds()
    else:
        number = real(name, seconds)
    if not abs(number) <= _SECONDS_MAX:
        limit = f"at most {_SECONDS_MAX} seconds"
        raise ValueError(f"{name} is {number:g}, but must be {limit}")
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=number)
