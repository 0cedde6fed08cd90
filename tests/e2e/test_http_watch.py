"""WatchStudy over HTTP: server-sent events, resuming, and Connect's streaming."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any, Callable, Iterator

import pytest
from google.protobuf import json_format

import client as c
import http_client as h
from daemon_checks import DRAIN_SECONDS
from daemon_process import Daemon, until
from test_watch import change_everything, fill

PATH = c.METHODS["WatchStudy"][0]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    flags = ("--http=127.0.0.1:0", "--http-idle-seconds-max=1")
    shared = Daemon(tmp_path_factory.mktemp("hpod"), *flags)
    shared.start()
    yield shared
    shared.kill()


@pytest.fixture
def address(daemon: Daemon) -> str:
    return daemon.http_address


class Reader:
    """What a reader knows after the events: as tests of gRPC's streams have it."""

    def __init__(self) -> None:
        self.trials: dict[int, Any] = {}
        self.revision = 0
        self.study: Any = None

    def read(self, events: h.Events) -> "Reader":
        event = events.next()
        assert event is not None and event.type == "message", event
        assert event.id == event.data["revision"]
        assert int(event.id) > self.revision
        self.revision, self.study = int(event.id), event.data["study"]
        self.trials.update({int(t["number"]): t for t in event.data["trials"]})
        return self

    def read_to(self, revision: int, events: h.Events) -> "Reader":
        while self.revision < revision:
            self.read(events)
        return self

    def assert_knows(self, client: c.Client) -> None:
        stored = client.trials(self.study["name"])
        known = [parsed(self.trials[number]) for number in sorted(self.trials)]
        for trial in (*known, *stored):
            trial.lease.ClearField("expire_time")
        assert known == stored


def parsed(trial: Any) -> c.trial_pb2.Trial:
    return json_format.ParseDict(trial, c.trial_pb2.Trial())


def test_everything_is_sent_and_then_what_changes(
    address: str, client: c.Client
) -> None:
    client.create("live")
    fill(client, "live", 600)
    with h.Events(address, "?study=live&after_revision=0") as events:
        reader = Reader().read(events)
        assert len(reader.trials) == 500
        last = change_everything(client, "live")
        reader.read_to(last, events).assert_knows(client)


def test_the_last_event_id_resumes_across_kill_9(start: Callable[..., Daemon]) -> None:
    daemon = start("--http=127.0.0.1:0")
    reader = Reader()
    with c.Client(daemon.address) as client:
        client.create("s")
        fill(client, "s", 700)
        address = daemon.http_address
        with h.Events(address, "?study=s&after_revision=0") as events:
            reader.read(events)
        assert len(reader.trials) == 500
    daemon.restart()
    resume = {"Last_Event_ID": str(reader.revision)}
    with c.Client(daemon.address) as client:
        last = change_everything(client, "s")
        # As a browser asks again: the same query, and the id.
        with h.Events(
            daemon.http_address, "?study=s&after_revision=0", **resume
        ) as events:
            again = Reader().read(events)
            assert set(again.trials).isdisjoint(range(500))
            reader.trials.update(again.trials)
            reader.study, reader.revision = again.study, again.revision
            reader.read_to(last, events).assert_knows(client)


def test_without_a_revision_only_news_is_sent(address: str, client: c.Client) -> None:
    client.create("news")
    fill(client, "news", 3)
    with h.Events(address, "?study=news") as events:
        # The headers have come: what changes from here on is news.
        client.EnqueueTrial(study="news")
        assert set(Reader().read(events).trials) == {3}


def test_post_takes_the_message(address: str, client: c.Client) -> None:
    client.create("posted")
    body = '{"study":"posted","afterRevision":"0"}'
    request = h.request_text(PATH, body, f"Accept: {h.EVENTS}")
    with h.raw(address) as connection:
        connection.sendall(request)
        received = b""
        while b"\ndata: " not in received:
            received += connection.recv(65536)
    assert h.statuses(received) == [200] and b"\nid: 1\n" in received


