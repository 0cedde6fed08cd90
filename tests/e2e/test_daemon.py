"""The process: start, refusals to start, signals, stop."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import socket
import subprocess
from typing import Callable

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hpo.v1 import study_service_pb2, trial_pb2

import client as c
from daemon_checks import (
    DRAIN_SECONDS,
    EXIT_REFUSED,
    EXIT_USAGE,
    Callers,
    refused_start,
    works,
)
from daemon_process import Daemon, binary, clean_environment, until


def test_the_ready_line_has_address_and_storage(start: Callable[..., Daemon]) -> None:
    daemon = start()
    (line,) = [line for line in daemon.log().splitlines() if " ready " in line]
    fields = dict(field.split("=", 1) for field in line.split() if "=" in field)
    assert fields["address"] == daemon.address and daemon.port > 0
    assert fields["http"] == "off"
    assert fields["storage"] == daemon.storage
    assert (fields["studies"], fields["trials"]) == ("0", "0")


def test_json_log_lines_are_objects(
    start: Callable[..., Daemon], tmp_path: pathlib.Path
) -> None:
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


def test_a_second_daemon_on_the_file_is_refused(
    start: Callable[..., Daemon], tmp_path: pathlib.Path
) -> None:
    first = start()
    link = tmp_path / "link.db"
    link.symlink_to(first.database)
    for storage in (
        first.storage,
        f"sqlite:///{link}",
        f"sqlite:///{tmp_path}/./x/../hpod.db",
    ):
        (tmp_path / "x").mkdir(exist_ok=True)
        second = Daemon(tmp_path, storage=storage, name="second")
        log = refused_start(second, EXIT_REFUSED)
        assert f"process {first.pid}" in log and "in use" in log
    with c.Client(first.address) as client:
        works(client, "s")
    first.kill()
    second.start()
    second.kill()


def test_a_database_with_a_second_name_is_refused(
    start: Callable[..., Daemon], tmp_path: pathlib.Path
) -> None:
    first = start()
    link = tmp_path / "hard link.db"
    link.hardlink_to(first.database)
    second = Daemon(tmp_path, storage=f"sqlite:///{link}", name="second")
    assert "hard links" in refused_start(second, EXIT_REFUSED)


def test_a_second_daemon_on_the_port_is_refused(
    start: Callable[..., Daemon], tmp_path: pathlib.Path
) -> None:
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
        (
            "postgres://localhost/hpod",
            ["postgres://localhost/hpod", "sqlite:///hpod.db"],
        ),
        ("hpod.db", ["hpod.db", "memory://"]),
        ("sqlite://", ["path"]),
        ("", ["--storage"]),
    ],
)
def test_a_bad_storage_url_is_a_usage_error(
    tmp_path: pathlib.Path, storage: str, words: list[str]
) -> None:
    process = run_to_end(f"--storage={storage}")
    assert process.returncode == EXIT_USAGE
    for word in words:
        assert word in process.stderr


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.0.0.1:port", "127.0.0.1:70000", "nope:1", "1.2.3:4:5"]
)
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


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_daemon_stops_at_once(
    start: Callable[..., Daemon], signal_number: int
) -> None:
    daemon = start()
    os.kill(daemon.pid, signal_number)
    assert daemon.wait(2.0) == 0
    assert "stopping" in daemon.log() and "exit_code=0" in daemon.log()


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


def test_sigterm_does_not_wait_for_clients_that_hang(
    start: Callable[..., Daemon],
) -> None:
    daemon = start()
    with c.Client(daemon.address) as client, socket.create_connection(
        ("127.0.0.1", daemon.port)
    ):
        client.create("s")
        text = {"text": '"' + "v" * 900_000 + '"'}
        client.AddTrials(
            study="s", trials=[trial_pb2.Trial(state=c.FAIL, user_attributes=text)] * 20
        )
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
