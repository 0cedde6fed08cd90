"""Requests that must be refused, and how: the table of test_bad_input.py.

They are made for the studies of `fill`. One list per method; `ROWS` is all of them.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Iterable

import client as c
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message

from hpo.v1 import space_pb2, study_pb2, trial_pb2

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


def trial_rows(method: str, fenced: bool = True, **fields: Any) -> list[Row]:
    """Trials that are not there, not running, or somebody else's."""

    def trial(label: str, reason: str, metadata: dict[str, str], *words: str, **key: Any) -> Row:
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
        trial("finished", "TRIAL_FINISHED", {"state": "COMPLETE"}, "COMPLETE", **finished)
    )
    if method != "SetTrialAttributes":
        waiting = {"study": "declared", "number": 3}
        rows.append(
            trial("waiting", "TRIAL_WAITING", {"state": "WAITING"}, "WAITING", **waiting)
        )
    return rows


def pages(method: str, **fields: Any) -> list[Row]:
    rows = [
        invalid(method, f"page_size {n}", "page_size", "page_size", str(n), page_size=n, **fields)
        for n in (-1, 1001, -(1 << 31), (1 << 31) - 1)
    ]
    for token in ("x", "-1", "1x", " 1", "99999999999999999999", "a" + "é" * 30, MEGABYTE):
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


def attributes(method: str, **fields: Any) -> list[Row]:
    """User attributes of trials."""
    too_many = {f"k{i}": "1" for i in range(1001)}
    return [
        invalid(method, label, "user_attributes", *words, user_attributes=given, **fields)
        for label, given, words in (
            ("long key", {"k" * 513: "1"}, ["513"]),
            ("long value", {"key": '"' + "v" * (1 << 20) + '"'}, ["key", "1048578"]),
            ("1001 attributes", too_many, ["1001"]),
        )
    ]


def constraints(method: str, **fields: Any) -> list[Row]:
    return [
        invalid(method, "constraint NaN", "constraints", "c1", "NaN", constraints={"c1": NAN}, **fields),
        invalid(method, "constraint name", "constraints", "256", constraints={"c" * 256: 1.0}, **fields),
        invalid(
            method,
            "1001 constraints",
            "constraints",
            "1001",
            constraints={f"c{i}": 0.0 for i in range(1001)},
            **fields,
        ),
    ]


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


def bad_spaces() -> Iterable[tuple[str, list[space_pb2.Parameter], tuple[str, ...]]]:
    for label, parameter, words in BAD_DOMAINS:
        yield label, [c.floats("before", 0, 1), parameter], ("'p'", *words)
    plain, opt = c.floats("x", 0.0, 1.0), c.choices("opt", "adam", "sgd")
    no_values = c.floats("y", 0.0, 1.0)
    no_values.conditions.add(parent="opt")
    no_kind = c.floats("y", 0.0, 1.0)
    no_kind.conditions.add(parent="opt", values=[space_pb2.Value()])
    y = lambda parent, *values: c.when(c.floats("y", 0.0, 1.0), parent, *values)  # noqa: E731
    yield "empty name", [c.floats("", 0.0, 1.0)], ("name", "empty")
    yield "name of 256 bytes", [c.floats("n" * 256, 0.0, 1.0)], ("256", "255")
    yield "name of 1 MB", [c.floats(MEGABYTE, 0.0, 1.0)], ("1048576", "255")
    yield "name of 1 MB, bad domain", [c.floats(MEGABYTE, 1.0, 0.0)], ("nnn",)
    yield "name of 1 MB, no domain", [space_pb2.Parameter(name=MEGABYTE)], ("nnn",)
    yield "name twice", [plain, c.ints("x", 1, 2)], ("'x'", "twice")
    yield "unknown parent", [plain, y("z", 1.0)], ("'y'", "'z'")
    yield "condition without values", [opt, no_values], ("'y'", "'opt'")
    yield "condition value without a kind", [opt, no_kind], ("'y'", "'opt'")
    yield "condition on no choice", [opt, y("opt", "adamw")], ("'y'", '"adamw"')
    yield "condition out of range", [plain, y("x", 1.5)], ("'y'", "'x'", "1.5")
    yield "condition of wrong type", [plain, y("x", "a")], ("'y'", "'x'", '"a"')
    yield "condition on itself", [y("y", 0.5)], ("'y'", "cycle")
    cycle = [c.when(c.floats("x", 0.0, 1.0), "y", 0.5), y("x", 0.5)]
    yield "cycle", cycle, ("'x'", "cycle")
    yield "1,001 parameters", [c.floats(f"p{i}", 0, 1) for i in range(1001)], ("1001",)


