"""HTTP/JSON beside gRPC: the same answers, the same errors, the same rules."""

from __future__ import annotations

import json
import subprocess
import threading
from typing import Any, Callable, Iterator, Optional

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

import bad_requests
import bad_study_requests
import bad_trial_requests
import client as c
import http_client as h
from daemon_process import Daemon

UNARY = sorted(m for m in c.METHODS if not c.METHODS[m][1].server_streaming)


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    shared = Daemon(tmp_path_factory.mktemp("hpod"), "--http=127.0.0.1:0")
    shared.start()
    yield shared
    shared.kill()


@pytest.fixture
def http(daemon: Daemon) -> Iterator[h.Http]:
    with h.Http(daemon.http_address) as http:
        yield http


# Every method once or more, each request built on what came before.
LIFE: list[tuple[str, dict[str, Any]]] = [
    ("ListSamplers", {}),
    ("ListPruners", {}),
    (
        "CreateStudy",
        {
            "study": {
                "name": "life",
                "seed": 7,
                "space": [
                    c.floats("lr", 1e-5, 0.1, log=True),
                    c.choices("opt", "adam", 1, None, True),
                ],
                "pruner": {"name": "none"},
            },
            "request_id": "create",
        },
    ),
    ("CreateStudy", {"study": {"name": "run", "seed": 1}}),
    ("SuggestTrials", {"study": "life", "count": 3, "worker": "w"}),
    ("ReportValue", {"study": "life", "number": 0, "step": 1, "value": 0.5}),
    ("ReportValue", {"study": "life", "number": 0, "step": 2, "value": float("nan")}),
    ("ReportValue", {"study": "life", "number": 0, "step": 3, "value": -1e-300}),
    ("HeartbeatTrial", {"study": "life", "number": 1, "lease_token": 2}),
    (
        "SetTrialAttributes",
        {
            "study": "life",
            "number": 1,
            "user_attributes": {"k": '{"é": [1, "\\n"]}'},
            "constraints": {"c": -1e300},
        },
    ),
    ("CompleteTrial", {"study": "life", "number": 0, "values": [5e-324]}),
    ("CompleteTrial", {"study": "life", "number": 1, "values": [float("inf")]}),
    ("CompleteTrial", {"study": "life", "number": 2, "state": c.FAIL, "failure": "x"}),
    ("EnqueueTrial", {"study": "life", "params": c.assignments(lr=0.01)}),
    ("AddTrials", {"study": "run", "trials": [{"state": c.COMPLETE, "values": [1.0]}]}),
    ("SuggestTrials", {"study": "run"}),
    (
        "SuggestParameter",
        {"study": "run", "number": 1, "parameter": c.ints("n", -(1 << 53), 1 << 53)},
    ),
    ("GetTrial", {"study": "life", "number": 0}),
    ("ListTrials", {"study": "life", "page_size": 2, "descending": True}),
    ("ListBestTrials", {"study": "life"}),
    ("ListImprovements", {"study": "life"}),
    (
        "UpdateStudy",
        {
            "study": "life",
            "update": {"max_retries": 5, "lease": c.seconds(1.5)},
            "update_mask": {"paths": ["max_retries", "lease"]},
        },
    ),
    ("StopStudy", {"study": "life"}),
    ("GetStudy", {"study": "life"}),
    ("DeleteStudy", {"study": "run"}),
    ("ListStudies", {"stopped": True}),
]


def without_times(message: Message) -> Message:
    """Timestamps are when it happened: they may differ."""
    for field, value in message.ListFields():
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        if field.message_type.full_name == "google.protobuf.Timestamp":
            message.ClearField(field.name)
            continue
        for part in value if field.label == field.LABEL_REPEATED else [value]:
            without_times(part)
    return message


@pytest.mark.parametrize("codec", [h.JSON, h.PROTO])
def test_every_call_gives_the_answer_that_grpc_gives(
    start: Callable[..., Daemon], codec: str
) -> None:
    assert {method for method, _ in LIFE} == set(UNARY)
    over_grpc, over_http = start(name="grpc"), start("--http=127.0.0.1:0", name="http")
    with c.Client(over_grpc.address) as client, h.Http(
        over_http.http_address
    ) as http:
        for method, fields in LIFE:
            request = c.request_type(method)(**fields)
            expected = without_times(client.call(method, request))
            got = without_times(http.call(method, request, codec))
            assert got.SerializeToString(
                deterministic=True
            ) == expected.SerializeToString(deterministic=True), method
    assert UNARY


