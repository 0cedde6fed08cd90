"""Bad HTTP: an answer in Connect's form, nothing changed, and the daemon goes on."""

from __future__ import annotations

from typing import Iterator

import pytest

import client as c
import http_client as h
from daemon_process import Daemon

GET_STUDY = c.METHODS["GetStudy"][0]
DELETE_STUDY = c.METHODS["DeleteStudy"][0]
PATH = c.METHODS["WatchStudy"][0]
DELETE = '{"study":"kept"}'


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    shared = Daemon(
        tmp_path_factory.mktemp("hpod"),
        "--http=127.0.0.1:0",
        "--message-mib-max=1",
        "--http-hosts=daemon.example, Other.Example",
        "--http-request-seconds-max=1",
        "--http-idle-seconds-max=3",
    )
    shared.start()
    with c.Client(shared.address) as client:
        client.create("kept")
    yield shared
    with c.Client(shared.address) as client:
        assert [s.name for s in client.ListStudies().studies] == ["kept"]
    shared.kill()


@pytest.fixture
def address(daemon: Daemon) -> str:
    return daemon.http_address


@pytest.fixture
def http(address: str) -> Iterator[h.Http]:
    with h.Http(address) as http:
        yield http


def answered(address: str, request: bytes) -> bytes:
    """All that comes back until the daemon closes."""
    with h.raw(address) as connection:
        connection.sendall(request)
        return h.read_all(connection)


def is_serving(address: str) -> bool:
    with h.Http(address) as http:
        return http.post("GetStudy", {"study": "kept"}).status == 200


@pytest.mark.parametrize(
    "body, word",
    [
        ("", "empty"),
        ("{", "JSON"),
        ('{"study":"kept"', "JSON"),
        ('{"study":"kept"} {}', "JSON"),
        ("[]", "JSON"),
        ("null", "JSON"),
        ('"kept"', "JSON"),
        ('{"studdy":"kept"}', "studdy"),
        ('{"study":5}', "study"),
        ('{"study":["kept"]}', "study"),
        (b'{"study":"\xff"}', "UTF-8"),
        ('{"study":' * 5000, "deep"),
        ('{"study":' + "[" * 100_000, "JSON"),
    ],
)
def test_a_body_that_is_no_request(http: h.Http, body: str | bytes, word: str) -> None:
    answer = http.post("DeleteStudy", body)
    assert (answer.status, answer.refusal.code) == (400, "INVALID_ARGUMENT")
    assert answer.refusal.reason == "INVALID_FIELD"
    assert word in answer.refusal.message
    assert len(answer.refusal.message) < 1200
    # The connection goes on.
    assert http.post("GetStudy", {"study": "kept"}).status == 200


@pytest.mark.parametrize("value", ['"x"', "1.5", "true", "9223372036854775808", "[1]"])
def test_a_number_that_is_none(http: h.Http, value: str) -> None:
    answer = http.post("GetTrial", f'{{"study":"kept","number":{value}}}')
    assert answer.status == 400 and "number" in answer.refusal.message


def test_bytes_that_are_no_message(http: h.Http) -> None:
    answer = http.post("DeleteStudy", b"\x0a\xff\xff\x7f", Content_Type=h.PROTO)
    assert (answer.status, answer.refusal.code) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/hpo.v1.StudyService",
        "/hpo.v1.StudyService/",
        "/hpo.v1.StudyService/Nope",
        "/hpo.v1.StudyService/DeleteStudy/",
        "/hpo.v1.studyservice/deletestudy",
        "/hpo.v1.StudyService/%44eleteStudy",
        "//hpo.v1.StudyService/DeleteStudy",
        "/x/../hpo.v1.StudyService/DeleteStudy",
        "/grpc.health.v1.Health/Check",
        "http://localhost",
        "ftp://localhost" + DELETE_STUDY,
        "*",
    ],
)
def test_a_path_that_does_not_exist(address: str, path: str) -> None:
    with h.Http(address) as http:
        answer = http.ask("POST", path, DELETE, Content_Type=h.JSON)
    assert (answer.status, answer.refusal.code) == (404, "UNIMPLEMENTED")


