"""Requests to StudyService that must be refused."""

from __future__ import annotations

from typing import Any, Iterable

from google.protobuf import field_mask_pb2
from hpo.v1 import space_pb2, study_pb2

import client as c
from bad_requests import (
    BAD_DOMAINS,
    INT64_MAX,
    INT64_MIN,
    MEGABYTE,
    Row,
    invalid,
    pages,
    request_ids,
    row,
    unknown_study,
)


def bad_spaces() -> Iterable[tuple[str, list[space_pb2.Parameter], tuple[str, ...]]]:
    for label, parameter, words in BAD_DOMAINS:
        yield label, [c.floats("before", 0, 1), parameter], ("'p'", *words)
    plain, opt = c.floats("x", 0.0, 1.0), c.choices("opt", "adam", "sgd")
    no_values = c.floats("y", 0.0, 1.0)
    no_values.conditions.add(parent="opt")
    no_kind = c.floats("y", 0.0, 1.0)
    no_kind.conditions.add(parent="opt", values=[space_pb2.Value()])
    y = lambda parent, *values: c.when(
        c.floats("y", 0.0, 1.0), parent, *values
    )  # noqa: E731
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
        return invalid(
            "CreateStudy", label, field, *words, study=study_pb2.Study(**study)
        )

    def named(algorithm: str, **options: str) -> study_pb2.Algorithm:
        return study_pb2.Algorithm(name=algorithm, options=options)

    yield invalid("CreateStudy", "nothing", "study.name", "study.name", "empty")
    yield bad("name of 513 bytes", "study.name", "study.name", "513", name="n" * 513)
    yield bad("name of 1 MB", "study.name", "study.name", "1048576", name=MEGABYTE)
    for label, directions in (("unspecified", [0]), ("unknown", [1, 7])):
        yield bad(
            f"{label} direction",
            "study.directions",
            "study.directions",
            directions=directions,
        )
    yield bad("65 directions", "study.directions", "65", "64", directions=[1] * 65)
    known = "known: grid, random, tpe"
    yield bad(
        "unknown sampler",
        "study.sampler",
        "sampler 'tpee'",
        known,
        sampler=named("tpee"),
    )
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
        yield bad(
            label, "study.sampler", "tpe", *words, sampler=named("tpe", **options)
        )
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
    yield bad(
        "unknown pruner", "study.pruner", "pruner 'sha'", known, pruner=named("sha")
    )
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
    yield from settings(
        "CreateStudy", lambda **study: {"study": study_pb2.Study(name="new", **study)}
    )
    for label, space, words in bad_spaces():
        yield bad(f"space: {label}", "study.space", *words, space=space)
    again = study_pb2.Study(name="declared")
    yield row(
        "CreateStudy",
        "exists",
        "STUDY_EXISTS",
        {"study": "declared"},
        ["declared"],
        study=again,
    )
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
    """Updatable settings out of their range; `fields` puts them in a request."""
    for part, low in (("max_trials", -1), ("max_running", INT64_MIN)):
        budget = study_pb2.Budget(**{part: low})
        yield invalid(
            method,
            f"{part} {low}",
            f"budget.{part}",
            part,
            str(low),
            **fields(budget=budget),
        )
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
        yield invalid(
            method, f"max_duration {label}", field, field, **fields(budget=budget)
        )
        yield invalid(
            method, f"lease {label}", "lease", "lease", **fields(lease=length)
        )
    for length, words in (
        (c.seconds(0.0), ("0 ms", "1000 ms")),
        (c.seconds(0.999), ("999 ms", "1000 ms")),
        (c.seconds(604_800.001), ("604800001 ms", "7 days")),
    ):
        yield invalid(
            method,
            f"lease {words[0]}",
            "lease",
            "lease",
            *words,
            **fields(lease=length),
        )
    for retries in (-1, 101):
        words = ("max_retries", str(retries), "100")
        yield invalid(
            method,
            f"max_retries {retries}",
            "max_retries",
            *words,
            **fields(max_retries=retries),
        )
    names = fields(metric_names=["a", "b"])
    yield invalid(
        method, "two metric names", "metric_names", "2 metric_names", "1", **names
    )
    for label, given, words in (
        ("long key", {"k" * 513: "1"}, ("513",)),
        ("long value", {"key": '"' + "v" * (1 << 20) + '"'}, ("key", "1048578")),
        ("1001 attributes", {f"k{i}": "1" for i in range(1001)}, ("1001",)),
    ):
        yield invalid(
            method, label, "user_attributes", *words, **fields(user_attributes=given)
        )


def update_study() -> Iterable[Row]:
    def update(**study: Any) -> dict[str, Any]:
        mask = field_mask_pb2.FieldMask(paths=list(study))
        return {
            "study": "declared",
            "update": study_pb2.Study(**study),
            "update_mask": mask,
        }

    yield from unknown_study("UpdateStudy", update_mask={"paths": ["stopped"]})
    yield from settings("UpdateStudy", update)
    yield invalid(
        "UpdateStudy", "no mask", "update_mask", "update_mask", study="declared"
    )
    for path in (
        "name",
        "seed",
        "space",
        "directions",
        "budget.max_trials",
        "",
        "*",
        MEGABYTE,
    ):
        fields = {"study": "declared", "update_mask": {"paths": ["lease", path]}}
        words = ("update_mask", path[:20]) + (
            ("updatable",) if path != MEGABYTE else ()
        )
        fields["update"] = study_pb2.Study(lease=c.seconds(5))
        yield invalid(
            "UpdateStudy", f"mask {path[:20]!r}", "update_mask", *words, **fields
        )
    yield from request_ids("UpdateStudy", **update(stopped=True))


ROWS: list[Row] = [
    *create_study(),
    *unknown_study("GetStudy"),
    *pages("ListStudies"),
    *update_study(),
    *unknown_study("StopStudy"),
    *request_ids("StopStudy", study="declared"),
    *unknown_study("DeleteStudy"),
    *request_ids("DeleteStudy", study="declared"),
    *unknown_study("ListBestTrials"),
    *pages("ListBestTrials", study="declared"),
    *unknown_study("ListImprovements"),
    row(
        "ListImprovements",
        "two objectives",
        "SEVERAL_OBJECTIVES",
        {},
        ["objective"],
        study="pair",
    ),
    *unknown_study("WatchStudy"),
]
