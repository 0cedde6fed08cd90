"""Studies: made, loaded, told, listed, copied to tables."""

import datetime
import math
import warnings

import numpy as np
import optuna
import pytest

import hpod
from hpod import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
    TrialState,
    When,
)


def test_a_study_exists_once(make_study):
    study = make_study()
    with pytest.raises(hpod.DuplicatedStudyError, match=study.study_name):
        make_study(study_name=study.study_name)
    study.tell(study.ask(), 1.0)
    again = make_study(study_name=study.study_name, load_if_exists=True)
    assert len(again.trials) == 1
    with pytest.raises(hpod.StudyMismatchError):
        make_study(
            study_name=study.study_name, load_if_exists=True, direction="maximize"
        )


def test_loading_with_other_settings_warns(make_study):
    study = make_study(sampler="random")
    with pytest.warns(UserWarning, match="keeps its own sampler and seed"):
        make_study(
            study_name=study.study_name, load_if_exists=True, sampler="tpe", seed=9
        )


def test_loading_with_another_space_warns_and_with_an_equal_one_does_not(make_study):
    space = {
        "opt": CategoricalDistribution(["adam", "sgd", math.nan]),
        "n": IntDistribution(1, 10, step=4),
        "x": When({"opt": ["sgd", math.nan]}, FloatDistribution(0, 0.95, step=0.1)),
    }
    name = make_study(space=space).study_name
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_study(study_name=name, load_if_exists=True, space=space)
        make_study(study_name=name, load_if_exists=True)
    for changed in (
        {"x": FloatDistribution(0, 0.95, step=0.1)},
        {"n": IntDistribution(1, 13, step=4)},
        {"opt": CategoricalDistribution(["adam", "sgd", "lion", math.nan])},
        {"more": IntDistribution(1, 2)},
    ):
        with pytest.warns(UserWarning, match="keeps its own space"):
            make_study(study_name=name, load_if_exists=True, space=space | changed)


def test_a_study_without_a_name_gets_one(daemon):
    study = hpod.create_study(server=daemon.address)
    assert study.study_name.startswith("no-name-")
    assert hpod.load_study(study.study_name, server=daemon.address).trials == []


def test_an_unknown_study_is_a_key_error(daemon):
    with pytest.raises(KeyError, match="nobody") as raised:
        hpod.load_study("nobody", server=daemon.address)
    assert isinstance(raised.value, hpod.StudyNotFoundError)
    assert raised.value.reason == "STUDY_NOT_FOUND"
    assert raised.value.code == "NOT_FOUND"
    with pytest.raises(KeyError):
        hpod.delete_study("nobody", server=daemon.address)


def test_a_deleted_study_is_gone(make_study, daemon):
    study = make_study()
    hpod.delete_study(study.study_name, server=daemon.address)
    assert study.study_name not in hpod.get_all_study_names(server=daemon.address)
    with pytest.raises(KeyError):
        study.trials


