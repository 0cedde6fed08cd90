"""What trial_service.proto promises of reports, pruning, results and added trials."""

from __future__ import annotations

import math
import random
import struct
from typing import Any, Callable

import pytest
from google.protobuf import timestamp_pb2
from hpo.v1 import study_pb2, trial_pb2

import client as c
from daemon_process import Daemon

NAN, INF = math.nan, math.inf


def test_reports(client: c.Client) -> None:
    client.create("reports", pruner={"name": "none"}, lease=c.seconds(1000))
    trial = client.suggest("reports")
    key = {"study": "reports", "number": 0, "lease_token": trial.lease.token}
    steps = [(5, 1.5), (0, NAN), (3, INF), (1 << 62, -INF), (7, -0.0), (2, 5e-324)]
    expires = trial.lease.expire_time.ToMicroseconds()
    for step, value in steps:
        reply = client.ReportValue(step=step, value=value, **key)
        assert (reply.should_prune, reply.study_stopped, reply.step_was_reported) == (
            False,
            False,
            False,
        )
        assert reply.lease.token == trial.lease.token
        assert reply.lease.expire_time.ToMicroseconds() > expires
        expires = reply.lease.expire_time.ToMicroseconds()
    before = client.GetTrial(study="reports", number=0).trial
    again = client.ReportValue(step=5, value=99.0, **key)
    assert again.step_was_reported
    stored = client.GetTrial(study="reports", number=0).trial
    assert stored.revision == before.revision
    assert [(r.step, c.bits(r.value)) for r in stored.intermediate_values] == [
        (step, c.bits(value)) for step, value in sorted(steps)
    ]


def completed(client: c.Client, study: str, values: list[float], step: int = 3) -> None:
    """Complete trials, each with one report at `step`."""
    trials = [
        trial_pb2.Trial(
            state=c.COMPLETE,
            values=[1.0],
            intermediate_values=[{"step": step, "value": value}],
        )
        for value in values
    ]
    client.AddTrials(study=study, trials=trials)


# Pruner, direction, what the five complete trials reported, own report, verdict.
VERDICTS = [
    ("median", {}, c.MINIMIZE, [1, 2, 3, 4, 5], 3.0, False),
    ("median", {}, c.MINIMIZE, [1, 2, 3, 4, 5], math.nextafter(3.0, 9), True),
    ("median", {}, c.MAXIMIZE, [1, 2, 3, 4, 5], 3.0, False),
    ("median", {}, c.MAXIMIZE, [1, 2, 3, 4, 5], math.nextafter(3.0, 0), True),
    ("median", {}, c.MINIMIZE, [1, 2, 3, 4], 99.0, False),
    ("median", {"n_startup_trials": "4"}, c.MINIMIZE, [1, 2, 3, 4], 2.5, False),
    ("median", {"n_startup_trials": "4"}, c.MINIMIZE, [1, 2, 3, 4], 2.6, True),
    ("median", {"n_warmup_steps": "4"}, c.MINIMIZE, [1, 2, 3, 4, 5], 99.0, False),
    ("median", {"n_min_trials": "6"}, c.MINIMIZE, [1, 2, 3, 4, 5], 99.0, False),
    ("median", {}, c.MINIMIZE, [1, NAN, 3, NAN, 5], 3.1, True),
    ("median", {}, c.MINIMIZE, [1, 2, 3, 4, 5], NAN, True),
    ("median", {}, c.MINIMIZE, [1, 2, 3, 4, 5], INF, True),
    ("percentile", {}, c.MINIMIZE, [1, 2, 3, 4, 5], 2.0, False),
    ("percentile", {}, c.MINIMIZE, [1, 2, 3, 4, 5], 2.1, True),
    ("percentile", {}, c.MAXIMIZE, [1, 2, 3, 4, 5], 4.0, False),
    ("percentile", {}, c.MAXIMIZE, [1, 2, 3, 4, 5], 3.9, True),
    ("none", {}, c.MINIMIZE, [1, 2, 3, 4, 5], 99.0, False),
]


@pytest.mark.parametrize("case", range(len(VERDICTS)))
def test_pruning_follows_the_rule(client: c.Client, case: int) -> None:
    pruner, options, direction, others, own, verdict = VERDICTS[case]
    name = f"prune {case}"
    client.create(
        name, directions=[direction], pruner={"name": pruner, "options": options}
    )
    completed(client, name, others)
    trial = client.suggest(name)
    reply = client.ReportValue(study=name, number=trial.number, step=3, value=own)
    assert reply.should_prune == verdict
    if not math.isnan(own):
        alone = client.ReportValue(study=name, number=trial.number, step=4, value=own)
        assert not alone.should_prune


