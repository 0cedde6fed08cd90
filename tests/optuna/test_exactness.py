"""What is stored comes back as it was sent, before and after a kill."""

from __future__ import annotations

import math
import struct
from typing import Any, Callable

import grpc
import pytest
from optuna.storages._grpc.auto_generated import api_pb2

from daemon_process import Daemon
from wire import Wire, refusal

FLOAT = '{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}}'
DISTRIBUTIONS = [
    FLOAT,
    '{"name":"FloatDistribution","attributes":{"low":0,"high":1,"log":false,"step":null}}',
    '{"name": "FloatDistribution", "attributes": {"step": 0.1, "low": -1.0, "high": 0.95, "log": false}}',
    '{"name": "FloatDistribution", "attributes": {"step": null, "low": 1e-05, "high": 0.1, "log": true}}',
    '{"name": "IntDistribution", "attributes": {"log": false, "step": 3, "low": 0, "high": 10}}',
    '{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 36893488147419103232}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": [null, true, 1, 1.5, "\\u00e9\\ud83d\\ude00", NaN, Infinity]}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": [1, 1.0, "a", "a"]}}',
    '{"name": "CategoricalDistribution", "attributes": {"choices": ["\\ud800", [1, 2], 123456789012345678901234567890]}}',
    '{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}',
    '{"name": "LogUniformDistribution", "attributes": {"low": 0.001, "high": 1.0}}',
    '{"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.25}}',
    '{"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 10, "step": 1}}',
    '{"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 10, "step": 1}}',
    '{"type": "float", "low": 0.0, "high": 1.0}',
    '{"type": "int", "low": 0, "high": 7, "step": null}',
    '{"type": "categorical", "choices": ["a", "b"]}',
]
JSON_TEXTS = [
    "null",
    "NaN",
    "-Infinity",
    " [1,  2.50, 1e400] ",
    "9" * 400,
    '{"b": 1, "a": {"b": [true, false]}, "a": 2}',
    '"\\u00e9\\ud83d\\ude00 \\udc00 é"',
    "1" + "0" * 20 + ".5e-3",
]
DOUBLES = [5e-324, -5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2, math.inf, -math.inf]


def bits(values: Any) -> list[bytes]:
    return [struct.pack("<d", value) for value in values]


@pytest.mark.parametrize("text", DISTRIBUTIONS)
def test_the_text_of_a_distribution_stays(wire: Wire, text: str) -> None:
    study = wire.study(f"text {text}")
    trial = wire.trial(study)
    wire.SetTrialParameter(
        trial_id=trial, param_name="x", param_value_internal=1, distribution=text
    )
    template = wire.copy(study, state="COMPLETE", params={"x": 1}, distributions={"x": text})
    for trial_id in (trial, template):
        assert dict(wire.get(trial_id).distributions) == {"x": text}
        assert dict(wire.get(trial_id).params) == {"x": 1.0}


def test_equal_domains_under_two_texts_stay_apart(wire: Wire) -> None:
    study = wire.study("two texts")
    for text in DISTRIBUTIONS[:2]:
        trial = wire.trial(study)
        wire.SetTrialParameter(
            trial_id=trial, param_name="x", param_value_internal=0.5, distribution=text
        )
    assert [t.distributions["x"] for t in wire.trials(study)] == DISTRIBUTIONS[:2]


@pytest.mark.parametrize("text", JSON_TEXTS)
def test_the_text_of_an_attribute_stays(wire: Wire, text: str) -> None:
    study = wire.study(f"attribute {text[:40]}")
    trial = wire.trial(study)
    for key in ("", "clé", "k" * 3_000):
        wire.SetStudyUserAttribute(study_id=study, key=key, value=text)
        wire.SetStudySystemAttribute(study_id=study, key=key, value=text)
        wire.SetTrialUserAttribute(trial_id=trial, key=key, value=text)
        wire.SetTrialSystemAttribute(trial_id=trial, key=key, value=text)
        assert wire.GetStudyUserAttributes(study_id=study).user_attributes[key] == text
        assert wire.GetStudySystemAttributes(study_id=study).system_attributes[key] == text
        assert wire.get(trial).user_attributes[key] == text
        assert wire.get(trial).system_attributes[key] == text