@pytest.mark.parametrize("verb", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"])
def test_a_verb_that_the_path_does_not_take(address: str, verb: str) -> None:
    with h.Http(address) as http:
        answer = http.ask(verb, DELETE_STUDY, DELETE, Content_Type=h.JSON)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.refusal.code == "UNIMPLEMENTED"
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_answer_to_head_has_no_body(address: str) -> None:
    request = h.request_text("/openapi.json", "", verb="HEAD")
    head, _, body = answered(address, request).partition(b"\r\n\r\n")
    assert h.statuses(head) == [405] and b"Content-Length: " in head
    assert body == b""


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
     "application/json; charset=latin1", "application/connect+json", "application/grpc"],
)  # fmt: skip
def test_a_content_type_of_forms_and_others(
    address: str, content_type: str | None
) -> None:
    with h.Http(address) as http:
        answer = http.post("DeleteStudy", DELETE, Content_Type=content_type)
    assert answer.status == 415
    assert "application/json" in answer.refusal.message


@pytest.mark.parametrize(
    "header, value, status",
    [
        ("Content-Encoding", "gzip", 501),
        ("Transfer-Encoding", "gzip", 501),
        ("Content-Encoding", "identity", 200),
        ("Connect-Protocol-Version", "2", 400),
        ("Connect-Protocol-Version", "1", 200),
        ("Connect-Timeout-Ms", "", 400),
        ("Connect-Timeout-Ms", "-1", 400),
        ("Connect-Timeout-Ms", "1e3", 400),
        ("Connect-Timeout-Ms", "99999999999", 400),
        ("Connect-Timeout-Ms", "9999999999", 200),
        ("Expect", "a-miracle", 417),
        ("Accept-Encoding", "gzip, br", 200),
        ("Accept", "text/html", 200),
    ],
)
def test_headers_that_change_how_a_call_is_meant(
    address: str, header: str, value: str, status: int
) -> None:
    with h.Http(address) as http:
        answer = http.post("GetStudy", {"study": "kept"}, **{header: value})
    assert answer.status == status, answer.body
    if status != 200:
        assert header in answer.refusal.message


@pytest.mark.parametrize(
    "header, first, second",
    [
        ("Content-Type", h.JSON, "text/plain"),
        ("Content-Encoding", "identity", "gzip"),
        ("Connect-Timeout-Ms", "9999", "1x"),
        ("Origin", "http://localhost", "http://evil.example"),
        ("Sec-Fetch-Site", "none", "cross-site"),
    ],
)
def test_headers_that_say_two_things(
    address: str, header: str, first: str, second: str
) -> None:
    twice = (f"{header}: {first}", f"{header}: {second}")
    received = answered(address, h.request_text(DELETE_STUDY, DELETE, *twice))
    assert h.statuses(received) == [400]
    assert f"more than one {header} header".encode() in received


