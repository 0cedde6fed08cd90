"""Bad input to every RPC: the right code, reason and words, and nothing changed."""

from __future__ import annotations

from typing import Iterator

import grpc
import pytest

import bad_requests
import bad_study_requests
import bad_trial_requests
import client as c
from daemon_process import Daemon

# Documented to have no error of their own: their requests are empty.
WITHOUT_ERRORS = {"ListSamplers", "ListPruners"}
MESSAGE_BYTES_MAX = 4096
ROWS = [*bad_study_requests.ROWS, *bad_trial_requests.ROWS]


@pytest.fixture(scope="module")
def client(daemon: Daemon) -> Iterator[c.Client]:
    with c.Client(daemon.address) as client:
        bad_requests.fill(client)
        yield client


def test_every_method_is_in_the_table() -> None:
    in_table = {row.method for row in ROWS}
    assert in_table | WITHOUT_ERRORS == set(c.METHODS)
    assert not in_table & WITHOUT_ERRORS


def test_every_label_is_used_once_per_method() -> None:
    labels = [(row.method, row.label) for row in ROWS]
    assert sorted(set(labels)) == sorted(labels)


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.method}: {r.label}" for r in ROWS])
def test_bad_request(client: c.Client, row: bad_requests.Row) -> None:
    before = client.dump()
    refused = client.refused(row.method, row.request)
    assert (refused.code, refused.reason) == (row.code, row.reason), refused.message
    assert refused.domain == "hpod"
    assert refused.metadata == row.metadata
    for word in row.words:
        assert word.lower() in refused.message.lower()
    # Beside the details it must fit in a client's 8 KiB of metadata.
    assert len(refused.message) <= MESSAGE_BYTES_MAX
    assert client.dump() == before


@pytest.mark.parametrize("method", sorted(c.METHODS))
def test_bytes_that_are_no_message(client: c.Client, method: str) -> None:
    path, descriptor = c.METHODS[method]
    before = client.dump()
    open_call = (
        client.channel.unary_stream
        if descriptor.server_streaming
        else client.channel.unary_unary
    )(path)
    # More often than calls of a method wait at one time.
    for _ in range(40):
        with pytest.raises(grpc.RpcError) as caught:
            reply = open_call(b"\x0a\xff\xff\xff\xff\x7f", timeout=10)
            list(reply)
        assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert client.dump() == before
    assert client.ListSamplers().samplers


def test_text_that_is_not_utf8(client: c.Client) -> None:
    raw = client.channel.unary_unary(c.METHODS["GetStudy"][0])
    with pytest.raises(grpc.RpcError) as caught:
        raw(b"\x0a\x02\xc3\x28", timeout=10)
    assert caught.value.code() == grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("method", sorted(WITHOUT_ERRORS))
def test_fields_from_the_future_are_ignored(client: c.Client, method: str) -> None:
    path, _ = c.METHODS[method]
    raw = client.channel.unary_unary(path)
    # Field 15, one byte.
    assert raw(b"\x7a\x01\x00", timeout=10) == raw(b"", timeout=10) != b""


def test_a_method_that_does_not_exist(client: c.Client) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        client.channel.unary_unary("/hpo.v1.TrialService/Nope")(b"", timeout=10)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_a_trial_takes_100_000_reports_and_no_more(client: c.Client) -> None:
    client.create("reports", pruner={"name": "none"}, lease=c.seconds(3600))
    reports = [{"step": step, "value": 0.5} for step in range(100_000)]
    trial = {"state": c.RUNNING, "intermediate_values": reports}
    client.AddTrials(study="reports", trials=[trial])
    request = c.request_type("ReportValue")(study="reports", number=0, step=100_000)
    refused = client.refused("ReportValue", request)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")
    assert refused.metadata == {"limit": "reports"}
    assert (
        len(client.GetTrial(study="reports", number=0).trial.intermediate_values)
        == 100_000
    )
    client.DeleteStudy(study="reports")


def test_a_trial_takes_1_000_parameters_and_no_more(client: c.Client) -> None:
    client.create("parameters", lease=c.seconds(3600))
    names = [f"p{i}" for i in range(1000)]
    trial = {
        "state": c.RUNNING,
        "params": c.assignments(**{name: 0.5 for name in names}),
        "distributions": [c.floats(name, 0.0, 1.0) for name in names],
    }
    client.AddTrials(study="parameters", trials=[trial])
    request = c.request_type("SuggestParameter")(
        study="parameters", number=0, parameter=c.floats("one more", 0.0, 1.0)
    )
    refused = client.refused("SuggestParameter", request)
    assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")
    assert refused.metadata == {"limit": "parameters"}
    client.DeleteStudy(study="parameters")
