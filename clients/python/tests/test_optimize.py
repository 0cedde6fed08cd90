"""The loop: what ends a trial, what ends the loop."""

import io
import math
import sys
import threading
import warnings

import optuna
import pytest

import hpod
from hpod import TrialState


def square(trial):
    x = trial.suggest_float("x", -10, 10)
    return (x - 2) ** 2


def test_the_loop_runs_n_trials_and_finds_the_best(make_study):
    study = make_study()
    study.optimize(square, n_trials=40)
    trials = study.trials
    assert [trial.number for trial in trials] == list(range(40))
    assert all(trial.state is TrialState.COMPLETE for trial in trials)
    assert all(trial.value == (trial.params["x"] - 2) ** 2 for trial in trials)
    assert study.best_value == min(trial.value for trial in trials)
    assert study.best_value < 4.0
    assert study.best_params == study.best_trial.params
    assert study.best_trials == [study.best_trial]
    assert study.best_trial.distributions == {"x": hpod.FloatDistribution(-10, 10)}


def test_a_maximized_study_has_its_largest_value_best(make_study):
    study = make_study(direction="maximize")
    study.optimize(square, n_trials=5)
    assert study.direction is hpod.StudyDirection.MAXIMIZE
    assert study.best_value == max(trial.value for trial in study.trials)


def test_equal_seeds_give_equal_suggestions(make_study):
    studies = [make_study(seed=7), make_study(seed=7)]
    for study in studies:
        study.optimize(square, n_trials=15)
    first, second = ([trial.params for trial in study.trials] for study in studies)
    assert first == second


@pytest.mark.parametrize("n_jobs", [4, -1])
def test_threads_share_the_trials(make_study, n_jobs):
    study = make_study()
    study.optimize(square, n_trials=23, n_jobs=n_jobs)
    assert [trial.number for trial in study.trials] == list(range(23))
    assert all(trial.state is TrialState.COMPLETE for trial in study.trials)


def test_threads_run_at_the_same_time(make_study):
    study = make_study()
    together = threading.Barrier(4)

    def objective(trial):
        together.wait(30)
        return 0.0

    study.optimize(objective, n_trials=4, n_jobs=4)
    assert study.best_value == 0.0


def test_hopeless_trials_are_pruned_with_their_last_report_as_value(make_study):
    study = make_study(pruner=hpod.Pruner("median", n_startup_trials=2))

    def objective(trial):
        for step in range(3):
            trial.report(trial.number, step)
            if trial.should_prune():
                raise hpod.TrialPruned
        return trial.number

    study.optimize(objective, n_trials=6)
    states = [trial.state for trial in study.trials]
    assert states[:2] == [TrialState.COMPLETE] * 2
    assert TrialState.PRUNED in states[2:]
    pruned = study.get_trials(states=[TrialState.PRUNED])[0]
    assert pruned.value == pruned.number
    assert pruned.intermediate_values == {0: float(pruned.number)}


def test_an_objective_may_raise_optunas_pruned(make_study):
    study = make_study()

    def objective(trial):
        trial.report(0.5, 0)
        raise optuna.TrialPruned

    study.optimize(objective, n_trials=1)
    (trial,) = study.trials
    assert (trial.state, trial.value) == (TrialState.PRUNED, 0.5)


def test_what_cannot_be_called_makes_no_trial(make_study):
    study = make_study()
    with pytest.raises(TypeError, match="func is 3"):
        study.optimize(3, n_trials=1)
    assert study.trials == []


@pytest.mark.parametrize(
    "name", ["n_trials", "timeout", "n_jobs", "catch", "callbacks"]
)
def test_a_bad_limit_makes_no_trial_and_is_named(make_study, name):
    study = make_study()
    value = 3 if name in ("catch", "callbacks") else "3"
    with pytest.raises(TypeError, match=f"{name} is {value!r}, but must be a "):
        study.optimize(square, **{"n_trials": 1, name: value})
    assert study.trials == []


def test_an_exception_fails_its_trial_and_is_raised(make_study):
    study = make_study()

    def objective(trial):
        raise ZeroDivisionError("one over nothing")

    with pytest.raises(ZeroDivisionError, match="one over nothing"):
        study.optimize(objective, n_trials=3)
    (trial,) = study.trials
    assert trial.state is TrialState.FAIL
    assert trial.failure == "ZeroDivisionError: one over nothing"


def test_a_caught_exception_fails_its_trial_only(make_study):
    study = make_study()

    def objective(trial):
        if trial.number == 1:
            raise KeyError("k")
        return 1.0

    study.optimize(objective, n_trials=3, catch=KeyError)
    states = [trial.state for trial in study.trials]
    assert states == [TrialState.COMPLETE, TrialState.FAIL, TrialState.COMPLETE]


