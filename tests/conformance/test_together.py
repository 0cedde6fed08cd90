"""Clients in different languages on one study."""

from __future__ import annotations

import contextlib
import pathlib
from typing import Any, Callable, Iterator

import pytest

import scenario
from daemon_process import Daemon, until
from languages import Language, languages, why_missing
from observer import observe
from runner import Runner
from scenario import bits
from stage import play, running_daemon

_X = {"name": "x", "type": "float", "low": bits(-10.0), "high": bits(10.0)}
_N = {"name": "n", "type": "int", "low": 1, "high": 8}
_LEASE_MS = 1000
_GIVEN_UP_SECONDS = 20.0

Start = Callable[[Language], Runner]


@pytest.fixture
def pairs(available: list[Language]) -> list[tuple[Language, Language]]:
    """Each client with the next one."""
    if len(available) < 2:
        pytest.skip("; ".join(filter(None, map(why_missing, languages().values()))))
    return list(zip(available, available[1:] + available[:1]))


@pytest.fixture
def daemon(tmp_path: pathlib.Path) -> Iterator[Daemon]:
    with running_daemon(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def start(daemon: Daemon, tmp_path: pathlib.Path) -> Iterator[Start]:
    """Starts runners of one daemon; all are ended after the test."""
    with contextlib.ExitStack() as stack:
        count = iter(range(1000))

        def start_one(language: Language) -> Runner:
            runner = Runner(language, daemon.address, tmp_path, f"-{next(count)}")
            stack.callback(_kill_if_alive, runner)
            return runner

        yield start_one


def _kill_if_alive(runner: Runner) -> None:
    with contextlib.suppress(ProcessLookupError):
        runner.kill()


def test_equal_seeds_and_histories_give_equal_trials_in_all_languages(
    available: list[Language], tmp_path: pathlib.Path
) -> None:
    trials: dict[str, dict[str, Any]] = {}
    for language in available:
        folder = tmp_path / language.name
        folder.mkdir()
        trials[language.name] = play(language, scenario.load("suggestions"), folder)
    first, *others = trials.values()
    assert len(first) == 9
    for other in others:
        assert scenario.identical(first, other), trials


def test_two_languages_at_once_see_the_same_numbers(
    pairs: list[tuple[Language, Language]], start: Start
) -> None:
    for one, other in pairs:
        study = f"{one.name} with {other.name}"
        workers = [start(one), start(other)]
        workers[0].ok(do="create_study", study=study, seed=1, space=[_X, _N])
        workers[1].ok(do="load_study", study=study)
        for i in range(5):
            _trial_of_each(workers, study, i)
        first, second = (_all_seen(worker, study) for worker in workers)
        assert scenario.identical(first, second), study
        assert [trial["number"] for trial in first["trials"]] == list(range(10))
        assert first["counts"]["complete"] == 10
        for worker in workers:
            worker.end()


def _trial_of_each(workers: list[Runner], study: str, turn: int) -> None:
    """Each worker has one trial, at the same time as the others."""
    for worker in workers:
        worker.send({"do": "suggest", "study": study, "trial": "t"})
    numbers = [worker.answer()["ok"]["number"] for worker in workers]
    assert sorted(numbers) == list(range(2 * turn, 2 * turn + 2))
    for worker, number in zip(workers, numbers):
        value = bits(0.1 * number)
        worker.send({"do": "report", "trial": "t", "step": 3, "value": value})
    for worker in workers:
        assert "ok" in worker.answer()
    for worker, number in zip(workers, numbers):
        worker.send(
            {"do": "complete", "trial": "t", "values": [bits(1 / (number + 3))]}
        )
    for worker in workers:
        assert "ok" in worker.answer()


def _all_seen(worker: Runner, study: str) -> dict[str, Any]:
    """What a worker sees of a study: only what the table of README.md has."""
    asked = worker.ok(do="get_study", study=study)
    trials = worker.ok(do="list_trials", study=study)["trials"]
    return {
        "counts": asked["counts"],
        "trials": [
            {key: trial[key] for key in ("number", "state", "params", "values")}
            | {"intermediate_values": trial["intermediate_values"]}
            for trial in trials
        ],
        "best": worker.ok(do="best_trial", study=study)["number"],
    }


def test_the_trial_of_a_killed_worker_goes_to_a_worker_in_another_language(
    pairs: list[tuple[Language, Language]], daemon: Daemon, start: Start
) -> None:
    with observe(daemon.address) as observer:
        for one, other in pairs:
            study = f"{one.name}, then {other.name}"
            victim, heir = start(one), start(other)
            victim.ok(
                do="create_study", study=study, space=[_X, _N], lease_ms=_LEASE_MS
            )
            heir.ok(do="load_study", study=study)
            lost = victim.ok(do="suggest", study=study, trial="t")
            victim.ok(do="report", trial="t", step=0, value=bits(1.0))
            victim.kill()
            until(
                lambda: observer.was_given_up(study, lost["number"]),
                _GIVEN_UP_SECONDS,
                f"{study}: the lease ended",
            )
            again = heir.ok(do="suggest", study=study, trial="t")
            assert again["retry_of"] == lost["number"]
            assert scenario.identical(again["params"], lost["params"])
            heir.ok(do="complete", trial="t", values=[bits(0.5)])
            stored = heir.ok(do="get_trial", study=study, number=again["number"])
            assert (stored["state"], stored["values"]) == ("COMPLETE", [bits(0.5)])
            heir.end()
