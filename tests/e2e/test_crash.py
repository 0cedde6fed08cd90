"""The daemon killed with -9 while clients work: nothing acknowledged is lost.

HPOD_CRASH_ROUNDS sets how often it is killed (crash_soak runs it long), HPOD_CRASH_SEED
what is drawn.
"""

from __future__ import annotations

import collections
import os
import random
import threading
from typing import Callable

from google.protobuf.message import Message
from hpo.v1 import trial_pb2

import client as c
import workload
from daemon_process import Daemon, until

ROUNDS = int(os.environ.get("HPOD_CRASH_ROUNDS", "8"))
SEED = int(os.environ.get("HPOD_CRASH_SEED", "20240607"))
WORKERS = 8
# A round with fewer acknowledged calls has shown nothing.
ACKNOWLEDGED_MIN = 50
KILL_AFTER_SECONDS = (0.05, 1.0)

Stored = dict[str, dict[int, trial_pb2.Trial]]


def work_until_killed(
    daemon: Daemon, workers: list[workload.Worker], rng: random.Random
) -> int:
    """One round; how many calls were acknowledged in it."""
    before = sum(worker.acknowledged for worker in workers)
    stop = threading.Event()
    threads = [
        threading.Thread(target=worker.run, args=(daemon.address, stop))
        for worker in workers
    ]
    for thread in threads:
        thread.start()
    acknowledged = (
        lambda: sum(worker.acknowledged for worker in workers) - before
    )  # noqa: E731
    until(lambda: acknowledged() >= ACKNOWLEDGED_MIN, 30.0, "calls are acknowledged")
    stop.wait(rng.uniform(*KILL_AFTER_SECONDS))
    daemon.kill()
    stop.set()
    for thread in threads:
        thread.join()
    for worker in workers:
        if worker.error is not None:
            raise worker.error
    return acknowledged()


def read(client: c.Client) -> Stored:
    studies = (workload.STUDY, workload.GRID, workload.QUEUE)
    return {study: {t.number: t for t in client.trials(study)} for study in studies}


def check_numbers(stored: Stored) -> None:
    for study, trials in stored.items():
        assert sorted(trials) == list(range(len(trials))), study
    ids = [trial.id for trials in stored.values() for trial in trials.values()]
    assert len(set(ids)) == len(ids)


def check_trial(trial: workload.Trial, stored: trial_pb2.Trial) -> None:
    """What was acknowledged is there; beyond it only what was sent, whole."""
    assert c.params(stored) == trial.params
    reports = {r.step: r.value for r in stored.intermediate_values}
    assert trial.reports.items() <= reports.items() <= trial.maybe_reports.items()
    attributes = dict(stored.user_attributes)
    assert (
        trial.attributes.items() <= attributes.items() <= trial.maybe_attributes.items()
    )
    if trial.result is not None:
        without = trial_pb2.Trial.FromString(stored.SerializeToString())
        for field in ("intermediate_values", "distributions"):
            without.ClearField(field)
        assert without == trial.result
    elif stored.state == c.COMPLETE:
        assert list(stored.values) == [trial.maybe_result]
    else:
        assert stored.state == c.RUNNING and not stored.values
        assert stored.lease.token == trial.token


def check_added(worker: workload.Worker, stored: dict[int, trial_pb2.Trial]) -> None:
    def given(trial: trial_pb2.Trial) -> bytes:
        copy = trial_pb2.Trial.FromString(trial.SerializeToString())
        for field in ("number", "id", "revision", "start_time", "complete_time"):
            copy.ClearField(field)
        for parameter in copy.distributions:
            if parameter.HasField("int_domain"):
                parameter.int_domain.step = 1
        return copy.SerializeToString(deterministic=True)

    for number, trial in worker.added.items():
        assert given(stored[number]) == given(trial)
    # A call adds two or none, and a retry no more.
    mine = [t for t in stored.values() if t.worker.startswith(f"{worker.name} added")]
    counts = collections.Counter(trial.worker for trial in mine)
    assert set(counts.values()) <= {2}
    sent = {given(trial) for trial in worker.maybe_added}
    assert {given(trial) for trial in mine} <= sent


def check_hand_out(workers: list[workload.Worker], stored: Stored) -> None:
    """No trial, token or point is with two workers; all running trials are known."""
    held = [(t.study, t.number) for worker in workers for t in worker.trials]
    tokens = [(t.study, t.token) for worker in workers for t in worker.trials]
    assert len(set(held)) == len(held)
    assert len(set(tokens)) == len(tokens)
    points = [
        t.params["x"] for w in workers for t in w.trials if t.study == workload.GRID
    ]
    assert len(set(points)) == len(points)
    pending = sum(
        w.pending.request.count
        for w in workers
        if w.pending is not None and w.pending.method == "SuggestTrials"
    )
    known = set(held) | {(workload.STUDY, n) for w in workers for n in w.added}
    handed_out = {
        (study, number)
        for study, trials in stored.items()
        for number, trial in trials.items()
        if trial.state != c.WAITING and " added " not in trial.worker
    }
    assert len(handed_out - known) <= pending