def in_json(request: Message) -> Optional[str]:
    """None if JSON cannot say it: durations out of their range, empty paths of masks."""
    try:
        text = json_format.MessageToJson(request)
        same = json_format.Parse(text, type(request)())
    except (json_format.SerializeToJsonError, json_format.ParseError):
        return None
    is_same = repr(same) == repr(request)
    return text if is_same and '"updateMask": "lease,"' not in text else None


def test_each_refusal_is_the_one_of_grpc_and_changes_nothing(
    start: Callable[..., Daemon],
) -> None:
    daemon = start("--http=127.0.0.1:0")
    rows = [*bad_study_requests.ROWS, *bad_trial_requests.ROWS]
    compared = {h.JSON: 0, h.PROTO: 0}
    with c.Client(daemon.address) as client, h.Http(daemon.http_address) as http:
        bad_requests.fill(client)
        before = client.dump()
        for row in rows:
            if row.method not in UNARY:
                continue
            expected = client.refused(row.method, row.request)
            bodies = {
                h.JSON: in_json(row.request),
                h.PROTO: row.request.SerializeToString(),
            }
            for codec, body in bodies.items():
                if body is None:
                    continue
                answer = http.post(row.method, body, Content_Type=codec)
                assert answer.refusal == expected, (row.method, row.label, codec)
                assert answer.status == h.STATUS_OF_CODE[answer.json["code"]]
                compared[codec] += 1
        assert client.dump() == before
    assert compared[h.PROTO] > 200 and compared[h.JSON] > 200


def test_json_says_everything_also_what_has_its_default(http: h.Http) -> None:
    http.post("CreateStudy", {"study": {"name": "explicit"}, "loadIfExists": True})
    study = http.post("GetStudy", {"study": "explicit"}).json["study"]
    assert study["stopped"] is False and study["metricNames"] == []
    assert study["counts"]["running"] == "0" and study["lease"] == "60s"
    suggested = http.post("SuggestTrials", {"study": "explicit"}).json
    assert suggested["final"] is False
    report = {"study": "explicit", "number": "0", "step": 0, "value": "NaN"}
    assert http.post("ReportValue", report).json["shouldPrune"] is False


def test_numbers_come_back_to_the_last_bit(http: h.Http) -> None:
    http.post("CreateStudy", {"study": {"name": "bits", "pruner": {"name": "none"}}})
    http.post("SuggestTrials", {"study": "bits"})
    values = [-0.0, 0.1, 5e-324, 1.7976931348623157e308, 2**53 + 2.0, -1 / 3]
    for step, value in enumerate(values):
        report = {"study": "bits", "number": 0, "step": step, "value": value}
        assert http.post("ReportValue", report).status == 200
    body = http.post("GetTrial", {"study": "bits", "number": 0}).body
    trial = json.loads(body, parse_int=float)["trial"]
    got = [pair["value"] for pair in trial["intermediateValues"]]
    assert [c.bits(value) for value in got] == [c.bits(value) for value in values]


def test_requests_may_have_either_form_of_names_and_numbers(http: h.Http) -> None:
    spec = {"study": {"name": "forms"}, "load_if_exists": True}
    assert http.post("CreateStudy", spec).json["created"] is True
    assert http.post("SuggestTrials", {"study": "forms"}).status == 200
    for number, token in ((0, "leaseToken"), ("0", "lease_token")):
        beat = {"study": "forms", "number": number, token: "1"}
        assert http.post("HeartbeatTrial", beat).status == 200
    content_type = "Application/JSON; charset=UTF-8"
    body = '{"study":"forms"}'
    assert http.post("GetStudy", body, Content_Type=content_type).status == 200


def test_answers_may_not_be_kept_or_guessed_at(http: h.Http) -> None:
    headers = http.post("ListSamplers", {}).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["date"].endswith("GMT")
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("codec", [h.JSON, h.PROTO])
def test_a_retry_gets_the_first_answer_across_kill_9(
    start: Callable[..., Daemon], codec: str
) -> None:
    daemon = start("--http=127.0.0.1:0")
    suggest = c.request_type("SuggestTrials")(study="s", count=2, request_id="once")
    with c.Client(daemon.address) as client, h.Http(daemon.http_address) as http:
        client.create("s")
        first = without_times(http.call("SuggestTrials", suggest, codec))
        assert without_times(client.SuggestTrials(suggest)) == first
    daemon.restart()
    with c.Client(daemon.address) as client, h.Http(daemon.http_address) as http:
        assert without_times(http.call("SuggestTrials", suggest, codec)) == first
        assert without_times(client.SuggestTrials(suggest)) == first
        assert len(client.trials("s")) == 2


