"""How long each part takes: the long form and --quick."""

from __future__ import annotations

import dataclasses
from typing import Mapping, Tuple

SPACES = ("floats2", "floats10", "floats30", "mixed8")
KINDS = ("uniform", "concentrated")
PEER_TRIALS_MAX = 10_000
# Whose histories hpod's TPE makes itself.
GROWN = "grown"
GROWN_SPACES = ("floats1", "floats2", "floats3", "floats5", "floats10", "floats30", "mixed8", "ints4")


@dataclasses.dataclass(frozen=True)
class Settings:
    name: str
    repeats: int
    # Suggestions.
    trials: Tuple[int, ...]
    trials_by_space: Mapping[str, Tuple[int, ...]]
    grown_trials: Tuple[int, ...]
    peer_kinds: Tuple[str, ...]
    asks: int
    ask_seconds: float
    # Trials per second.
    workers: Tuple[int, ...]
    peer_workers: Tuple[int, ...]
    loop_trials: int
    loop_seconds: float
    histories: Tuple[int, ...]  # trials that a study has before
    bar_seconds: float  # of the runs that a bar is measured against
    # Calls.
    call_seconds: float
    call_repeats: int
    # Memory, pruning.
    memory_trials: int
    pruning_trials: Tuple[int, ...]
    peer_pruning_trials: Tuple[int, ...]


LONG = Settings(
    name="long", repeats=2,
    trials=(100, 1_000, 10_000, 100_000, 1_000_000), trials_by_space={}, grown_trials=(100, 1_000, 10_000, 30_000),
    peer_kinds=KINDS, asks=30, ask_seconds=1.0,
    workers=(1, 4, 16, 64), peer_workers=(1, 4, 16, 64), loop_trials=1_000, loop_seconds=5, bar_seconds=20,
    histories=(10_000, 100_000, 1_000_000),
    call_seconds=1, call_repeats=5,
    memory_trials=1_000_000,
    pruning_trials=(100, 1_000, 10_000, 100_000), peer_pruning_trials=(100, 1_000, 10_000, 100_000),
)
QUICK = Settings(
    name="quick", repeats=1,
    trials=(100, 1_000, 10_000, 100_000), trials_by_space={"floats10": (100, 1_000, 10_000, 100_000, 1_000_000)},
    grown_trials=(100, 1_000, 10_000), peer_kinds=("concentrated",), asks=20, ask_seconds=0.4,
    workers=(1, 16), peer_workers=(1, 16), loop_trials=1_000, loop_seconds=1, bar_seconds=5,
    histories=(10_000, 100_000),
    call_seconds=0.3, call_repeats=3,
    memory_trials=100_000,
    pruning_trials=(100, 1_000, 10_000), peer_pruning_trials=(100, 1_000, 10_000),
)
