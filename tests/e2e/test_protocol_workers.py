"""What the protos promise to many workers: budgets, grids, leases, and retries of calls."""

from __future__ import annotations

import collections
import concurrent.futures
import threading
import time
from typing import Any, Callable, Iterator

import client as c
import pytest
from daemon_process import Daemon, until
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from hpo.v1 import study_pb2, trial_pb2

LEASE_SECONDS = 1.0  # the shortest there is
LATE_SECONDS = 10.0  # until what must happen soon has happened


@pytest.fixture
def client(daemon: Daemon) -> Iterator[c.Client]:
    with c.Client(daemon.address) as client:
        yield client


def in_parallel(workers: int, work: Callable[[int], Any]) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


def suggest_until_none(daemon: Daemon, study: str, count: int, hold: bool = False) -> list[trial_pb2.Trial]:
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
    assert (study.counts.complete, study.stop_reason) == (101, study_pb2.STOP_REASON_MAX_TRIALS)


def test_max_running_is_exact_among_32_workers(daemon: Daemon, client: c.Client) -> None:
    client.create("running", space=[c.floats("x", 0.0, 1.0)], budget={"max_running": 5})
    held = in_parallel(32, lambda _: suggest_until_none(daemon, "running", 2, hold=True))
    assert sorted(t.number for trials in held for t in trials) == list(range(5))
    reply = client.SuggestTrials(study="running")
    assert (reply.stop_reason, reply.final) == (study_pb2.STOP_REASON_MAX_RUNNING, False)
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
    client.create("count", budget={"max_trials": 3}, lease=c.seconds(LEASE_SECONDS), max_retries=0)
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
    assert (len(reply.trials), reply.stop_reason, reply.final) == (0, study_pb2.STOP_REASON_MAX_TRIALS, True)


def test_max_duration_runs_from_the_first_trial(client: c.Client) -> None:
    client.create("time", budget={"max_duration": c.seconds(0.3)})
    assert client.GetStudy(study="time").study.stop_reason == 0
    first = client.suggest("time")
    until(lambda: client.GetStudy(study="time").study.stop_reason, LATE_SECONDS, "a stop reason")
    reply = client.SuggestTrials(study="time")
    assert (len(reply.trials), reply.stop_reason) == (0, study_pb2.STOP_REASON_MAX_DURATION)
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


def test_grid_points_are_handed_out_once_among_16_workers(daemon: Daemon, client: c.Client) -> None:
    client.create("grid", space=GRID, sampler={"name": "grid"}, lease=c.seconds(LEASE_SECONDS))
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
                    own.CompleteTrial(study="grid", number=trial.number, lease_token=token, values=[1.0])
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


def late_calls(study: str, number: int, token: int) -> list[tuple[str, Message]]:
    """Every call that a lease token fences."""
    extra: dict[str, dict[str, Any]] = {
        "SuggestParameter": {"parameter": c.floats("late", 0.0, 1.0)},
        "ReportValue": {"step": 7, "value": 1.0},
        "CompleteTrial": {"values": [1.0]},
        "SetTrialAttributes": {"user_attributes": {"late": "1"}},
    }
    fenced = [
        name
        for name, (_, method) in c.METHODS.items()
        if "lease_token" in method.input_type.fields_by_name
    ]
    assert set(extra) < set(fenced)
    return [
        (
            name,
            c.request_type(name)(study=study, number=number, lease_token=token, **extra.get(name, {})),
        )
        for name in fenced
    ]


def wait_for_loss(client: c.Client, study: str, number: int) -> trial_pb2.Trial:
    def lost() -> trial_pb2.Trial | None:
        trial = client.GetTrial(study=study, number=number).trial
        return trial if trial.state != c.RUNNING else None

    return until(lost, LATE_SECONDS, f"trial {number} is lost")


