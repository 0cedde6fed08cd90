"""hpod and Optuna's proxy as child processes."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import Iterator, Sequence

from bench.child import REPOSITORY, ChildError, environment

START_SECONDS = 120.0
FOLDERS = {"disk": REPOSITORY / "build", "tmpfs": pathlib.Path("/dev/shm")}


@contextlib.contextmanager
def scratch(place: str) -> Iterator[pathlib.Path]:
    """An empty folder on "disk" or "tmpfs"."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="hpod-bench-", dir=FOLDERS[place]))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(command: Sequence[str], log: pathlib.Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to `log`; ended by SIGTERM, or SIGKILL after a while."""
    with open(log, "ab") as output:
        process = subprocess.Popen(list(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment())
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


class Daemon:
    """A ready hpod: where it listens, how long its start took, what memory it has."""

    def __init__(self, address: str, pid: int, ready_s: float) -> None:
        self.address = address
        self.ready_s = ready_s
        self._pid = pid

    def resident_bytes(self) -> int:
        pages = pathlib.Path(f"/proc/{self._pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def hpod(database: pathlib.Path) -> Iterator[Daemon]:
    """hpod on a free port with this SQLite file."""
    log = database.with_suffix(".log")
    log.unlink(missing_ok=True)
    command = [str(REPOSITORY / "build/release/bin/hpod"), "--listen=127.0.0.1:0", f"--storage=sqlite:///{database}"]
    began = time.monotonic()
    with running(command, log) as process:
        while True:
            ready = re.search(r" ready .*address=(\S+)", log.read_text())
            if ready:
                break
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise ChildError(f"hpod did not start: {log.read_text()[-500:]}")
            time.sleep(0.002)
        yield Daemon(ready.group(1), process.pid, time.monotonic() - began)


@contextlib.contextmanager
def optuna_proxy(database: pathlib.Path) -> Iterator[str]:
    """Optuna's gRPC proxy on this SQLite file; gives its address. Clients wait until it is ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bench.peers_optuna", "proxy", str(database), str(port)]
    with running(command, database.with_suffix(".log")):
        yield f"localhost:{port}"