def test_a_silent_stream_shows_that_it_lives(address: str, client: c.Client) -> None:
    client.create("silent", lease=c.seconds(3600))
    with h.Events(address, "?study=silent") as events:
        # Longer than a connection may be idle.
        stop = until_pinged(events, 2)
        client.EnqueueTrial(study="silent")
        assert stop() is not None


def until_pinged(events: h.Events, count: int) -> Callable[[], Any]:
    while events.pings < count:
        line = events.reply.readline()
        assert line, "the stream has ended"
        events.pings += line == b":\n"
    return events.next


@pytest.mark.parametrize(
    "query, status, word",
    [
        ("?study=nope", 404, "nope"),
        ("", 404, "studies/"),
        ("?study=news&after_revision=x", 400, "after_revision"),
        ("?study=news&after_revision=", 400, "after_revision"),
        ("?study=news&after_revision=99999999999999999999", 400, "after_revision"),
        ("?stud=news", 400, "stud"),
        ("?study=%zz", 400, "study"),
        ("?study=%4", 400, "study"),
        ("?study", 404, "studies/"),
        ("?&study=a", 400, "query"),
    ],
)
def test_a_stream_that_cannot_be(
    address: str, query: str, status: int, word: str
) -> None:
    with h.Http(address) as http:
        answer = http.ask("GET", PATH + query)
    assert answer.status == status, answer
    assert word in answer.refusal.message


def test_names_are_unescaped(address: str, client: c.Client) -> None:
    client.create("a b/é&=+%")
    query = "?study=a+b%2F%C3%A9%26%3D%2B%25&afterRevision=0"
    with h.Events(address, query) as events:
        assert events.next().data["study"]["name"] == "a b/é&=+%"


@pytest.mark.parametrize("id", ["x", "1x", "-", "1 2"])
def test_a_last_event_id_that_is_none(address: str, id: str) -> None:
    with h.Http(address) as http:
        answer = http.ask("GET", PATH + "?study=live", Last_Event_ID=id)
    assert answer.status == 400 and "Last-Event-ID" in answer.refusal.message


def test_a_client_that_takes_no_events(address: str) -> None:
    with h.Http(address) as http:
        answer = http.ask("GET", PATH + "?study=live", Accept="application/xml")
        assert answer.status == 406


def test_deletion_ends_a_stream_with_an_error(address: str, client: c.Client) -> None:
    client.create("ends")
    with h.Events(address, "?study=ends&after_revision=0") as events:
        Reader().read(events)
        client.DeleteStudy(study="ends")
        end = events.next()
        assert (end.type, end.data["code"]) == ("error", "not_found")
        assert end.data["details"][0]["debug"]["reason"] == "STUDY_NOT_FOUND"
        assert events.next() is None


def test_readers_that_go_are_no_trouble(
    daemon: Daemon, address: str, client: c.Client
) -> None:
    client.create("gone")
    before = descriptors(daemon)
    for _ in range(20):
        with h.Events(address, "?study=gone&after_revision=0") as events:
            Reader().read(events)
        client.EnqueueTrial(study="gone")
    until(lambda: descriptors(daemon) <= before + 2, 10.0, "sockets are closed")


def descriptors(daemon: Daemon) -> int:
    import os

    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