def create_study() -> Iterable[Row]:
    def bad(label: str, field: str, *words: str, **study: Any) -> Row:
        study = {"name": "new", **study}
        return invalid("CreateStudy", label, field, *words, study=study_pb2.Study(**study))

    def named(algorithm: str, **options: str) -> study_pb2.Algorithm:
        return study_pb2.Algorithm(name=algorithm, options=options)

    yield invalid("CreateStudy", "nothing", "study.name", "study.name", "empty")
    yield bad("name of 513 bytes", "study.name", "study.name", "513", name="n" * 513)
    yield bad("name of 1 MB", "study.name", "study.name", "1048576", name=MEGABYTE)
    for label, directions in (("unspecified", [0]), ("unknown", [1, 7])):
        yield bad(f"{label} direction", "study.directions", "study.directions", directions=directions)
    yield bad("65 directions", "study.directions", "65", "64", directions=[1] * 65)
    known = "known: grid, random, tpe"
    yield bad("unknown sampler", "study.sampler", "sampler 'tpee'", known, sampler=named("tpee"))
    yield bad("sampler of 1 MB", "study.sampler", "nnn", known, sampler=named(MEGABYTE))
    for options, words in (
        ({"n_startup": "3"}, ("'n_startup'", "known: n_startup_trials")),
        ({"n_startup_trials": "-1"}, ("'n_startup_trials'", "'-1'", "at least 0")),
        ({"n_startup_trials": "many"}, ("'n_startup_trials'", "'many'")),
        ({"n_ei_candidates": "10001"}, ("'n_ei_candidates'", "'10001'", "10000")),
        ({"constant_liar": "yes"}, ("'constant_liar'", "'yes'", "true or false")),
        ({"group": "true", "multivariate": "false"}, ("group", "multivariate")),
    ):
        label = f"tpe option {options}"
        yield bad(label, "study.sampler", "tpe", *words, sampler=named("tpe", **options))
    yield bad("grid option", "study.sampler", "'n'", sampler=named("grid", n="1"))
    yield bad("grid without a space", "study.sampler", "space", sampler=named("grid"))
    yield bad(
        "grid over real numbers",
        "study.sampler",
        "'x'",
        "step",
        sampler=named("grid"),
        space=[c.floats("x", 0.0, 1.0)],
    )
    known = "known: median, none, percentile"
    yield bad("unknown pruner", "study.pruner", "pruner 'sha'", known, pruner=named("sha"))
    for options, words in (
        ({"percentile": "101"}, ("'percentile'", "'101'", "at most 100")),
        ({"percentile": "nan"}, ("'percentile'", "'nan'")),
        ({"interval_steps": "0"}, ("'interval_steps'", "'0'", "at least 1")),
    ):
        label = f"percentile option {options}"
        yield bad(label, "study.pruner", *words, pruner=named("percentile", **options))
    yield bad(
        "median with two objectives",
        "study.pruner",
        "'median'",
        "2",
        directions=[1, 1],
        pruner=named("median"),
    )
    yield from settings("CreateStudy", lambda **study: {"study": study_pb2.Study(name="new", **study)})
    for label, space, words in bad_spaces():
        yield bad(f"space: {label}", "study.space", *words, space=space)
    again = study_pb2.Study(name="declared")
    yield row("CreateStudy", "exists", "STUDY_EXISTS", {"study": "declared"}, ["declared"], study=again)
    yield row(
        "CreateStudy",
        "loads with other directions",
        "STUDY_MISMATCH",
        {"study": "declared"},
        ["declared", "directions"],
        study=study_pb2.Study(name="declared", directions=[c.MAXIMIZE]),
        load_if_exists=True,
    )
    yield from request_ids("CreateStudy", study=study_pb2.Study(name="new"))


