"""What study_service.proto and catalog_service.proto promise, RPC by RPC."""

from __future__ import annotations

import math
from typing import Callable

import pytest
from google.protobuf import field_mask_pb2
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from hpo.v1 import study_pb2, trial_pb2

import client as c
from daemon_process import Daemon

SPACE = [
    c.floats("lr", 1e-5, 0.1, log=True),
    c.floats("width", 0.0, 1.0, step=0.3),
    c.ints("layers", 1, 10, step=4),
    c.ints("units", 1, 1024, log=True),
    c.choices("opt", None, True, 1, 1.0, "adam", "sgd"),
    c.when(c.floats("momentum", 0.0, 0.99), "opt", "sgd", 1.0),
]
# As they come back: `high` is the last value the step reaches, a step of 0 means 1.
NORMALIZED = [
    SPACE[0],
    c.floats("width", 0.0, 0.8999999999999999, step=0.3),
    c.ints("layers", 1, 9, step=4),
    c.ints("units", 1, 1024, log=True, step=1),
    SPACE[4],
]


def complete(client: c.Client, study: str, *trials: dict[str, object]) -> None:
    added = [trial_pb2.Trial(**{"state": c.COMPLETE, **trial}) for trial in trials]
    client.AddTrials(study=study, trials=added)


def update(client: c.Client, study: str, **fields: object) -> study_pb2.Study:
    mask = field_mask_pb2.FieldMask(paths=list(fields))
    new = study_pb2.Study(**fields)
    return client.UpdateStudy(study=study, update=new, update_mask=mask).study


def test_create_keeps_every_setting(start: Callable[..., Daemon]) -> None:
    given = study_pb2.Study(
        name="all",
        directions=[c.MAXIMIZE],
        sampler={"name": "tpe", "options": {"n_startup_trials": "7"}},
        pruner={"name": "percentile", "options": {"percentile": "12.5"}},
        seed=(1 << 64) - 1,
        space=SPACE,
        budget={"max_trials": 9, "max_running": 3, "max_duration": c.seconds(1.5)},
        lease=c.seconds(1.5),
        max_retries=0,
        metric_names=["accuracy"],
        user_attributes={"owner": '"me"', "": "0"},
        stopped=True,
    )
    daemon = start()
    with c.Client(daemon.address) as client:
        reply = client.CreateStudy(study=given)
        assert reply.created
        made = reply.study
        for field in given.DESCRIPTOR.fields:
            if (
                given.HasField(field.name)
                if field.has_presence
                else getattr(given, field.name)
            ):
                if field.name != "space":
                    assert getattr(made, field.name) == getattr(
                        given, field.name
                    ), field.name
        assert made.max_retries == 0 and made.HasField("max_retries")
        assert made.space[0] == NORMALIZED[0]
        assert made.space[1].float_domain.high == pytest.approx(0.9, rel=1e-15)
        assert list(made.space[2:5]) == NORMALIZED[2:]
        assert [v for v in made.space[5].conditions[0].values] == [
            c.value(1.0),
            c.value("sgd"),
        ]
        assert made.revision > 0 and made.id > 0 and made.create_time.seconds > 0
        assert not made.HasField("first_trial_time")
        assert made.counts == study_pb2.TrialCounts()
        assert client.GetStudy(study="all").study == made
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert client.GetStudy(study="all").study == made


def test_create_fills_in_defaults(client: c.Client) -> None:
    one = client.CreateStudy(study={"name": "one"}).study
    assert list(one.directions) == [c.MINIMIZE]
    assert (one.sampler.name, one.pruner.name) == ("tpe", "median")
    assert (one.lease.seconds, one.max_retries, one.stopped) == (60, 1, False)
    assert one.seed != 0
    two = client.CreateStudy(study={"name": "two", "directions": [1, 2]}).study
    assert (two.pruner.name, two.seed != one.seed) == ("none", True)


def test_create_ignores_what_is_output_only(client: c.Client) -> None:
    given = {
        "name": "out",
        "revision": 99,
        "id": 99_999,
        "stop_reason": 1,
        "counts": {"running": 3},
    }
    made = client.CreateStudy(study=given).study
    assert made.revision < 99 and made.id < 99_999 and made.stop_reason == 0
    assert made.counts.running == 0


def test_load_answers_with_the_study_as_it_is(client: c.Client) -> None:
    made = client.create("load", directions=[c.MAXIMIZE], seed=5)
    for other in (
        {"directions": [c.MAXIMIZE], "seed": 6},
        {"sampler": {"name": "random"}},
    ):
        study = study_pb2.Study(name="load", **other)
        reply = client.CreateStudy(study=study, load_if_exists=True)
        assert (reply.created, reply.study) == (False, made)
    fresh = client.CreateStudy(study={"name": "load 2"}, load_if_exists=True)
    assert fresh.created


@pytest.mark.parametrize(
    "name", ["ü" * 256, "a\nb\tc", "nul\0inside", "🦊/../%41 '\"", " "]
)
def test_names_are_any_utf8(client: c.Client, name: str) -> None:
    client.create(name)
    assert client.GetStudy(study=name).study.name == name
    assert client.suggest(name).number == 0
    client.DeleteStudy(study=name)