def test_studies_are_listed_with_their_counts(make_study, daemon):
    study = make_study(user_attrs={"team": "vision"})
    for value in (2.0, 1.0):
        study.tell(study.ask(), value)
    study.tell(study.ask(), state=TrialState.FAIL)
    study.ask()
    study.enqueue_trial({"x": 1})
    summaries = hpod.get_all_study_summaries(server=daemon.address)
    summary = next(one for one in summaries if one.study_name == study.study_name)
    assert summary.counts == {
        TrialState.RUNNING: 1,
        TrialState.COMPLETE: 2,
        TrialState.PRUNED: 0,
        TrialState.FAIL: 1,
        TrialState.WAITING: 1,
    }
    assert summary.n_trials == 5
    assert summary.best_trial == study.best_trial
    assert summary.user_attrs == {"team": "vision"}
    assert summary.stop_reason is None
    assert study.study_name in hpod.get_all_study_names(server=daemon.address)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "tpee"}, "tpee.*known: grid, random, tpe"),
        ({"sampler": hpod.Sampler("tpe", n_startup=3)}, "n_startup"),
        ({"pruner": hpod.Pruner("median", n_warmup_steps=-1)}, "n_warmup_steps"),
        ({"direction": "up"}, "unknown direction 'up'"),
        ({"direction": "minimize", "directions": ["minimize"]}, "not both"),
        ({"directions": []}, "directions"),
        ({"space": {"x": FloatDistribution(1, 0)}}, "x"),
        ({"max_trials": -1}, "max_trials"),
        ({"lease": 0.01}, "lease"),
        ({"study_name": "n" * 1000}, "name"),
        ({"seed": -1}, "seed is -1, but must be at least 1"),
        ({"seed": 2**64}, f"seed is {2**64}, but must be at most {2**64 - 1}"),
        ({"max_trials": 2**63}, f"max_trials is {2**63}, but must be at most"),
        ({"max_retries": 2**31}, f"max_retries is {2**31}, but must be at most"),
        ({"max_duration": math.nan}, "max_duration is nan, but must be at most"),
        ({"max_duration": datetime.timedelta.max}, "max_duration is .* at most"),
        ({"lease": math.inf}, "lease is inf, but must be at most"),
        ({"space": {"x": IntDistribution(0, 2**63)}}, "'x': high is .* at most"),
        ({"space": {"x": CategoricalDistribution([()])}}, r"'x': a value is \(\)"),
    ],
)
def test_bad_settings_are_refused_and_named(make_study, settings, message):
    with pytest.raises(ValueError, match=message):
        make_study(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seed": "1"}, "seed is '1', but must be a whole number"),
        ({"max_trials": "5"}, "max_trials is '5', but must be a whole number"),
        ({"max_running": 1.5}, "max_running is 1.5, but must be a whole number"),
        ({"max_duration": "5"}, "max_duration is '5', but must be a number"),
        ({"lease": "5"}, "lease is '5', but must be a number"),
        ({"max_retries": "a"}, "max_retries is 'a', but must be a whole number"),
        ({"metric_names": "loss"}, "metric_names is 'loss', but must be a list"),
        ({"metric_names": [1]}, r"metric_names is \[1\], but must be a list of texts"),
        ({"user_attrs": [1]}, r"user_attrs is \[1\], but must be a dictionary"),
        ({"user_attrs": {1: 2}}, "a key of user_attrs is 1, but must be a text"),
        ({"user_attrs": {"a": {1}}}, "attribute 'a' must be JSON"),
        ({"study_name": 5}, "study_name is 5, but must be a text"),
        ({"directions": "minimize"}, "directions is 'minimize', but must be a list"),
        ({"directions": 2}, "directions is 2, but must be a list"),
        ({"load_if_exists": "no"}, "load_if_exists is 'no', but must be True or False"),
        ({"space": ["x"]}, r"space is \['x'\], but must be a dictionary"),
        ({"space": {1: IntDistribution(0, 1)}}, "a key of space is 1"),
        ({"space": {"x": FloatDistribution("0", 1)}}, "'x': low is '0', but must be a"),
        ({"space": {"x": FloatDistribution(0, 1, log="no")}}, "'x': log is 'no'"),
        ({"space": {"x": FloatDistribution(0, 1, step="a")}}, "'x': step is 'a'"),
        ({"space": {"x": IntDistribution(0, 1.5)}}, "'x': high is 1.5, but must be a"),
        (
            {"space": {"x": When({"opt": "sgd"}, IntDistribution(0, 1))}},
            "'x': condition 'opt' is 'sgd', but must be a list",
        ),
    ],
)
def test_settings_of_a_wrong_type_are_refused_and_named(make_study, settings, message):
    with pytest.raises(TypeError, match=message):
        make_study(**settings)


def test_settings_may_be_numpys_numbers_and_timedeltas(make_study):
    hour = datetime.timedelta(hours=1)
    study = make_study(
        seed=np.uint64(7),
        max_trials=np.int32(1),
        max_duration=hour,
        lease=np.float32(9),
    )
    assert study._get().seed == 7
    assert study._get().budget.max_trials == 1
    assert study._get().budget.max_duration.ToTimedelta() == hour
    assert study._get().lease.seconds == 9


def test_what_a_study_is_given_later_is_named_too(make_study):
    study = make_study()
    with pytest.raises(TypeError, match="max_running is '5', but must be a whole"):
        study.set_budget(max_running="5")
    with pytest.raises(TypeError, match="metric_names is 'loss', but must be a list"):
        study.set_metric_names("loss")
    with pytest.raises(TypeError, match="an attribute's name is 1, but must be a text"):
        study.set_user_attr(1, 2)
    with pytest.raises(TypeError, match="params is 5, but must be a dictionary"):
        study.enqueue_trial(5)
    with pytest.raises(
        ValueError, match=r"'x': a value is \(\), but must be None, bool"
    ):
        study.enqueue_trial({"x": ()})
    with pytest.raises(TypeError, match="a state is 'FAIL', but must be a TrialState"):
        study.get_trials(states=["FAIL"])
    with pytest.raises(TypeError, match="states is .*FAIL.*, but must be a list"):
        study.get_trials(states=TrialState.FAIL)
    with pytest.raises(TypeError, match="number is '0', but must be a whole number"):
        study.get_trial("0")
    with pytest.raises(ValueError, match=f"trial is {2**63}, but must be at most"):
        study.tell(2**63, 1.0)