def settings(method: str, fields: Any) -> Iterable[Row]:
    """Updatable settings of a study that are out of range; `fields` puts them in a request."""
    for part, low in (("max_trials", -1), ("max_running", INT64_MIN)):
        budget = study_pb2.Budget(**{part: low})
        yield invalid(method, f"{part} {low}", f"budget.{part}", part, str(low), **fields(budget=budget))
    for length in (
        c.seconds(-1.0),
        study_pb2.Study(lease={"seconds": INT64_MIN}).lease,
        study_pb2.Study(lease={"seconds": INT64_MAX}).lease,
        study_pb2.Study(lease={"nanos": -(1 << 31)}).lease,
        study_pb2.Study(lease={"seconds": 1, "nanos": 1_000_000_000}).lease,
    ):
        label = f"{length.seconds} s {length.nanos} ns"
        budget = study_pb2.Budget(max_duration=length)
        field = "budget.max_duration"
        yield invalid(method, f"max_duration {label}", field, field, **fields(budget=budget))
        yield invalid(method, f"lease {label}", "lease", "lease", **fields(lease=length))
    for length, words in (
        (c.seconds(0.0), ("0 ms", "1000 ms")),
        (c.seconds(0.999), ("999 ms", "1000 ms")),
        (c.seconds(604_800.001), ("604800001 ms", "7 days")),
    ):
        yield invalid(method, f"lease {words[0]}", "lease", "lease", *words, **fields(lease=length))
    for retries in (-1, 101):
        words = ("max_retries", str(retries), "100")
        yield invalid(method, f"max_retries {retries}", "max_retries", *words, **fields(max_retries=retries))
    names = fields(metric_names=["a", "b"])
    yield invalid(method, "two metric names", "metric_names", "2 metric_names", "1", **names)
    for label, given, words in (
        ("long key", {"k" * 513: "1"}, ("513",)),
        ("long value", {"key": '"' + "v" * (1 << 20) + '"'}, ("key", "1048578")),
        ("1001 attributes", {f"k{i}": "1" for i in range(1001)}, ("1001",)),
    ):
        yield invalid(method, label, "user_attributes", *words, **fields(user_attributes=given))


def update_study() -> Iterable[Row]:
    def update(**study: Any) -> dict[str, Any]:
        mask = field_mask_pb2.FieldMask(paths=list(study))
        return {"study": "declared", "update": study_pb2.Study(**study), "update_mask": mask}

    yield from unknown_study("UpdateStudy", update_mask={"paths": ["stopped"]})
    yield from settings("UpdateStudy", update)
    yield invalid("UpdateStudy", "no mask", "update_mask", "update_mask", study="declared")
    for path in ("name", "seed", "space", "directions", "budget.max_trials", "", "*", MEGABYTE):
        fields = {"study": "declared", "update_mask": {"paths": ["lease", path]}}
        words = ("update_mask", path[:20]) + (("updatable",) if path != MEGABYTE else ())
        fields["update"] = study_pb2.Study(lease=c.seconds(5))
        yield invalid("UpdateStudy", f"mask {path[:20]!r}", "update_mask", *words, **fields)
    yield from request_ids("UpdateStudy", **update(stopped=True))


