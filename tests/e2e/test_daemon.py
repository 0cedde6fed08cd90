"""The process: start, refusals to start, stop, signals, and what a hostile machine does to it."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from typing import Callable, Iterator

import client as c
import grpc
import pytest
from daemon_process import Daemon, binary, clean_environment, until
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hpo.v1 import study_service_pb2, trial_pb2

EXIT_USAGE, EXIT_REFUSED, EXIT_STORAGE_FAILED = 2, 69, 75
DRAIN_SECONDS = 10.0


def refused_start(daemon: Daemon, code: int) -> str:
    """Starts a daemon that must end with `code`; its log."""
    daemon.launch()
    try:
        assert daemon.wait(20.0) == code, daemon.log()
    finally:
        daemon.kill()
    return daemon.log()


def works(client: c.Client, study: str) -> None:
    """The daemon takes writes and answers reads."""
    client.CreateStudy(study={"name": study}, load_if_exists=True)
    number = client.suggest(study).number
    client.CompleteTrial(study=study, number=number, values=[1.0])
    assert client.GetTrial(study=study, number=number).trial.state == c.COMPLETE


def test_the_ready_line_has_address_and_storage(start: Callable[..., Daemon]) -> None:
    daemon = start()
    (line,) = [line for line in daemon.log().splitlines() if " ready " in line]
    fields = dict(field.split("=", 1) for field in line.split() if "=" in field)
    assert fields["address"] == daemon.address and daemon.port > 0
    assert fields["storage"] == daemon.storage
    assert (fields["studies"], fields["trials"]) == ("0", "0")


def test_json_log_lines_are_objects(start: Callable[..., Daemon], tmp_path: pathlib.Path) -> None:
    daemon = Daemon(tmp_path, "--log-format=json", name='j"son\\ü')
    daemon.launch()
    try:
        until(lambda: '"ready"' in daemon.log(), 20.0, "ready")
        daemon.terminate()
        assert daemon.wait(DRAIN_SECONDS) == 0
    finally:
        daemon.kill()
    lines = [json.loads(line) for line in daemon.log().splitlines()]
    assert [line["event"] for line in lines] == ["ready", "stopping", "stopped"]
    assert all({"time", "level", "event"} <= set(line) for line in lines)
    assert lines[0]["storage"] == daemon.storage
    assert lines[0]["address"].startswith("127.0.0.1:")


def test_a_second_daemon_on_the_file_is_refused(start: Callable[..., Daemon], tmp_path: pathlib.Path) -> None:
    first = start()
    link = tmp_path / "link.db"
    link.symlink_to(first.database)
    for storage in (first.storage, f"sqlite:///{link}", f"sqlite:///{tmp_path}/./x/../hpod.db"):
        (tmp_path / "x").mkdir(exist_ok=True)
        second = Daemon(tmp_path, storage=storage, name="second")
        log = refused_start(second, EXIT_REFUSED)
        assert f"process {first.pid}" in log and "in use" in log
    with c.Client(first.address) as client:
        works(client, "s")
    first.kill()
    second.start()
    second.kill()


def test_a_second_daemon_on_the_port_is_refused(start: Callable[..., Daemon], tmp_path: pathlib.Path) -> None:
    first = start()
    second = Daemon(tmp_path, name="second")
    second.port = first.port
    log = refused_start(second, EXIT_REFUSED)
    assert f"process {first.pid}" in log and first.address in log
    with c.Client(first.address) as client:
        works(client, "s")


def test_of_many_daemons_on_one_file_one_serves(tmp_path: pathlib.Path) -> None:
    storage = f"sqlite:///{tmp_path}/shared.db"
    for _ in range(3):
        daemons = [Daemon(tmp_path, storage=storage, name=f"d{i}") for i in range(6)]
        try:
            for daemon in daemons:
                daemon.launch()
            until(
                lambda: sum(d.process.poll() is not None for d in daemons) == 5,
                20.0,
                "five have ended",
            )
            (serving,) = [d for d in daemons if d.process.poll() is None]
            until(lambda: " ready " in serving.log(), 20.0, "one is ready")
            codes = {d.process.returncode for d in daemons if d is not serving}
            assert codes == {EXIT_REFUSED}
        finally:
            for daemon in daemons:
                daemon.kill()


@pytest.mark.parametrize(
    "storage, words",
    [
        ("postgres://localhost/hpod", ["postgres://localhost/hpod", "sqlite:///hpod.db"]),
        ("hpod.db", ["hpod.db", "memory://"]),
        ("sqlite://", ["path"]),
        ("", ["--storage"]),
    ],
)
def test_a_bad_storage_url_is_a_usage_error(tmp_path: pathlib.Path, storage: str, words: list[str]) -> None:
    process = run_to_end(f"--storage={storage}")
    assert process.returncode == EXIT_USAGE
    for word in words:
        assert word in process.stderr


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", "nope:1", "1.2.3:4:5"])
def test_a_bad_address_is_a_usage_error(address: str) -> None:
    process = run_to_end(f"--listen={address}", "--storage=memory://")
    assert process.returncode == EXIT_USAGE
    assert address in process.stderr


def test_an_address_of_another_machine_is_refused() -> None:
    # 203.0.113.0/24 is for documentation (RFC 5737).
    process = run_to_end("--listen=203.0.113.1:0", "--storage=memory://")
    assert process.returncode == EXIT_REFUSED
    assert "203.0.113.1" in process.stderr


def run_to_end(*arguments: str) -> subprocess.CompletedProcess[str]:
    listen = [] if any("--listen" in a for a in arguments) else ["--listen=127.0.0.1:0"]
    return subprocess.run(
        [binary(), *listen, *arguments],
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=20,
    )


def filled(start: Callable[..., Daemon]) -> pathlib.Path:
    """A database with trials, closed in good order."""
    daemon = start()
    with c.Client(daemon.address) as client:
        client.create("s", space=[c.floats("x", 0.0, 1.0)])
        for trial in client.SuggestTrials(study="s", count=200).trials:
            client.ReportValue(study="s", number=trial.number, step=1, value=1.0)
    daemon.terminate()
    assert daemon.wait(DRAIN_SECONDS) == 0
    return daemon.database


def edit(database: pathlib.Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def zero_page(database: pathlib.Path, table: str) -> None:
    """Overwrites the root page of a table."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page_size,) = db.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name=?"
        (page,) = db.execute(query, [table]).fetchone()
    with open(database, "r+b") as file:
        file.seek((page - 1) * page_size)
        file.write(b"\0" * page_size)


