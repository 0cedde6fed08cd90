"""What a running trial offers."""

import datetime
import math
import uuid

import pytest

import hpod
from hpod import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    TrialState,
    When,
)

CHOICES = [None, True, 1, 1.5, "a"]


def test_parameters_are_defined_by_running(make_study):
    trial = make_study().ask()
    assert trial.params == {}
    x = trial.suggest_float("x", 1e-3, 1.0, log=True)
    k = trial.suggest_int("k", 0, 10, step=5)
    s = trial.suggest_float("s", 0.0, 1.0, step=0.25)
    c = trial.suggest_categorical("c", CHOICES)
    assert isinstance(x, float) and 1e-3 <= x <= 1.0
    assert isinstance(k, int) and k in (0, 5, 10)
    assert s in (0.0, 0.25, 0.5, 0.75, 1.0)
    assert any(c is choice or c == choice for choice in CHOICES)
    assert trial.params == {"x": x, "k": k, "s": s, "c": c}
    assert trial.distributions["k"] == IntDistribution(0, 10, step=5)


@pytest.mark.parametrize("choice", CHOICES)
def test_choices_keep_their_type(make_study, choice):
    value = make_study().ask().suggest_categorical("c", [choice])
    assert type(value) is type(choice) and value == choice


def test_a_choice_that_is_nan_is_equal_to_itself(make_study):
    choices = [float("nan"), 1.0]
    declared = make_study(space={"a": CategoricalDistribution(choices)}).ask()
    declared.suggest_categorical("a", [float("nan"), 1.0])
    running = make_study().ask()
    running.suggest_categorical("a", choices)
    running.suggest_categorical("a", [float("nan"), 1.0])


def test_asked_twice_a_parameter_keeps_its_value(make_study):
    trial = make_study().ask()
    x = trial.suggest_float("x", 0, 1)
    assert trial.suggest_float("x", 0, 1) == x
    with pytest.warns(UserWarning, match="'x' keeps its value"):
        assert trial.suggest_float("x", 0, 2) == x


@pytest.mark.parametrize(
    "ask",
    [
        lambda trial: trial.suggest_int("x", 0, 1),
        lambda trial: trial.suggest_float("x", 0.5, 1, log=True),
        lambda trial: trial.suggest_categorical("x", [0, 1]),
    ],
)
def test_a_parameter_keeps_its_kind_in_the_trial_and_in_the_study(make_study, ask):
    study = make_study()
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    with pytest.raises(ValueError, match="'x'"):
        ask(trial)
    study.tell(trial, 1.0)
    with pytest.raises(hpod.ParameterChangedError, match="x"):
        ask(study.ask())


def test_a_bad_range_is_refused_and_named(make_study):
    with pytest.raises(ValueError, match="lr"):
        make_study().ask().suggest_float("lr", 2, 1)


SPACE = {
    "lr": FloatDistribution(1e-5, 1e-1, log=True),
    "layers": IntDistribution(1, 8),
    "opt": CategoricalDistribution(["adam", "sgd"]),
    "momentum": When({"opt": ["sgd"]}, FloatDistribution(0, 0.99)),
}


def test_a_declared_space_is_sampled_in_one_call(make_study, monkeypatch):
    study = make_study(space=SPACE)
    trials = [study.ask() for _ in range(20)]
    assert {trial.params["opt"] for trial in trials} == {"adam", "sgd"}
    for trial in trials:
        always = {"lr", "layers", "opt"}
        more = {"momentum"} if trial.params["opt"] == "sgd" else set()
        assert set(trial.params) == always | more

    def no_call(*arguments):
        raise AssertionError("a call was made")

    monkeypatch.setattr(study._client, "call", no_call)
    trial = trials[0]
    assert trial.suggest_int("layers", 1, 8) == trial.params["layers"]
    assert trial.suggest_float("lr", 1e-5, 1e-1, log=True) == trial.params["lr"]
    assert trial.suggest_categorical("opt", ["adam", "sgd"]) == trial.params["opt"]
    with pytest.raises(ValueError, match="layers"):
        trial.suggest_float("layers", 1, 8)


def test_a_name_outside_the_declared_space_is_refused(make_study):
    with pytest.raises(ValueError, match="other"):
        make_study(space=SPACE).ask().suggest_float("other", 0, 1)


def test_the_first_report_of_a_step_stays(make_study):
    study = make_study()
    trial = study.ask()
    trial.report(1.0, 0)
    with pytest.warns(UserWarning, match="step 0"):
        trial.report(2.0, 0)
    trial.report(math.inf, 2)
    assert trial.intermediate_values == {0: 1.0, 2: math.inf}
    stored = study.tell(trial, 3.0)
    assert stored.intermediate_values == {0: 1.0, 2: math.inf}
    assert stored.last_step == 2
    assert study.get_trial(0) == stored


@pytest.mark.parametrize(
    ("value", "step", "error", "message"),
    [
        ("a", 0, TypeError, "value is 'a', but must be a number"),
        (None, 0, TypeError, "value is None, but must be a number"),
        (1.0, 0.5, TypeError, "step is 0.5, but must be a whole number"),
        (1, -1, ValueError, "step is -1, but must be >= 0"),
        (1, 2**63, ValueError, f"step is {2**63}, but must be at most {2**63 - 1}"),
    ],
)
def test_a_bad_report_is_refused(make_study, value, step, error, message):
    study = make_study()
    trial = study.ask()
    with pytest.raises(error, match=message):
        trial.report(value, step)
    assert study.get_trial(0).intermediate_values == {}