def suggest_parameter() -> Iterable[Row]:
    fine = c.floats("p", 0.0, 1.0)
    yield from trial_rows("SuggestParameter", parameter=fine)
    running: dict[str, Any] = {"study": "by-run", "number": 1}

    def bad(label: str, *words: str, parameter: space_pb2.Parameter, study: Any = running) -> Row:
        return invalid("SuggestParameter", label, "parameter", *words, parameter=parameter, **study)

    for label, parameter, words in BAD_DOMAINS:
        yield bad(label, "'p'", *words, parameter=parameter)
    for low, high in ((0.0, 1.0), (1.0, 1.0)):
        span = f"[{low}, {high}]"
        yield bad(f"empty name, {span}", "name", parameter=c.floats("", low, high))
        yield bad(f"name of 256 bytes, {span}", "256", parameter=c.floats("n" * 256, low, high))
        yield bad(f"name of 1 MB, {span}", "1048576", parameter=c.floats(MEGABYTE, low, high))
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
        yield row("SuggestParameter", label, "PARAMETER_CHANGED", {"field": name}, [f"'{name}'"], **request)
    request = {"study": "declared", "number": 1, "parameter": c.floats("lr", 1e-5, 0.1, log=True)}
    yield from request_ids("SuggestParameter", **request)


def report_value() -> Iterable[Row]:
    yield from trial_rows("ReportValue", step=1, value=0.5)
    for step in (-1, INT64_MIN):
        fields = {"study": "declared", "number": 1, "step": step, "value": 0.5}
        yield invalid("ReportValue", f"step {step}", "step", "step", str(step), **fields)
    fields = {"study": "pair", "number": 0, "step": 1, "value": 0.5}
    yield row("ReportValue", "two objectives", "SEVERAL_OBJECTIVES", {}, ["objective"], **fields)
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
    yield bad("failure of 4,097 bytes", "failure", "4097", "4096", state=c.FAIL, failure="f" * 4097)
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
        ("name twice", [("lr", c.value(0.01)), ("lr", c.value(0.02))], ("'lr'", "twice")),
        ("value without a kind", [("lr", space_pb2.Value())], ("'lr'", "value")),
    ):
        given_message = [space_pb2.Assignment(name=n, value=v) for n, v in given]
        yield invalid(method, label, field, *words, **fields(given_message))