def test_an_expired_lease_fails_the_trial_and_enqueues_it_again(client: c.Client) -> None:
    client.create(
        "lost",
        space=[c.floats("x", 0.0, 1.0), c.floats("y", 0.0, 1.0)],
        lease=c.seconds(LEASE_SECONDS),
        max_retries=2,
        sampler={"name": "random"},
    )
    client.EnqueueTrial(study="lost", params=c.assignments(x=0.5), user_attributes={"who": '"me"'})
    trial = client.suggest("lost", worker="w1")
    for retry in range(3):
        old = wait_for_loss(client, "lost", trial.number)
        expired = trial.lease.expire_time.ToMicroseconds()
        assert (old.state, old.lease_expired, old.failure) == (c.FAIL, True, "lease expired")
        # Not early, and at most a moment late.
        assert 0 <= old.complete_time.ToMicroseconds() - expired < 2e6
        before = client.dump()
        for method, request in late_calls("lost", trial.number, trial.lease.token):
            refused = client.refused(method, request)
            assert (refused.code, refused.reason) == ("ABORTED", "LEASE_LOST"), method
            request.lease_token = 0
            refused = client.refused(method, request)
            assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "TRIAL_FINISHED")
        assert client.dump() == before
        if retry == 2:
            break
        waiting = client.GetTrial(study="lost", number=trial.number + 1).trial
        assert (waiting.state, waiting.retry_of, waiting.retry_count) == (c.WAITING, 0, retry + 1)
        again = client.suggest("lost", worker="w2")
        assert again.number == trial.number + 1
        assert c.params(again) == c.params(trial) and c.params(again)["x"] == 0.5
        assert dict(again.user_attributes) == {"who": '"me"'}
        assert again.lease.token > trial.lease.token
        trial = again
    # As often as max_retries says, then no more.
    assert len(client.trials("lost")) == 3
    assert not client.suggest("lost").HasField("retry_of")


def test_a_lost_trial_of_define_by_run_keeps_its_parameters(client: c.Client) -> None:
    client.create("lost run", lease=c.seconds(LEASE_SECONDS))
    client.suggest("lost run")
    parameter = c.choices("k", *range(1000))
    ask = lambda n: client.SuggestParameter(study="lost run", number=n, parameter=parameter).value  # noqa: E731
    value = ask(0)
    wait_for_loss(client, "lost run", 0)
    retry = client.suggest("lost run")
    assert (retry.number, retry.retry_of) == (1, 0)
    assert ask(1) == value


def test_every_call_for_a_trial_renews_its_lease(client: c.Client) -> None:
    methods = [name for name, _ in late_calls("", 0, 0) if name != "CompleteTrial"]
    client.create("renew", lease=c.seconds(LEASE_SECONDS), pruner={"name": "none"})
    trials = {method: client.suggest("renew") for method in methods}
    silent = client.suggest("renew")
    deadline = time.monotonic() + 2.5 * LEASE_SECONDS
    round_number = 0
    while time.monotonic() < deadline:
        round_number += 1
        for method, trial in trials.items():
            for name, request in late_calls("renew", trial.number, trial.lease.token):
                if name == method:
                    if name == "SuggestParameter":
                        request.parameter.name = f"p{round_number}"
                    client.call(name, request)
        time.sleep(LEASE_SECONDS / 10)
    states = {trial.number: trial.state for trial in client.trials("renew")}
    assert states == {**{t.number: c.RUNNING for t in trials.values()}, silent.number: c.FAIL}


