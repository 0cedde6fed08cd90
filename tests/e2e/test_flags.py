"""Every setting of `hpod --help`, from the flag, the environment and a TOML file."""

from __future__ import annotations

import json
import pathlib
import re
import socket
import struct
import subprocess
import time
from typing import Callable

import grpc
import pytest

import client as c
import http_client as h
from daemon_process import Daemon, binary, clean_environment, until

EXIT_USAGE = 2
# Flags that are no setting: they have tests of their own.
OTHERS = {"help", "version", "config"}


def run_to_end(
    *arguments: str, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [binary(), *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(**(environment or {})),
        timeout=20,
    )


class Settings:
    """A daemon that gets settings in one of three ways, the rest as flags."""

    def __init__(
        self, directory: pathlib.Path, source: str, **settings: object
    ) -> None:
        self.directory = directory
        self.log_path = directory / "log"
        given = {name.replace("_", "-"): str(value) for name, value in settings.items()}
        needed = {
            "listen": "127.0.0.1:0",
            "storage": f"sqlite:///{directory}/needed.db",
        }
        needed = {name: value for name, value in needed.items() if name not in given}
        arguments, environment = [f"--{n}={v}" for n, v in needed.items()], {}
        if source == "flag":
            arguments += [f"--{name}={value}" for name, value in given.items()]
        elif source == "environment":
            environment = {
                f"HPOD_{n.upper().replace('-', '_')}": v for n, v in given.items()
            }
        else:
            config = directory / "hpod.toml"
            config.write_text(
                "".join(f"{name} = {toml(v)}\n" for name, v in given.items())
            )
            arguments.append(f"--config={config}")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [binary(), *arguments],
                stdout=log,
                stderr=log,
                env=clean_environment(**environment),
                cwd=directory,
            )

    def __enter__(self) -> "Settings":
        return self

    def __exit__(self, *exc: object) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        assert self.process.poll() is None, self.log_path.read_text()
        return self.log_path.read_text()

    def client(self) -> c.Client:
        ready = re.compile(r"ready.*address[\"=:]+(127\.0\.0\.1:\d+)")
        match = until(lambda: ready.search(self.log()), 20.0, "ready")
        return c.Client(match.group(1))


def toml(value: str) -> str:
    return value if value.isdigit() else json.dumps(value)


