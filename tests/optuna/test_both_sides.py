"""One study, seen by Optuna's clients and by hpod's own."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, Iterator

import hpod
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import GrpcStorageProxy
from optuna.trial import TrialState

from daemon_process import REPOSITORY, Daemon, clean_environment, until

HPOCTL = os.environ.get("HPOCTL_BINARY") or str(REPOSITORY / "build/release/bin/hpoctl")


@pytest.fixture(autouse=True)
def server(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """hpod's own clients talk to the same daemon."""
    monkeypatch.setenv("HPOD_SERVER", daemon.address)
    yield


def hpoctl(daemon: Daemon, *arguments: str) -> str:
    return subprocess.run(
        [HPOCTL, *arguments],
        env=clean_environment(HPOD_SERVER=daemon.address),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


def shown(daemon: Daemon, *arguments: str) -> Any:
    return json.loads(hpoctl(daemon, *arguments, "-o", "json"))


SPACE = {
    "rate": hpod.FloatDistribution(1e-5, 0.1, log=True),
    "share": hpod.FloatDistribution(0.0, 1.0, step=0.25),
    "layers": hpod.IntDistribution(1, 9, step=2),
    "kind": hpod.CategoricalDistribution(["a", None, 3, 0.5, True]),
}


def test_a_native_study_is_optunas_too(storage: GrpcStorageProxy) -> None:
    native = hpod.create_study(
        "native",
        direction="maximize",
        space=SPACE,
        sampler="random",
        seed=5,
        metric_names=["score"],
        user_attrs={"note": {"é": [1, None]}},
    )
    for _ in range(12):
        trial = native.ask()
        for step in range(3):
            trial.report(trial.params["layers"] + step, step)
        trial.set_user_attr("by", "native")
        trial.set_constraint("size", trial.params["layers"] - 5)
        if trial.number == 4:
            native.tell(trial, state=hpod.TrialState.FAIL)
        elif trial.number == 5:
            native.tell(trial, state=hpod.TrialState.PRUNED)
        else:
            native.tell(trial, trial.params["layers"] + trial.params["rate"])
    running = native.ask()

    study = optuna.load_study(study_name="native", storage=storage)
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    assert study.user_attrs == {"note": {"é": [1, None]}}
    assert study.metric_names == ["score"]
    assert len(study.trials) == 13
    for theirs, ours in zip(study.trials, native.trials, strict=True):
        assert theirs.number == ours.number
        assert theirs.state.name == ours.state.name
        assert theirs.params == ours.params
        assert theirs.values == ours.values
        assert theirs.intermediate_values == ours.intermediate_values
        assert theirs.user_attrs == ours.user_attrs
        assert theirs.constraints == ours.constraints
        assert theirs.datetime_start == ours.datetime_start
        assert theirs.datetime_complete == ours.datetime_complete
    assert study.trials[0].distributions == {
        "rate": FloatDistribution(1e-5, 0.1, log=True),
        "share": FloatDistribution(0.0, 1.0, step=0.25),
        "layers": IntDistribution(1, 9, step=2),
        "kind": CategoricalDistribution(["a", None, 3, 0.5, True]),
    }
    assert study.best_trial.number == native.best_trial.number
    assert study.best_trial.params["layers"] <= 5
    native.tell(running, 1.0)
    assert study.trials[12].values == [1.0]


def test_a_study_of_optuna_is_hpods_too(daemon: Daemon, storage: GrpcStorageProxy) -> None:
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -10, 10)
        n = trial.suggest_int("n", 1, 5)
        kind = trial.suggest_categorical("kind", ["a", "b"])
        trial.report(abs(x), 0)
        trial.report(abs(x) / 2, 3)
        trial.set_user_attr("kind", kind)
        trial.set_constraint("n", n - 3)
        if trial.number == 7:
            raise optuna.TrialPruned
        return x * x + n

    study = optuna.create_study(study_name="theirs", storage=storage)
    study.set_user_attr("note", "é")
    study.set_metric_names(["loss"])
    study.enqueue_trial({"x": 2.0})
    study.optimize(objective, n_trials=15)
    study.ask()

    listed = next(s for s in shown(daemon, "study", "list") if s["name"] == "theirs")
    assert listed["counts"]["complete"] == 14
    assert listed["counts"]["pruned"] == 1
    assert listed["counts"]["running"] == 1
    page = shown(daemon, "study", "show", "theirs")
    assert page["study"]["metric_names"] == ["loss"]
    assert page["study"]["user_attributes"] == {"note": json.dumps("é")}
    best = shown(daemon, "study", "best", "theirs")
    assert best[0]["number"] == study.best_trial.number
    trials = shown(daemon, "trial", "list", "theirs")
    for theirs, ours in zip(study.trials, trials, strict=True):
        assert ours["number"] == theirs.number
        assert ours["state"] == theirs.state.name
        assert ours["params"] == theirs.params
        assert ours["values"] == (theirs.values or [])
    detail = shown(daemon, "trial", "show", "theirs", "3")
    assert detail["intermediate_values"] == [
        {"step": step, "value": value}
        for step, value in sorted(study.trials[3].intermediate_values.items())
    ]
    assert detail["constraints"] == study.trials[3].constraints
    assert "RUNNING" in hpoctl(daemon, "study", "show", "theirs")

    native = hpod.load_study("theirs")
    assert native.best_value == study.best_value
    assert native.best_params == study.best_params