def test_list_pages_and_filters(start: Callable[..., Daemon]) -> None:
    names = ["b/2", "a", "b/1", "b", "c"]
    with c.Client(start().address) as client:
        for name in names:
            client.create(name)
        client.StopStudy(study="b/1")

        def listed(**filters: object) -> list[list[str]]:
            pages, token = [], ""
            while True:
                page = client.ListStudies(page_token=token, **filters)
                pages.append([study.name for study in page.studies])
                token = page.next_page_token
                if not token:
                    return pages

        assert listed() == [names]
        assert listed(page_size=2) == [["b/2", "a"], ["b/1", "b"], ["c"]]
        assert listed(page_size=5) == [names]
        assert listed(name_prefix="b", page_size=1) == [["b/2"], ["b/1"], ["b"]]
        assert listed(name_prefix="B") == [[]]
        assert listed(stopped=True) == [["b/1"]]
        assert listed(stopped=False, name_prefix="b") == [["b/2", "b"]]


def test_list_without_a_size_has_pages_of_100(start: Callable[..., Daemon]) -> None:
    with c.Client(start().address) as client:
        for i in range(101):
            client.create(f"s{i}")
        first = client.ListStudies()
        assert len(first.studies) == 100
        last = client.ListStudies(page_token=first.next_page_token)
        assert [study.name for study in last.studies] == ["s100"]


def test_update_changes_what_the_mask_names(start: Callable[..., Daemon]) -> None:
    daemon = start()
    new = {
        "budget": study_pb2.Budget(max_trials=4, max_duration=c.seconds(7)),
        "lease": c.seconds(9.5),
        "max_retries": 3,
        "metric_names": ["loss"],
        "stopped": True,
    }
    with c.Client(daemon.address) as client:
        before = client.create("up", user_attributes={"a": "1", "b": "2"})
        for field, value in new.items():
            after = update(client, "up", **{field: value})
            assert after.revision > before.revision
            unchanged = study_pb2.Study()
            unchanged.CopyFrom(before)
            for name in (field, "revision", "stop_reason"):
                after_value = getattr(after, name)
                unchanged.ClearField(name)
                if isinstance(after_value, Message):
                    getattr(unchanged, name).CopyFrom(after_value)
                elif field == "metric_names" and name == field:
                    unchanged.metric_names.extend(after_value)
                else:
                    setattr(unchanged, name, after_value)
            assert after == unchanged
            before = after
        after = update(client, "up", user_attributes={"a": "", "c": " 3 ", "none": ""})
        assert dict(after.user_attributes) == {"b": "2", "c": " 3 "}
        for field, value in new.items():
            stored = getattr(after, field)
            assert (list(stored) if field == "metric_names" else stored) == value
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert client.GetStudy(study="up").study == after


def test_stop_and_resume(client: c.Client) -> None:
    client.create("stop")
    running = client.suggest("stop")
    for _ in range(2):
        study = client.StopStudy(study="stop").study
        assert (study.stopped, study.stop_reason) == (
            True,
            study_pb2.STOP_REASON_STOPPED,
        )
    reply = client.SuggestTrials(study="stop")
    assert (len(reply.trials), reply.stop_reason, reply.final) == (
        0,
        study_pb2.STOP_REASON_STOPPED,
        True,
    )
    key = {"study": "stop", "number": running.number}
    assert client.ReportValue(step=1, value=1.0, **key).study_stopped
    assert client.HeartbeatTrial(**key).study_stopped
    assert client.CompleteTrial(values=[1.0], **key).study_stopped
    resumed = update(client, "stop", stopped=False)
    assert (resumed.stopped, resumed.stop_reason) == (False, 0)
    assert client.suggest("stop").number == 1