def test_should_prune_is_false_before_a_report_and_makes_no_call(
    make_study, monkeypatch
):
    study = make_study()
    trial = study.ask()
    monkeypatch.setattr(study._client, "call", None)
    assert not trial.should_prune()


def test_attributes_and_constraints_are_stored(make_study):
    study = make_study()
    trial = study.ask()
    trial.set_user_attr("info", {"a": [1, 2.5, None, "ä"], "b": True})
    trial.set_constraint("c", 1.0)
    assert trial.user_attrs == {"info": {"a": [1, 2.5, None, "ä"], "b": True}}
    stored = study.tell(trial, 0.0)
    assert stored.user_attrs == trial.user_attrs
    assert stored.constraints == {"c": 1.0}
    with pytest.raises(ValueError, match="feasible"):
        study.best_trial
    with pytest.raises(TypeError, match="attribute 'bad' must be JSON"):
        study.ask().set_user_attr("bad", object())
    with pytest.raises(ValueError, match="NaN"):
        study.ask().set_constraint("c", math.nan)
    with pytest.raises(TypeError, match="constraint 'c' is 'a', but must be a number"):
        study.ask().set_constraint("c", "a")


@pytest.mark.parametrize(
    ("suggest", "message"),
    [
        (
            lambda t: t.suggest_float("x", None, 1),
            "'x': low is None, but must be a num",
        ),
        (lambda t: t.suggest_float("x", 0, "1"), "'x': high is '1', but must be a num"),
        (lambda t: t.suggest_int("x", 0.5, 3), "'x': low is 0.5, but must be a whole"),
        (lambda t: t.suggest_int("x", 0, 3, step="a"), "'x': step is 'a', but must be"),
        (lambda t: t.suggest_categorical("x", 5), "choices is 5, but must be a list"),
        (lambda t: t.suggest_float(5, 0, 1), "a parameter's name is 5, but must be a"),
    ],
)
def test_a_bad_domain_is_refused_and_named_before_a_call(make_study, suggest, message):
    study = make_study()
    with pytest.raises(TypeError, match=message):
        suggest(study.ask())
    assert study.get_trial(0).params == {}


def test_an_enqueued_trial_has_its_values(make_study):
    study = make_study()
    assert study.enqueue_trial({"x": 0.25}, user_attrs={"why": "guess"}) == 0
    assert study.enqueue_trial({"x": 0.25}, skip_if_exists=True) == 0
    assert study.get_trial(0).state is TrialState.WAITING
    trial = study.ask()
    assert trial.number == 0
    assert trial.suggest_float("x", 0, 1) == 0.25
    assert 0 <= trial.suggest_float("y", 0, 1) <= 1
    assert trial.user_attrs == {"why": "guess"}


def test_an_enqueued_value_outside_the_range_is_used_with_a_warning(make_study):
    study = make_study()
    study.enqueue_trial({"x": 5.0})
    with pytest.warns(UserWarning, match="outside"):
        assert study.ask().suggest_float("x", 0, 1) == 5.0


def test_an_enqueued_trial_of_a_declared_space_is_filled_up(make_study):
    study = make_study(space=SPACE)
    study.enqueue_trial({"opt": "sgd", "momentum": 0.5})
    params = study.ask().params
    assert (params["opt"], params["momentum"]) == ("sgd", 0.5)
    assert set(params) == set(SPACE)


def test_a_trial_says_its_number_and_its_study(make_study):
    study = make_study(study_name=f"shown {uuid.uuid4()}")
    assert repr(study.ask()) == f"Trial(0, study='{study.study_name}')"


def test_a_running_trial_shows_its_worker_and_start(make_study):
    study = make_study()
    trial = study.ask()
    stored = study.get_trial(trial.number)
    assert stored.state is TrialState.RUNNING
    assert ":" in stored.worker
    assert stored.datetime_start == trial.datetime_start
    age = datetime.datetime.now() - stored.datetime_start
    assert abs(age) < datetime.timedelta(minutes=1)
    assert stored.duration is None


def test_a_stored_trial_runs_the_objective_again(make_study):
    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        trial.report(x, 0)
        assert not trial.should_prune()
        return x

    study = make_study()
    study.optimize(objective, n_trials=3)
    assert objective(study.best_trial) == study.best_value
    with pytest.raises(ValueError, match="no parameter 'z'"):
        study.best_trial.suggest_float("z", 0, 1)


def test_several_objectives_have_a_front_and_no_reports(make_study):
    study = make_study(directions=["minimize", "maximize"])
    assert [direction.name for direction in study.directions] == [
        "MINIMIZE",
        "MAXIMIZE",
    ]
    for values in [(1, 1), (2, 3), (3, 2)]:
        study.tell(study.ask(), values)
    assert [trial.values for trial in study.best_trials] == [[1, 1], [2, 3]]
    for broken in (lambda: study.best_trial, lambda: study.direction):
        with pytest.raises(RuntimeError, match="several objectives"):
            broken()
    trial = study.ask()
    for broken in (lambda: trial.report(1.0, 0), trial.should_prune):
        with pytest.raises(NotImplementedError):
            broken()


def test_names_are_kept_whatever_they_are(make_study):
    name = f"{uuid.uuid4()} / ü 'x'"
    study = make_study(study_name=name)
    assert study.study_name == name
    assert study.ask().suggest_float("läyer/0 x", 0, 1) <= 1
