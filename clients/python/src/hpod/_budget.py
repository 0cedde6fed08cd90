"""Limits of a study."""

from __future__ import annotations

from datetime import timedelta
from typing import Optional, Union

from hpod._proto import study_pb2

Seconds = Union[float, timedelta]


def to_budget(
    max_trials: Optional[int],
    max_running: Optional[int],
    max_duration: Optional[Seconds],
) -> study_pb2.Budget:
    """The wire form of the limits."""
    budget = study_pb2.Budget(max_trials=max_trials or 0, max_running=max_running or 0)
    if max_duration is not None:
        budget.max_duration.FromTimedelta(to_timedelta(max_duration))
    return budget


def to_timedelta(seconds: Seconds) -> timedelta:
    return seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds)
