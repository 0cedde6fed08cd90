"""A real daemon for the tests: started on a free port, killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Optional

import hpod  # noqa: F401  # first: sets up gRPC for forks

import grpc  # isort: skip

_REPOSITORY = Path(__file__).resolve().parents[3]
_BINARY_DEFAULT = _REPOSITORY / "build" / "release" / "bin" / "hpod"
_START_MAX_S = 30.0
# grpc.health.v1.HealthCheckResponse with status SERVING.
_SERVING = b"\x08\x01"


def binary() -> Path:
    return Path(os.environ.get("HPOD_BINARY") or _BINARY_DEFAULT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Daemon:
    """One hpod on a SQLite file in `folder`; started and stopped as often as needed."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.storage = f"sqlite:///{folder}/hpod.db"
        self._log = folder / "hpod.log"
        self._process: Optional[subprocess.Popen[bytes]] = None

    def start(self) -> None:
        arguments = ["--listen", self.address, "--storage", self.storage]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([binary(), *arguments], stderr=log)
        self._wait_until_serving()

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        """Ends it if it runs, and checks that it ends well."""
        if self._process is None:
            return
        self._process.terminate()
        code = self._process.wait(20)
        self._process = None
        assert code == 0, f"hpod ended with {code}: {self._log.read_text()}"

    def _wait_until_serving(self) -> None:
        end = time.monotonic() + _START_MAX_S
        while not self._is_serving():
            assert self._process is not None
            code = self._process.poll()
            assert code is None, f"hpod ended with {code}: {self._log.read_text()}"
            assert time.monotonic() < end, f"hpod is not ready: {self._log.read_text()}"
            time.sleep(0.02)

    def _is_serving(self) -> bool:
        # A channel each: one that failed to connect would pause before it tries again.
        with grpc.insecure_channel(self.address) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            try:
                return bool(check(b"", timeout=5) == _SERVING)
            except grpc.RpcError:
                return False
