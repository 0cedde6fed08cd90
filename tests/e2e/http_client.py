"""HTTP/JSON to a daemon, as Connect's unary protocol has it, and raw bytes.

Imported by tests only, like client.py.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.client
import json
import re
import socket
from typing import Any, Iterator, Optional

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc import error_details_pb2

import client as c

JSON, PROTO, EVENTS = "application/json", "application/proto", "text/event-stream"
SECONDS = 20.0
# connectrpc.com/docs/protocol#error-codes
STATUS_OF_CODE = {
    "canceled": 499,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "unimplemented": 501,
    "unavailable": 503,
}


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        assert self.headers["content-type"] == JSON, self
        return json.loads(self.body)

    @property
    def refusal(self) -> c.Refusal:
        """The error in Connect's form; it must be one."""
        assert self.status != 200, self.body[:500]
        error = self.json
        code = error["code"].upper()
        if "details" not in error:
            return c.Refusal(code, error["message"])
        (detail,) = error["details"]
        assert detail["type"] == "google.rpc.ErrorInfo"
        info = error_details_pb2.ErrorInfo()
        value = detail["value"]
        assert not value.endswith("=")
        info.ParseFromString(base64.b64decode(value + "=" * (-len(value) % 4)))
        metadata = dict(info.metadata)
        debug = {"reason": info.reason, "domain": info.domain, "metadata": metadata}
        assert detail["debug"] == debug
        return c.Refusal(code, error["message"], info.reason, info.domain, metadata)


class Http:
    """One connection, kept alive."""

    def __init__(self, address: str, timeout: float = SECONDS) -> None:
        self.address = address
        self.connection = http.client.HTTPConnection(address, timeout=timeout)

    def __enter__(self) -> "Http":
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()

    def ask(
        self, verb: str, path: str, body: Any = None, **headers: Optional[str]
    ) -> Answer:
        named = {k.replace("_", "-"): v for k, v in headers.items() if v is not None}
        self.connection.request(verb, path, body, named)
        reply = self.connection.getresponse()
        lower = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, lower, reply.read())

    def post(self, method: str, body: Any, **headers: Optional[str]) -> Answer:
        """A method by its name, e.g. GetStudy; `body` as it goes, or to be JSON."""
        if not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        headers.setdefault("Content_Type", JSON)
        return self.ask("POST", c.METHODS[method][0], body, **headers)

    def call(self, method: str, request: Message, codec: str = JSON) -> Message:
        """The reply's message; it must be none of an error."""
        answer = self.send(method, request, codec)
        assert answer.status == 200, answer.body[:500]
        assert answer.headers["content-type"] == codec
        reply = response_type(method)()
        if codec == JSON:
            return json_format.Parse(answer.body, reply)
        reply.ParseFromString(answer.body)
        return reply

    def send(self, method: str, request: Message, codec: str = JSON) -> Answer:
        body = (
            json_format.MessageToJson(request)
            if codec == JSON
            else request.SerializeToString()
        )
        return self.post(method, body, Content_Type=codec)


def response_type(method: str) -> type[Message]:
    name = c.METHODS[method][1].output_type.name
    modules = (c.study_service_pb2, c.trial_service_pb2, c.catalog_service_pb2)
    return next(getattr(m, name) for m in modules if hasattr(m, name))


@contextlib.contextmanager
def raw(address: str) -> Iterator[socket.socket]:
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Up to the end of the connection; a reset is one too."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def statuses(received: bytes) -> list[int]:
    """Of all answers in there."""
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def request_text(path: str, body: str, *headers: str, verb: str = "POST") -> bytes:
    """A whole request; with Host, Content-Type and Content-Length unless given."""
    given = {header.split(":")[0].lower() for header in headers}
    text = f"{verb} {path} HTTP/1.1\r\n"
    if "host" not in given:
        text += "Host: localhost\r\n"
    if "content-type" not in given:
        text += f"Content-Type: {JSON}\r\n"
    if not given & {"content-length", "transfer-encoding"}:
        text += f"Content-Length: {len(body)}\r\n"
    return (text + "".join(h + "\r\n" for h in headers) + "\r\n" + body).encode()


@dataclasses.dataclass(frozen=True)
class Event:
    id: str
    type: str
    data: Any


class Events:
    """A stream of server-sent events."""

    def __init__(self, address: str, query: str = "", **headers: str) -> None:
        self.connection = http.client.HTTPConnection(address, timeout=SECONDS)
        path = c.METHODS["WatchStudy"][0] + query
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        self.connection.request("GET", path, headers={"Accept": EVENTS, **named})
        self.reply = self.connection.getresponse()
        self.pings = 0

    def __enter__(self) -> "Events":
        assert self.reply.status == 200, self.reply.read()
        assert self.reply.getheader("content-type") == EVENTS
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()
        self.reply.close()

    def next(self) -> Optional[Event]:
        """The next event; None at the end of the stream."""
        fields = {"id": "", "event": "message", "data": ""}
        while line := self.reply.readline():
            text = line.decode().rstrip("\n")
            if text == "" and fields["data"]:
                data = json.loads(fields["data"])
                return Event(fields["id"], fields["event"], data)
            if text == ":":
                self.pings += 1
            elif text:
                name, _, value = text.partition(": ")
                fields[name] = value
        return None
