"""What trial_service.proto promises of single trials: suggested, reported, finished, added, listed."""

from __future__ import annotations

import math
import random
import struct
from typing import Any, Callable, Iterator

import client as c
import pytest
from daemon_process import Daemon
from google.protobuf import timestamp_pb2

from hpo.v1 import space_pb2, study_pb2, trial_pb2

NAN, INF = math.nan, math.inf
SPACE = [
    c.floats("lr", 1e-5, 0.1, log=True),
    c.floats("width", 0.5, 2.0, step=0.25),
    c.ints("layers", 1, 9, step=4),
    c.choices("opt", None, True, 1, 1.0, "adam", "sgd"),
    c.when(c.floats("momentum", 0.0, 0.99), "opt", "sgd", 1.0),
    c.when(c.ints("warmup", 0, 10), "momentum", 0.5),
    c.floats("constant", 7.0, 7.0),
]
PLAIN_OPTIONS = [None, True, 1, 1.0, "adam", "sgd"]


@pytest.fixture
def client(daemon: Daemon) -> Iterator[c.Client]:
    with c.Client(daemon.address) as client:
        yield client


def typed(value: c.Plain) -> tuple[type, c.Plain]:
    """1, 1.0 and True are three values."""
    return type(value), value


def finish(client: c.Client, trial: trial_pb2.Trial, study: str, *values: float) -> trial_pb2.Trial:
    return client.CompleteTrial(
        study=study, number=trial.number, lease_token=trial.lease.token, values=values
    ).trial


def test_suggest_hands_out_one_trial_ready_to_run(client: c.Client) -> None:
    client.create("one", space=SPACE, lease=c.seconds(30))
    reply = client.SuggestTrials(study="one", worker="gpu-1 ü")
    assert (len(reply.trials), reply.stop_reason, reply.final) == (1, 0, False)
    trial = reply.trials[0]
    assert (trial.number, trial.state, trial.worker) == (0, c.RUNNING, "gpu-1 ü")
    assert trial.lease.token > 0 and trial.lease.duration == c.seconds(30)
    left = trial.lease.expire_time.ToMicroseconds() - trial.start_time.ToMicroseconds()
    assert left == pytest.approx(30e6, abs=1e6)
    assert not trial.distributions and not trial.values and not trial.HasField("complete_time")
    stored = client.GetTrial(study="one", number=0).trial
    assert [p.name for p in stored.distributions] == [p.name for p in stored.params]
    stored.ClearField("distributions")
    for copy in (stored, trial):
        copy.lease.ClearField("expire_time")
    assert stored == trial
    study = client.GetStudy(study="one").study
    assert (study.counts.running, study.first_trial_time) == (1, trial.start_time)


def test_suggest_hands_out_as_many_as_asked(client: c.Client) -> None:
    client.create("many", space=SPACE)
    trials = []
    for count in (3, 1, 0, 1000):
        reply = client.SuggestTrials(study="many", count=count)
        assert (len(reply.trials), reply.stop_reason) == (count or 1, 0)
        trials += reply.trials
    assert [trial.number for trial in trials] == list(range(1005))
    tokens = [trial.lease.token for trial in trials]
    assert tokens == sorted(set(tokens))


def test_suggested_values_lie_in_the_space(client: c.Client) -> None:
    client.create("space", space=SPACE, sampler={"name": "random"})
    names = [parameter.name for parameter in SPACE]
    seen = set()
    for trial in client.SuggestTrials(study="space", count=300).trials:
        given = c.params(trial)
        assert list(given) == [name for name in names if name in given]
        assert 1e-5 <= given["lr"] <= 0.1 and isinstance(given["lr"], float)
        assert given["width"] in [0.5 + 0.25 * i for i in range(7)]
        assert given["layers"] in (1, 5, 9) and isinstance(given["layers"], int)
        assert typed(given["opt"]) in map(typed, PLAIN_OPTIONS)
        active = typed(given["opt"]) in (typed("sgd"), typed(1.0))
        assert ("momentum" in given) == active
        assert ("warmup" in given) == (given.get("momentum") == 0.5)
        assert given["constant"] == 7.0
        seen.add(typed(given["opt"]))
    assert len(seen) == len(PLAIN_OPTIONS)


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_equal_seeds_and_histories_give_equal_suggestions(client: c.Client, sampler: str) -> None:
    space = [c.floats("x", -1.0, 1.0, step=0.01), c.choices("k", "a", "b", "c")]
    runs = []
    for run, seed in enumerate((11, 11, 12)):
        name = f"{sampler} {run}"
        client.create(name, space=space, seed=seed, sampler={"name": sampler})
        runs.append([])
        for _ in range(25):
            trial = client.suggest(name)
            given = c.params(trial)
            runs[-1].append(given)
            finish(client, trial, name, given["x"] ** 2 + (given["k"] == "a"))
    assert runs[0] == runs[1] != runs[2]


