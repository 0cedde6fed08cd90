"""hpod.optuna.Sampler: studies of Optuna whose trials are mirrored into a real daemon."""

import math
import pickle
import subprocess
import sys
import threading
import uuid
import warnings

import daemon as daemons
import optuna
import pytest
from optuna.trial import TrialState

import hpod
import hpod.optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(autouse=True)
def server(daemon, monkeypatch):
    monkeypatch.setenv("HPOD_SERVER", daemon.address)


@pytest.fixture
def name():
    return f"optuna-{uuid.uuid4()}"


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/optuna.db"


def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    kind = trial.suggest_categorical("kind", ["a", None, True, 7, 2.5])
    if kind == "a":
        x += trial.suggest_int("n", 1, 64, log=True)
    else:
        x += trial.suggest_float("y", 0, 1, step=0.25)
    return x**2


def assert_mirrored(study):
    """Each finished trial of Optuna is in the daemon once, as it is in Optuna."""
    mirror = study.sampler.study_of(study)
    by_number = {}
    for trial in mirror.trials:
        if trial.state.name != "RUNNING" and "has other values" not in trial.failure:
            assert trial.user_attrs["optuna:number"] not in by_number
            by_number[trial.user_attrs["optuna:number"]] = trial
    finished = [trial for trial in study.trials if trial.state.is_finished()]
    assert set(by_number) == {trial.number for trial in finished}
    for trial in finished:
        there = by_number[trial.number]
        assert there.state.name == trial.state.name
        assert there.values == trial.values
        assert there.intermediate_values == trial.intermediate_values
        assert there.constraints == trial.constraints
        if trial.state is not TrialState.FAIL:
            assert there.params == trial.params
            kinds = {name: type(value) for name, value in trial.params.items()}
            assert {n: type(v) for n, v in there.params.items()} == kinds
    return mirror


def test_proposals_are_those_of_a_native_study(name, make_study):
    study = optuna.create_study(
        study_name=name, sampler=hpod.optuna.Sampler(seed=7), direction="minimize"
    )
    study.optimize(objective, n_trials=40)
    native = make_study(seed=7, pruner="none")
    native.optimize(objective, n_trials=40)
    assert [t.params for t in study.trials] == [t.params for t in native.trials]
    mirror = assert_mirrored(study)
    assert mirror.study_name == name
    assert [t.distributions for t in mirror.trials] == [
        t.distributions for t in native.trials
    ]


def test_several_objectives_are_mirrored(name):
    study = optuna.create_study(
        study_name=name,
        directions=["minimize", "maximize"],
        sampler=hpod.optuna.Sampler(),
    )
    study.set_metric_names(["loss", "speed"])
    study.optimize(lambda t: (objective(t), t.params["x"]), n_trials=15)
    mirror = assert_mirrored(study)
    assert mirror.metric_names == ["loss", "speed"]
    assert [d.name for d in mirror.directions] == ["MINIMIZE", "MAXIMIZE"]
    best = {trial.user_attrs["optuna:number"] for trial in mirror.best_trials}
    assert best == {trial.number for trial in study.best_trials}


def test_constraints_are_told():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = hpod.optuna.Sampler(constraints_func=lambda t: (t.params["x"], -1.0))
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=8)
    mirror = assert_mirrored(study)
    assert mirror.trials[3].constraints == {"0": study.trials[3].params["x"], "1": -1.0}

    def constrained(trial):
        trial.set_constraint("positive", -trial.suggest_float("x", -1, 1))
        return trial.params["x"]

    study = optuna.create_study(sampler=hpod.optuna.Sampler())
    study.optimize(constrained, n_trials=8)
    mirror = assert_mirrored(study)
    assert mirror.best_trial.user_attrs["optuna:number"] == study.best_trial.number


