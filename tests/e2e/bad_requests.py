"""What the tables of refused requests share: rows, studies, what many methods refuse.

The tables are bad_study_requests.py and bad_trial_requests.py.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable

from google.protobuf.message import Message
from hpo.v1 import space_pb2, study_pb2

import client as c

MEGABYTE = "n" * (1 << 20)


NAN, INF = float("nan"), float("inf")


INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1


FOREIGN = 999_999


TOKEN_OF_2 = 3


CODES = {
    "STUDY_NOT_FOUND": "NOT_FOUND",
    "TRIAL_NOT_FOUND": "NOT_FOUND",
    "STUDY_EXISTS": "ALREADY_EXISTS",
    "STUDY_MISMATCH": "FAILED_PRECONDITION",
    "INVALID_FIELD": "INVALID_ARGUMENT",
    "PARAMETER_CHANGED": "INVALID_ARGUMENT",
    "REQUEST_ID_REUSED": "INVALID_ARGUMENT",
    "LEASE_LOST": "ABORTED",
    "TRIAL_FINISHED": "FAILED_PRECONDITION",
    "TRIAL_WAITING": "FAILED_PRECONDITION",
    "SEVERAL_OBJECTIVES": "FAILED_PRECONDITION",
    "LIMIT_EXCEEDED": "RESOURCE_EXHAUSTED",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """A call that is refused with `reason`, the code that belongs to it and exactly
    this `metadata`; each of `words` is in the message."""

    method: str
    label: str
    request: Message
    reason: str
    metadata: dict[str, str]
    words: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        return CODES[self.reason]


def fill(client: c.Client) -> None:
    """The studies that the rows are about, with trials in each state."""
    client.create(
        "declared",
        space=[
            c.floats("lr", 1e-5, 0.1, log=True),
            c.ints("layers", 1, 8),
            c.floats("width", 0.0, 1.0, step=0.25),
            c.choices("opt", "adam", "sgd"),
            c.when(c.floats("momentum", 0.0, 0.99), "opt", "sgd"),
        ],
        sampler=study_pb2.Algorithm(name="random"),
        lease=c.seconds(3600),
    )
    client.suggest("declared")
    client.CompleteTrial(study="declared", number=0, values=[1.0])
    client.EnqueueTrial(study="declared", params=c.assignments(opt="adam"))
    client.suggest("declared", request_id="used")
    client.suggest("declared")
    client.EnqueueTrial(study="declared", params=c.assignments(layers=3))

    client.create("by-run", lease=c.seconds(3600))
    client.suggest("by-run")
    for parameter in (
        c.floats("lr", 1e-5, 0.1, log=True),
        c.ints("layers", 1, 8),
        c.choices("opt", "adam", "sgd"),
    ):
        client.SuggestParameter(study="by-run", number=0, parameter=parameter)
    client.CompleteTrial(study="by-run", number=0, values=[1.0])
    client.suggest("by-run")
    parameter = c.floats("lr", 1e-5, 0.1, log=True)
    client.SuggestParameter(study="by-run", number=1, parameter=parameter)
    client.EnqueueTrial(study="by-run", params=c.assignments(lr=0.01))

    client.create("pair", directions=[c.MINIMIZE, c.MAXIMIZE], lease=c.seconds(3600))
    client.suggest("pair")
    client.CreateStudy(study=study_pb2.Study(name="once", seed=1), request_id="used")


def row(
    method: str,
    label: str,
    reason: str,
    metadata: dict[str, str],
    words: Iterable[str],
    **fields: Any,
) -> Row:
    request = c.request_type(method)(**fields)
    return Row(method, label, request, reason, metadata, tuple(words))


def invalid(method: str, label: str, field: str, *words: str, **fields: Any) -> Row:
    return row(method, label, "INVALID_FIELD", {"field": field}, words, **fields)


def unknown_study(method: str, **fields: Any) -> list[Row]:
    rows = [
        row(
            method,
            "unknown study",
            "STUDY_NOT_FOUND",
            {"study": "nope"},
            ["nope"],
            study="nope",
            **fields,
        ),
        row(method, "no study", "STUDY_NOT_FOUND", {"study": ""}, [], **fields),
    ]
    # A name that no study can have; what comes back of it is cut.
    long_name = c.request_type(method)(study=MEGABYTE, **fields)
    cut = {"study": MEGABYTE[:512]}
    label = "study name of 1 MB"
    rows.append(Row(method, label, long_name, "STUDY_NOT_FOUND", cut, ("nnnn",)))
    return rows


def request_ids(method: str, **fields: Any) -> list[Row]:
    long_id = "r" * 129
    return [
        row(
            method,
            "request_id of another request",
            "REQUEST_ID_REUSED",
            {"request_id": "used"},
            ["request_id", "used"],
            request_id="used",
            **fields,
        ),
        invalid(
            method,
            "too long a request_id",
            "request_id",
            "request_id",
            "129",
            request_id=long_id,
            **fields,
        ),
    ]


def pages(method: str, **fields: Any) -> list[Row]:
    rows = [
        invalid(
            method,
            f"page_size {n}",
            "page_size",
            "page_size",
            str(n),
            page_size=n,
            **fields,
        )
        for n in (-1, 1001, -(1 << 31), (1 << 31) - 1)
    ]
    for token in (
        "x",
        "-1",
        "1x",
        " 1",
        "99999999999999999999",
        "a" + "é" * 30,
        MEGABYTE,
    ):
        rows.append(
            invalid(
                method,
                f"page_token {token[:8]!r} of {len(token)}",
                "page_token",
                "page_token",
                token[:20],
                page_token=token,
                **fields,
            )
        )
    return rows


# Domains that no parameter can have, and words that the refusal needs.
BAD_DOMAINS: list[tuple[str, space_pb2.Parameter, tuple[str, ...]]] = [
    ("no domain", space_pb2.Parameter(name="p"), ("domain",)),
    ("low NaN", c.floats("p", NAN, 1.0), ("low", "nan", "finite")),
    ("high infinite", c.floats("p", 0.0, INF), ("high", "inf", "finite")),
    ("low -infinite", c.floats("p", -INF, 0.0), ("low", "-inf", "finite")),
    ("endless range", c.floats("p", -1.7e308, 1.7e308), ("1.7e+308",)),
    ("low > high", c.floats("p", 2.0, 1.0), ("low 2", "high 1")),
    ("log, low 0", c.floats("p", 0.0, 1.0, log=True), ("low 0", "log")),
    ("log, low < 0", c.floats("p", -1.0, 1.0, log=True), ("low -1", "log")),
    ("log with step", c.floats("p", 1.0, 9.0, log=True, step=0.5), ("step 0.5", "log")),
    ("step < 0", c.floats("p", 0.0, 1.0, step=-0.5), ("step -0.5",)),
    ("step NaN", c.floats("p", 0.0, 1.0, step=NAN), ("step nan",)),
    ("step infinite", c.floats("p", 0.0, 1.0, step=INF), ("step inf",)),
    ("step too fine", c.floats("p", 1e9, 2e9, step=1e-9), ("step 1e-09",)),
    ("int low > high", c.ints("p", 5, 4), ("low 5", "high 4")),
    ("int above 2^53", c.ints("p", 0, (1 << 53) + 1), ("2^53", str((1 << 53) + 1))),
    ("int below -2^53", c.ints("p", INT64_MIN, 0), ("2^53", str(INT64_MIN))),
    ("int log, low 0", c.ints("p", 0, 4, log=True), ("low 0", "log")),
    ("int log with step", c.ints("p", 1, 9, log=True, step=2), ("step 2", "log")),
    ("int step < 0", c.ints("p", 0, 4, step=-1), ("step -1",)),
    ("no choices", c.choices("p"), ("choices",)),
    ("choice twice", c.choices("p", "a", 1, "a"), ('"a"', "twice")),
    ("NaN choice twice", c.choices("p", NAN, 1, NAN), ("NaN", "twice")),
    ("10,001 choices", c.choices("p", *range(10_001)), ("10001", "10000")),
    (
        "choice without a kind",
        space_pb2.Parameter(
            name="p", categorical_domain={"choices": [space_pb2.Value()]}
        ),
        ("choice 0",),
    ),
]
