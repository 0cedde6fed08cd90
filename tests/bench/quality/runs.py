"""Runs every system on every problem with every seed, on all cores, and keeps the curves."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import pathlib
import random
from typing import Any, Mapping, Sequence

from bench.child import REPOSITORY
from bench.journal import Journal, digest, say
from bench.quality.functions import FUNCTIONS
from bench.quality.models import MODELS
from bench.quality.systems import SYSTEMS, binary

PROBLEMS = {problem.name: problem for problem in FUNCTIONS + MODELS}
HERE = pathlib.Path(__file__).resolve().parent
PROGRESS_SECONDS = 10.0

Task = tuple[str, str, int]  # problem, system, seed


def run(task: Task) -> list[float]:
    """The true value of the best trial by what the sampler was told, after each trial."""
    problem_name, system, seed = task
    problem = PROBLEMS[problem_name]
    curve: list[float] = []
    best_told = float("inf")

    def objective(number: int, params: Mapping[str, Any]) -> float:
        nonlocal best_told
        told, true = problem.evaluate(params, random.Random(f"{problem_name}/{seed}/{number}"))
        curve.append(true if told < best_told else curve[-1])
        best_told = min(best_told, told)
        return told

    SYSTEMS[system](problem.space, objective, problem.budget, seed)
    return curve


def stamp(system: str) -> str:
    """Changes when a result of the system would: hpod's with its program, all with the problems."""
    sources = [HERE / name for name in ("functions.py", "models.py", "problem.py", "systems.py")]
    own = binary("ask_tell") if system == "hpod" else REPOSITORY / "tests/bench/requirements.txt"
    return digest([*sources, own])


def run_all(journal: Journal, names: Sequence[str], seeds: int) -> dict[Task, list[float]]:
    """Curves of all tasks, those of the journal first."""
    stamps = {system: stamp(system) for system in SYSTEMS}
    tasks = [(name, system, seed) for seed in range(seeds) for name in names for system in SYSTEMS]
    curves: dict[Task, list[float]] = {}
    for task in tasks:
        kept = journal.get("/".join(map(str, task)), stamps[task[1]])
        if kept is not None:
            curves[task] = kept
    todo = [task for task in tasks if task not in curves]
    say(f"quality: {len(tasks)} runs, {len(curves)} of them kept from before")
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        futures = {pool.submit(run, task): task for task in todo}
        try:
            collect(futures, journal, stamps, curves, len(tasks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return curves


def collect(
    futures: dict[concurrent.futures.Future[list[float]], Task], journal: Journal,
    stamps: Mapping[str, str], curves: dict[Task, list[float]], total: int,
) -> None:
    left = set(futures)
    while left:
        done, left = concurrent.futures.wait(left, PROGRESS_SECONDS, concurrent.futures.ALL_COMPLETED)
        for future in done:
            task = futures[future]
            curves[task] = future.result()
            journal.put("/".join(map(str, task)), stamps[task[1]], curves[task])
        say(f"quality: {len(curves)} of {total} runs")