@pytest.mark.parametrize("text", ["", "{", "nan", "[1,]", '"a', "01", "'a'", "[1] 2", '"\n"'])
def test_an_attribute_that_python_could_not_read_is_refused(wire: Wire, text: str) -> None:
    study = wire.study(f"no attribute {text}")
    trial = wire.trial(study)
    invalid = grpc.StatusCode.INVALID_ARGUMENT
    assert refusal(wire.SetStudyUserAttribute, study_id=study, key="k", value=text) == invalid
    assert refusal(wire.SetTrialSystemAttribute, trial_id=trial, key="k", value=text) == invalid
    assert not wire.GetStudyUserAttributes(study_id=study).user_attributes
    assert not wire.get(trial).system_attributes


def test_doubles_stay_to_the_bit(wire: Wire) -> None:
    study = wire.study("doubles", *[0] * len(DOUBLES))
    trial = wire.trial(study)
    for step, value in enumerate([*DOUBLES, math.nan]):
        wire.SetTrialIntermediateValue(
            trial_id=trial, step=step - 3, intermediate_value=value
        )
    for i, value in enumerate(DOUBLES):
        wire.SetTrialParameter(
            trial_id=trial, param_name=f"x{i}", param_value_internal=value, distribution=FLOAT
        )
    wire.SetTrialStateValues(trial_id=trial, state="COMPLETE", values=DOUBLES)
    stored = wire.get(trial)
    assert bits(stored.values) == bits(DOUBLES)
    assert bits(stored.params[f"x{i}"] for i in range(len(DOUBLES))) == bits(DOUBLES)
    reported = [stored.intermediate_values[step - 3] for step in range(len(DOUBLES) + 1)]
    assert bits(reported[:-1]) == bits(DOUBLES)
    assert math.isnan(reported[-1])


@pytest.mark.parametrize(
    "time", ["2024-02-29 23:59:59.1", "1969-07-20 20:17:40.000000", "2026-10-25 02:30:00.000001"]
)
def test_the_times_of_a_template_stay(wire: Wire, time: str) -> None:
    study = wire.study(f"time {time}")
    trial = wire.get(
        wire.copy(study, state="COMPLETE", datetime_start=time, datetime_complete=time)
    )
    assert (trial.datetime_start, trial.datetime_complete) == (time, time)


@pytest.mark.parametrize(
    "time", ["2023-02-29 00:00:00.0", "2024-01-01T00:00:00.0", "2024-01-01 00:00:00", "yesterday"]
)
def test_a_time_that_python_could_not_read_is_refused(wire: Wire, time: str) -> None:
    study = wire.study(f"no time {time}")
    template = api_pb2.Trial(datetime_start=time)
    code = refusal(wire.CreateNewTrial, study_id=study, template_trial=template)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert wire.trials(study) == []


def test_times_are_those_of_the_daemons_zone(start: Callable[..., Daemon]) -> None:
    wire = Wire(start(environment={"TZ": "Asia/Kathmandu"}).address)
    east = wire.get(wire.trial(wire.study("zone"))).datetime_start
    wire = Wire(start(environment={"TZ": "UTC"}, name="utc").address)
    utc = wire.get(wire.trial(wire.study("zone"))).datetime_start
    minutes = [int(text[11:13]) * 60 + int(text[14:16]) for text in (east, utc)]
    assert (minutes[0] - minutes[1]) % (24 * 60) in (344, 345)