def check_queue(
    workers: list[workload.Worker], stored: dict[int, trial_pb2.Trial]
) -> None:
    sent = set().union(*(worker.maybe_enqueued for worker in workers))
    enqueued = {n: t for n, t in stored.items() if t.fixed_params}
    values = {n: c.plain(t.fixed_params[0].value) for n, t in enqueued.items()}
    assert len(set(values.values())) == len(values)
    assert set(values.values()) <= sent
    for worker in workers:
        for number, x in worker.enqueued.items():
            assert values[number] == x
    for number, trial in enqueued.items():
        assert c.params(trial) == {"x": values[number]}


def check_retries(
    client: c.Client, workers: list[workload.Worker], rng: random.Random
) -> None:
    """Old requests, sent once more, get the answers they got."""
    answers = [answer for worker in workers for answer in worker.answers]
    before = client.dump()
    for method, request, first in rng.sample(answers, min(40, len(answers))):
        assert lasting(client.call(method, request)) == lasting(first), method
    assert client.dump() == before


def lasting(reply: Message) -> object:
    """Of a reply, what does not depend on when it is given."""
    if hasattr(reply, "trials"):
        trials = [(t.number, t.lease.token, c.params(t)) for t in reply.trials]
        return trials, reply.stop_reason
    if hasattr(reply, "lease"):
        return reply.should_prune, reply.study_stopped, reply.step_was_reported
    return reply


def test_nothing_acknowledged_is_lost(start: Callable[..., Daemon]) -> None:
    print(f"HPOD_CRASH_SEED={SEED} HPOD_CRASH_ROUNDS={ROUNDS}")
    rng = random.Random(SEED)
    daemon = start()
    with c.Client(daemon.address) as client:
        workload.create_studies(client)
    workers = [workload.Worker(i, SEED) for i in range(WORKERS)]
    for round_number in range(ROUNDS):
        acknowledged = work_until_killed(daemon, workers, rng)
        assert acknowledged >= ACKNOWLEDGED_MIN, f"round {round_number} is void"
        daemon.start()
        with c.Client(daemon.address) as client:
            stored = read(client)
            check_numbers(stored)
            for worker in workers:
                for trial in worker.trials:
                    check_trial(trial, stored[trial.study][trial.number])
                check_added(worker, stored[workload.STUDY])
            check_hand_out(workers, stored)
            check_queue(workers, stored[workload.QUEUE])
            check_retries(client, workers, rng)
    total = sum(worker.acknowledged for worker in workers)
    retried = sum(worker.retried for worker in workers)
    print(f"{ROUNDS} kills, {total} calls acknowledged, {retried} retried")
    grid = sum(t.study == workload.GRID for worker in workers for t in worker.trials)
    assert retried > 0 and grid > ROUNDS


def optimize(daemon: Daemon, kill_at: set[int]) -> list[dict[str, c.Plain]]:
    """60 trials of one worker, the daemon killed before and amid those of `kill_at`."""
    space = [*workload.SPACE, c.when(c.floats("y", 0.0, 1.0, step=0.1), "k", "a")]
    given = []
    with c.Client(daemon.address) as client:
        client.create("tpe", space=space, seed=7)
        for i in range(60):
            if i in kill_at:
                daemon.restart()
            trial = client.suggest("tpe")
            params = c.params(trial)
            given.append(params)
            loss = params["x"] ** 2 + abs(params["n"] - 8) + params.get("y", 0.5)
            for step in range(3):
                if i in kill_at and step == 1:
                    daemon.restart()
                client.ReportValue(
                    study="tpe", number=i, step=step, value=loss + 3 - step
                )
            state = {"state": c.PRUNED} if i % 7 == 3 else {"values": [loss]}
            client.CompleteTrial(
                study="tpe", number=i, lease_token=trial.lease.token, **state
            )
    return given


def test_suggestions_are_equal_with_and_without_kills(
    start: Callable[..., Daemon],
) -> None:
    undisturbed = optimize(start(name="undisturbed"), set())
    killed = optimize(start(name="killed"), {5, 11, 30, 45})
    assert killed == undisturbed
    assert len({params["x"] for params in killed}) == 60
