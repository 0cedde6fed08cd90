"""What the protos promise when workers fall silent, and when they call again."""

from __future__ import annotations

import concurrent.futures
import time
from typing import Any, Callable

from google.protobuf.message import Message
from hpo.v1 import study_pb2, trial_pb2

import client as c
from daemon_process import Daemon, until

LEASE_SECONDS = 1.0  # the shortest there is


LATE_SECONDS = 10.0  # until what must happen soon has happened


def in_parallel(workers: int, work: Callable[[int], Any]) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


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
            c.request_type(name)(
                study=study, number=number, lease_token=token, **extra.get(name, {})
            ),
        )
        for name in fenced
    ]


def wait_for_loss(client: c.Client, study: str, number: int) -> trial_pb2.Trial:
    def lost() -> trial_pb2.Trial | None:
        trial = client.GetTrial(study=study, number=number).trial
        return trial if trial.state != c.RUNNING else None

    return until(lost, LATE_SECONDS, f"trial {number} is lost")


def test_an_expired_lease_fails_the_trial_and_enqueues_it_again(
    client: c.Client,
) -> None:
    client.create(
        "lost",
        space=[c.floats("x", 0.0, 1.0), c.floats("y", 0.0, 1.0)],
        lease=c.seconds(LEASE_SECONDS),
        max_retries=2,
        sampler={"name": "random"},
    )
    client.EnqueueTrial(
        study="lost", params=c.assignments(x=0.5), user_attributes={"who": '"me"'}
    )
    trial = client.suggest("lost", worker="w1")
    for retry in range(3):
        old = wait_for_loss(client, "lost", trial.number)
        expired = trial.lease.expire_time.ToMicroseconds()
        assert (old.state, old.lease_expired, old.failure) == (
            c.FAIL,
            True,
            "lease expired",
        )
        # Not early, and at most a moment late.
        assert 0 <= old.complete_time.ToMicroseconds() - expired < 2e6
        before = client.dump()
        for method, request in late_calls("lost", trial.number, trial.lease.token):
            refused = client.refused(method, request)
            assert (refused.code, refused.reason) == ("ABORTED", "LEASE_LOST"), method
            request.lease_token = 0
            refused = client.refused(method, request)
            assert (refused.code, refused.reason) == (
                "FAILED_PRECONDITION",
                "TRIAL_FINISHED",
            )
        assert client.dump() == before
        if retry == 2:
            break
        waiting = client.GetTrial(study="lost", number=trial.number + 1).trial
        assert (waiting.state, waiting.retry_of, waiting.retry_count) == (
            c.WAITING,
            0,
            retry + 1,
        )
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
    ask = lambda n: client.SuggestParameter(
        study="lost run", number=n, parameter=parameter
    ).value  # noqa: E731
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
    assert states == {
        **{t.number: c.RUNNING for t in trials.values()},
        silent.number: c.FAIL,
    }


def test_downtime_does_not_count_and_a_restart_grants_a_full_lease(
    start: Callable[..., Daemon],
) -> None:
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
    """A request for each method with a request_id, in an order that works."""
    trial = trial_pb2.Trial(state=c.COMPLETE, values=[1.0])
    update = study_pb2.Study(user_attributes={"k": "1"})
    return {
        "CreateStudy": {"study": study_pb2.Study(name=study)},
        "SuggestTrials": {"study": study, "count": 3},
        "SuggestParameter": {
            "study": study,
            "number": 0,
            "parameter": c.floats("x", 0.0, 1.0),
        },
        "ReportValue": {"study": study, "number": 0, "step": 1, "value": 1.0},
        "SetTrialAttributes": {
            "study": study,
            "number": 0,
            "user_attributes": {"k": "1"},
        },
        "CompleteTrial": {"study": study, "number": 0, "values": [1.0]},
        "EnqueueTrial": {"study": study, "params": c.assignments(x=0.5)},
        "AddTrials": {"study": study, "trials": [trial, trial]},
        "UpdateStudy": {
            "study": study,
            "update": update,
            "update_mask": {"paths": ["user_attributes"]},
        },
        "StopStudy": {"study": study},
        "DeleteStudy": {"study": "to delete"},
    }


def other_content(study: str) -> dict[str, dict[str, Any]]:
    """As `repeatable`, each a little different. StopStudy has nothing that could be."""
    requests = repeatable(study)
    for method in (
        "SuggestParameter",
        "ReportValue",
        "SetTrialAttributes",
        "CompleteTrial",
    ):
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
                trial.CopyFrom(
                    trial_pb2.Trial(
                        number=trial.number, lease={"token": trial.lease.token}
                    )
                )
        if field.name == "study":
            value.CopyFrom(study_pb2.Study(name=value.name, id=value.id))
    return copy.SerializeToString(deterministic=True)


def test_a_retry_gets_the_first_answer(start: Callable[..., Daemon]) -> None:
    daemon = start()
    requests = repeatable("again")
    with_id = {
        n
        for n, (_, m) in c.METHODS.items()
        if "request_id" in m.input_type.fields_by_name
    }
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
                assert (
                    client.refused(method, request).reason == "REQUEST_ID_REUSED"
                ), method
            # An id is for one method.
            request = c.request_type("StopStudy")(
                study="again", request_id="id of ReportValue"
            )
            assert client.refused("StopStudy", request).reason == "REQUEST_ID_REUSED"
            assert client.dump() == before


def test_one_request_id_sent_by_32_workers_at_once_is_one_call(
    daemon: Daemon, client: c.Client
) -> None:
    client.create("at once", space=[c.floats("x", 0.0, 1.0)])

    def work(_: int) -> bytes:
        with c.Client(daemon.address) as own:
            return answer(
                own.SuggestTrials(study="at once", count=2, request_id="same")
            )

    assert len(set(in_parallel(32, work))) == 1
    assert len(client.trials("at once")) == 2