@pytest.mark.parametrize(
    "value, text",
    [
        (math.nan, FLOAT),
        (math.inf, DISTRIBUTIONS[4]),
        (2, DISTRIBUTIONS[16]),
        (0.5, DISTRIBUTIONS[16]),
        (-1, DISTRIBUTIONS[16]),
        (math.nan, DISTRIBUTIONS[16]),
        (0, "{}"),
        (0, '{"name": "BetaDistribution", "attributes": {}}'),
        (0, '{"name": "FloatDistribution", "attributes": {"low": 2, "high": 1}}'),
        (0, '{"name": "FloatDistribution", "attributes": {"low": 0, "high": 1, "log": true}}'),
        (0, '{"name": "IntDistribution", "attributes": {"low": 0, "high": 1, "q": 1}}'),
        (0, '{"name": "CategoricalDistribution", "attributes": {"choices": []}}'),
    ],
)
def test_a_parameter_that_python_could_not_read_is_refused(
    wire: Wire, value: float, text: str
) -> None:
    study = wire.study(f"unreadable {value} {text}")
    trial = wire.trial(study)
    fields = {"param_name": "x", "param_value_internal": value, "distribution": text}
    code = refusal(wire.SetTrialParameter, trial_id=trial, **fields)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    template = api_pb2.Trial(params={"x": value}, distributions={"x": text})
    code = refusal(wire.CreateNewTrial, study_id=study, template_trial=template)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert not wire.get(trial).params


def test_large_attributes_pass(wire: Wire) -> None:
    study = wire.study("large")
    text = '"' + "x" * (12 << 20) + '"'
    wire.SetStudyUserAttribute(study_id=study, key="k", value=text)
    assert wire.GetStudyUserAttributes(study_id=study).user_attributes["k"] == text


def fill(wire: Wire) -> None:
    """Something of everything that the protocol can bring."""
    for name in ("", "n" * 700, "two\nlines"):
        study = wire.study(name, 0, 1)
        for key, text in enumerate(JSON_TEXTS):
            wire.SetStudyUserAttribute(study_id=study, key=f"{key}", value=text)
            wire.SetStudySystemAttribute(study_id=study, key=f"{key}", value=text)
        for number, text in enumerate(DISTRIBUTIONS):
            trial = wire.trial(study)
            for name, value in (("a", 0.0), ("b", 1.0), ("a", 1.0)):
                wire.SetTrialParameter(
                    trial_id=trial,
                    param_name=f"{name}{number}",
                    param_value_internal=value,
                    distribution=text,
                )
            for step in (2, -1, 2):
                wire.SetTrialIntermediateValue(
                    trial_id=trial, step=step, intermediate_value=step / 3
                )
            for constraints in ("[1.5, NaN, -1]", "[0.25]"):
                wire.SetTrialSystemAttribute(
                    trial_id=trial, key="constraints", value=constraints
                )
            wire.SetTrialUserAttribute(trial_id=trial, key="u", value=JSON_TEXTS[number % 8])
            values = DOUBLES[: number % 4]
            state = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")[number % 5]
            wire.SetTrialStateValues(trial_id=trial, state=state, values=values)
        for state in ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING"):
            wire.copy(
                study,
                state=state,
                values=[1.0, -0.0, 3.0],
                datetime_start="2024-01-01 10:00:00.5",
                datetime_complete="2024-01-01 11:00:00.25",
                params={"x": 0.25, "y": 1, "z": 7.5},
                distributions={"x": FLOAT, "y": DISTRIBUTIONS[8], "z": FLOAT},
                user_attributes={"u": "1"},
                system_attributes={"fixed_params": '{"x": 0.5, "y": [1]}'},
                intermediate_values={-5: 1.0, 5: 2.0},
            )


def test_all_is_there_after_a_kill(start: Callable[..., Daemon]) -> None:
    daemon = start()
    wire = Wire(daemon.address)
    fill(wire)
    claimed = next(trial for trial in wire.trials(1) if trial.state == api_pb2.WAITING)
    wire.SetTrialStateValues(trial_id=claimed.trial_id, state="RUNNING")
    before = list(wire.everything())
    assert len(before) == 3 * (1 + len(DISTRIBUTIONS) + 5)
    daemon.restart()
    assert list(wire.everything()) == before
