"""Requests to TrialService that must be refused."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable

from hpo.v1 import space_pb2, trial_pb2

import client as c
from bad_requests import (
    BAD_DOMAINS,
    FOREIGN,
    INF,
    INT64_MAX,
    INT64_MIN,
    MEGABYTE,
    NAN,
    TOKEN_OF_2,
    Row,
    invalid,
    pages,
    request_ids,
    row,
    unknown_study,
)


def trial_rows(method: str, fenced: bool = True, **fields: Any) -> list[Row]:
    """Trials that are not there, not running, or somebody else's."""

    def trial(
        label: str, reason: str, metadata: dict[str, str], *words: str, **key: Any
    ) -> Row:
        return row(method, label, reason, metadata, words, **{**fields, **key})

    rows = unknown_study(method, **fields)
    for number in (99, -1, INT64_MIN, INT64_MAX):
        metadata = {"study": "declared", "trial": str(number)}
        rows.append(
            trial(
                f"trial {number}",
                "TRIAL_NOT_FOUND",
                metadata,
                f"studies/declared/trials/{number}",
                study="declared",
                number=number,
            )
        )
    if not fenced:
        return rows
    for token in (FOREIGN, TOKEN_OF_2, -1):
        metadata = {"study": "declared", "trial": "1"}
        key = {"study": "declared", "number": 1, "lease_token": token}
        label = f"lease_token {token}"
        rows.append(trial(label, "LEASE_LOST", metadata, str(token), "trials/1", **key))
    finished = {"study": "declared", "number": 0}
    rows.append(
        trial(
            "finished", "TRIAL_FINISHED", {"state": "COMPLETE"}, "COMPLETE", **finished
        )
    )
    if method != "SetTrialAttributes":
        waiting = {"study": "declared", "number": 3}
        rows.append(
            trial(
                "waiting", "TRIAL_WAITING", {"state": "WAITING"}, "WAITING", **waiting
            )
        )
    return rows


def attributes(method: str, **fields: Any) -> list[Row]:
    """User attributes of trials."""
    too_many = {f"k{i}": "1" for i in range(1001)}
    return [
        invalid(
            method, label, "user_attributes", *words, user_attributes=given, **fields
        )
        for label, given, words in (
            ("long key", {"k" * 513: "1"}, ["513"]),
            ("long value", {"key": '"' + "v" * (1 << 20) + '"'}, ["key", "1048578"]),
            ("1001 attributes", too_many, ["1001"]),
        )
    ]


def constraints(method: str, **fields: Any) -> list[Row]:
    return [
        invalid(
            method,
            "constraint NaN",
            "constraints",
            "c1",
            "NaN",
            constraints={"c1": NAN},
            **fields,
        ),
        invalid(
            method,
            "constraint name",
            "constraints",
            "256",
            constraints={"c" * 256: 1.0},
            **fields,
        ),
        invalid(
            method,
            "1001 constraints",
            "constraints",
            "1001",
            constraints={f"c{i}": 0.0 for i in range(1001)},
            **fields,
        ),
    ]


def suggest_parameter() -> Iterable[Row]:
    fine = c.floats("p", 0.0, 1.0)
    yield from trial_rows("SuggestParameter", parameter=fine)
    running: dict[str, Any] = {"study": "by-run", "number": 1}

    def bad(
        label: str, *words: str, parameter: space_pb2.Parameter, study: Any = running
    ) -> Row:
        return invalid(
            "SuggestParameter", label, "parameter", *words, parameter=parameter, **study
        )

    for label, parameter, words in BAD_DOMAINS:
        yield bad(label, "'p'", *words, parameter=parameter)
    for low, high in ((0.0, 1.0), (1.0, 1.0)):
        span = f"[{low}, {high}]"
        yield bad(f"empty name, {span}", "name", parameter=c.floats("", low, high))
        yield bad(
            f"name of 256 bytes, {span}",
            "256",
            parameter=c.floats("n" * 256, low, high),
        )
        yield bad(
            f"name of 1 MB, {span}", "1048576", parameter=c.floats(MEGABYTE, low, high)
        )
    conditional = c.when(c.floats("p", 0.0, 1.0), "opt", "sgd")
    yield bad("conditions", "conditions", parameter=conditional)
    declared = {"study": "declared", "number": 1}
    yield bad("not declared", "'p'", "declared", parameter=fine, study=declared)
    inactive = c.floats("momentum", 0.0, 0.99)
    yield bad("not active", "'momentum'", "active", parameter=inactive, study=declared)
    for label, parameter in (
        ("own parameter of another kind", c.ints("lr", 1, 2)),
        ("own parameter without log", c.floats("lr", 1e-5, 0.1)),
        ("another kind", c.floats("layers", 1.0, 8.0)),
        ("log added", c.ints("layers", 1, 8, log=True)),
        ("a choice more", c.choices("opt", "adam", "sgd", "lion")),
        ("choices in another order", c.choices("opt", "sgd", "adam")),
        ("choices of another kind", c.choices("opt", 0, 1)),
    ):
        name = parameter.name
        request = {**running, "parameter": parameter}
        yield row(
            "SuggestParameter",
            label,
            "PARAMETER_CHANGED",
            {"field": name},
            [f"'{name}'"],
            **request,
        )
    request = {
        "study": "declared",
        "number": 1,
        "parameter": c.floats("lr", 1e-5, 0.1, log=True),
    }
    yield from request_ids("SuggestParameter", **request)


