"""Whole scripts of Optuna's users, unchanged but for `storage=`."""

from __future__ import annotations

import pathlib
import pickle
import signal
import subprocess
import sys
from typing import Callable

import optuna
import pytest
from optuna.storages import GrpcStorageProxy
from optuna.trial import TrialState

from conftest import proxy
from daemon_process import Daemon, clean_environment, until

WORKER = pathlib.Path(__file__).with_name("worker.py")


def test_optimizes_with_pruning(storage: GrpcStorageProxy) -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -10, 10)
        rate = trial.suggest_float("rate", 1e-5, 0.1, log=True)
        kind = trial.suggest_categorical("kind", ["a", None, 3, 0.5, True])
        depth = trial.suggest_int("depth", 2, 16, step=2)
        for step in range(5):
            trial.report(x * x + 1 / (step + 1), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("kind", str(kind))
        return x * x + rate + depth / 100

    study = optuna.create_study(
        study_name="pruning",
        storage=storage,
        sampler=optuna.samplers.TPESampler(seed=3),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.optimize(objective, n_trials=40)
    states = [trial.state for trial in study.trials]
    assert states.count(TrialState.PRUNED) > 3
    assert states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) == 40
    assert study.best_value < 10

    loaded = optuna.load_study(study_name="pruning", storage=proxy_of(storage))
    assert loaded.trials == study.trials
    assert loaded.best_params == study.best_params


def proxy_of(storage: GrpcStorageProxy) -> GrpcStorageProxy:
    """Another client, which has seen nothing yet."""
    return pickle.loads(pickle.dumps(storage))


def test_equal_seeds_give_what_they_give_in_memory(storage: GrpcStorageProxy) -> None:
    def objective(trial: optuna.Trial) -> float:
        return trial.suggest_float("x", -10, 10) ** 2 + trial.suggest_int("n", 0, 9)

    values = []
    for place in (storage, optuna.storages.InMemoryStorage()):
        study = optuna.create_study(
            storage=place, sampler=optuna.samplers.TPESampler(seed=11)
        )
        study.optimize(objective, n_trials=30)
        values.append([trial.value for trial in study.trials])
    assert values[0] == values[1]


@pytest.mark.parametrize(
    "sampler", [optuna.samplers.NSGAIISampler, optuna.samplers.TPESampler]
)
def test_several_objectives_with_constraints(
    storage: GrpcStorageProxy, sampler: Callable[..., optuna.samplers.BaseSampler]
) -> None:
    def objective(trial: optuna.Trial) -> tuple[float, float]:
        x = trial.suggest_float("x", 0, 5)
        y = trial.suggest_float("y", 0, 3)
        trial.set_constraint("disc", (x - 5) ** 2 + y**2 - 25)
        return 4 * x * x + 4 * y * y, (x - 5) ** 2 + (y - 5) ** 2

    study = optuna.create_study(
        storage=storage, directions=["minimize", "minimize"], sampler=sampler(seed=1)
    )
    study.set_metric_names(["cost", "distance"])
    study.optimize(objective, n_trials=40)
    loaded = optuna.load_study(study_name=study.study_name, storage=proxy_of(storage))
    assert loaded.metric_names == ["cost", "distance"]
    assert len(loaded.best_trials) > 0
    assert all(trial.constraints["disc"] <= 0 for trial in loaded.best_trials)
    assert loaded.best_trials == study.best_trials


def test_n_jobs(storage: GrpcStorageProxy) -> None:
    study = optuna.create_study(storage=storage)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=60, n_jobs=4)
    assert [trial.number for trial in study.trials] == list(range(60))
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)


def test_enqueued_and_added_trials(storage: GrpcStorageProxy) -> None:
    study = optuna.create_study(storage=storage)
    study.enqueue_trial({"x": 0.25}, user_attrs={"by": "hand"})
    study.enqueue_trial({"x": 7.5})
    study.add_trial(
        optuna.create_trial(
            params={"x": 0.5},
            distributions={"x": optuna.distributions.FloatDistribution(0, 1)},
            value=-1,
        )
    )
    with pytest.warns(UserWarning, match="out of range"):
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    assert [trial.params["x"] for trial in study.trials[:3]] == [0.25, 7.5, 0.5]
    assert study.trials[0].user_attrs == {"by": "hand"}
    assert study.best_trial.number == 2


