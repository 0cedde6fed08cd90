"""Part "suggest": what a suggestion costs in process, by trials, space and kind of history."""

from __future__ import annotations

import json
import sys
from typing import Any, Callable

from bench.child import Child
from bench.run import Run, program
from bench.settings import GROWN, GROWN_SPACES, KINDS, PEER_TRIALS_MAX, SPACES

BUILD_SECONDS = 240.0  # for a history of a million trials, or of ten thousand in Python


def name_of(system: str, space: str, kind: str, trials: int) -> str:
    return f"suggest/{system}/{space}/{kind}/{trials}"


def measure(run: Run) -> None:
    for repeat in range(run.settings.repeats):
        for space in SPACES:
            for kind in KINDS:
                with Child([program("suggest_bench")]) as hpod, peer("optuna") as optuna, peer("rustuna") as rustuna:
                    measure_history(run, repeat, space, kind, {"hpod": hpod, "Optuna": optuna, "Rustuna": rustuna})
    for space in GROWN_SPACES:
        with Child([program("suggest_bench")]) as hpod:
            for trials in run.settings.grown_trials:
                run.measure(name_of("hpod", space, GROWN, trials), 0, asker(run, "hpod", hpod, space, GROWN, trials))


def measure_history(run: Run, repeat: int, space: str, kind: str, children: dict[str, Child]) -> None:
    """The systems in turn, as the history grows."""
    for trials in run.settings.trials_by_space.get(space, run.settings.trials):
        for system, child in children.items():
            if system != "hpod" and (trials > PEER_TRIALS_MAX or kind not in run.settings.peer_kinds):
                continue
            run.measure(name_of(system, space, kind, trials), repeat, asker(run, system, child, space, kind, trials))


def asker(run: Run, system: str, child: Child, space: str, kind: str, trials: int) -> Callable[[], Any]:
    asks, seconds = run.settings.asks, run.settings.ask_seconds
    if system == "hpod":
        line = f"suggest {space} {kind} {trials} {asks} {seconds}"
    else:
        line = json.dumps(
            {"do": "suggest", "space": space, "history_kind": kind, "trials": trials, "asks": asks, "seconds": seconds}
        )
    return lambda: json.loads(child.ask(line, BUILD_SECONDS))


def peer(name: str) -> Child:
    return Child([sys.executable, "-m", f"bench.peers_{name}"])