@pytest.mark.parametrize(
    "host, status",
    [
        ("localhost", 200),
        ("LOCALHOST:8080", 200),
        ("127.0.0.1:8080", 200),
        ("192.168.7.7", 200),
        ("[::1]:8080", 200),
        ("daemon.example:8080", 200),
        ("other.example", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("localhost.", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1:port", 421),
        ("127.1", 421),
        ("::1", 421),
        ("[localhost]", 421),
        ("evil.example:127.0.0.1", 421),
        ("", 421),
    ],
)
def test_only_own_hosts_are_served(address: str, host: str, status: int) -> None:
    request = h.request_text(
        GET_STUDY, DELETE, f"Host: {host}", "Connection: close"
    )  # fmt: skip
    received = answered(address, request)
    assert h.statuses(received) == [status], received


@pytest.mark.parametrize(
    "target, host, status",
    [
        ("http://127.0.0.1:8080", "localhost", 200),
        ("HTTPS://daemon.example", "localhost", 200),
        ("http://localhost", "evil.example", 200),
        ("http://evil.example", "localhost", 421),
        ("http://localhost@evil.example", "localhost", 421),
        ("http://", "localhost", 421),
    ],
)
def test_the_host_of_an_absolute_target_counts(
    address: str, target: str, host: str, status: int
) -> None:
    request = h.request_text(
        target + GET_STUDY, DELETE, f"Host: {host}", "Connection: close"
    )
    received = answered(address, request)
    assert h.statuses(received) == [status], received


@pytest.mark.parametrize("hosts", [(), ("localhost", "localhost")])
def test_there_is_exactly_one_host(address: str, hosts: tuple[str, ...]) -> None:
    request = f"POST {DELETE_STUDY} HTTP/1.1\r\nContent-Type: {h.JSON}\r\n"
    request += "".join(f"Host: {host}\r\n" for host in hosts)
    request += f"Content-Length: {len(DELETE)}\r\n\r\n{DELETE}"
    assert h.statuses(answered(address, request.encode())) == [400]


@pytest.mark.parametrize(
    "headers, status",
    [
        (["Sec-Fetch-Site: cross-site"], 403),
        (["Sec-Fetch-Site: same-site"], 403),
        (["Sec-Fetch-Site: same-origin", "Origin: http://localhost"], 200),
        (["Sec-Fetch-Site: none"], 200),
        (["Origin: http://evil.example"], 403),
        (["Origin: null"], 403),
        (["Origin: http://localhost:81"], 403),
        (["Origin: http://localhost"], 200),
        (["Origin: https://localhost"], 200),
    ],
)
def test_pages_of_other_sites_are_kept_out(
    address: str, headers: list[str], status: int
) -> None:
    request = h.request_text(GET_STUDY, DELETE, *headers, "Connection: close")
    received = answered(address, request)
    assert h.statuses(received) == [status], received


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\r\n\r\n\r\n",
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/3.0\r\n\r\n",
        b"POST /\x00 HTTP/1.1\r\n\r\n",
        h.request_text(DELETE_STUDY, DELETE, "Content-Length: -1"),
        h.request_text(DELETE_STUDY, DELETE, "Content-Length: 1x"),
        h.request_text(DELETE_STUDY, DELETE, "Content-Length: 5", "Content-Length: 6"),
        h.request_text(DELETE_STUDY, "", "Transfer-Encoding: chunked") + b"zz\r\n",
        h.request_text(
            DELETE_STUDY, "", "Content-Length: 3", "Transfer-Encoding: chunked"
        )
        + b"10\r\n"
        + DELETE.encode()
        + b"\r\n0\r\n\r\n",
        h.request_text(DELETE_STUDY, DELETE, " folded: yes"),
        h.request_text(DELETE_STUDY, DELETE, "Bad Header: yes"),
        h.request_text(DELETE_STUDY, DELETE, "no colon"),
    ],
)
def test_what_is_no_http_is_answered_with_400_and_the_end(
    address: str, request_bytes: bytes
) -> None:
    assert h.statuses(answered(address, request_bytes)) == [400]
    assert is_serving(address)


def test_chunked_bodies_are_taken(address: str) -> None:
    body = b'7\r\n{"study\r\n9;x=y\r\n":"kept"}\r\n0\r\nTrailer: t\r\n\r\n'
    request = h.request_text(
        GET_STUDY, "", "Transfer-Encoding: chunked", "Connection: close"
    )
    received = answered(address, request + body)
    assert h.statuses(received) == [200], received


def test_requests_sent_at_once_are_answered_in_order(address: str) -> None:
    names = ["kept", "nope", "kept", "nope"]
    requests = [h.request_text(GET_STUDY, f'{{"study":"{name}"}}') for name in names]
    last = h.request_text(GET_STUDY, DELETE, "Connection: close")
    received = answered(address, b"".join(requests) + last)
    assert h.statuses(received) == [200, 404, 200, 404, 200]


def test_a_refused_request_is_not_followed_by_what_was_sent_after_it(
    address: str,
) -> None:
    smuggled = h.request_text(DELETE_STUDY, DELETE)
    refused = h.request_text("/nope", smuggled.decode())
    received = answered(address, refused + smuggled)
    assert h.statuses(received) == [404]


@pytest.mark.parametrize("coding", ["gzip", "xchunked", "gzip, chunked", "chunked, x"])
def test_a_body_in_another_coding_is_not_taken_for_a_request(
    address: str, coding: str
) -> None:
    head = h.request_text(DELETE_STUDY, "", f"Transfer-Encoding: {coding}")
    received = answered(address, head + h.request_text(DELETE_STUDY, DELETE))
    assert h.statuses(received) == [501]


def test_http_1_0_closes(address: str) -> None:
    request = h.request_text(GET_STUDY, DELETE).replace(b"HTTP/1.1", b"HTTP/1.0")
    received = answered(address, request)
    assert received.startswith(b"HTTP/1.0 200 ")


# The limit is exact to this many bytes: some ends of lines do not count.
SLACK = 64