def test_workers_of_both_kinds_share_a_study(storage: GrpcStorageProxy) -> None:
    theirs = optuna.create_study(study_name="mixed", storage=storage)
    ours = hpod.load_study("mixed")
    theirs.enqueue_trial({"x": 0.25})
    ours.enqueue_trial({"x": 0.5, "kind": "b"})

    first = ours.ask()
    assert first.suggest_float("x", 0, 1) == 0.25
    second = theirs.ask()
    assert second.suggest_float("x", 0, 1) == 0.5
    assert second.suggest_categorical("kind", ["a", "b"]) == "b"
    ours.tell(first, 1.0)
    theirs.tell(second, 2.0)
    for _ in range(15):
        ours.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
        theirs.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert [trial.number for trial in theirs.trials] == list(range(32))
    assert [trial.params for trial in theirs.trials] == [trial.params for trial in ours.trials]


def test_odd_trials_of_optuna_do_not_trouble_hpods_clients(
    daemon: Daemon, storage: GrpcStorageProxy
) -> None:
    study = optuna.create_study(study_name="odd", storage=storage)
    study_id = study._study_id
    distributions = {
        "lists": CategoricalDistribution([[1], [2]]),
        "big": IntDistribution(0, 2**70),
        "out": FloatDistribution(0, 1),
    }
    for state in (TrialState.COMPLETE, TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING):
        trial_id = storage.create_new_trial(study_id)
        for name, value in (("lists", 1), ("big", 2.0**69), ("out", 7.5)):
            storage.set_trial_param(trial_id, name, value, distributions[name])
        storage.set_trial_intermediate_value(trial_id, -(2**63), float("nan"))
        storage.set_trial_state_values(
            trial_id, state, [1.0, 2.0] if state == TrialState.FAIL else None
        )
    assert [trial.params["big"] for trial in study.trials] == [2**69] * 4
    for arguments in (
        ("study", "show", "odd"),
        ("study", "best", "odd"),
        ("trial", "list", "odd"),
        ("trial", "show", "odd", "0"),
        ("trial", "show", "odd", "2"),
        ("study", "export", "odd"),
    ):
        assert hpoctl(daemon, *arguments) is not None
    native = hpod.load_study("odd")
    assert [trial.params for trial in native.trials] == [{"out": 7.5}] * 4
    native.optimize(lambda trial: trial.suggest_float("out", 0, 1), n_trials=15)
    assert len(study.trials) == 18


def test_a_budget_of_the_study_ends_scripts(daemon: Daemon, storage: GrpcStorageProxy) -> None:
    study = optuna.create_study(study_name="stopped", storage=storage)
    study.optimize(lambda trial: 1.0, n_trials=2)
    hpoctl(daemon, "study", "stop", "stopped")
    with pytest.raises(Exception, match="it was stopped"):
        study.optimize(lambda trial: 1.0, n_trials=2)
    hpoctl(daemon, "study", "resume", "stopped")
    study.optimize(lambda trial: 1.0, n_trials=2)
    assert len(study.trials) == 4


def test_a_trial_without_a_lease_outlives_all_leases(
    daemon: Daemon, storage: GrpcStorageProxy
) -> None:
    native = hpod.create_study("leases", lease=1, max_retries=0)
    study = optuna.load_study(study_name="leases", storage=storage)
    theirs = study.ask()
    hpoctl(daemon, "trial", "suggest", "leases", "--worker", "lost")
    until(lambda: native.trials[1].state.name == "FAIL", 20, "the lease has ended")
    assert study.trials[theirs.number].state == TrialState.RUNNING
    study.tell(theirs, 1.0)
