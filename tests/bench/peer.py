"""What the programs of the peers share: requests as lines of JSON, timings as answers."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, Callable, Mapping

from bench.significance import quantile
from bench.space import suggest
from bench.workload import SPACES, evaluate, objective_of

Request = Mapping[str, Any]


def serve(commands: Mapping[str, Callable[..., Any]]) -> None:
    """Answers each line {"do": NAME, ...} with the result of commands[NAME](...)."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(commands[request.pop("do")](**request)), flush=True)


def measure_asks(study: Any, space_name: str, tell: Callable[..., Any], asks: int, seconds: float) -> dict[str, float]:
    """Times `ask` with `suggest_*` of every parameter, and the same with `tell`; the first is not counted."""
    space = SPACES[space_name]
    suggest_us, trial_us = [], []
    cpu_start = end = 0.0
    while True:
        began = time.perf_counter()
        trial = study.ask()
        params = suggest(trial, space)
        suggested = time.perf_counter()
        value = evaluate(space, params)
        evaluated = time.perf_counter()
        tell(study, trial, value)
        told = time.perf_counter()
        if not end:
            end, cpu_start = told + seconds, time.process_time()
            continue
        suggest_us.append((suggested - began) * 1e6)
        trial_us.append((suggested - began + told - evaluated) * 1e6)
        if len(trial_us) >= asks or told > end:
            break
    return {
        "asks": len(trial_us),
        "suggest_us": quantile(suggest_us, 0.5),
        "suggest_p95_us": quantile(suggest_us, 0.95),
        "trial_us": quantile(trial_us, 0.5),
        "trial_p95_us": quantile(trial_us, 0.95),
        "trial_cpu_us": (time.process_time() - cpu_start) * 1e6 / len(trial_us),
    }


def run_trials(study: Any, report: Callable[[Any, float], Any], tell: Callable[..., Any], trials: int, seconds: float) -> dict[str, float]:
    """One worker: suggest 10 floats, report, complete, from 0 trials until `trials` or the time is over."""
    space = SPACES["floats10"]
    began = time.perf_counter()
    done = 0
    while done < trials and time.perf_counter() - began < seconds:
        trial = study.ask()
        value = objective_of(list(suggest(trial, space).values()))
        report(trial, value)
        tell(study, trial, value)
        done += 1
    return {"trials": done, "seconds": time.perf_counter() - began}
