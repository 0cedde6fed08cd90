"""Damaged files, full and failing disks, no more descriptors: what the daemon does."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import random
import resource
import shutil
import socket
import sqlite3
import subprocess
import time
from typing import Callable, Iterator

import grpc
import pytest

import client as c
from daemon_checks import (
    DRAIN_SECONDS,
    EXIT_REFUSED,
    EXIT_STORAGE_FAILED,
    Callers,
    refused_start,
    works,
)
from daemon_process import Daemon, until


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
    "not a database": lambda p: p.write_bytes(random.Random(1).randbytes(8192))
    and None,
    "text": lambda p: p.write_text("hello " * 1000) and None,
    "cut": lambda p: os.truncate(p, 8192),
    "no trials page": lambda p: zero_page(p, "trials"),
    "no reports page": lambda p: zero_page(p, "reports"),
    "another program's": lambda p: edit(p, "PRAGMA application_id=1"),
    "a newer schema": lambda p: edit(p, "PRAGMA user_version=99"),
    "unknown state": lambda p: edit(p, "UPDATE trials SET state='DONE' WHERE number=7"),
    "params that are no JSON": lambda p: edit(
        p, "UPDATE trials SET params='[1' WHERE number=7"
    ),
    "params of another shape": lambda p: edit(
        p, "UPDATE trials SET params='[1,2]' WHERE number=7"
    ),
    "a gap in the numbers": lambda p: edit(p, "DELETE FROM trials WHERE number=7"),
    "trials of no study": lambda p: edit(p, "DELETE FROM studies"),
    "an unknown sampler": lambda p: edit(p, "UPDATE studies SET sampler='nope'"),
    "a space that is no JSON": lambda p: edit(p, "UPDATE studies SET space='{'"),
    "extra that is no object": lambda p: edit(
        p, "UPDATE trials SET extra='[1]' WHERE number=7"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_and_left_alone(
    start: Callable[..., Daemon], damage: str
) -> None:
    database = filled(start)
    for leftover in ("-wal", "-shm"):
        database.with_name(database.name + leftover).unlink(missing_ok=True)
    DAMAGES[damage](database)
    before = database.read_bytes()
    log = refused_start(Daemon(database.parent), EXIT_REFUSED)
    assert "cannot start" in log and str(database) in log
    assert database.read_bytes() == before


def test_the_daemon_survives_running_out_of_descriptors(
    start: Callable[..., Daemon],
) -> None:
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))  # noqa: E731
    daemon = start(preexec=limit)
    with c.Client(daemon.address) as early:
        works(early, "s")
        descriptors = pathlib.Path(f"/proc/{daemon.pid}/fd")
        with contextlib.ExitStack() as stack:
            for _ in range(200):
                connection = socket.create_connection(
                    ("127.0.0.1", daemon.port), timeout=5
                )
                stack.enter_context(connection)
            until(
                lambda: len(list(descriptors.iterdir())) == 64,
                10.0,
                "no descriptor is left",
            )
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
    source, shim, trigger = (
        tmp_path / name for name in ("shim.c", "shim.so", "fail now")
    )
    source.write_text(SHIM)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True
    )
    environment = {
        "LD_PRELOAD": str(shim),
        "FAIL_SYNC_WHILE": str(trigger),
        # A daemon with AddressSanitizer would not start: its runtime comes after the shim.
        "ASAN_OPTIONS": "verify_asan_link_order=0",
    }
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
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk],
        capture_output=True,
        text=True,
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small file system: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def write_until_full(
    client: c.Client, study: str, written: dict[int, str]
) -> c.Refusal:
    """Enqueues large trials, noted in `written` if acknowledged; the refusal."""
    while len(written) < 2000:
        text = json.dumps(f"{len(written)} " + "v" * 20_000)
        try:
            number = client.EnqueueTrial(
                study=study, user_attributes={"text": text}
            ).number
        except grpc.RpcError as error:
            return c.refusal(error)
        written[number] = text
    raise AssertionError("the disk is never full")


def test_a_full_disk_refuses_writes_and_nothing_else(
    start: Callable[..., Daemon], small_disk: pathlib.Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (2 << 20))
    daemon = start(storage=f"sqlite:///{small_disk}/hpod.db")
    written: dict[int, str] = {}

    def texts(client: c.Client) -> dict[int, str]:
        trials = (
            trial for trial in client.trials("s") if "text" in trial.user_attributes
        )
        return {trial.number: trial.user_attributes["text"] for trial in trials}

    with c.Client(daemon.address) as client:
        client.create("s", lease=c.seconds(1))
        client.create("by side")
        key = {
            "study": "s",
            "number": 0,
            "lease_token": client.suggest("s").lease.token,
        }
        refused = write_until_full(client, "s", written)
        assert len(written) > 20
        # Longer than a lease. Heartbeats and reads go on; refusals leave no trace.
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            assert (refused.code, refused.reason) == (
                "RESOURCE_EXHAUSTED",
                "STORAGE_FULL",
            )
            client.HeartbeatTrial(**key)
            assert texts(client) == written
            assert client.GetStudy(study="s").study.counts.waiting == len(written)
            refused = write_until_full(client, "s", written)
        watch = client.WatchStudy(study="s", after_revision=0)
        assert next(watch).study.name == "s"

        ballast.unlink()
        client.CompleteTrial(values=[1.0], **key)
        assert client.EnqueueTrial(study="s").number == len(written) + 1
        works(client, "by side")
        before = client.dump()
    daemon.restart()
    with c.Client(daemon.address) as client:
        assert client.dump() == before
        assert texts(client) == written
