"""Part "trials": trials per second from 0 to 1,000 trials by workers, and Optuna's scripts through hpod."""

from __future__ import annotations

import json
import sys
from typing import Any, Callable

from bench import memory
from bench.child import Child, environment
from bench.run import Run, program, run_module
from bench.servers import hpod, optuna_proxy, scratch
from bench.suggest import peer

SAMPLERS = ("random", "tpe")
PLACES = ("disk", "tmpfs")
BAR_WORKERS = 16
PYTHON_WORKERS = 16
CALL_SECONDS = 120.0
ONE_WORKER_SECONDS = 60.0
# What starting and stopping the worker processes may take beside the measurement.
START_SECONDS = 180.0


def name_of(system: str, place: str, sampler: str, workers: int) -> str:
    return f"trials/{system}/{place}/{sampler}/{workers}"


def measure(run: Run) -> None:
    for repeat in range(run.settings.repeats):
        for place in PLACES:
            for sampler in SAMPLERS:
                for workers in run.settings.workers:
                    measure_hpod(run, repeat, place, sampler, workers)
                    # One repeat: it takes as long as all the rest.
                    if repeat == 0 and workers in run.settings.peer_workers:
                        measure_proxy(run, place, sampler, workers)
            measure_python(run, repeat, place)
    for trials in run.settings.histories:
        measure_history(run, trials)
    measure_alone(run)
    measure_endpoint(run)


def per_second(result: dict[str, float]) -> dict[str, float]:
    return {**result, "per_second": result["trials"] / result["seconds"]}


def measure_hpod(run: Run, repeat: int, place: str, sampler: str, workers: int) -> None:
    def once() -> Any:
        with scratch(place) as folder, Child([program("calls_bench")]) as calls, hpod(folder / "bench.db") as daemon:
            study = json.loads(calls.ask(f"study {daemon.address} {sampler} 10", CALL_SECONDS))["study"]
            line = f"trials {daemon.address} {study} {workers} {run.settings.loop_trials}"
            return json.loads(calls.ask(line, CALL_SECONDS))

    run.measure(name_of("hpod", place, sampler, workers), repeat, once)


def history_name(trials: int) -> str:
    return f"trials-after/{trials}"


def measure_history(run: Run, trials: int) -> None:
    """hpod, TPE and 10 floats, in a study that has so many trials already; on tmpfs."""

    def once() -> Any:
        with scratch("tmpfs") as folder, Child([program("calls_bench")]) as calls:
            memory.write(folder / "bench.db", trials)
            with hpod(folder / "bench.db") as daemon:
                ask = lambda workers, count: json.loads(calls.ask(f"trials {daemon.address} full {workers} {count}", CALL_SECONDS))  # noqa: E731
                ask(1, 1)  # TPE makes its model
                return ask(BAR_WORKERS, run.settings.loop_trials)

    run.measure(history_name(trials), 0, once)


def measure_proxy(run: Run, place: str, sampler: str, workers: int) -> None:
    is_bar = sampler == "tpe" and workers == BAR_WORKERS
    seconds = run.settings.bar_seconds if is_bar else run.settings.loop_seconds

    def once() -> Any:
        with scratch(place) as folder, optuna_proxy(folder / "optuna.db") as address:
            return work("optuna", address, workers, sampler, run.settings.loop_trials, seconds)

    run.measure(name_of("proxy", place, sampler, workers), 0, once)


def measure_python(run: Run, repeat: int, place: str) -> None:
    """hpod's own Python client, a process per worker."""

    def once() -> Any:
        with scratch(place) as folder, hpod(folder / "bench.db") as daemon:
            return work("hpod", daemon.address, PYTHON_WORKERS, "tpe", run.settings.loop_trials, run.settings.loop_seconds)

    run.measure(name_of("hpod-python", place, "tpe", PYTHON_WORKERS), repeat, once)


def measure_endpoint(run: Run) -> None:
    """Optuna's GrpcStorageProxy pointed at hpod, if hpod has its service.

    With TPE, as many trials as the proxy came to: they take longer the more there are.
    """

    def once(place: str, sampler: str, trials: int, seconds: float) -> Callable[[], Any]:
        def measure() -> Any:
            with scratch(place) as folder, hpod(folder / "bench.db") as daemon:
                probe = json.loads(module(["probe", daemon.address, "-", "0", "-", "0", "0"], START_SECONDS))
                if probe["unimplemented"]:
                    return probe
                return work("optuna", daemon.address, BAR_WORKERS, sampler, trials, seconds)

        return measure

    for place in PLACES:
        for sampler in SAMPLERS:
            seconds = run.settings.bar_seconds if sampler == "tpe" else run.settings.loop_seconds
            by_proxy = run.figure(name_of("proxy", place, sampler, BAR_WORKERS), "trials") if sampler == "tpe" else None
            trials = run.settings.loop_trials if by_proxy is None else int(by_proxy)
            run.measure(name_of("optuna-on-hpod", place, sampler, BAR_WORKERS), 0, once(place, sampler, trials, seconds))


def measure_alone(run: Run) -> None:
    """The peers with one worker, in memory and on their own SQLite storage."""
    for name, module_name in (("Optuna", "optuna"), ("Rustuna", "rustuna")):
        for sampler in SAMPLERS:
            for storage in ("memory", *PLACES):
                run.measure(f"alone/{name}/{storage}/{sampler}", 0, loop(run, module_name, storage, sampler))


def loop(run: Run, module_name: str, storage: str, sampler: str) -> Callable[[], Any]:
    def once() -> Any:
        place = "tmpfs" if storage == "memory" else storage
        with scratch(place) as folder, peer(module_name) as child:
            path = "" if storage == "memory" else str(folder / "alone.db")
            request = {
                "do": "loop", "sampler": sampler, "path": path,
                "trials": run.settings.loop_trials, "seconds": run.settings.loop_seconds,
            }
            return per_second(json.loads(child.ask(json.dumps(request), run.settings.loop_seconds + ONE_WORKER_SECONDS)))

    return once


def work(kind: str, address: str, workers: int, sampler: str, trials: int, seconds: float) -> dict[str, float]:
    arguments = [kind, address, "bench", str(workers), sampler, str(trials), str(seconds)]
    return per_second(json.loads(module(arguments, seconds + START_SECONDS)))


def module(arguments: list[str], seconds: float) -> str:
    return run_module(["bench.workers", *arguments], sys.executable, environment(), seconds)

