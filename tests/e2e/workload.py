"""A random mix of calls, and a record of what was acknowledged.

The work of test_crash.py.
"""

from __future__ import annotations

import collections
import dataclasses
import random
import threading
import uuid
from typing import Any, Optional

import grpc
from google.protobuf.message import Message
from hpo.v1 import trial_pb2

import client as c

STUDY = "crash"
GRID = "grid"
QUEUE = "queue"
GRID_SIZE = 100_000  # more than a long run takes: points are handed out in every round
SPACE = [
    c.floats("x", -5.0, 5.0),
    c.ints("n", 1, 64, log=True),
    c.choices("k", "a", "b", "c"),
]
# Ends of a call after which nobody knows whether it took effect.
UNKNOWN = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
}


def create_studies(client: c.Client) -> None:
    """Leases are long: what is handed out twice was not lost."""
    long = {"lease": c.seconds(3600), "pruner": {"name": "none"}}
    client.create(STUDY, space=SPACE, sampler={"name": "random"}, **long)
    client.create(
        GRID, space=[c.ints("x", 0, GRID_SIZE - 1)], sampler={"name": "grid"}, **long
    )
    client.create(
        QUEUE, space=[c.ints("x", 0, 1 << 40)], sampler={"name": "random"}, **long
    )


@dataclasses.dataclass
class Trial:
    """What the daemon has acknowledged of a trial, and what it may have done."""

    study: str
    number: int
    token: int
    params: dict[str, c.Plain]
    reports: dict[int, float] = dataclasses.field(default_factory=dict)
    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    result: Optional[trial_pb2.Trial] = None
    # Sent and not answered.
    maybe_reports: dict[int, float] = dataclasses.field(default_factory=dict)
    maybe_attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    maybe_result: Optional[float] = None

    @property
    def key(self) -> dict[str, Any]:
        return {"study": self.study, "number": self.number, "lease_token": self.token}


@dataclasses.dataclass
class Pending:
    """A call without an answer. Its retry, if it comes to that, is the same request."""

    method: str
    request: Message
    trial: Optional[Trial] = None


class Worker:
    """One client thread. A round ends when the daemon is gone, or `stop` is set."""

    def __init__(self, index: int, seed: int) -> None:
        self.rng = random.Random(f"{seed}/{index}")
        self.name = f"worker-{index}"
        self.trials: list[Trial] = []
        self.enqueued: dict[int, int] = {}  # number to its value of x
        self.maybe_enqueued: set[int] = set()
        self.added: dict[int, trial_pb2.Trial] = {}
        self.maybe_added: list[trial_pb2.Trial] = []
        # The latest: far fewer than the 20,000 that the daemon remembers at least.
        self.answers: collections.deque[tuple[str, Message, Message]] = (
            collections.deque(maxlen=1000)
        )
        self.pending: Optional[Pending] = None
        self.acknowledged = 0
        self.retried = 0
        self.error: Optional[BaseException] = None

    def run(self, address: str, stop: threading.Event) -> None:
        try:
            with c.Client(address, timeout=5.0) as client:
                if self.pending is not None:
                    self.settle(client)
                while not stop.is_set():
                    self.step(client)
        except grpc.RpcError as error:
            if error.code() not in UNKNOWN:
                self.error = error
        except BaseException as error:  # shown by the test's own thread
            self.error = error

    def step(self, client: c.Client) -> None:
        trial = self.rng.choice(self.live()) if self.live() else None
        acts = [(self.suggest, 3), (self.enqueue, 2), (self.add, 1)]
        if trial is not None:
            acts += [(self.report, 8), (self.attribute, 3), (self.complete, 4)]
        act = self.rng.choices([a for a, _ in acts], [w for _, w in acts])[0]
        self.send(client, act(trial))

    def live(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.result is None][-8:]

    def new(self, method: str, trial: Optional[Trial] = None, **fields: Any) -> Pending:
        request_id = str(uuid.UUID(int=self.rng.getrandbits(128)))
        return Pending(
            method, c.request_type(method)(request_id=request_id, **fields), trial
        )

    def suggest(self, _: Optional[Trial]) -> Pending:
        study = self.rng.choice([STUDY, GRID, QUEUE])
        return self.new(
            "SuggestTrials", study=study, count=self.rng.randint(1, 3), worker=self.name
        )

    def enqueue(self, _: Optional[Trial]) -> Pending:
        x = self.rng.getrandbits(40)
        self.maybe_enqueued.add(x)
        return self.new("EnqueueTrial", study=QUEUE, params=c.assignments(x=x))

    def add(self, _: Optional[Trial]) -> Pending:
        trial = trial_pb2.Trial(
            state=c.COMPLETE,
            values=[self.rng.gauss(0, 1)],
            worker=f"{self.name} added {self.rng.getrandbits(64)}",
            params=c.assignments(
                x=self.rng.uniform(-5, 5), n=self.rng.randint(1, 64), k="a"
            ),
            distributions=SPACE,
            intermediate_values=[{"step": 1, "value": self.rng.random()}],
        )
        self.maybe_added.append(trial)
        return self.new("AddTrials", study=STUDY, trials=[trial] * 2)

    def report(self, trial: Trial) -> Pending:
        step, value = self.rng.randrange(1 << 40), self.rng.gauss(0, 1)
        trial.maybe_reports[step] = value
        return self.new("ReportValue", trial, step=step, value=value, **trial.key)

    def attribute(self, trial: Trial) -> Pending:
        key, text = f"k{self.rng.getrandbits(40)}", str(self.rng.random())
        trial.maybe_attributes[key] = text
        return self.new(
            "SetTrialAttributes", trial, user_attributes={key: text}, **trial.key
        )

    def complete(self, trial: Trial) -> Pending:
        trial.maybe_result = self.rng.gauss(0, 1)
        return self.new(
            "CompleteTrial", trial, values=[trial.maybe_result], **trial.key
        )

    def send(self, client: c.Client, call: Pending) -> None:
        self.pending = call
        reply = client.call(call.method, call.request)
        self.pending = None
        self.note(call, reply)

    def settle(self, client: c.Client) -> None:
        """After a restart: most unanswered calls are retried, the rest stay unknown."""
        call, self.pending = self.pending, None
        unknown = self.rng.random() < 0.25 and call.method not in (
            "SuggestTrials",
            "CompleteTrial",
        )
        if not unknown:
            self.retried += 1
            self.send(client, call)

    def note(self, call: Pending, reply: Message) -> None:
        """The call is acknowledged."""
        self.acknowledged += 1
        self.answers.append((call.method, call.request, reply))
        trial, request = call.trial, call.request
        if call.method == "SuggestTrials":
            for made in reply.trials:
                token = made.lease.token
                self.trials.append(
                    Trial(request.study, made.number, token, c.params(made))
                )
        elif call.method == "EnqueueTrial":
            self.enqueued[reply.number] = request.params[0].value.int_value
        elif call.method == "AddTrials":
            self.added.update(zip(reply.numbers, request.trials))
        elif call.method == "ReportValue":
            trial.reports[request.step] = request.value
        elif call.method == "SetTrialAttributes":
            trial.attributes.update(request.user_attributes)
        else:
            trial.result = reply.trial