def test_define_by_run(client: c.Client) -> None:
    client.create("by-run")
    trial = client.suggest("by-run")
    assert not trial.params
    key = {"study": "by-run", "number": 0, "lease_token": trial.lease.token}

    def ask(parameter: space_pb2.Parameter) -> c.Plain:
        return c.plain(client.SuggestParameter(parameter=parameter, **key).value)

    lr = ask(c.floats("lr", 1e-5, 0.1, log=True))
    depth = ask(c.ints("depth", 1, 4))
    option = ask(c.choices("opt", *PLAIN_OPTIONS))
    assert 1e-5 <= lr <= 0.1 and depth in (1, 2, 3, 4)
    assert typed(option) in map(typed, PLAIN_OPTIONS)
    assert typed(ask(c.ints("one", 3, 3))) == (int, 3)
    # The first value stays, whatever the range is now.
    revision = client.GetStudy(study="by-run").study.revision
    assert ask(c.floats("lr", 0.5, 0.6, log=True)) == lr
    assert client.GetStudy(study="by-run").study.revision == revision
    stored = client.GetTrial(study="by-run", number=0).trial
    assert [p.name for p in stored.params] == ["lr", "depth", "opt", "one"]
    assert stored.distributions[0] == c.floats("lr", 1e-5, 0.1, log=True)
    # Bounds may move between trials.
    second = client.suggest("by-run")
    key.update(number=1, lease_token=second.lease.token)
    assert 0.5 <= ask(c.floats("lr", 0.5, 0.6, log=True)) <= 0.6
    assert finish(client, trial, "by-run", 1.0).state == c.COMPLETE


def test_reports(client: c.Client) -> None:
    client.create("reports", pruner={"name": "none"}, lease=c.seconds(1000))
    trial = client.suggest("reports")
    key = {"study": "reports", "number": 0, "lease_token": trial.lease.token}
    steps = [(5, 1.5), (0, NAN), (3, INF), (1 << 62, -INF), (7, -0.0), (2, 5e-324)]
    expires = trial.lease.expire_time.ToMicroseconds()
    for step, value in steps:
        reply = client.ReportValue(step=step, value=value, **key)
        assert (reply.should_prune, reply.study_stopped, reply.step_was_reported) == (False, False, False)
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
            state=c.COMPLETE, values=[1.0], intermediate_values=[{"step": step, "value": value}]
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
    client.create(name, directions=[direction], pruner={"name": pruner, "options": options})
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
            client.SetTrialAttributes(study="done", number=trial.number, user_attributes={"a": "1", "b": "2"})
        client.ReportValue(study="done", number=1, step=9, value=0.25)
        client.ReportValue(study="done", number=1, step=1, value=0.75)
        client.ReportValue(study="done", number=2, step=1, value=0.5)
        client.ReportValue(study="done", number=2, step=2, value=NAN)
        finals = [
            {"values": [INF], "user_attributes": {"a": "", "c": "3"}, "constraints": {"c": -0.0}},
            {"state": c.PRUNED},
            {"state": c.PRUNED},
            {"state": c.PRUNED},
            {"state": c.FAIL, "failure": "f" * 4096},
            {"state": c.COMPLETE, "values": [-5e-324]},
        ]
        expected = [[INF], [0.25], [], [], [], [-5e-324]]
        replies = []
        for trial, final in zip(trials, finals):
            key = {"study": "done", "number": trial.number, "lease_token": trial.lease.token}
            replies.append(client.CompleteTrial(**key, **final).trial)
        for reply, final, values in zip(replies, finals, expected):
            assert reply.state == final.get("state", c.COMPLETE)
            assert list(reply.values) == values
            assert not reply.HasField("lease") and not reply.distributions
            assert reply.complete_time.ToMicroseconds() >= reply.start_time.ToMicroseconds()
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
    assert reply.lease.expire_time.ToMicroseconds() > trial.lease.expire_time.ToMicroseconds()
    assert client.dump() == before