def test_an_exception_in_a_thread_is_raised_when_the_others_are_done(make_study):
    study = make_study()
    second_runs = threading.Event()

    def objective(trial):
        if trial.number == 0:
            second_runs.wait(30)
            raise RuntimeError("first")
        second_runs.set()
        return 1.0

    with pytest.raises(RuntimeError, match="first"):
        study.optimize(objective, n_jobs=2)
    assert all(trial.state.is_finished() for trial in study.trials)


def test_ctrl_c_fails_the_trial_and_is_raised(make_study):
    study = make_study()

    def objective(trial):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        study.optimize(objective, n_trials=3, catch=Exception)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]


@pytest.mark.parametrize("value", [None, math.nan, "a", (1.0, 2.0)])
def test_a_bad_value_fails_its_trial_and_is_logged_once(make_study, caplog, value):
    study = make_study()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study.optimize(lambda trial: value, n_trials=1)
    (line,) = caplog.messages
    assert line.startswith("trial 0 failed: the objective gave")
    (trial,) = study.trials
    assert trial.state is TrialState.FAIL
    assert "the objective gave" in trial.failure


def test_infinity_is_a_value(make_study):
    study = make_study()
    study.optimize(lambda trial: math.inf, n_trials=1)
    assert study.best_value == math.inf


def test_callbacks_see_each_trial_and_may_stop_the_loop(make_study):
    study = make_study()
    seen = []

    def callback(same_study, trial):
        assert same_study is study
        seen.append((trial.number, trial.state, trial.intermediate_values))
        if trial.number == 2:
            same_study.stop()

    def objective(trial):
        trial.report(0.5, 3)
        return 1.0

    study.optimize(objective, callbacks=[callback])
    assert seen == [(i, TrialState.COMPLETE, {3: 0.5}) for i in range(3)]
    study.optimize(objective, n_trials=1)
    assert len(study.trials) == 4


def test_stop_outside_of_the_loop_is_refused(make_study):
    with pytest.raises(RuntimeError, match="optimize"):
        make_study().stop()


def test_the_loop_does_not_nest(make_study):
    study = make_study()

    def objective(trial):
        study.optimize(square, n_trials=1)

    with pytest.raises(RuntimeError, match="already"):
        study.optimize(objective, n_trials=1)


def test_no_trial_starts_after_the_timeout(make_study):
    study = make_study()
    study.optimize(square, timeout=0.0)
    assert study.trials == []


def test_the_loop_ends_at_the_budget(make_study):
    study = make_study(max_trials=7)
    study.optimize(square, n_jobs=3)
    assert len(study.trials) == 7
    with pytest.raises(hpod.NoTrialError) as refused:
        study.ask()
    assert refused.value.reason is hpod.StopReason.MAX_TRIALS
    assert refused.value.final
    study.set_budget(max_trials=9)
    study.optimize(square)
    assert len(study.trials) == 9


def test_the_loop_waits_for_a_place_among_the_running(make_study):
    study = make_study(max_running=1)
    running = []
    most = []

    def objective(trial):
        running.append(trial.number)
        most.append(len(running))
        running.remove(trial.number)
        return 0.0

    study.optimize(objective, n_trials=8, n_jobs=3)
    assert len(study.trials) == 8
    assert max(most) == 1


def test_a_study_stopped_everywhere_hands_out_nothing_until_resumed(make_study):
    study = make_study()

    def objective(trial):
        if trial.number == 1:
            study.stop(everywhere=True)
        return 0.0

    study.optimize(objective, n_trials=10)
    other = hpod.load_study(study.study_name, server=study._client.server)
    other.optimize(objective, n_trials=10)
    assert len(study.trials) == 2
    study.resume()
    other.optimize(square, n_trials=1)
    assert len(study.trials) == 3


def test_a_grid_is_walked_once(make_study):
    space = {
        "a": hpod.CategoricalDistribution(["x", "y"]),
        "b": hpod.IntDistribution(1, 3),
    }
    study = make_study(sampler="grid", space=space)
    study.optimize(lambda trial: trial.suggest_int("b", 1, 3), n_jobs=3)
    points = [(trial.params["a"], trial.params["b"]) for trial in study.trials]
    assert sorted(points) == [(a, b) for a in "xy" for b in (1, 2, 3)]


def test_n_jobs_must_be_positive(make_study):
    with pytest.raises(ValueError, match="n_jobs"):
        make_study().optimize(square, n_trials=1, n_jobs=0)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("tqdm", [True, False])
def test_the_progress_bar_counts_and_shows_the_best(make_study, monkeypatch, tqdm):
    if tqdm:
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    make_study().optimize(lambda trial: 0.25, n_trials=3, show_progress_bar=True)
    assert "3/3" in screen.getvalue()
    assert "best 0.25" in screen.getvalue()