def report_value() -> Iterable[Row]:
    yield from trial_rows("ReportValue", step=1, value=0.5)
    for step in (-1, INT64_MIN):
        fields = {"study": "declared", "number": 1, "step": step, "value": 0.5}
        yield invalid(
            "ReportValue", f"step {step}", "step", "step", str(step), **fields
        )
    fields = {"study": "pair", "number": 0, "step": 1, "value": 0.5}
    yield row(
        "ReportValue",
        "two objectives",
        "SEVERAL_OBJECTIVES",
        {},
        ["objective"],
        **fields,
    )
    yield from request_ids("ReportValue", study="declared", number=1, step=1, value=0.5)


def complete_trial() -> Iterable[Row]:
    yield from trial_rows("CompleteTrial", values=[0.5])
    running: dict[str, Any] = {"study": "declared", "number": 1}

    def bad(label: str, field: str, *words: str, **fields: Any) -> Row:
        return invalid("CompleteTrial", label, field, *words, **{**running, **fields})

    for state in (c.RUNNING, c.WAITING, 9):
        yield bad(f"state {state}", "state", "state", state=state)
    yield bad("no values", "values", "0 values", "1 objective")
    yield bad("two values", "values", "2 values", "1 objective", values=[1.0, 2.0])
    one_of_two = {"study": "pair", "number": 0, "values": [1.0]}
    yield bad("one value of two", "values", "1 values", "2 objectives", **one_of_two)
    yield bad("NaN", "values", "values[0]", "NaN", values=[NAN])
    second = {"study": "pair", "number": 0, "values": [1.0, NAN]}
    yield bad("NaN of two", "values", "values[1]", "NaN", **second)
    for name, state in (("PRUNED", c.PRUNED), ("FAIL", c.FAIL)):
        yield bad(f"{name} with values", "values", name, values=[1.0], state=state)
    yield bad(
        "failure of 4,097 bytes",
        "failure",
        "4097",
        "4096",
        state=c.FAIL,
        failure="f" * 4097,
    )
    yield from attributes("CompleteTrial", values=[0.5], **running)
    yield from constraints("CompleteTrial", values=[0.5], **running)
    yield from request_ids("CompleteTrial", values=[0.5], **running)


# Values that no assignment in the space of `declared` can have.
BAD_VALUES: list[tuple[str, c.Plain, tuple[str, ...]]] = [
    ("lr", "fast", ("'lr'", '"fast"', "string")),
    ("lr", True, ("'lr'", "true", "bool")),
    ("lr", None, ("'lr'", "null")),
    ("lr", NAN, ("'lr'", "NaN")),
    ("lr", INF, ("'lr'", "Infinity")),
    ("lr", 0.5, ("'lr'", "0.5")),
    ("lr", 0.0, ("'lr'", "0")),
    ("layers", 9, ("'layers'", "9")),
    ("layers", 2.5, ("'layers'", "2.5", "whole")),
    ("layers", INT64_MAX, ("'layers'", str(INT64_MAX))),
    ("width", 0.3, ("'width'", "0.3")),
    ("opt", "lion", ("'opt'", '"lion"', '"adam", "sgd"')),
    ("opt", 0, ("'opt'", "0")),
    ("opt", MEGABYTE, ("'opt'", "nnn")),
]


def bad_assignments(method: str, field: str, fields: Any) -> Iterable[Row]:
    """Assignments refused whatever the study; `fields` puts them in a request."""
    for label, given, words in (
        ("empty name", [("", c.value(1.0))], ("name",)),
        ("name of 256 bytes", [("n" * 256, c.value(1.0))], ("255",)),
        ("name of 1 MB", [(MEGABYTE, c.value(1.0))], ("255",)),
        (
            "name twice",
            [("lr", c.value(0.01)), ("lr", c.value(0.02))],
            ("'lr'", "twice"),
        ),
        ("value without a kind", [("lr", space_pb2.Value())], ("'lr'", "value")),
    ):
        given_message = [space_pb2.Assignment(name=n, value=v) for n, v in given]
        yield invalid(method, label, field, *words, **fields(given_message))