@pytest.mark.parametrize("over", [False, True])
def test_headers_of_16_kib_and_no_more(address: str, over: bool) -> None:
    bare = h.request_text("", DELETE, "Connection: close", "X: ")
    size = (16 << 10) - len(bare) + (2 * SLACK if over else 0)
    long = "X: " + "x" * size
    request = h.request_text(GET_STUDY, DELETE, "Connection: close", long)
    received = answered(address, request)
    assert h.statuses(received) == [431 if over else 200], received
    if over:
        assert b'"header_bytes"' in received and b"16384" in received


@pytest.mark.parametrize("over", [False, True])
def test_a_first_line_of_16_kib_and_no_more(address: str, over: bool) -> None:
    name = "n" * ((16 << 10) - len(PATH) + (SLACK if over else -SLACK))
    request = f"GET {PATH}?study={name} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    received = answered(address, request.encode())
    assert h.statuses(received) == [431 if over else 404], received


def test_endless_headers(address: str) -> None:
    with h.raw(address) as connection:
        connection.sendall(f"GET {GET_STUDY} HTTP/1.1\r\n".encode())
        connection.sendall(b"X: y\r\n" * 20_000)
        assert h.statuses(h.read_all(connection)) == [431]
    assert is_serving(address)


def resident_bytes(daemon: Daemon) -> int:
    with open(f"/proc/{daemon.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.parametrize(
    "begin, endless",
    [
        (b"1;", b"x"),
        (b"0", b"0"),
        (b"0\r\nT: ", b"x"),
        (b"0\r\n", b"T: x\r\n"),
    ],
    ids=["extension", "size", "trailer", "trailers"],
)
def test_chunked_bodies_that_are_endless_beside_their_data(
    daemon: Daemon, address: str, begin: bytes, endless: bytes
) -> None:
    before = resident_bytes(daemon)
    sent = endless * ((32 << 20) // len(endless))
    with h.raw(address) as connection:
        head = h.request_text(GET_STUDY, "", "Transfer-Encoding: chunked")
        connection.sendall(head + begin + sent)
        assert h.statuses(h.read_all(connection)) == [431]
    assert resident_bytes(daemon) - before < 8 << 20


@pytest.mark.parametrize("form", ["length", "chunked"])
@pytest.mark.parametrize("over", [False, True])
def test_bodies_of_message_mib_max_and_no_more(
    address: str, over: bool, form: str
) -> None:
    empty = '{"study":""}'
    size = (1 << 20) + (1 if over else 0)
    body = empty.replace('""', f'"{"n" * (size - len(empty))}"').encode()
    if form == "chunked":
        head = h.request_text(GET_STUDY, "", "Transfer-Encoding: chunked")
        request = head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
    else:
        request = h.request_text(GET_STUDY, body.decode())
    request = request.replace(b"Host", b"Connection: close\r\nHost", 1)
    received = answered(address, request)
    assert h.statuses(received) == [413 if over else 404], received[:500]
    if over:
        assert b'"message_bytes"' in received and b"1048576" in received


def test_a_body_that_would_be_too_large_is_refused_before_it_is_sent(
    address: str,
) -> None:
    head = h.request_text(
        GET_STUDY, "", "Content-Length: 1048577", "Expect: 100-continue"
    )
    received = answered(address, head)
    assert h.statuses(received) == [413]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST / HTTP/1.1\r\nHost: local",
        h.request_text(GET_STUDY, "", "Content-Length: 100") + b'{"study":',
        h.request_text(GET_STUDY, "", "Expect: 100-continue", "Content-Length: 9"),
    ],
    ids=["headers", "body", "continue"],
)
def test_a_request_that_does_not_come_is_dropped(address: str, sent: bytes) -> None:
    received = answered(address, sent)
    assert 200 not in h.statuses(received)
    assert is_serving(address)


def test_slow_senders_keep_nobody_from_being_served(address: str) -> None:
    request = h.request_text(DELETE_STUDY, DELETE)
    with h.raw(address) as slow:
        sent = 0
        with pytest.raises(OSError):
            for byte in request:
                slow.sendall(bytes([byte]))
                sent += 1
                assert is_serving(address)
                # A byte every 0.05 s: never silent, and never done in a second.
                slow.settimeout(0.05)
                try:
                    if slow.recv(100) == b"":
                        raise ConnectionError("closed")
                except TimeoutError:
                    pass
        assert 0 < sent < len(request)


def test_idle_connections_are_closed(address: str) -> None:
    with h.raw(address) as silent, h.raw(address) as used:
        used.sendall(h.request_text(GET_STUDY, DELETE))
        assert h.statuses(h.read_all(used)) == [200]
        assert h.read_all(silent) == b""
