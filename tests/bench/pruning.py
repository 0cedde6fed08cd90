"""Part "pruning": what a report costs with the median pruner, by finished trials of 10 reports each."""

from __future__ import annotations

import json
from typing import Any, Callable

from bench.child import Child
from bench.memory import write
from bench.run import Run, program
from bench.servers import hpod, scratch
from bench.suggest import peer

STEPS = 10
NEW_TRIALS = 20
ANSWER_SECONDS = 180.0


def measure(run: Run) -> None:
    for repeat in range(run.settings.repeats):
        with Child([program("pruning_bench")]) as bench:
            for trials in run.settings.pruning_trials:
                run.measure(f"pruning/hpod/{trials}", repeat, asker(bench, f"{trials} {NEW_TRIALS}"))
                run.measure(f"pruning/hpod-grpc/{trials}", repeat, over_grpc(trials))
                if trials in run.settings.peer_pruning_trials:
                    run.measure(f"pruning/Optuna/{trials}", repeat, optuna(run, trials))


def asker(bench: Child, line: str) -> Callable[[], Any]:
    return lambda: json.loads(bench.ask(line, ANSWER_SECONDS))


def over_grpc(trials: int) -> Callable[[], Any]:
    def once() -> Any:
        with scratch("tmpfs") as folder, Child([program("calls_bench")]) as calls:
            write(folder / "full.db", trials, STEPS)
            with hpod(folder / "full.db") as daemon:
                line = f"judged {daemon.address} full {NEW_TRIALS} {STEPS}"
                result = json.loads(calls.ask(line, ANSWER_SECONDS))
                return {"report_us": result["median_us"], "report_p95_us": result["p95_us"]}

    return once


def optuna(run: Run, trials: int) -> Callable[[], Any]:
    def once() -> Any:
        with peer("optuna") as child:
            request = {"do": "prune", "trials": trials, "asks": NEW_TRIALS * STEPS, "seconds": run.settings.ask_seconds}
            return json.loads(child.ask(json.dumps(request), ANSWER_SECONDS))

    return once