def test_1000_requests_on_one_connection(daemon: Daemon, http: h.Http) -> None:
    http.post("CreateStudy", {"study": {"name": "thousand"}})
    connected = http.post("SuggestTrials", {"study": "thousand"}) and http.connection
    socket = connected.sock
    for step in range(1000):
        report = {"study": "thousand", "number": 0, "step": step, "value": 0.5}
        assert http.post("ReportValue", report).status == 200
    assert http.connection.sock is socket
    trial = http.post("GetTrial", {"study": "thousand", "number": 0}).json["trial"]
    assert len(trial["intermediateValues"]) == 1000


def test_workers_over_http_and_grpc_share_a_study(daemon: Daemon) -> None:
    trials, each = 200, []
    with c.Client(daemon.address) as client:
        client.create("shared", budget={"max_trials": trials})

    def work_over_http() -> None:
        done = 0
        with h.Http(daemon.http_address) as http:
            while got := http.post("SuggestTrials", {"study": "shared"}).json["trials"]:
                number = got[0]["number"]
                end = {"study": "shared", "number": number, "values": [1.0]}
                assert http.post("CompleteTrial", end).status == 200
                done += 1
        each.append(done)

    def work_over_grpc() -> None:
        done = 0
        with c.Client(daemon.address) as client:
            while got := client.SuggestTrials(study="shared").trials:
                number = got[0].number
                client.CompleteTrial(study="shared", number=number, values=[1.0])
                done += 1
        each.append(done)

    works = (work_over_http, work_over_http, work_over_grpc, work_over_grpc)
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each) == trials and len(each) == 4 and all(each)
    with c.Client(daemon.address) as client:
        stored = client.trials("shared")
    assert [trial.number for trial in stored] == list(range(trials))
    assert all(trial.state == c.COMPLETE for trial in stored)


def test_a_call_that_takes_longer_than_it_may_is_told_so(
    start: Callable[..., Daemon],
) -> None:
    daemon = start("--http=127.0.0.1:0")
    with h.Http(daemon.http_address) as http:
        http.post("CreateStudy", {"study": {"name": "s"}})
        late = http.post("SuggestTrials", {"study": "s"}, Connect_Timeout_Ms="0")
        assert (late.status, late.refusal.code) == (504, "DEADLINE_EXCEEDED")
        # On the same connection: the late answer is for nobody.
        in_time = http.post("GetStudy", {"study": "s"}, Connect_Timeout_Ms="9999999999")
        assert in_time.json["study"]["name"] == "s"


def test_curl_is_all_it_takes(daemon: Daemon) -> None:
    url = f"http://{daemon.http_address}/hpo.v1.StudyService/CreateStudy"
    spec = '{"study": {"name": "curl"}}'
    command = ["curl", "-sS", "--fail-with-body", "-H", "Content-Type: application/json"]
    run = subprocess.run(
        [*command, "-d", spec, url], capture_output=True, check=True, timeout=20
    )
    assert json.loads(run.stdout)["created"] is True
    # More than curl sends before it is told to go on (Expect: 100-continue).
    update = {
        "study": {"name": "curl big", "userAttributes": {}},
        "requestId": "r",
    }
    attributes = {f"k{i}": json.dumps("v" * 30_000) for i in range(60)}
    update["study"]["userAttributes"] = attributes
    run = subprocess.run(
        [*command, "-d", "@-", url],
        input=json.dumps(update).encode(),
        capture_output=True,
        timeout=20,
    )
    assert run.returncode == 0, run.stdout
    assert len(json.loads(run.stdout)["study"]["userAttributes"]) == 60


def test_the_protobuf_reader_of_other_languages_understands(http: h.Http) -> None:
    answer = http.post("ListSamplers", {})
    reply = json_format.Parse(answer.body, h.response_type("ListSamplers")())
    assert {entry.name for entry in reply.samplers} >= {"tpe", "random", "grid"}