def test_enqueued_trials_come_first_and_in_order(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("queue", space=SPACE)
        running = client.suggest("queue")
        queued: list[dict[str, Any]] = [
            {"lr": 0.01, "opt": "sgd", "momentum": 0.5},
            {},
            {"layers": 5, "momentum": 0.25, "opt": "adam"},
            {"lr": 0.01, "width": 1.5},
        ]
        for i, fixed in enumerate(queued):
            reply = client.EnqueueTrial(
                study="queue", params=c.assignments(**fixed), user_attributes={"i": str(i)}
            )
            assert (reply.number, reply.created) == (i + 1, True)
        waiting = client.trials("queue")[1:]
        assert {trial.state for trial in waiting} == {c.WAITING}
        assert [c.params(trial) for trial in waiting][0] == queued[0]
        assert client.GetStudy(study="queue").study.counts.waiting == 4
    daemon.restart()
    with c.Client(daemon.address) as client:
        trials = client.SuggestTrials(study="queue", count=5).trials
        assert [trial.number for trial in trials] == [1, 2, 3, 4, 5]
        for i, (trial, fixed) in enumerate(zip(trials, queued)):
            given = c.params(trial)
            inactive = {"momentum"} if i == 2 else set()
            assert {k: v for k, v in given.items() if k in fixed} == {
                k: v for k, v in fixed.items() if k not in inactive
            }
            assert {p.name: c.plain(p.value) for p in trial.fixed_params} == fixed
            assert {"lr", "width", "layers", "opt", "constant"} <= set(given)
            assert dict(trial.user_attributes) == {"i": str(i)}
            assert trial.start_time.seconds >= running.start_time.seconds
        # The rest is as another study with that history would have it: free.
        assert not trials[4].fixed_params


def test_enqueue_skips_what_exists(client: c.Client) -> None:
    client.create("skip", space=[c.ints("x", 0, 9), c.ints("y", 0, 9)])

    def enqueue(**fixed: c.Plain) -> tuple[int, bool]:
        reply = client.EnqueueTrial(study="skip", params=c.assignments(**fixed), skip_if_exists=True)
        return reply.number, reply.created

    assert enqueue(x=1, y=2) == (0, True)
    assert enqueue(y=2, x=1) == (0, False)
    assert enqueue(x=1) == (1, True)
    assert enqueue(x=1) == (1, False)
    first, second = client.SuggestTrials(study="skip", count=2).trials
    assert enqueue(x=1, y=2) == (0, False)
    finish(client, first, "skip", 1.0)
    client.CompleteTrial(study="skip", number=second.number, state=c.FAIL)
    assert enqueue(x=1, y=2) == (0, False)
    # What failed may be tried again.
    assert enqueue(x=1) == (2, True)
    assert client.EnqueueTrial(study="skip", params=c.assignments(x=1)).created


def test_enqueued_values_are_used_in_define_by_run(client: c.Client) -> None:
    client.create("fix")
    client.EnqueueTrial(study="fix", params=c.assignments(x=3, k="b", unused=1.5))
    trial = client.suggest("fix")
    ask = lambda p: client.SuggestParameter(study="fix", number=0, parameter=p).value  # noqa: E731
    assert ask(c.floats("x", 0.0, 9.0)) == c.value(3.0)
    assert ask(c.choices("k", "a", "b")) == c.value("b")
    assert 0 <= c.plain(ask(c.floats("free", 0.0, 1.0))) <= 1
    stored = finish(client, trial, "fix", 1.0)
    assert {p.name: c.plain(p.value) for p in stored.fixed_params} == {"x": 3, "k": "b", "unused": 1.5}


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
        "intermediate_values": [{"step": 0, "value": -0.0}, {"step": 1 << 62, "value": 1e308}],
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
        trial_pb2.Trial(state=c.FAIL, failure="why", lease_expired=True, complete_time=later, **common),
        trial_pb2.Trial(state=c.RUNNING, **common),
        trial_pb2.Trial(state=c.WAITING, params=common["params"], distributions=common["distributions"]),
        trial_pb2.Trial(state=c.WAITING, fixed_params=c.assignments(x=0.5)),
    ]


def test_added_trials_come_back_exactly(start: Callable[..., Daemon]) -> None:
    daemon = start()
    given = foreign_trials()
    with c.Client(daemon.address) as client:
        client.create("add", lease=c.seconds(1000))
        numbered = [trial_pb2.Trial(number=77, id=77, revision=77, lease={"token": 77}) for _ in given]
        for extra, trial in zip(numbered, given):
            extra.MergeFrom(trial)
        assert list(client.AddTrials(study="add", trials=numbered).numbers) == list(range(7))
        counts = client.GetStudy(study="add").study.counts
        assert counts == study_pb2.TrialCounts(running=1, complete=1, pruned=2, failed=1, waiting=2)
    for restart in (False, True):
        if restart:
            daemon.restart()
        with c.Client(daemon.address) as client:
            trials = client.trials("add")
            assert [trial.number for trial in trials] == list(range(7))
            assert len({trial.id for trial in trials} | {77}) == 8
            assert [trial.HasField("lease") for trial in trials] == [i == 4 for i in range(7)]
            for trial, wanted in zip(trials, given):
                for field in ("number", "id", "revision", "lease"):
                    trial.ClearField(field)
                as_bytes = [t.SerializeToString(deterministic=True) for t in (trial, wanted)]
                assert as_bytes[0] == as_bytes[1], (trial, wanted)
    with c.Client(daemon.address) as client:
        token = client.GetTrial(study="add", number=4).trial.lease.token
        assert token > 0 and token != 77
        client.HeartbeatTrial(study="add", number=4, lease_token=token)
        assert [t.number for t in client.SuggestTrials(study="add", count=3).trials] == [5, 6, 7]