def test_a_reader_that_never_reads_is_dropped(start: Callable[..., Daemon]) -> None:
    daemon = start("--http=127.0.0.1:0", "--http-request-seconds-max=1")
    with c.Client(daemon.address) as client, socket.socket() as reader:
        client.create("s", lease=c.seconds(3600))
        trials = client.SuggestTrials(study="s", count=30).trials
        before = descriptors(daemon)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, port = daemon.http_address.split(":")
        reader.connect((host, int(port)))
        query = "?study=s&after_revision=0"
        reader.sendall(f"GET {PATH}{query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: descriptors(daemon) == before + 1, 10.0, "it is connected")
        text = json.dumps("v" * 60_000)

        def change() -> bool:
            for trial in trials:
                client.SetTrialAttributes(
                    study="s", number=trial.number, user_attributes={"t": text}
                )
            return descriptors(daemon) == before

        until(change, 20.0, "it is dropped")


def envelope(flags: int, message: bytes) -> bytes:
    return struct.pack(">BI", flags, len(message)) + message


@pytest.mark.parametrize("codec", ["json", "proto"])
def test_connect_streaming(address: str, client: c.Client, codec: str) -> None:
    study = f"connect-{codec}"
    client.create(study)
    request = c.request_type("WatchStudy")(study=study, after_revision=0)
    message = (
        json_format.MessageToJson(request).encode()
        if codec == "json"
        else request.SerializeToString()
    )
    with h.Http(address) as http:
        answer = http.post(
            "WatchStudy",
            envelope(0, message),
            Content_Type=f"application/connect+{codec}",
            Connect_Timeout_Ms="300",
        )
    assert answer.status == 200
    assert answer.headers["content-type"] == f"application/connect+{codec}"
    flags, size = struct.unpack(">BI", answer.body[:5])
    first, rest = answer.body[5 : 5 + size], answer.body[5 + size :]
    reply = h.response_type("WatchStudy")()
    if codec == "json":
        json_format.Parse(first, reply)
    else:
        reply.ParseFromString(first)
    assert (flags, reply.study.name, reply.revision) == (0, study, 1)
    flags, size = struct.unpack(">BI", rest[:5])
    assert (flags, size) == (2, len(rest) - 5)
    assert json.loads(rest[5:])["error"]["code"] == "deadline_exceeded"


@pytest.mark.parametrize(
    "body, code",
    [
        (b"", "invalid_argument"),
        (b"\0\0\0\0", "invalid_argument"),
        (b"{}", "invalid_argument"),
        (b"\2\0\0\0\2{}", "invalid_argument"),
        (b"\0\0\0\0\3{}", "invalid_argument"),
        (b"\0\0\0\0\2{}x", "invalid_argument"),
        (b"\1\0\0\0\2{}", "unimplemented"),
    ],
)
def test_bytes_that_are_no_envelope(address: str, body: bytes, code: str) -> None:
    with h.Http(address) as http:
        answer = http.post(
            "WatchStudy", body, Content_Type="application/connect+json"
        )  # fmt: skip
    assert answer.status == 200
    flags, size = struct.unpack(">BI", answer.body[:5])
    assert (flags, size) == (2, len(answer.body) - 5)
    assert json.loads(answer.body[5:])["error"]["code"] == code


def test_sigterm_ends_streams_with_unavailable_and_answers_the_rest(
    start: Callable[..., Daemon],
) -> None:
    daemon = start("--http=127.0.0.1:0")
    address = daemon.http_address
    with c.Client(daemon.address) as client:
        client.create("s")
    with h.Http(address) as idle, h.Events(address, "?study=s") as events:
        assert idle.post("GetStudy", {"study": "s"}).status == 200
        daemon.terminate()
        end = events.next()
        assert (end.type, end.data["code"]) == ("error", "unavailable")
        assert end.data["details"][0]["debug"]["reason"] == "SHUTTING_DOWN"
        assert events.next() is None
        assert daemon.wait(DRAIN_SECONDS) == 0


def test_sigterm_loses_nothing_that_was_answered(start: Callable[..., Daemon]) -> None:
    daemon = start("--http=127.0.0.1:0")
    answered, ends = 0, []
    with h.Http(daemon.http_address) as http:
        http.post("CreateStudy", {"study": {"name": "s"}})
        try:
            while True:
                reply = http.post("EnqueueTrial", {"study": "s"})
                if reply.status != 200:
                    ends.append(reply.refusal)
                    break
                answered += 1
                if answered == 200:
                    daemon.terminate()
        except OSError:
            pass
        except Exception as error:  # http.client's own: the connection is closed
            assert type(error).__module__ == "http.client", error
    assert daemon.wait(DRAIN_SECONDS) == 0
    assert all(end.code == "UNAVAILABLE" for end in ends), ends
    daemon.start()
    with c.Client(daemon.address) as client:
        assert answered <= len(client.trials("s")) <= answered + 1
    assert answered >= 200