def enqueue_trial() -> Iterable[Row]:
    yield from unknown_study("EnqueueTrial")
    for study in ("declared", "by-run"):
        fields = lambda given, study=study: {
            "study": study,
            "params": given,
        }  # noqa: E731
        for bad in bad_assignments("EnqueueTrial", "params", fields):
            yield dataclasses.replace(bad, label=f"{study}: {bad.label}")
    for name, given, words in BAD_VALUES:
        params = c.assignments(**{name: given})
        label = f"{name} = {str(given)[:9]}"
        yield invalid(
            "EnqueueTrial", label, "params", *words, study="declared", params=params
        )
    unknown = c.assignments(lr=0.01, depth=3)
    words = ("'depth'", "space")
    yield invalid(
        "EnqueueTrial",
        "not in the space",
        "params",
        *words,
        study="declared",
        params=unknown,
    )
    many = c.assignments(**{f"p{i}": i for i in range(1001)})
    yield invalid(
        "EnqueueTrial",
        "1,001 parameters",
        "params",
        "1001",
        study="by-run",
        params=many,
    )
    yield from attributes("EnqueueTrial", study="declared")
    yield from request_ids("EnqueueTrial", study="declared")


def add_trials() -> Iterable[Row]:
    good = trial_pb2.Trial(state=c.COMPLETE, values=[1.0])

    def bad(label: str, *words: str, study: str = "by-run", **trial: Any) -> Row:
        trial.setdefault("state", c.COMPLETE)
        if trial["state"] == c.COMPLETE:
            trial.setdefault("values", [1.0])
        field = trial.pop("field", "trials[1]")
        # After a good one: all or none.
        trials = [good, trial_pb2.Trial(**trial)]
        return invalid("AddTrials", label, field, *words, study=study, trials=trials)

    def param(name: str, given: Any, domain: space_pb2.Parameter) -> dict[str, Any]:
        message = given if isinstance(given, space_pb2.Value) else c.value(given)
        pair = space_pb2.Assignment(name=name, value=message)
        return {"params": [pair], "distributions": [domain]}

    yield from unknown_study("AddTrials", trials=[good])
    yield invalid("AddTrials", "no trials", "trials", "0", "1000", study="by-run")
    yield invalid(
        "AddTrials",
        "1,001 trials",
        "trials",
        "1001",
        study="by-run",
        trials=[good] * 1001,
    )
    for state in (0, 9):
        yield bad(
            f"state {state}",
            "trials[1].state",
            str(state),
            state=state,
            field="trials[1].state",
        )
    for label, count, words in (
        ("no", [], "0 values"),
        ("two", [1.0, 2.0], "2 values"),
    ):
        yield bad(f"{label} values", "trials[1].values", words, values=count)
    yield bad("NaN", "trials[1].values", "NaN", values=[NAN])
    for name, state in (
        ("FAIL", c.FAIL),
        ("RUNNING", c.RUNNING),
        ("WAITING", c.WAITING),
    ):
        yield bad(
            f"{name} with values", "trials[1].values", name, state=state, values=[1.0]
        )
    yield bad(
        "PRUNED with two", "trials[1].values", "2", state=c.PRUNED, values=[1.0, 2.0]
    )
    step = lambda *steps: [
        trial_pb2.IntermediateValue(step=s, value=0.5) for s in steps
    ]  # noqa: E731
    yield bad("step < 0", "trials[1]", "step -1", intermediate_values=step(0, -1))
    yield bad("step twice", "trials[1]", "step 3", intermediate_values=step(3, 1, 3))
    x = c.floats("x", 0.0, 1.0)
    bare = c.assignments(x=0.5)
    yield bad("no distribution", "trials[1]", "'x'", "distribution", params=bare)
    for label, given, words in (
        ("out of range", 1.5, ()),
        ("wrong type", "a", ('"a"',)),
        ("NaN parameter", NAN, ("NaN",)),
        ("value without a kind", space_pb2.Value(), ("value",)),
    ):
        yield bad(label, "trials[1]", "'x'", *words, **param("x", given, x))
    for label, domain, words in BAD_DOMAINS:
        if label == "choice without a kind":
            continue  # refused as the choice, before the trial is known
        given = 1 if domain.WhichOneof("domain") != "categorical_domain" else "a"
        if label in ("no choices", "NaN choice twice", "10,001 choices"):
            given = 1
        if label == "no choices":
            words = ()
        yield bad(f"distribution: {label}", "'p'", *words, **param("p", given, domain))
    twice = param("x", 0.5, x)
    twice["params"] = twice["params"] * 2
    yield bad("parameter twice", "'x'", "twice", **twice)
    for name in ("", "n" * 256, MEGABYTE):
        label = f"parameter name of {len(name)} bytes"
        yield bad(
            label, "trials[1]", "255", **param(name, 0.5, c.floats(name, 0.0, 1.0))
        )
    changed = param("lr", 1, c.ints("lr", 1, 2))
    trials = [good, trial_pb2.Trial(state=c.COMPLETE, values=[1.0], **changed)]
    fields = {"study": "by-run", "trials": trials}
    yield row(
        "AddTrials",
        "another kind",
        "PARAMETER_CHANGED",
        {"field": "lr"},
        ["'lr'"],
        **fields,
    )
    within = [
        trial_pb2.Trial(state=c.FAIL, **param("new", 0.5, c.floats("new", 0.0, 1.0)))
    ]
    within += [trial_pb2.Trial(state=c.FAIL, **param("new", 1, c.ints("new", 0, 1)))]
    fields = {"study": "by-run", "trials": within}
    yield row(
        "AddTrials",
        "kinds within a call",
        "PARAMETER_CHANGED",
        {"field": "new"},
        ["'new'"],
        **fields,
    )
    for part in ("start_time", "complete_time"):
        for when in ({"seconds": INT64_MAX}, {"seconds": INT64_MIN}, {"nanos": -1}):
            field = f"trials[1].{part}"
            yield bad(f"{part} {when}", part, field=field, **{part: when})
    yield bad("worker of 256 bytes", "worker", "256", worker="w" * 256)
    yield bad(
        "failure of 4,097 bytes", "failure", "4097", state=c.FAIL, failure="f" * 4097
    )
    yield bad("retry_count < 0", "retry_count", "-1", retry_of=0, retry_count=-1)
    yield bad("retry_of < 0", "retry_of", "-1", retry_of=-1, retry_count=1)
    long_key = {"k" * 513: "1"}
    yield bad("long key", "513", user_attributes=long_key, field="user_attributes")
    yield bad(
        "constraint NaN", "c1", "NaN", constraints={"c1": NAN}, field="constraints"
    )
    for label, fixed, words in (
        ("not in the space", c.assignments(depth=3), ("'depth'", "space")),
        ("out of range", c.assignments(layers=9), ("'layers'", "9")),
    ):
        unfit = {"state": c.WAITING, "study": "declared", "fixed_params": fixed}
        yield bad(f"fixes what is {label}", *words, **unfit)
    yield from request_ids("AddTrials", study="declared", trials=[good])