DAMAGES: dict[str, Callable[[pathlib.Path], None]] = {
    "not a database": lambda p: p.write_bytes(random.Random(1).randbytes(8192)) and None,
    "text": lambda p: p.write_text("hello " * 1000) and None,
    "cut": lambda p: os.truncate(p, 8192),
    "no trials page": lambda p: zero_page(p, "trials"),
    "no reports page": lambda p: zero_page(p, "reports"),
    "another program's": lambda p: edit(p, "PRAGMA application_id=1"),
    "a newer schema": lambda p: edit(p, "PRAGMA user_version=99"),
    "unknown state": lambda p: edit(p, "UPDATE trials SET state='DONE' WHERE number=7"),
    "params that are no JSON": lambda p: edit(p, "UPDATE trials SET params='[1' WHERE number=7"),
    "params of another shape": lambda p: edit(p, "UPDATE trials SET params='[1,2]' WHERE number=7"),
    "a gap in the numbers": lambda p: edit(p, "DELETE FROM trials WHERE number=7"),
    "trials of no study": lambda p: edit(p, "DELETE FROM studies"),
    "an unknown sampler": lambda p: edit(p, "UPDATE studies SET sampler='nope'"),
    "a space that is no JSON": lambda p: edit(p, "UPDATE studies SET space='{'"),
    "extra that is no object": lambda p: edit(p, "UPDATE trials SET extra='[1]' WHERE number=7"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_left_alone(start: Callable[..., Daemon], damage: str) -> None:
    database = filled(start)
    for leftover in ("-wal", "-shm"):
        database.with_name(database.name + leftover).unlink(missing_ok=True)
    DAMAGES[damage](database)
    before = database.read_bytes()
    log = refused_start(Daemon(database.parent), EXIT_REFUSED)
    assert "cannot start" in log and str(database) in log
    assert database.read_bytes() == before


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_stops_at_once(start: Callable[..., Daemon], signal_number: int) -> None:
    daemon = start()
    os.kill(daemon.pid, signal_number)
    assert daemon.wait(2.0) == 0
    assert "stopping" in daemon.log() and "exit_code=0" in daemon.log()


class Callers:
    """Threads that enqueue until the daemon is gone."""

    def __init__(self, address: str, study: str, count: int) -> None:
        self.acknowledged: set[int] = set()
        self.ends: list[c.Refusal] = []
        self.address, self.study = address, study
        self.threads = [threading.Thread(target=self.call) for _ in range(count)]

    def call(self) -> None:
        with c.Client(self.address) as client:
            stub = client.stubs[1]
            while True:
                request = c.request_type("EnqueueTrial")(study=self.study)
                try:
                    self.acknowledged.add(stub.EnqueueTrial(request, timeout=20).number)
                except grpc.RpcError as error:
                    self.ends.append(c.refusal(error))
                    return

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        until(lambda: len(self.acknowledged) > 50, 20.0, "calls are answered")
        return self

    def __exit__(self, *exc: object) -> None:
        for thread in self.threads:
            thread.join()


def test_sigterm_drains(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client, c.Client(daemon.address) as watcher:
        client.create("s")
        request = study_service_pb2.WatchStudyRequest(study="s", after_revision=0)
        streams = [watcher.stubs[0].WatchStudy(request, timeout=20) for _ in range(30)]
        for stream in streams:
            next(stream)
        with Callers(daemon.address, "s", 12) as callers:
            daemon.terminate()
            assert daemon.wait(DRAIN_SECONDS) == 0
        assert {end.code for end in callers.ends} == {"UNAVAILABLE"}
        for stream in streams:
            with pytest.raises(grpc.RpcError) as caught:
                for _ in stream:
                    pass
            end = c.refusal(caught.value)
            assert (end.code, end.reason) == ("UNAVAILABLE", "SHUTTING_DOWN")
    daemon.start()
    with c.Client(daemon.address) as client:
        assert callers.acknowledged <= {trial.number for trial in client.trials("s")}


def test_sigterm_does_not_wait_for_clients_that_hang(start: Callable[..., Daemon]) -> None:
    daemon = start()
    with c.Client(daemon.address) as client, socket.create_connection(("127.0.0.1", daemon.port)):
        client.create("s")
        text = {"text": '"' + "v" * 900_000 + '"'}
        client.AddTrials(study="s", trials=[trial_pb2.Trial(state=c.FAIL, user_attributes=text)] * 20)
        # Readers that never read: messages wait in the daemon.
        request = study_service_pb2.WatchStudyRequest(study="s", after_revision=0)
        streams = [client.stubs[0].WatchStudy(request) for _ in range(4)]
        health = health_pb2_grpc.HealthStub(client.channel)
        statuses = health.Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert next(statuses).status == health_pb2.HealthCheckResponse.SERVING
        works(client, "other")
        daemon.terminate()
        # Said at once, not when the daemon has ended.
        assert next(statuses).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert daemon.process.poll() is None
        assert daemon.wait(DRAIN_SECONDS) == 0
        del streams


def test_the_daemon_survives_running_out_of_descriptors(start: Callable[..., Daemon]) -> None:
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
    daemon = start(preexec=limit)
    with c.Client(daemon.address) as early:
        works(early, "s")
        descriptors = pathlib.Path(f"/proc/{daemon.pid}/fd")
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                connection = socket.create_connection(("127.0.0.1", daemon.port), timeout=5)
                stack.enter_context(connection)
            until(lambda: len(list(descriptors.iterdir())) == 64, 10.0, "no descriptor is left")
            # Who is connected is served all the same.
            works(early, "s")
        with c.Client(daemon.address, timeout=10.0) as late:
            works(late, "s")


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Fails while the file of this name exists. */
static int fails(void) { return access(getenv("FAIL_SYNC_WHILE"), F_OK) == 0; }

#define SHIM(name)                                           \
  int name(int fd) {                                         \
    static int (*real)(int);                                 \
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #name); \
    if (!fails()) return real(fd);                           \
    errno = EIO;                                             \
    return -1;                                               \
  }
SHIM(fsync)
SHIM(fdatasync)
"""


def test_a_failed_sync_ends_the_daemon_and_acknowledges_nothing(
    start: Callable[..., Daemon], tmp_path: pathlib.Path
) -> None:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for the preloaded shim")
    source, shim, trigger = (tmp_path / name for name in ("shim.c", "shim.so", "fail now"))
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    environment = {"LD_PRELOAD": str(shim), "FAIL_SYNC_WHILE": str(trigger)}
    daemon = start(environment=environment)
    with c.Client(daemon.address) as client:
        client.create("s")
        watch = client.WatchStudy(study="s", after_revision=0)
        next(watch)
        with Callers(daemon.address, "s", 8) as callers:
            trigger.touch()
            assert daemon.wait(DRAIN_SECONDS) == EXIT_STORAGE_FAILED
        assert {end.code for end in callers.ends} == {"UNAVAILABLE"}
        assert "STORAGE_FAILED" in {end.reason for end in callers.ends}
        with pytest.raises(grpc.RpcError) as caught:
            for _ in watch:
                pass
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert "storage failed" in daemon.log()
    trigger.unlink()
    daemon.start()
    with c.Client(daemon.address) as client:
        numbers = {trial.number for trial in client.trials("s")}
        assert callers.acknowledged <= numbers == set(range(len(numbers)))
        # One unanswered call each at most.
        assert len(numbers) - len(callers.acknowledged) <= 8
        works(client, "s")


@pytest.fixture
def small_disk(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A file system of 6 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def write_until_full(client: c.Client, study: str) -> tuple[dict[int, str], c.Refusal]:
    """Enqueues trials with large attributes; what was acknowledged, and the refusal."""
    written: dict[int, str] = {}
    while True:
        text = json.dumps(str(len(written)) * 20_000)[:30_000] + '"'
        request = c.request_type("EnqueueTrial")(study=study, user_attributes={"text": text})
        try:
            written[client.EnqueueTrial(request).number] = text
        except grpc.RpcError as error:
            return written, c.refusal(error)
        assert len(written) < 2000


def test_a_full_disk_refuses_writes_and_nothing_else(
    start: Callable[..., Daemon], small_disk: pathlib.Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (2 << 20))
    daemon = start(storage=f"sqlite:///{small_disk}/hpod.db")
    with c.Client(daemon.address) as client:
        client.create("s", lease=c.seconds(1))
        client.create("by side")
        trial = client.suggest("s")
        written, refused = write_until_full(client, "s")
        assert len(written) > 20
        assert (refused.code, refused.reason) == ("RESOURCE_EXHAUSTED", "STORAGE_FULL")
        before = client.dump()
        stored = {t.number: t.user_attributes["text"] for t in client.trials("s") if t.number}
        assert stored == written
        # The lease is renewed all the while, and reads go on.
        watch = client.WatchStudy(study="s", after_revision=0)
        assert next(watch).study.name == "s"
        token = trial.lease.token
        for _ in range(30):
            client.HeartbeatTrial(study="s", number=0, lease_token=token)
            _, refused = write_until_full(client, "s")
            assert refused.reason == "STORAGE_FULL"
        assert client.dump()[:1] == before[:1] or len(client.trials("s")) > len(written)
        running = client.GetTrial(study="s", number=0).trial
        assert (running.state, running.lease.token) == (c.RUNNING, token)
        kept = len(client.trials("s"))

        ballast.unlink()
        client.HeartbeatTrial(study="s", number=0, lease_token=token)
        client.CompleteTrial(study="s", number=0, lease_token=token, values=[1.0])
        assert client.EnqueueTrial(study="s").number == kept
        works(client, "by side")
        before = client.dump()
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert client.dump() == before