def test_added_trials_without_times_have_now(client: c.Client) -> None:
    client.create("now")
    states = [c.COMPLETE, c.RUNNING, c.WAITING]
    trials = [trial_pb2.Trial(state=s, values=[1.0] if s == c.COMPLETE else []) for s in states]
    client.AddTrials(study="now", trials=trials)
    made = client.GetStudy(study="now").study.create_time.seconds
    complete, running, waiting = client.trials("now")
    assert complete.start_time.seconds >= made and complete.complete_time.seconds >= made
    assert running.start_time.seconds >= made and not running.HasField("complete_time")
    assert not waiting.HasField("start_time")


def test_attributes_of_running_and_waiting_trials(client: c.Client) -> None:
    client.create("attrs")
    client.suggest("attrs")
    client.EnqueueTrial(study="attrs", user_attributes={"a": "1"})
    for number in (0, 1):
        key = {"study": "attrs", "number": number}
        client.SetTrialAttributes(user_attributes={"a": "1", "b": "2"}, constraints={"c": 1.0}, **key)
        client.SetTrialAttributes(user_attributes={"a": ""}, constraints={"c": -1.0, "d": INF}, **key)
        trial = client.GetTrial(**key).trial
        assert dict(trial.user_attributes) == {"b": "2"}
        assert dict(trial.constraints) == {"c": -1.0, "d": INF}


def test_list_pages_filters_and_orders(client: c.Client) -> None:
    client.create("list")
    states = [c.COMPLETE, c.FAIL, c.RUNNING, c.COMPLETE, c.WAITING, c.COMPLETE, c.FAIL]
    trials = [
        trial_pb2.Trial(
            state=state,
            values=[1.0] if state == c.COMPLETE else [],
            intermediate_values=[{"step": 1, "value": 2.0}] if state != c.WAITING else [],
        )
        for state in states
    ]
    client.AddTrials(study="list", trials=trials)

    def listed(**filters: Any) -> list[list[int]]:
        pages, token = [], ""
        while True:
            page = client.ListTrials(study="list", page_token=token, **filters)
            pages.append([trial.number for trial in page.trials])
            token = page.next_page_token
            if not token:
                return pages

    assert listed() == [[0, 1, 2, 3, 4, 5, 6]]
    assert listed(page_size=3) == [[0, 1, 2], [3, 4, 5], [6]]
    assert listed(page_size=3, descending=True) == [[6, 5, 4], [3, 2, 1], [0]]
    assert listed(states=[c.COMPLETE]) == [[0, 3, 5]]
    assert listed(states=[c.FAIL, c.WAITING], page_size=2, descending=True) == [[6, 4], [1]]
    assert listed(states=[c.PRUNED]) == [[]]
    assert listed(states=[c.COMPLETE], page_size=3) == [[0, 3, 5]]
    lean = client.ListTrials(study="list", omit_intermediate_values=True).trials
    assert not any(trial.intermediate_values for trial in lean)
    full = client.trials("list")
    assert sum(len(trial.intermediate_values) for trial in full) == 6
    client.create("none")
    assert not client.ListTrials(study="none").trials


def test_pages_of_large_trials_end_early(client: c.Client) -> None:
    client.create("large")
    text = {"text": '"' + "v" * 900_000 + '"'}
    trials = [trial_pb2.Trial(state=c.FAIL, user_attributes=text) for _ in range(10)]
    client.AddTrials(study="large", trials=trials)
    # Below the 4 MiB that a client takes by default.
    page = client.ListTrials(study="large", page_size=1000)
    assert page.ByteSize() < 4 << 20 and page.next_page_token
    assert [trial.number for trial in client.trials("large")] == list(range(10))
    client.DeleteStudy(study="large")


def test_doubles_are_kept_bit_for_bit(start: Callable[..., Daemon]) -> None:
    rng = random.Random(20240229)
    numbers = [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308]
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
