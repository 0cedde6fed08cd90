"""What the protos promise to many workers at once: budgets, grids, queues."""

from __future__ import annotations

import collections
import concurrent.futures
import threading
import time
from typing import Any, Callable

from google.protobuf import field_mask_pb2
from hpo.v1 import study_pb2, trial_pb2

import client as c
from daemon_process import Daemon, until

LEASE_SECONDS = 1.0  # the shortest there is


LATE_SECONDS = 10.0  # until what must happen soon has happened


def in_parallel(workers: int, work: Callable[[int], Any]) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


def suggest_until_none(
    daemon: Daemon, study: str, count: int, hold: bool = False
) -> list[trial_pb2.Trial]:
    """All trials that one worker is given; each is completed unless it is held."""
    mine = []
    with c.Client(daemon.address) as client:
        while True:
            reply = client.SuggestTrials(study=study, count=count)
            mine += reply.trials
            if not hold:
                for trial in reply.trials:
                    client.CompleteTrial(study=study, number=trial.number, values=[1.0])
            if reply.stop_reason:
                assert len(reply.trials) < count
                return mine


def test_max_trials_is_exact_among_32_workers(daemon: Daemon, client: c.Client) -> None:
    client.create("budget", space=[c.floats("x", 0.0, 1.0)], budget={"max_trials": 101})
    given = in_parallel(32, lambda i: suggest_until_none(daemon, "budget", 1 + i % 3))
    numbers = sorted(trial.number for trials in given for trial in trials)
    assert numbers == list(range(101))
    study = client.GetStudy(study="budget").study
    assert (study.counts.complete, study.stop_reason) == (
        101,
        study_pb2.STOP_REASON_MAX_TRIALS,
    )


def test_max_running_is_exact_among_32_workers(
    daemon: Daemon, client: c.Client
) -> None:
    client.create("running", space=[c.floats("x", 0.0, 1.0)], budget={"max_running": 5})
    held = in_parallel(
        32, lambda _: suggest_until_none(daemon, "running", 2, hold=True)
    )
    assert sorted(t.number for trials in held for t in trials) == list(range(5))
    reply = client.SuggestTrials(study="running")
    assert (reply.stop_reason, reply.final) == (
        study_pb2.STOP_REASON_MAX_RUNNING,
        False,
    )
    client.CompleteTrial(study="running", number=3, values=[1.0])
    assert client.suggest("running").number == 5


def test_max_running_holds_at_every_moment(daemon: Daemon, client: c.Client) -> None:
    client.create("moment", budget={"max_running": 3, "max_trials": 120})
    running, most, lock = set(), [0], threading.Lock()

    def work(_: int) -> None:
        with c.Client(daemon.address) as own:
            while True:
                reply = own.SuggestTrials(study="moment")
                if reply.stop_reason == study_pb2.STOP_REASON_MAX_TRIALS:
                    return
                for trial in reply.trials:
                    with lock:
                        running.add(trial.number)
                        most[0] = max(most[0], len(running))
                    with lock:
                        running.discard(trial.number)
                    own.CompleteTrial(study="moment", number=trial.number, values=[1.0])

    in_parallel(16, work)
    assert most[0] <= 3
    assert client.GetStudy(study="moment").study.counts.complete == 120


def test_what_counts_towards_max_trials(client: c.Client) -> None:
    client.create(
        "count", budget={"max_trials": 3}, lease=c.seconds(LEASE_SECONDS), max_retries=0
    )
    for _ in range(2):
        client.EnqueueTrial(study="count")
    client.AddTrials(study="count", trials=[trial_pb2.Trial(state=c.FAIL)])
    reply = client.SuggestTrials(study="count", count=9)
    assert [t.number for t in reply.trials] == [0, 1]
    assert (reply.stop_reason, reply.final) == (study_pb2.STOP_REASON_MAX_TRIALS, False)
    client.CompleteTrial(study="count", number=0, values=[1.0])
    # Trial 1 is lost with its worker: its place is free again.
    until(
        lambda: client.GetStudy(study="count").study.counts.failed == 2,
        LATE_SECONDS,
        "the lease has expired",
    )
    assert client.GetStudy(study="count").study.stop_reason == 0
    reply = client.SuggestTrials(study="count", count=9)
    assert ([t.number for t in reply.trials], reply.final) == ([3], False)
    client.CompleteTrial(study="count", number=3, values=[1.0])
    reply = client.SuggestTrials(study="count")
    assert (len(reply.trials), reply.stop_reason, reply.final) == (
        0,
        study_pb2.STOP_REASON_MAX_TRIALS,
        True,
    )