def check_listen(directory: pathlib.Path, source: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with Settings(
        directory, source, listen=address
    ) as daemon, daemon.client() as client:
        assert client.ListSamplers().samplers
        assert f"address={address} " in daemon.log()


def check_storage(directory: pathlib.Path, source: str) -> None:
    # Relative to the working directory.
    with Settings(directory, source, storage="sqlite:///some where.db") as daemon:
        with daemon.client() as client:
            client.create("s")
    assert (directory / "some where.db").stat().st_size > 0


def check_log_level(directory: pathlib.Path, source: str) -> None:
    storage = f"sqlite:///{directory}/hpod.db"
    with Settings(directory, source, log_level="error") as daemon:
        # Nothing is said of being ready: it is when the lock has its name.
        lock = directory / "needed.db.lock"
        text = until(
            lambda: lock.exists() and lock.read_text(), 20.0, f"{storage} is open"
        )
        address = re.search(r"hpod on (\S+)\)", text).group(1)
        with c.Client(address) as client:
            assert client.ListSamplers().samplers
        assert daemon.log() == ""


def check_log_format(directory: pathlib.Path, source: str) -> None:
    with Settings(directory, source, log_format="json") as daemon, daemon.client():
        assert json.loads(daemon.log().splitlines()[0])["event"] == "ready"


def threads(daemon: Settings) -> int:
    return len(list(pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()))


def check_proposal_threads(directory: pathlib.Path, source: str) -> None:
    counts = []
    for number in (1, 33):
        with Settings(
            directory, source, proposal_threads=number
        ) as daemon, daemon.client() as client:
            assert client.ListSamplers().samplers
            counts.append(threads(daemon))
    # gRPC starts and ends threads of its own.
    assert abs(counts[1] - counts[0] - 32) <= 4


def check_message_mib_max(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, message_mib_max=2
    ) as daemon, daemon.client() as client:
        client.create("s")
        enqueue = c.request_type("EnqueueTrial")
        below, above = (
            enqueue(study="x" * size) for size in ((2 << 20) - 100, (2 << 20) + 100)
        )
        assert client.refused("EnqueueTrial", below).reason == "STUDY_NOT_FOUND"
        assert client.refused("EnqueueTrial", above).code == "RESOURCE_EXHAUSTED"
        assert not client.trials("s")


def enqueue_at_once(client: c.Client, study: str, count: int) -> list[grpc.Future]:
    request = c.request_type("EnqueueTrial")(study=study)
    futures = [
        client.stubs[1].EnqueueTrial.future(request, timeout=20) for _ in range(count)
    ]
    for future in futures:
        future.exception()
    return futures


def check_calls_in_flight_max(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, calls_in_flight_max=2
    ) as daemon, daemon.client() as client:
        client.create("s")
        futures = enqueue_at_once(client, "s", 300)
        refused = [c.refusal(f.exception()) for f in futures if f.exception()]
        assert refused, "none of 300 calls at once was one too many"
        for refusal in refused:
            assert (refusal.code, refusal.reason) == (
                "RESOURCE_EXHAUSTED",
                "LIMIT_EXCEEDED",
            )
            assert refusal.metadata == {"limit": "calls_in_flight"}
        assert len(client.trials("s")) == 300 - len(refused)


def commits(wal: pathlib.Path) -> int:
    """Transactions in a WAL file (sqlite.org/fileformat2.html, section 4.1)."""
    content = wal.read_bytes()
    (page_size,) = struct.unpack_from(">I", content, 8)
    salt = content[16:24]
    count = 0
    for offset in range(32, len(content), 24 + page_size):
        if content[offset + 8 : offset + 16] == salt:
            count += struct.unpack_from(">I", content, offset + 4)[0] > 0
    return count


def check_commit_batch_max(directory: pathlib.Path, source: str) -> None:
    made = []
    for batch in (1, 4096):
        with Settings(
            directory, source, commit_batch_max=batch
        ) as daemon, daemon.client() as client:
            client.create(f"s{batch}")
            before = commits(directory / "needed.db-wal")
            enqueue_at_once(client, f"s{batch}", 300)
            made.append(commits(directory / "needed.db-wal") - before)
    assert made[0] == 300 and made[1] < 200


def http_of(daemon: Settings) -> str:
    found = until(lambda: re.search(r" http=(\S+:\d+) ", daemon.log()), 20.0, "ready")
    return found.group(1)


def check_http(directory: pathlib.Path, source: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with Settings(directory, source, http=address) as daemon:
        assert http_of(daemon) == address
        with h.Http(address) as http:
            assert http.post("ListSamplers", {}).status == 200


def check_http_hosts(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, http="127.0.0.1:0", http_hosts="a.example, B.example"
    ) as daemon:
        for host, status in (("a.example", 200), ("b.example", 200), ("c.example", 421)):
            with h.Http(http_of(daemon)) as http:
                assert http.post("ListSamplers", {}, Host=host).status == status


def check_http_connections_max(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, http="127.0.0.1:0", http_connections_max=2
    ) as daemon:
        address = http_of(daemon)
        with h.Http(address) as first, h.Http(address) as second:
            assert first.post("ListSamplers", {}).status == 200
            assert second.post("ListSamplers", {}).status == 200
            with h.Http(address) as third:
                refused = third.post("ListSamplers", {})
            assert (refused.status, refused.refusal.reason) == (429, "LIMIT_EXCEEDED")
            assert refused.refusal.metadata == {"limit": "http_connections"}
            assert first.post("ListSamplers", {}).status == 200
        # Those that end make room.

        def is_served() -> bool:
            with h.Http(address) as http:
                return http.post("ListSamplers", {}).status == 200

        until(is_served, 10.0, "there is room again")


def seconds_to_close(address: str, sent: bytes) -> float:
    with h.raw(address) as connection:
        started = time.monotonic()
        connection.sendall(sent)
        h.read_all(connection)
        return time.monotonic() - started


def check_http_idle_seconds_max(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, http="127.0.0.1:0", http_idle_seconds_max=1
    ) as daemon:
        assert 0.9 < seconds_to_close(http_of(daemon), b"") < 10


def check_http_request_seconds_max(directory: pathlib.Path, source: str) -> None:
    with Settings(
        directory, source, http="127.0.0.1:0", http_request_seconds_max=1
    ) as daemon:
        assert 0.9 < seconds_to_close(http_of(daemon), b"POST / HT") < 10


CHECKS: dict[str, Callable[[pathlib.Path, str], None]] = {
    name.removeprefix("check_").replace("_", "-"): check
    for name, check in list(globals().items())
    if name.startswith("check_")
}


def flags_in_help() -> dict[str, str]:
    """Name to the environment variable that --help gives with it."""
    process = run_to_end("--help")
    assert (process.returncode, process.stderr) == (0, "")
    lines = re.findall(r"^  (?:-\w,)?--([a-z-]+)(.*)$", process.stdout, re.MULTILINE)
    variable = re.compile(r"\(Env:(\w+)\)")
    return {name: (variable.search(rest) or [None, ""])[1] for name, rest in lines}


def test_every_flag_of_the_help_is_tested() -> None:
    flags = flags_in_help()
    assert set(flags) == set(CHECKS) | OTHERS
    for name in (*CHECKS, "config"):
        assert flags[name] == "HPOD_" + name.upper().replace("-", "_")


@pytest.mark.parametrize("source", ["flag", "environment", "file"])
@pytest.mark.parametrize("name", CHECKS)
def test_setting(tmp_path: pathlib.Path, name: str, source: str) -> None:
    CHECKS[name](tmp_path, source)


def test_a_flag_goes_before_the_environment_and_that_before_the_file(
    tmp_path: pathlib.Path,
) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        'storage = "sqlite:///file.db"\nlog-format = "json"\nlog-level = "error"\n'
    )
    environment = {
        "HPOD_CONFIG": str(config),
        "HPOD_STORAGE": "sqlite:///environment.db",
        "HPOD_LOG_LEVEL": "info",
    }
    daemon = Daemon(tmp_path, storage="sqlite:///flag.db", environment=environment)
    daemon.launch()
    try:
        line = until(lambda: daemon.log().splitlines(), 20.0, "ready")[0]
        assert json.loads(line)["storage"] == "sqlite:///flag.db"
    finally:
        daemon.kill()
    assert {path.name for path in tmp_path.glob("*.db")} == {"flag.db"}


def test_version() -> None:
    process = run_to_end("--version")
    assert process.returncode == 0
    assert re.fullmatch(r"hpod \d+\.\d+\.\d+\n", process.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nope"],
        ["extra"],
        ["--log-level=loud"],
        ["--log-format=xml"],
        ["--proposal-threads=0"],
        ["--proposal-threads=65"],
        ["--message-mib-max=0"],
        ["--message-mib-max=many"],
        ["--calls-in-flight-max=0"],
        ["--commit-batch-max=0"],
        ["--http-connections-max=0"],
        ["--http-idle-seconds-max=0"],
        ["--http-request-seconds-max=0"],
        ["--config=/nonexistent.toml"],
    ],
)
def test_bad_flags_are_usage_errors(arguments: list[str]) -> None:
    process = run_to_end("--storage=memory://", "--listen=127.0.0.1:0", *arguments)
    assert (process.returncode, process.stdout) == (EXIT_USAGE, "")
    assert arguments[0].split("=")[0] in process.stderr


@pytest.mark.parametrize(
    "text", ['lisen = "127.0.0.1:0"', 'log-level = "loud"', "proposal-threads = 0"]
)
def test_bad_files_are_usage_errors(tmp_path: pathlib.Path, text: str) -> None:
    config = tmp_path / "bad.toml"
    config.write_text(text + "\n")
    for arguments, environment in (
        ([f"--config={config}"], {}),
        ([], {"HPOD_CONFIG": str(config)}),
    ):
        process = run_to_end(
            "--storage=memory://",
            "--listen=127.0.0.1:0",
            *arguments,
            environment=environment,
        )
        assert process.returncode == EXIT_USAGE
        assert process.stderr


@pytest.mark.parametrize("variable", ["HPOD_LOG_LEVEL=loud", "HPOD_PROPOSAL_THREADS=0"])
def test_bad_variables_are_usage_errors(variable: str) -> None:
    name, value = variable.split("=")
    process = run_to_end(
        "--storage=memory://", "--listen=127.0.0.1:0", environment={name: value}
    )
    assert process.returncode == EXIT_USAGE
    assert value in process.stderr