def enqueue_trial() -> Iterable[Row]:
    yield from unknown_study("EnqueueTrial")
    for study in ("declared", "by-run"):
        fields = lambda given, study=study: {"study": study, "params": given}  # noqa: E731
        for bad in bad_assignments("EnqueueTrial", "params", fields):
            yield dataclasses.replace(bad, label=f"{study}: {bad.label}")
    for name, given, words in BAD_VALUES:
        params = c.assignments(**{name: given})
        label = f"{name} = {str(given)[:9]}"
        yield invalid("EnqueueTrial", label, "params", *words, study="declared", params=params)
    unknown = c.assignments(lr=0.01, depth=3)
    words = ("'depth'", "space")
    yield invalid("EnqueueTrial", "not in the space", "params", *words, study="declared", params=unknown)
    many = c.assignments(**{f"p{i}": i for i in range(1001)})
    yield invalid("EnqueueTrial", "1,001 parameters", "params", "1001", study="by-run", params=many)
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
    yield invalid("AddTrials", "1,001 trials", "trials", "1001", study="by-run", trials=[good] * 1001)
    for state in (0, 9):
        yield bad(f"state {state}", "trials[1].state", str(state), state=state, field="trials[1].state")
    for label, count, words in (("no", [], "0 values"), ("two", [1.0, 2.0], "2 values")):
        yield bad(f"{label} values", "trials[1].values", words, values=count)
    yield bad("NaN", "trials[1].values", "NaN", values=[NAN])
    for name, state in (("FAIL", c.FAIL), ("RUNNING", c.RUNNING), ("WAITING", c.WAITING)):
        yield bad(f"{name} with values", "trials[1].values", name, state=state, values=[1.0])
    yield bad("PRUNED with two", "trials[1].values", "2", state=c.PRUNED, values=[1.0, 2.0])
    step = lambda *steps: [trial_pb2.IntermediateValue(step=s, value=0.5) for s in steps]  # noqa: E731
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
        yield bad(label, "trials[1]", "255", **param(name, 0.5, c.floats(name, 0.0, 1.0)))
    changed = param("lr", 1, c.ints("lr", 1, 2))
    trials = [good, trial_pb2.Trial(state=c.COMPLETE, values=[1.0], **changed)]
    fields = {"study": "by-run", "trials": trials}
    yield row("AddTrials", "another kind", "PARAMETER_CHANGED", {"field": "lr"}, ["'lr'"], **fields)
    within = [trial_pb2.Trial(state=c.FAIL, **param("new", 0.5, c.floats("new", 0.0, 1.0)))]
    within += [trial_pb2.Trial(state=c.FAIL, **param("new", 1, c.ints("new", 0, 1)))]
    fields = {"study": "by-run", "trials": within}
    yield row("AddTrials", "kinds within a call", "PARAMETER_CHANGED", {"field": "new"}, ["'new'"], **fields)
    for part in ("start_time", "complete_time"):
        for when in ({"seconds": INT64_MAX}, {"seconds": INT64_MIN}, {"nanos": -1}):
            field = f"trials[1].{part}"
            yield bad(f"{part} {when}", part, field=field, **{part: when})
    yield bad("worker of 256 bytes", "worker", "256", worker="w" * 256)
    yield bad("failure of 4,097 bytes", "failure", "4097", state=c.FAIL, failure="f" * 4097)
    yield bad("retry_count < 0", "retry_count", "-1", retry_of=0, retry_count=-1)
    yield bad("retry_of < 0", "retry_of", "-1", retry_of=-1, retry_count=1)
    long_key = {"k" * 513: "1"}
    yield bad("long key", "513", user_attributes=long_key, field="user_attributes")
    yield bad("constraint NaN", "c1", "NaN", constraints={"c1": NAN}, field="constraints")
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
        yield invalid("SuggestTrials", f"count {count}", "count", *words, study="declared", count=count)
    for size in (256, 1 << 20):
        fields = {"study": "declared", "worker": "w" * size}
        yield invalid("SuggestTrials", f"worker of {size} bytes", "worker", "worker", str(size), **fields)
    yield from request_ids("SuggestTrials", study="declared", count=2)


def reads() -> Iterable[Row]:
    yield from unknown_study("GetStudy")
    yield from pages("ListStudies")
    yield from unknown_study("ListBestTrials")
    yield from pages("ListBestTrials", study="declared")
    yield from unknown_study("ListImprovements")
    yield row(
        "ListImprovements", "two objectives", "SEVERAL_OBJECTIVES", {}, ["objective"], study="pair"
    )
    yield from unknown_study("WatchStudy")
    yield from trial_rows("GetTrial", fenced=False)
    yield from unknown_study("ListTrials")
    yield from pages("ListTrials", study="declared")
    for state in (0, 9, -1):
        fields = {"study": "declared", "states": [c.COMPLETE, state]}
        yield invalid("ListTrials", f"state {state}", "states", "states", str(state), **fields)


ROWS: list[Row] = [
    *create_study(),
    *update_study(),
    *unknown_study("StopStudy"),
    *request_ids("StopStudy", study="declared"),
    *unknown_study("DeleteStudy"),
    *request_ids("DeleteStudy", study="declared"),
    *suggest_trials(),
    *suggest_parameter(),
    *report_value(),
    *complete_trial(),
    *trial_rows("HeartbeatTrial"),
    *enqueue_trial(),
    *add_trials(),
    *set_trial_attributes(),
    *reads(),
]