def test_max_duration_runs_from_the_first_trial(client: c.Client) -> None:
    client.create("time", budget={"max_duration": c.seconds(0.3)})
    assert client.GetStudy(study="time").study.stop_reason == 0
    first = client.suggest("time")
    until(
        lambda: client.GetStudy(study="time").study.stop_reason,
        LATE_SECONDS,
        "a stop reason",
    )
    reply = client.SuggestTrials(study="time")
    assert (len(reply.trials), reply.stop_reason) == (
        0,
        study_pb2.STOP_REASON_MAX_DURATION,
    )
    assert reply.final
    client.CompleteTrial(study="time", number=first.number, values=[1.0])
    mask = field_mask_pb2.FieldMask(paths=["budget"])
    client.UpdateStudy(study="time", update_mask=mask)
    assert client.suggest("time").number == 1


GRID = [
    c.ints("a", 0, 3),
    c.floats("b", 0.0, 1.0, step=0.5),
    c.choices("k", "x", "y"),
    c.when(c.ints("only y", 1, 4), "k", "y"),
]


GRID_POINTS = 4 * 3 * (1 + 4)


def point(trial: trial_pb2.Trial) -> tuple[tuple[str, c.Plain], ...]:
    return tuple(sorted(c.params(trial).items()))


def test_grid_points_are_handed_out_once_among_16_workers(
    daemon: Daemon, client: c.Client
) -> None:
    client.create(
        "grid", space=GRID, sampler={"name": "grid"}, lease=c.seconds(LEASE_SECONDS)
    )
    # A worker that takes three and is never heard of again.
    with c.Client(daemon.address) as dead:
        lost = list(dead.SuggestTrials(study="grid", count=3, worker="dead").trials)

    def work(_: int) -> list[trial_pb2.Trial]:
        mine = []
        with c.Client(daemon.address) as own:
            deadline = time.monotonic() + 3 * LATE_SECONDS
            while time.monotonic() < deadline:
                reply = own.SuggestTrials(study="grid", worker="alive")
                for trial in reply.trials:
                    token = trial.lease.token
                    own.CompleteTrial(
                        study="grid",
                        number=trial.number,
                        lease_token=token,
                        values=[1.0],
                    )
                mine += reply.trials
                if reply.final:
                    assert reply.stop_reason == study_pb2.STOP_REASON_GRID_EXHAUSTED
                    return mine
        raise AssertionError("the grid was never final")

    done = [trial for trials in in_parallel(16, work) for trial in trials]
    assert len(done) == GRID_POINTS == len({point(trial) for trial in done})
    retries = {trial.retry_of: trial for trial in done if trial.HasField("retry_of")}
    assert set(retries) == {trial.number for trial in lost}
    for trial in lost:
        assert point(retries[trial.number]) == point(trial)
    numbers = [trial.number for trial in client.trials("grid")]
    assert numbers == list(range(GRID_POINTS + 3))


def test_a_grid_that_is_exhausted_says_so(client: c.Client) -> None:
    client.create("small", space=[c.ints("x", 0, 1)], sampler={"name": "grid"})
    client.EnqueueTrial(study="small", params=c.assignments(x=1))
    reply = client.SuggestTrials(study="small", count=5)
    assert [c.params(trial)["x"] for trial in reply.trials] == [1, 0]
    exhausted = study_pb2.STOP_REASON_GRID_EXHAUSTED
    assert (reply.stop_reason, reply.final) == (exhausted, False)
    assert client.GetStudy(study="small").study.stop_reason == exhausted
    for number in (0, 1):
        client.CompleteTrial(study="small", number=number, values=[1.0])
    reply = client.SuggestTrials(study="small")
    assert (len(reply.trials), reply.stop_reason, reply.final) == (0, exhausted, True)
    # An enqueued trial is handed out all the same.
    client.EnqueueTrial(study="small", params=c.assignments(x=1))
    assert client.GetStudy(study="small").study.stop_reason == 0
    assert c.params(client.suggest("small")) == {"x": 1}