def test_a_direction_is_a_word_or_a_member_of_hpods_or_optunas(make_study):
    theirs = optuna.study.StudyDirection.MAXIMIZE
    for direction in ("maximize", hpod.StudyDirection.MAXIMIZE, theirs):
        study = make_study(direction=direction)
        assert study.direction is hpod.StudyDirection.MAXIMIZE


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"sampler": optuna.samplers.RandomSampler()}, "sampler is .*hpod.Sampler"),
        ({"pruner": optuna.pruners.NopPruner()}, "pruner is .*hpod.Pruner"),
        ({"pruner": hpod.Sampler("tpe")}, "pruner is Sampler"),
        ({"space": {"x": optuna.distributions.FloatDistribution(0, 1)}}, "of hpod"),
    ],
)
def test_what_belongs_to_optuna_is_refused_and_named(make_study, settings, message):
    with pytest.raises(TypeError, match=message):
        make_study(**settings)


def test_attributes_and_metric_names_are_stored(make_study):
    study = make_study(directions=["minimize", "minimize"])
    assert study.metric_names is None
    study.set_metric_names(["loss", "size"])
    study.set_user_attr("n", 1)
    study.set_user_attr("list", [1, "b"])
    assert study.metric_names == ["loss", "size"]
    assert study.user_attrs == {"n": 1, "list": [1, "b"]}


def test_ask_takes_distributions(make_study):
    trial = make_study().ask({"x": FloatDistribution(0, 1)})
    assert 0 <= trial.params["x"] <= 1


def test_asking_for_a_bad_distribution_leaves_nothing_running(make_study):
    study = make_study()
    with pytest.raises(ValueError, match="x"):
        study.ask({"x": FloatDistribution(1, 0)})
    with pytest.raises(TypeError, match="'x' is 5, but must be a distribution"):
        study.ask({"x": 5})
    assert [trial.state for trial in study.trials] == [TrialState.FAIL] * 2
    with pytest.raises(TypeError, match="fixed_distributions is 5, but must be a dict"):
        study.ask(5)
    assert len(study.trials) == 2


@pytest.mark.parametrize("by_number", [False, True])
def test_tell_ends_a_trial(make_study, by_number):
    study = make_study()
    trial = study.ask()
    trial.report(0.5, 1)
    stored = study.tell(trial.number if by_number else trial, 2.0)
    assert (stored.state, stored.value) == (TrialState.COMPLETE, 2.0)
    assert stored.intermediate_values == {1: 0.5}
    assert stored.duration >= datetime.timedelta(0)
    assert study._client.leases.find(study.study_name, trial.number) is None


@pytest.mark.parametrize("values", [None, math.nan, "a", [1.0, 2.0]])
def test_telling_a_bad_value_fails_with_a_warning(make_study, values):
    study = make_study()
    with pytest.warns(UserWarning, match="trial 0 failed"):
        stored = study.tell(study.ask(), values)
    assert (stored.state, stored.values) == (TrialState.FAIL, None)


def test_telling_a_bad_value_as_complete_leaves_the_trial_running(make_study):
    study = make_study()
    trial = study.ask()
    with pytest.raises(ValueError, match="NaN"):
        study.tell(trial, math.nan, state=TrialState.COMPLETE)
    assert study.get_trial(0).state is TrialState.RUNNING


def test_a_pruned_trial_has_its_last_report_as_value(make_study):
    study = make_study()
    trial = study.ask()
    assert study.tell(study.ask(), state=TrialState.PRUNED).values is None
    trial.report(3.0, 5)
    trial.report(7.0, 2)
    assert study.tell(trial, state=TrialState.PRUNED).values == [3.0]


def test_a_finished_trial_is_told_once(make_study):
    study = make_study()
    trial = study.ask()
    study.tell(trial, 1.0)
    for again in (trial, trial.number):
        with pytest.raises(ValueError) as raised:
            study.tell(again, 2.0)
        assert isinstance(raised.value, hpod.UpdateFinishedTrialError)
        assert study.tell(again, 2.0, skip_if_finished=True).value == 1.0
    with pytest.raises(hpod.UpdateFinishedTrialError):
        trial.report(1.0, 0)


def test_a_waiting_or_unknown_trial_is_not_told(make_study):
    study = make_study()
    study.enqueue_trial({"x": 1})
    with pytest.raises(ValueError):
        study.tell(0, 1.0)
    with pytest.raises(KeyError):
        study.tell(7, 1.0)
    with pytest.raises(TypeError):
        study.tell("0", 1.0)