def set_trial_attributes() -> Iterable[Row]:
    running: dict[str, Any] = {"study": "declared", "number": 1}
    yield from trial_rows("SetTrialAttributes", user_attributes={"k": "1"})
    yield from attributes("SetTrialAttributes", **running)
    yield from constraints("SetTrialAttributes", **running)
    yield from request_ids("SetTrialAttributes", user_attributes={"k": "1"}, **running)


def suggest_trials() -> Iterable[Row]:
    yield from unknown_study("SuggestTrials")
    for count in (-1, 1001, -(1 << 31), (1 << 31) - 1):
        words = ("count", str(count), "1000")
        yield invalid(
            "SuggestTrials",
            f"count {count}",
            "count",
            *words,
            study="declared",
            count=count,
        )
    for size in (256, 1 << 20):
        fields = {"study": "declared", "worker": "w" * size}
        yield invalid(
            "SuggestTrials",
            f"worker of {size} bytes",
            "worker",
            "worker",
            str(size),
            **fields,
        )
    yield from request_ids("SuggestTrials", study="declared", count=2)


def list_trials() -> Iterable[Row]:
    yield from unknown_study("ListTrials")
    yield from pages("ListTrials", study="declared")
    for state in (0, 9, -1):
        fields = {"study": "declared", "states": [c.COMPLETE, state]}
        yield invalid(
            "ListTrials", f"state {state}", "states", "states", str(state), **fields
        )


ROWS: list[Row] = [
    *suggest_trials(),
    *suggest_parameter(),
    *report_value(),
    *complete_trial(),
    *trial_rows("HeartbeatTrial"),
    *enqueue_trial(),
    *add_trials(),
    *trial_rows("GetTrial", fenced=False),
    *list_trials(),
    *set_trial_attributes(),
]