def test_downtime_does_not_count_and_a_restart_grants_a_full_lease(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("down", lease=c.seconds(LEASE_SECONDS))
        trial = client.suggest("down")
    daemon.kill()
    over = trial.lease.expire_time.ToMicroseconds() / 1e6 + LEASE_SECONDS
    until(lambda: time.time() > over, LATE_SECONDS, "the lease would be over")
    daemon.start()
    with c.Client(daemon.address) as client:
        stored = client.GetTrial(study="down", number=0).trial
        assert (stored.state, stored.lease.token) == (c.RUNNING, trial.lease.token)
        left = stored.lease.expire_time.ToMicroseconds() / 1e6 - time.time()
        assert 0 < left <= LEASE_SECONDS
        client.HeartbeatTrial(study="down", number=0, lease_token=trial.lease.token)
        # And it ends as any other.
        assert wait_for_loss(client, "down", 0).failure == "lease expired"


def repeatable(study: str) -> dict[str, dict[str, Any]]:
    """A request for each method with a request_id, in an order in which they all work."""
    trial = trial_pb2.Trial(state=c.COMPLETE, values=[1.0])
    update = study_pb2.Study(user_attributes={"k": "1"})
    return {
        "CreateStudy": {"study": study_pb2.Study(name=study)},
        "SuggestTrials": {"study": study, "count": 3},
        "SuggestParameter": {"study": study, "number": 0, "parameter": c.floats("x", 0.0, 1.0)},
        "ReportValue": {"study": study, "number": 0, "step": 1, "value": 1.0},
        "SetTrialAttributes": {"study": study, "number": 0, "user_attributes": {"k": "1"}},
        "CompleteTrial": {"study": study, "number": 0, "values": [1.0]},
        "EnqueueTrial": {"study": study, "params": c.assignments(x=0.5)},
        "AddTrials": {"study": study, "trials": [trial, trial]},
        "UpdateStudy": {"study": study, "update": update, "update_mask": {"paths": ["user_attributes"]}},
        "StopStudy": {"study": study},
        "DeleteStudy": {"study": "to delete"},
    }


def other_content(study: str) -> dict[str, dict[str, Any]]:
    """As `repeatable`, each a little different. StopStudy has nothing that could be."""
    requests = repeatable(study)
    for method in ("SuggestParameter", "ReportValue", "SetTrialAttributes", "CompleteTrial"):
        requests[method]["lease_token"] = 99
    requests["CreateStudy"]["study"] = study_pb2.Study(name=study, seed=2)
    requests["SuggestTrials"]["count"] = 4
    requests["EnqueueTrial"]["params"] = c.assignments(x=0.25)
    requests["AddTrials"]["trials"] = requests["AddTrials"]["trials"][:1]
    requests["UpdateStudy"]["update"] = study_pb2.Study(user_attributes={"k": "2"})
    requests["DeleteStudy"]["study"] = study
    del requests["StopStudy"]
    return requests


def answer(reply: Message) -> bytes:
    """A reply without what moves on: leases, revisions, counts."""
    copy = type(reply).FromString(reply.SerializeToString())
    for field, value in copy.ListFields():
        if field.name == "lease":
            value.ClearField("expire_time")
        if field.name == "trials":
            for trial in value:
                trial.CopyFrom(trial_pb2.Trial(number=trial.number, lease={"token": trial.lease.token}))
        if field.name == "study":
            value.CopyFrom(study_pb2.Study(name=value.name, id=value.id))
    return copy.SerializeToString(deterministic=True)


def test_a_retry_gets_the_first_answer(start: Callable[..., Daemon]) -> None:
    daemon = start()
    requests = repeatable("again")
    with_id = {n for n, (_, m) in c.METHODS.items() if "request_id" in m.input_type.fields_by_name}
    assert set(requests) == with_id
    first: dict[str, bytes] = {}
    with c.Client(daemon.address) as client:
        client.create("to delete")
        for method, fields in requests.items():
            request = c.request_type(method)(request_id=f"id of {method}", **fields)
            first[method] = answer(client.call(method, request))
            before = client.dump()
            assert answer(client.call(method, request)) == first[method], method
            assert client.dump() == before, method
    for restarted in (False, True):
        if restarted:
            daemon.restart()
        with c.Client(daemon.address) as client:
            for method, fields in requests.items():
                request = c.request_type(method)(request_id=f"id of {method}", **fields)
                assert answer(client.call(method, request)) == first[method], method
            assert client.dump() == before
            for method, fields in other_content("again").items():
                request = c.request_type(method)(request_id=f"id of {method}", **fields)
                assert client.refused(method, request).reason == "REQUEST_ID_REUSED", method
            # An id is for one method.
            request = c.request_type("StopStudy")(study="again", request_id="id of ReportValue")
            assert client.refused("StopStudy", request).reason == "REQUEST_ID_REUSED"
            assert client.dump() == before


def test_one_request_id_sent_by_32_workers_at_once_is_one_call(daemon: Daemon, client: c.Client) -> None:
    client.create("at once", space=[c.floats("x", 0.0, 1.0)])

    def work(_: int) -> bytes:
        with c.Client(daemon.address) as own:
            return answer(own.SuggestTrials(study="at once", count=2, request_id="same"))

    assert len(set(in_parallel(32, work))) == 1
    assert len(client.trials("at once")) == 2


def test_enqueued_trials_are_handed_out_once_among_16_workers(daemon: Daemon, client: c.Client) -> None:
    client.create("queue", space=[c.ints("x", 0, 1000)], budget={"max_trials": 80})
    for x in range(60):
        client.EnqueueTrial(study="queue", params=c.assignments(x=x))
    given = in_parallel(16, lambda i: suggest_until_none(daemon, "queue", 1 + i % 2))
    trials = sorted((t for trials in given for t in trials), key=lambda t: t.number)
    assert [trial.number for trial in trials] == list(range(80))
    assert [c.params(trial)["x"] for trial in trials[:60]] == list(range(60))
    handed_out = collections.Counter(trial.lease.token for trial in trials)
    assert max(handed_out.values()) == 1