def test_pruned_and_failed_trials_are_told():
    def reporting(trial):
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 3:
            raise RuntimeError("broken")
        if trial.number == 4:
            return math.nan
        for step in range(12):
            trial.report(math.nan if step == 1 else x * (step + 1), step)
            if trial.should_prune():
                raise optuna.TrialPruned
        trial.set_user_attr("layers", [1, 2])
        return math.inf if trial.number == 2 else x

    study = optuna.create_study(
        sampler=hpod.optuna.Sampler(seed=3),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.optimize(reporting, n_trials=20, catch=(RuntimeError,))
    states = [trial.state for trial in study.trials]
    assert TrialState.PRUNED in states and states.count(TrialState.FAIL) == 2
    mirror = study.sampler.study_of(study)
    for trial, there in zip(study.trials, mirror.trials):
        assert there.state.name == trial.state.name
        # NaN is not equal to itself; its text is.
        assert repr(there.intermediate_values) == repr(trial.intermediate_values)
        assert there.values == trial.values
        assert there.user_attrs == {**trial.user_attrs, "optuna:number": trial.number}


def test_a_study_that_exists_is_imported_once(name, url):
    study = optuna.create_study(study_name=name, storage=url)
    study.optimize(objective, n_trials=30)
    study.add_trial(
        optuna.create_trial(
            params={"x": 25.0},
            distributions={"x": optuna.distributions.FloatDistribution(-10, 30)},
            value=-math.inf,
            user_attrs={"note": "added"},
        )
    )
    study.enqueue_trial({"x": 99.0, "kind": "a"})  # outside of the range
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(objective, n_trials=1)

    study.sampler = hpod.optuna.Sampler(seed=5)
    study.optimize(objective, n_trials=3)
    mirror = assert_mirrored(study)
    assert len(mirror.trials) == 35
    # Another process: it finds the study, and nothing left to import.
    again = optuna.load_study(
        study_name=name, storage=url, sampler=hpod.optuna.Sampler()
    )
    again.optimize(objective, n_trials=2)
    assert again.sampler.study_of(again).study_name == mirror.study_name
    assert len(assert_mirrored(again).trials) == 37


def test_trials_of_other_samplers_are_seen_while_it_runs(name, url):
    study = optuna.create_study(
        study_name=name, storage=url, sampler=hpod.optuna.Sampler(seed=5)
    )
    study.optimize(objective, n_trials=3)
    other = optuna.load_study(
        study_name=name, storage=url, sampler=optuna.samplers.RandomSampler()
    )
    other.optimize(objective, n_trials=3)
    study.optimize(objective, n_trials=2)
    assert_mirrored(study)


def test_enqueued_and_fixed_values_are_mirrored():
    study = optuna.create_study(sampler=hpod.optuna.Sampler(seed=5))
    study.enqueue_trial({"x": 1.5, "kind": 7, "y": 0.5})
    study.enqueue_trial({"x": 2, "kind": True})
    study.enqueue_trial({"kind": "a"})
    study.optimize(objective, n_trials=5)
    assert study.trials[0].params == {"x": 1.5, "kind": 7, "y": 0.5}
    assert study.trials[1].params["kind"] is True
    assert study.trials[2].params["kind"] == "a"
    assert_mirrored(study)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = optuna.samplers.PartialFixedSampler({"x": 3.0}, study.sampler)
    study.optimize(objective, n_trials=2)
    study.sampler = study.sampler._base_sampler
    assert [trial.params["x"] for trial in study.trials[-2:]] == [3.0, 3.0]
    assert_mirrored(study)


def test_a_trial_without_sampled_parameters_is_mirrored():
    study = optuna.create_study(sampler=hpod.optuna.Sampler())
    study.optimize(lambda trial: 1.0, n_trials=2)
    study.optimize(lambda trial: float(trial.suggest_int("one", 1, 1)), n_trials=2)
    mirror = assert_mirrored(study)
    assert [trial.params for trial in mirror.trials] == [{}, {}, {"one": 1}, {"one": 1}]


def test_choices_the_daemon_cannot_have_are_told_as_texts():
    choices = [(64, 32), (128,), "none", "none"]

    def layered(trial):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return len(trial.suggest_categorical("layers", choices))

    study = optuna.create_study(sampler=hpod.optuna.Sampler(seed=1))
    study.optimize(layered, n_trials=12)
    assert {trial.params["layers"] for trial in study.trials} >= {(64, 32), (128,)}
    values = {trial.params["layers"] for trial in study.sampler.study_of(study).trials}
    assert values <= {"0: (64, 32)", "1: (128,)", "2: 'none'", "3: 'none'"}


def test_ask_and_tell_work_across_samplers(name, url):
    space = {"x": optuna.distributions.FloatDistribution(0, 1)}
    asker = optuna.create_study(
        study_name=name, storage=url, sampler=hpod.optuna.Sampler(seed=1)
    )
    trial = asker.ask(space)
    other = optuna.load_study(
        study_name=name, storage=url, sampler=hpod.optuna.Sampler()
    )
    other.tell(trial.number, 0.5)
    assert asker.trials[0].value == 0.5
    mirror = assert_mirrored(other)
    assert len(mirror.trials) == 1


def test_threads_share_a_study():
    study = optuna.create_study(sampler=hpod.optuna.Sampler(seed=1))
    study.optimize(objective, n_trials=24, n_jobs=4)
    assert len(study.trials) == 24
    assert len(assert_mirrored(study).trials) == 24


WORKER = """
import sys, warnings
import optuna
import hpod.optuna
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.load_study(
    study_name=sys.argv[1], storage=sys.argv[2], sampler=hpod.optuna.Sampler()
)
study.optimize(lambda t: t.suggest_float("x", -1, 1) ** 2, n_trials=6)
"""


def test_processes_share_a_study(name, url):
    study = optuna.create_study(study_name=name, storage=url)
    study.optimize(lambda t: t.suggest_float("x", -1, 1) ** 2, n_trials=7)
    command = [sys.executable, "-c", WORKER, name, url]
    workers = [subprocess.Popen(command) for _ in range(3)]
    assert [worker.wait(90) for worker in workers] == [0, 0, 0]
    study = optuna.load_study(
        study_name=name, storage=url, sampler=hpod.optuna.Sampler()
    )
    assert len(study.trials) == 25
    mirror = assert_mirrored(study)
    assert len(mirror.trials) == 25
    names = hpod.get_all_study_names()
    assert [other for other in names if other.startswith(name)] == [name]


def test_two_imports_at_once_import_once(name, url):
    study = optuna.create_study(study_name=name, storage=url)
    for value in range(1200):
        study.add_trial(optuna.create_trial(value=float(value)))
    begin = threading.Barrier(3)

    def work():
        mine = optuna.load_study(
            study_name=name, storage=url, sampler=hpod.optuna.Sampler()
        )
        begin.wait()
        mine.sampler.study_of(mine)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [t.user_attrs["optuna:number"] for t in hpod.load_study(name).trials]
    assert numbers == list(range(1200))


def test_a_new_study_of_the_same_name_is_another_study(name):
    first = optuna.create_study(study_name=name, sampler=hpod.optuna.Sampler())
    first.optimize(objective, n_trials=2)
    second = optuna.create_study(study_name=name, sampler=hpod.optuna.Sampler())
    second.optimize(objective, n_trials=2)
    assert first.sampler.study_of(first).study_name == name
    assert second.sampler.study_of(second).study_name == f"{name} (2)"
    assert_mirrored(first)
    assert_mirrored(second)


def test_a_sampler_can_be_pickled_while_it_is_used():
    study = optuna.create_study(sampler=hpod.optuna.Sampler(seed=4, study_name="p"))
    study.optimize(objective, n_trials=2)
    study.sampler = pickle.loads(pickle.dumps(study.sampler))
    study.optimize(objective, n_trials=2)
    assert study.sampler.study_of(study).study_name.startswith("p")
    assert len(assert_mirrored(study).trials) == 4


def test_a_restart_of_the_daemon_is_waited_for(own_daemon):
    sampler = hpod.optuna.Sampler(server=own_daemon.address)
    study = optuna.create_study(sampler=sampler)

    def restarting(trial):
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 2:
            own_daemon.kill()
            own_daemon.start()
        return x + trial.suggest_float("y", 0, 1)

    study.optimize(restarting, n_trials=4)
    assert len(assert_mirrored(study).trials) == 4


def test_a_result_whose_lease_was_lost_is_told_nevertheless():
    study = optuna.create_study(sampler=hpod.optuna.Sampler(seed=1))

    def suspended(trial):
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 1:
            mirror = study.sampler.study_of(study)
            # As when the lease has run out: somebody else has ended the trial.
            mirror.tell(1, state=hpod.TrialState.FAIL)
        return x + (trial.suggest_float("y", 0, 1) if trial.number > 1 else 0.0)

    study.optimize(suspended, n_trials=4)
    trials = study.sampler.study_of(study).trials
    told = [trial for trial in trials if trial.user_attrs["optuna:number"] == 1]
    assert [trial.state.name for trial in told] == ["FAIL", "COMPLETE"]
    assert told[1].params == study.trials[1].params


def test_a_stopped_study_ends_the_run():
    study = optuna.create_study(sampler=hpod.optuna.Sampler())
    study.optimize(objective, n_trials=1)
    study.sampler.study_of(study).stop(everywhere=True)
    with pytest.raises(hpod.NoTrialError, match="stopped"):
        study.optimize(objective, n_trials=5)
    assert [trial.state for trial in study.trials] == [
        TrialState.COMPLETE,
        TrialState.FAIL,
    ]


def test_without_a_daemon_the_error_says_how_to_start_one():
    address = f"127.0.0.1:{daemons.free_port()}"
    study = optuna.create_study(sampler=hpod.optuna.Sampler(server=address))
    with pytest.raises(hpod.UnavailableError, match=f"hpod --listen {address}"):
        study.optimize(objective, n_trials=1)


def test_tpe_options_reach_the_daemon():
    sampler = hpod.optuna.Sampler(sampler=hpod.Sampler("tpe", n_startup_trials=3))
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=1)
    stored = study.sampler.study_of(study)._get().sampler
    assert (stored.name, dict(stored.options)["n_startup_trials"]) == ("tpe", "3")
