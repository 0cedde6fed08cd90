"""A real hpod process: started on a free port, killed, started again, its log read."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import time
from typing import Callable, Mapping, Optional, TypeVar

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
T = TypeVar("T")


def binary() -> str:
    """Path of the daemon under test: HPOD_BINARY, else the release build."""
    path = os.environ.get("HPOD_BINARY") or str(REPOSITORY / "build/release/bin/hpod")
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no daemon at {path}: build it or set HPOD_BINARY")
    return path


def clean_environment(**settings: str) -> dict[str, str]:
    """This process's environment without the daemon's own settings, and `settings`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HPOD_")}
    return {**kept, **settings}


def until(condition: Callable[[], Optional[T]], seconds: float, what: str) -> T:
    """The first truthy result of `condition`, asked again until the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(0.005)


class Daemon:
    """One daemon on one SQLite file. It keeps its port over restarts.

    `directory` gets the database and the log. `storage` replaces the URL; `environment`
    adds HPOD_ variables and others; `preexec` runs in the child before exec.
    """

    def __init__(
        self,
        directory: pathlib.Path,
        *flags: str,
        storage: Optional[str] = None,
        environment: Optional[Mapping[str, str]] = None,
        preexec: Optional[Callable[[], None]] = None,
        name: str = "hpod",
    ) -> None:
        self.database = directory / f"{name}.db"
        self.storage = storage or f"sqlite:///{self.database}"
        self.log_path = directory / f"{name}.log"
        self.flags = flags
        self.environment = clean_environment(**(environment or {}))
        self.preexec = preexec
        self.port = 0
        self.process: Optional[subprocess.Popen[bytes]] = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def http_address(self) -> str:
        """Of a daemon that runs with --http=127.0.0.1:0."""
        found = re.search(r" ready .* http=(127\.0\.0\.1:\d+) ", self.log())
        assert found, self.log()
        return found[1]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Returns when the daemon says that it is SERVING."""
        self.launch()
        line = until(self._ready_line, START_SECONDS, f"ready: {self.log()[-2000:]}")
        self.port = int(line.split("address=127.0.0.1:")[1].split()[0])
        self.wait_serving()

    def launch(self) -> None:
        """Starts the process and does not wait for it."""
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [
                    binary(),
                    f"--listen={self.address}",
                    f"--storage={self.storage}",
                    *self.flags,
                ],
                stdout=log,
                stderr=log,
                env=self.environment,
                preexec_fn=self.preexec,
                cwd=self.log_path.parent,
            )

    def wait_serving(self) -> None:
        with grpc.insecure_channel(self.address) as channel:
            health = health_pb2_grpc.HealthStub(channel)
            reply = health.Check(
                health_pb2.HealthCheckRequest(),
                timeout=START_SECONDS,
                wait_for_ready=True,
            )
        assert reply.status == health_pb2.HealthCheckResponse.SERVING

    def kill(self) -> None:
        """SIGKILL, if it runs; returns when it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait(timeout=10)

    def restart(self) -> None:
        self.kill()
        self.start()

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> int:
        """The exit code, when the process has ended by itself."""
        assert self.process is not None
        return self.process.wait(timeout=seconds)

    def log(self) -> str:
        """What the process wrote since it was last started."""
        if not self.log_path.exists():
            return ""
        with open(self.log_path, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode()

    def _ready_line(self) -> Optional[str]:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"exit {self.process.returncode}: {self.log()}")
        lines = [line for line in self.log().splitlines() if " ready " in line]
        return lines[0] if lines and "address=" in lines[0] else None
