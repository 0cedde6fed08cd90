"""What trial_service.proto promises of trials: suggested, enqueued, listed."""

from __future__ import annotations

import math
from typing import Any, Callable

import pytest
from hpo.v1 import space_pb2, trial_pb2

import client as c
from daemon_process import Daemon

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


def typed(value: c.Plain) -> tuple[type, c.Plain]:
    """1, 1.0 and True are three values."""
    return type(value), value


def finish(
    client: c.Client, trial: trial_pb2.Trial, study: str, *values: float
) -> trial_pb2.Trial:
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
    assert (
        not trial.distributions
        and not trial.values
        and not trial.HasField("complete_time")
    )
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
def test_equal_seeds_and_histories_give_equal_suggestions(
    client: c.Client, sampler: str
) -> None:
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
                study="queue",
                params=c.assignments(**fixed),
                user_attributes={"i": str(i)},
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
        reply = client.EnqueueTrial(
            study="skip", params=c.assignments(**fixed), skip_if_exists=True
        )
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
    ask = lambda p: client.SuggestParameter(
        study="fix", number=0, parameter=p
    ).value  # noqa: E731
    assert ask(c.floats("x", 0.0, 9.0)) == c.value(3.0)
    assert ask(c.choices("k", "a", "b")) == c.value("b")
    assert 0 <= c.plain(ask(c.floats("free", 0.0, 1.0))) <= 1
    stored = finish(client, trial, "fix", 1.0)
    assert {p.name: c.plain(p.value) for p in stored.fixed_params} == {
        "x": 3,
        "k": "b",
        "unused": 1.5,
    }


def test_list_pages_filters_and_orders(client: c.Client) -> None:
    client.create("list")
    states = [c.COMPLETE, c.FAIL, c.RUNNING, c.COMPLETE, c.WAITING, c.COMPLETE, c.FAIL]
    trials = [
        trial_pb2.Trial(
            state=state,
            values=[1.0] if state == c.COMPLETE else [],
            intermediate_values=(
                [{"step": 1, "value": 2.0}] if state != c.WAITING else []
            ),
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
    assert listed(states=[c.FAIL, c.WAITING], page_size=2, descending=True) == [
        [6, 4],
        [1],
    ]
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