def test_a_study_is_copied_renamed_and_deleted(storage: GrpcStorageProxy) -> None:
    memory = optuna.storages.InMemoryStorage()
    source = optuna.create_study(storage=memory, study_name="source")
    source.set_user_attr("note", {"text": "é", "nan": float("inf")})
    source.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    optuna.copy_study(
        from_study_name="source",
        from_storage=memory,
        to_storage=storage,
        to_study_name="copy",
    )
    copy = optuna.load_study(study_name="copy", storage=storage)
    assert copy.user_attrs == source.user_attrs
    for original, copied in zip(source.trials, copy.trials, strict=True):
        copied._trial_id = original._trial_id
        assert copied == original
    with pytest.raises(optuna.exceptions.DuplicatedStudyError):
        optuna.create_study(study_name="copy", storage=storage)
    again = optuna.create_study(study_name="copy", storage=storage, load_if_exists=True)
    assert len(again.trials) == 5
    optuna.delete_study(study_name="copy", storage=storage)
    assert "copy" not in optuna.get_all_study_names(storage)


def test_a_failing_objective_and_study_stop(storage: GrpcStorageProxy) -> None:
    def objective(trial: optuna.Trial) -> float:
        if trial.number == 2:
            raise ValueError("broken")
        if trial.number == 4:
            trial.study.stop()
        return float("nan") if trial.number == 3 else 1.0

    study = optuna.create_study(storage=storage)
    study.optimize(objective, n_trials=10, catch=(ValueError,))
    states = [trial.state.name for trial in study.trials]
    assert states == ["COMPLETE", "COMPLETE", "FAIL", "FAIL", "COMPLETE"]


def run_workers(
    daemon: Daemon, name: str, directory: pathlib.Path, processes: int, trials: int
) -> list[subprocess.Popen[bytes]]:
    """Starts workers; their logs are `directory`/log0, log1, ..."""
    return [
        subprocess.Popen(
            [
                sys.executable,
                str(WORKER),
                str(daemon.port),
                name,
                str(trials),
                str(directory / f"log{i}"),
            ],
            env=clean_environment(OMP_NUM_THREADS="1"),
        )
        for i in range(processes)
    ]


def acknowledged(directory: pathlib.Path) -> dict[int, float]:
    """Number and value of the trials whose results the workers were told to be stored."""
    lines = [
        line.split()
        for path in directory.glob("log*")
        for line in path.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return {int(number): float(value) for number, value in lines}


def wait_all(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        assert worker.wait(timeout=120) == 0


def end_all(workers: list[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


@pytest.mark.parametrize("kill", ["nobody", "worker", "daemon"])
def test_eight_processes_on_one_study(
    start: Callable[..., Daemon], tmp_path: pathlib.Path, kill: str
) -> None:
    daemon = start()
    logs = tmp_path / "logs"
    logs.mkdir()
    study = optuna.create_study(study_name="shared", storage=proxy(daemon))
    for i in range(10):
        study.enqueue_trial({"x": i / 8, "y": 2})
    workers = run_workers(daemon, "shared", logs, processes=8, trials=15)
    try:
        until(lambda: len(acknowledged(logs)) > 20, 120, "20 trials are finished")
        if kill == "worker":
            workers.pop().send_signal(signal.SIGKILL)
        if kill == "daemon":
            daemon.restart()
            until(lambda: len(acknowledged(logs)) > 60, 120, "60 trials are finished")
            daemon.restart()
        wait_all(workers)
    finally:
        end_all(workers)

    trials = optuna.load_study(study_name="shared", storage=proxy(daemon)).trials
    by_number = {trial.number: trial for trial in trials}
    assert sorted(by_number) == list(range(len(trials)))
    told = acknowledged(logs)
    assert len(told) >= 7 * 15
    for number, value in told.items():
        assert by_number[number].state == TrialState.COMPLETE
        assert by_number[number].value == value
        assert by_number[number].intermediate_values == {0: value}
    fixed = [trial.params["x"] for trial in trials[:10] if trial.state == TrialState.COMPLETE]
    assert fixed == [t.number / 8 for t in trials[:10] if t.state == TrialState.COMPLETE]
    unfinished = [trial for trial in trials if not trial.state.is_finished()]
    if kill == "nobody":
        assert len(trials) == len(told) == 8 * 15
        assert unfinished == []
    # One trial per worker and kill at most was in work, or told without hearing back.
    assert len(trials) - len(told) <= {"nobody": 0, "worker": 1, "daemon": 16}[kill]
