"""What the example worker of every client must do, against a real daemon."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Iterator, Mapping, Optional

import daemon as daemons
import pytest

import hpod
from hpod import TrialState

STUDY = "sine"
TRIALS = 30
DEADLINE_S = 120.0


class Workers:
    """Processes of the example worker; their output is one text each, whether they have ended or not."""

    def __init__(self, command: list[str], folder: Path, server: str) -> None:
        self._command = command
        self._folder = folder
        self._server = server
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str, environment: Optional[Mapping[str, str]] = None) -> Worker:
        inherited = {key: text for key, text in os.environ.items() if not key.startswith("HPOD_")}
        variables = {**inherited, "HPOD_SERVER": self._server, **(environment or {})}
        log = self._folder / f"worker-{len(self._processes)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self._command, STUDY, *arguments], env=variables, stdout=output, stderr=subprocess.STDOUT
            )
        self._processes.append(process)
        return Worker(process, log)

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Worker:
    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def wait(self) -> int:
        """Its exit code."""
        return self._process.wait(DEADLINE_S)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    @property
    def output(self) -> str:
        return self._log.read_text()


@pytest.fixture
def workers(worker_command: list[str], daemon: daemons.Daemon, tmp_path: Path) -> Iterator[Workers]:
    started = Workers(worker_command, tmp_path, daemon.address)
    yield started
    started.end()


def until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def states(study: hpod.Study) -> list[str]:
    return [TrialState(trial.state).name for trial in study.trials]


def make_study(daemon: daemons.Daemon, **settings: object) -> hpod.Study:
    """The study as the test needs it, before a worker would make it: workers load it."""
    space = {
        "rate": hpod.FloatDistribution(1e-3, 0.3, log=True),
        "degree": hpod.IntDistribution(1, 7),
        "method": hpod.CategoricalDistribution(["plain", "momentum"]),
        "momentum": hpod.When({"method": ["momentum"]}, hpod.FloatDistribution(0.1, 0.9)),
    }
    return hpod.create_study(STUDY, space=space, seed=7, server=daemon.address, **settings)


def load(daemon: daemons.Daemon) -> hpod.Study:
    return hpod.load_study(STUDY, server=daemon.address)


def test_a_worker_makes_the_study_and_uses_up_its_budget(daemon: daemons.Daemon, workers: Workers) -> None:
    worker = workers.start()
    assert worker.wait() == 0, worker.output
    study = load(daemon)
    assert len(study.trials) == TRIALS
    assert set(states(study)) == {"COMPLETE", "PRUNED"}
    assert study.best_value < 0.01
    for trial in study.trials:
        assert ("momentum" in trial.params) == (trial.params["method"] == "momentum")
        ending = "complete, error" if trial.state is TrialState.COMPLETE else "pruned after epoch"
        assert f"trial {trial.number}: {ending}" in worker.output


def test_workers_wait_through_a_restart_and_each_call_takes_effect_once(
    daemon: daemons.Daemon, workers: Workers
) -> None:
    crew = [workers.start("0.005") for _ in range(3)]
    until(lambda: _count(daemon) >= 6, "six trials")
    daemon.kill()
    daemon.start()
    until(lambda: _count(daemon) >= 15, "fifteen trials")
    daemon.kill()
    daemon.start()
    for worker in crew:
        assert worker.wait() == 0, worker.output
    study = load(daemon)
    assert len(study.trials) == TRIALS
    assert set(states(study)) == {"COMPLETE", "PRUNED"}
    for trial in study.trials:
        epochs = list(trial.intermediate_values)
        assert epochs == list(range(len(epochs))), "a report was lost"


def _count(daemon: daemons.Daemon) -> int:
    studies = hpod.get_all_study_names(server=daemon.address)
    return len(load(daemon).trials) if STUDY in studies else 0


def test_a_worker_that_lost_its_lease_says_so_and_goes_on(daemon: daemons.Daemon, workers: Workers) -> None:
    study = make_study(daemon, lease=1, max_trials=2, max_retries=0, pruner="none")
    worker = workers.start("0.05")
    until(lambda: bool(study.trials), "a trial")
    worker.send(signal.SIGSTOP)
    until(lambda: states(study) == ["FAIL"], "the end of the lease")
    worker.send(signal.SIGCONT)
    assert worker.wait() == 0, worker.output
    # The lost trial does not count towards the budget.
    assert states(study) == ["FAIL", "COMPLETE", "COMPLETE"]
    assert "trial 0: " in worker.output and "lease" in worker.output
    assert "trial 2: complete" in worker.output


def test_a_refusal_of_the_daemon_is_passed_on_in_its_words(daemon: daemons.Daemon, workers: Workers) -> None:
    hpod.create_study(STUDY, directions=["minimize", "maximize"], server=daemon.address)
    worker = workers.start()
    assert worker.wait() == 1, worker.output
    assert "directions" in worker.output and STUDY in worker.output


def test_a_daemon_that_is_away_for_longer_than_the_retries_is_named(daemon: daemons.Daemon, workers: Workers) -> None:
    daemon.kill()
    worker = workers.start(environment={"HPOD_RETRY_SECONDS": "0.5"})
    assert worker.wait() == 1, worker.output
    assert f"cannot reach {daemon.address}" in worker.output
    daemon.start()