def test_a_trial_that_was_good_once_is_not_pruned(client: c.Client) -> None:
    client.create("once")
    completed(client, "once", [1, 2, 3, 4, 5], step=2)
    trial = client.suggest("once")
    key = {"study": "once", "number": trial.number}
    assert not client.ReportValue(step=1, value=0.5, **key).should_prune
    assert not client.ReportValue(step=2, value=99.0, **key).should_prune


def test_results(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("done")
        trials = client.SuggestTrials(study="done", count=6).trials
        for trial in trials:
            client.SetTrialAttributes(
                study="done", number=trial.number, user_attributes={"a": "1", "b": "2"}
            )
        client.ReportValue(study="done", number=1, step=9, value=0.25)
        client.ReportValue(study="done", number=1, step=1, value=0.75)
        client.ReportValue(study="done", number=2, step=1, value=0.5)
        client.ReportValue(study="done", number=2, step=2, value=NAN)
        finals = [
            {
                "values": [INF],
                "user_attributes": {"a": "", "c": "3"},
                "constraints": {"c": -0.0},
            },
            {"state": c.PRUNED},
            {"state": c.PRUNED},
            {"state": c.PRUNED},
            {"state": c.FAIL, "failure": "f" * 4096},
            {"state": c.COMPLETE, "values": [-5e-324]},
        ]
        expected = [[INF], [0.25], [], [], [], [-5e-324]]
        replies = []
        for trial, final in zip(trials, finals):
            key = {
                "study": "done",
                "number": trial.number,
                "lease_token": trial.lease.token,
            }
            replies.append(client.CompleteTrial(**key, **final).trial)
        for reply, final, values in zip(replies, finals, expected):
            assert reply.state == final.get("state", c.COMPLETE)
            assert list(reply.values) == values
            assert not reply.HasField("lease") and not reply.distributions
            assert (
                reply.complete_time.ToMicroseconds()
                >= reply.start_time.ToMicroseconds()
            )
        assert dict(replies[0].user_attributes) == {"b": "2", "c": "3"}
        assert math.copysign(1, replies[0].constraints["c"]) == -1
        assert (replies[4].failure, replies[4].lease_expired) == ("f" * 4096, False)
        counts = client.GetStudy(study="done").study.counts
        assert counts == study_pb2.TrialCounts(complete=2, pruned=3, failed=1)
        before = client.dump()
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert client.dump() == before
        stored = client.trials("done")
        for reply, trial in zip(replies, stored):
            trial.ClearField("intermediate_values")
            assert trial == reply


def test_a_heartbeat_renews_and_changes_nothing_durable(client: c.Client) -> None:
    client.create("beat", lease=c.seconds(100))
    trial = client.suggest("beat")
    before = client.dump()
    reply = client.HeartbeatTrial(study="beat", number=0, lease_token=trial.lease.token)
    assert reply.lease.token == trial.lease.token and not reply.study_stopped
    assert (
        reply.lease.expire_time.ToMicroseconds()
        > trial.lease.expire_time.ToMicroseconds()
    )
    assert client.dump() == before


def foreign_trials() -> list[trial_pb2.Trial]:
    """One in each state, with all that a trial can have."""
    time = timestamp_pb2.Timestamp(seconds=1_600_000_000, nanos=123_456_000)
    later = timestamp_pb2.Timestamp(seconds=1_600_000_100, nanos=1_000)
    common: dict[str, Any] = {
        "params": c.assignments(x=-0.0, n=-(1 << 53), k=None, s=1.0),
        "distributions": [
            c.floats("x", -1.0, 1.0),
            c.ints("n", -(1 << 53), 1 << 53, step=1),
            c.choices("k", True, None, 0.5, "ü"),
            c.floats("s", 1e-300, 1.0, log=True),
        ],
        "intermediate_values": [
            {"step": 0, "value": -0.0},
            {"step": 1 << 62, "value": 1e308},
        ],
        "start_time": time,
        "worker": "w" * 255,
        "user_attributes": {"k": "[1]", "": '""'},
        "constraints": {"c1": INF, "c2": -INF, "": -0.0},
        "retry_of": 0,
        "retry_count": 2,
        "fixed_params": c.assignments(x=-0.0, z="other"),
    }
    return [
        trial_pb2.Trial(state=c.COMPLETE, values=[-INF], complete_time=later, **common),
        trial_pb2.Trial(state=c.PRUNED, values=[5e-324], complete_time=later, **common),
        trial_pb2.Trial(state=c.PRUNED, complete_time=later, start_time=time),
        trial_pb2.Trial(
            state=c.FAIL,
            failure="why",
            lease_expired=True,
            complete_time=later,
            **common,
        ),
        trial_pb2.Trial(state=c.RUNNING, **common),
        trial_pb2.Trial(
            state=c.WAITING,
            params=common["params"],
            distributions=common["distributions"],
        ),
        trial_pb2.Trial(state=c.WAITING, fixed_params=c.assignments(x=0.5)),
    ]


def test_added_trials_come_back_exactly(start: Callable[..., Daemon]) -> None:
    daemon = start()
    given = foreign_trials()
    with c.Client(daemon.address) as client:
        client.create("add", lease=c.seconds(1000))
        numbered = [
            trial_pb2.Trial(number=77, id=77, revision=77, lease={"token": 77})
            for _ in given
        ]
        for extra, trial in zip(numbered, given):
            extra.MergeFrom(trial)
        assert list(client.AddTrials(study="add", trials=numbered).numbers) == list(
            range(7)
        )
        counts = client.GetStudy(study="add").study.counts
        assert counts == study_pb2.TrialCounts(
            running=1, complete=1, pruned=2, failed=1, waiting=2, lost=1
        )
    for restart in (False, True):
        if restart:
            daemon.restart()
        with c.Client(daemon.address) as client:
            trials = client.trials("add")
            assert [trial.number for trial in trials] == list(range(7))
            assert len({trial.id for trial in trials} | {77}) == 8
            assert [trial.HasField("lease") for trial in trials] == [
                i == 4 for i in range(7)
            ]
            for trial, wanted in zip(trials, given):
                for field in ("number", "id", "revision", "lease"):
                    trial.ClearField(field)
                as_bytes = [
                    t.SerializeToString(deterministic=True) for t in (trial, wanted)
                ]
                assert as_bytes[0] == as_bytes[1], (trial, wanted)
    with c.Client(daemon.address) as client:
        token = client.GetTrial(study="add", number=4).trial.lease.token
        assert token > 0 and token != 77
        client.HeartbeatTrial(study="add", number=4, lease_token=token)
        assert [
            t.number for t in client.SuggestTrials(study="add", count=3).trials
        ] == [5, 6, 7]


def test_added_trials_without_times_have_now(client: c.Client) -> None:
    client.create("now")
    states = [c.COMPLETE, c.RUNNING, c.WAITING]
    trials = [
        trial_pb2.Trial(state=s, values=[1.0] if s == c.COMPLETE else [])
        for s in states
    ]
    client.AddTrials(study="now", trials=trials)
    made = client.GetStudy(study="now").study.create_time.seconds
    complete, running, waiting = client.trials("now")
    assert (
        complete.start_time.seconds >= made and complete.complete_time.seconds >= made
    )
    assert running.start_time.seconds >= made and not running.HasField("complete_time")
    assert not waiting.HasField("start_time")


def test_attributes_of_running_and_waiting_trials(client: c.Client) -> None:
    client.create("attrs")
    client.suggest("attrs")
    client.EnqueueTrial(study="attrs", user_attributes={"a": "1"})
    for number in (0, 1):
        key = {"study": "attrs", "number": number}
        client.SetTrialAttributes(
            user_attributes={"a": "1", "b": "2"}, constraints={"c": 1.0}, **key
        )
        client.SetTrialAttributes(
            user_attributes={"a": ""}, constraints={"c": -1.0, "d": INF}, **key
        )
        trial = client.GetTrial(**key).trial
        assert dict(trial.user_attributes) == {"b": "2"}
        assert dict(trial.constraints) == {"c": -1.0, "d": INF}


def test_doubles_are_kept_bit_for_bit(start: Callable[..., Daemon]) -> None:
    rng = random.Random(20240229)
    numbers = [
        0.0,
        -0.0,
        5e-324,
        -5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
    ]
    while len(numbers) < 500:
        number = struct.unpack("<d", rng.randbytes(8))[0]
        if math.isfinite(number):
            numbers.append(number)
    trials = [
        trial_pb2.Trial(
            state=c.COMPLETE,
            values=[number, -number],
            intermediate_values=[{"step": 1, "value": number}],
            constraints={"c": number},
            params=c.assignments(x=number),
            distributions=[c.floats("x", min(number, -1.0), max(number, 1.0))],
        )
        for number in numbers
    ]
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("bits", directions=[1, 1])
        client.AddTrials(study="bits", trials=trials)
    for restart in (False, True):
        if restart:
            daemon.restart()
        with c.Client(daemon.address) as client:
            for trial, number in zip(client.trials("bits"), numbers):
                wanted = c.bits(number)
                assert [c.bits(v) for v in trial.values] == [wanted, c.bits(-number)]
                assert c.bits(trial.intermediate_values[0].value) == wanted
                assert c.bits(trial.constraints["c"]) == wanted
                assert c.bits(trial.params[0].value.double_value) == wanted
                assert trial.distributions[0] == trials[trial.number].distributions[0]