def test_trials_are_filtered_by_state(make_study):
    study = make_study()
    study.tell(study.ask(), 1.0)
    study.ask()
    assert [t.number for t in study.get_trials(states=[TrialState.RUNNING])] == [1]
    assert [t.number for t in study.get_trials(states=iter([TrialState.COMPLETE]))] == [
        0
    ]
    assert study.get_trials(states=[]) == []


def test_equal_best_trials_are_all_listed(make_study):
    study = make_study()
    for value in (2.0, 1.0, 1.0, 3.0):
        study.tell(study.ask(), value)
    assert [trial.number for trial in study.best_trials] == [1, 2]
    assert study.best_trial.number == 1


def test_added_trials_come_back_as_they_were(make_study):
    study, copy = make_study(), make_study()
    added = [
        hpod.create_trial(
            params={"x": i / 2000, "c": None},
            distributions={
                "x": FloatDistribution(0, 1),
                "c": hpod.CategoricalDistribution([None, "a"]),
            },
            value=float(i),
            user_attrs={"i": i},
            intermediate_values={0: 1.5, 7: math.inf},
            constraints={"c": -1.0},
        )
        for i in range(1500)
    ]
    added.append(
        hpod.create_trial(state=TrialState.PRUNED, intermediate_values={1: 2.0})
    )
    added.append(hpod.create_trial(state=TrialState.FAIL))
    study.add_trials(added)
    stored = study.trials
    assert [trial.number for trial in stored] == list(range(1502))
    for one, other in zip(added[:1500], stored):
        one.number = other.number
        assert one == other
    copy.add_trials(stored)
    assert copy.trials == stored
    assert study.best_value == 0.0


def test_a_trial_outside_its_distribution_is_not_added(make_study):
    study = make_study()
    bad = hpod.create_trial(
        params={"x": 2.0}, distributions={"x": FloatDistribution(0, 1)}, value=0.0
    )
    good = hpod.create_trial(value=0.0)
    with pytest.raises(ValueError, match="x"):
        study.add_trials([good, bad])
    assert study.trials == []


@pytest.mark.parametrize(
    "settings",
    [
        {"value": 1.0, "values": [1.0]},
        {},
        {"value": 1.0, "params": {"x": 1.0}},
    ],
)
def test_create_trial_refuses_what_is_no_trial(settings):
    with pytest.raises(ValueError):
        hpod.create_trial(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"state": "COMPLETE"}, "state is 'COMPLETE', but must be a TrialState"),
        ({"value": "a"}, "a value is 'a', but must be a number"),
        ({"intermediate_values": {"a": 1.0}}, "a step is 'a', but must be a whole"),
        (
            {"intermediate_values": {1: "a"}},
            "value of step 1 is 'a', but must be a num",
        ),
        ({"constraints": {"c": "a"}}, "constraint 'c' is 'a', but must be a number"),
    ],
)
def test_a_trial_of_wrong_types_is_not_added_and_says_why(
    make_study, settings, message
):
    study = make_study()
    with pytest.raises(TypeError, match=message):
        study.add_trial(hpod.create_trial(**{"value": 0.0, **settings}))
    assert study.trials == []


def test_a_table_has_a_row_per_trial_and_optunas_columns(make_study):
    pytest.importorskip("pandas")
    study = make_study()
    assert study.trials_dataframe().empty
    trial = study.ask({"x": FloatDistribution(0, 1)})
    trial.set_user_attr("a", "b")
    study.tell(trial, 0.5)
    study.tell(study.ask(), state=TrialState.FAIL)
    frame = study.trials_dataframe()
    assert list(frame.columns) == [
        "number",
        "value",
        "datetime_start",
        "datetime_complete",
        "duration",
        "params_x",
        "user_attrs_a",
        "state",
    ]
    assert list(frame["state"]) == ["COMPLETE", "FAIL"]
    assert frame["params_x"][0] == trial.params["x"]
    assert math.isnan(frame["value"][1])
    pairs = study.trials_dataframe(attrs=("number", "params"), multi_index=True)
    assert list(pairs.columns) == [("number", ""), ("params", "x")]


def test_a_table_of_several_objectives_names_them(make_study):
    pytest.importorskip("pandas")
    study = make_study(directions=["minimize", "maximize"])
    study.tell(study.ask(), (1.0, 2.0))
    assert {"values_0", "values_1"} <= set(study.trials_dataframe().columns)
    study.set_metric_names(["loss", "accuracy"])
    frame = study.trials_dataframe()
    assert list(frame["values_accuracy"]) == [2.0]