def test_delete_frees_the_name_and_never_the_ids(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client:
        old = client.create("gone")
        old_trial = client.suggest("gone")
        client.DeleteStudy(study="gone")
        refused = client.refused("GetStudy", c.request_type("GetStudy")(study="gone"))
        assert refused.reason == "STUDY_NOT_FOUND"
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert not client.ListStudies().studies
        new = client.create("gone")
        assert new.id > old.id and not client.trials("gone")
        trial = client.suggest("gone")
        assert (trial.number, trial.id > old_trial.id) == (0, True)


def test_attributes_are_kept_byte_for_byte(client: c.Client) -> None:
    texts = {
        "spaces": ' {"b" : 1.50,\n "a":[ ]} ',
        "python": "[NaN, Infinity, -Infinity]",
        "unicode": '"\\u00e9 é 🦊"',
        "big": "123456789012345678901234567890.10",
        "k" * 512: '"' + "v" * ((1 << 20) - 2) + '"',
    }
    client.create("texts", user_attributes=texts)
    assert dict(client.GetStudy(study="texts").study.user_attributes) == texts
    trial = client.suggest("texts")
    client.SetTrialAttributes(study="texts", number=trial.number, user_attributes=texts)
    stored = client.GetTrial(study="texts", number=0).trial
    assert dict(stored.user_attributes) == texts
    client.DeleteStudy(study="texts")


@pytest.mark.parametrize(
    "direction, order", [(c.MINIMIZE, [5, 1, 4, 2, 0]), (c.MAXIMIZE, [0, 2, 1, 4, 5])]
)
def test_best_trials_of_one_objective(
    client: c.Client, direction: int, order: list[int]
) -> None:
    name = f"best {direction}"
    client.create(name, directions=[direction])
    assert not client.ListBestTrials(study=name).trials
    complete(
        client,
        name,
        {"values": [math.inf]},
        {"values": [1.0]},
        {"values": [3.0], "constraints": {"c": 0.0}},
        {
            "values": [-9.0 if direction == c.MINIMIZE else 9.0],
            "constraints": {"a": -1.0, "b": 1e-9},
        },
        {"values": [1.0]},
        {"values": [-math.inf]},
        {"state": c.PRUNED, "values": [0.0]},
        {"state": c.FAIL},
        {"state": c.RUNNING},
    )
    assert [t.number for t in client.ListBestTrials(study=name).trials] == order[:1]
    best = client.ListBestTrials(study=name, page_size=1000)
    assert ([t.number for t in best.trials], best.next_page_token) == (order, "")
    paged, token = [], ""
    while True:
        page = client.ListBestTrials(study=name, page_size=2, page_token=token)
        paged.append([trial.number for trial in page.trials])
        token = page.next_page_token
        if not token:
            break
    assert paged == [order[:2], order[2:4], order[4:]]
    assert best.trials[0] == client.GetTrial(study=name, number=order[0]).trial


def test_best_trials_of_several_objectives_are_the_front(client: c.Client) -> None:
    client.create("front", directions=[c.MINIMIZE, c.MAXIMIZE])
    points = [
        (2, 2),
        (1, 1),
        (3, 3),
        (2, 1),
        (1, 1),
        (0, 9),
        (math.inf, 10),
        (5, -math.inf),
    ]
    complete(client, "front", *({"values": point} for point in points))
    complete(client, "front", {"values": (-9, 99), "constraints": {"c": 0.1}})
    # (0, 9) dominates all but the infinite one.
    assert [t.number for t in client.ListBestTrials(study="front").trials] == [5, 6]
    client.create("ties", directions=[c.MINIMIZE, c.MAXIMIZE])
    complete(client, "ties", *({"values": point} for point in points[:5]))
    assert [t.number for t in client.ListBestTrials(study="ties").trials] == [
        0,
        1,
        2,
        4,
    ]


def test_improvements_are_the_curve_of_best_so_far(client: c.Client) -> None:
    client.create("curve", directions=[c.MAXIMIZE])
    trials = [client.suggest("curve") for _ in range(7)]
    finished = [(3, 1.0), (0, 1.0), (1, 0.5), (4, 2.0), (2, 9.0), (6, 3.0), (5, 4.0)]
    for number, value in finished:
        client.ReportValue(study="curve", number=number, step=0, value=value)
        violated = {"c": 1.0} if value == 9.0 else {}
        client.CompleteTrial(
            study="curve",
            number=trials[number].number,
            values=[value],
            constraints=violated,
        )
    curve = client.ListImprovements(study="curve").trials
    assert [(t.number, t.values[0]) for t in curve] == [
        (3, 1.0),
        (4, 2.0),
        (6, 3.0),
        (5, 4.0),
    ]
    assert not any(trial.intermediate_values for trial in curve)


def test_catalog_describes_what_can_be_created(client: c.Client) -> None:
    samplers = client.ListSamplers().samplers
    pruners = client.ListPruners().pruners
    assert [entry.name for entry in samplers] == ["grid", "random", "tpe"]
    assert [entry.name for entry in pruners] == ["median", "none", "percentile"]
    space = [c.ints("x", 0, 9)]
    for kind, entries in (("sampler", samplers), ("pruner", pruners)):
        for entry in entries:
            assert entry.summary.endswith(".")
            for option in entry.options:
                assert option.summary and option.type
                for value in {option.default_value, option.minimum, option.maximum} - {
                    ""
                }:
                    options = {option.name: value}
                    client.create(
                        f"{entry.name} {option.name} {value}",
                        space=space,
                        **{kind: {"name": entry.name, "options": options}},
                    )


def test_health_and_reflection_are_on(daemon: Daemon, client: c.Client) -> None:
    health = health_pb2_grpc.HealthStub(client.channel)
    reply = health.Check(health_pb2.HealthCheckRequest(), timeout=10)
    assert reply.status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(client.channel)
    asked = [reflection_pb2.ServerReflectionRequest(list_services="")]
    asked += [
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=s)
        for s in c.SERVICES
    ]
    listed, *files = reflection.ServerReflectionInfo(iter(asked), timeout=10)
    names = {service.name for service in listed.list_services_response.service}
    assert names >= {*c.SERVICES, "grpc.health.v1.Health"}
    assert all(file.file_descriptor_response.file_descriptor_proto for file in files)