def test_enqueued_trials_are_handed_out_once_among_16_workers(
    daemon: Daemon, client: c.Client
) -> None:
    client.create("queue", space=[c.ints("x", 0, 1000)], budget={"max_trials": 80})
    for x in range(60):
        client.EnqueueTrial(study="queue", params=c.assignments(x=x))
    given = in_parallel(16, lambda i: suggest_until_none(daemon, "queue", 1 + i % 2))
    trials = sorted((t for trials in given for t in trials), key=lambda t: t.number)
    assert [trial.number for trial in trials] == list(range(80))
    assert [c.params(trial)["x"] for trial in trials[:60]] == list(range(60))
    handed_out = collections.Counter(trial.lease.token for trial in trials)
    assert max(handed_out.values()) == 1


def heavy(client: c.Client, study: str) -> None:
    """A study whose proposals take long enough to be made beside the loop."""
    names = [f"p{i}" for i in range(20)]
    client.create(
        study, space=[c.floats(name, 0.0, 1.0) for name in names], lease=c.seconds(3600)
    )
    trials = []
    for i in range(1000):
        values = {name: (i * 37 + j * 11) % 1000 / 1000 for j, name in enumerate(names)}
        distributions = [c.floats(name, 0.0, 1.0) for name in names]
        trials.append(
            trial_pb2.Trial(
                state=c.COMPLETE,
                values=[sum(values.values())],
                params=c.assignments(**values),
                distributions=distributions,
            )
        )
    client.AddTrials(study=study, trials=trials)


def test_calls_wait_in_order_while_a_long_proposal_is_made(
    daemon: Daemon, client: c.Client
) -> None:
    heavy(client, "heavy")

    def work(worker: int) -> list[int]:
        mine = []
        with c.Client(daemon.address) as own:
            for _ in range(4):
                for trial in own.SuggestTrials(
                    study="heavy", count=2, worker=f"w{worker}"
                ).trials:
                    key = {
                        "study": "heavy",
                        "number": trial.number,
                        "lease_token": trial.lease.token,
                    }
                    own.ReportValue(step=1, value=1.0, **key)
                    stored = own.GetTrial(study="heavy", number=trial.number).trial
                    assert (
                        c.params(stored) == c.params(trial)
                        and stored.worker == f"w{worker}"
                    )
                    own.CompleteTrial(values=[1.0], **key)
                    mine.append(trial.number)
        return mine

    numbers = sorted(n for mine in in_parallel(8, work) for n in mine)
    assert numbers == list(range(1000, 1064))


def test_deleting_a_study_answers_every_call_that_waits_for_it(
    daemon: Daemon, client: c.Client
) -> None:
    heavy(client, "doomed")
    suggest = c.request_type("SuggestTrials")(study="doomed", count=2)
    trials, studies = client.stubs[1], client.stubs[0]
    futures = [trials.SuggestTrials.future(suggest, timeout=20) for _ in range(10)]
    futures.append(
        studies.DeleteStudy.future(
            c.request_type("DeleteStudy")(study="doomed"), timeout=20
        )
    )
    futures += [trials.SuggestTrials.future(suggest, timeout=20) for _ in range(10)]
    futures += [
        studies.GetStudy.future(c.request_type("GetStudy")(study="doomed"), timeout=20)
    ]
    for future in futures:
        error = future.exception()
        assert error is None or c.refusal(error).reason == "STUDY_NOT_FOUND"
    assert futures[-1].exception() is not None
    client.create("doomed")
    assert client.suggest("doomed").number == 0
