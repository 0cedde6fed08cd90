"""Runs one hpod for the quickstart."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Optional

_STOP_MAX_S = 15


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


class Daemon:
    """An hpod on a SQLite file in `folder`, with its log beside it."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.address = free_address()
        self.database = folder / "hpod.db"
        self.hpoctl = [str(binaries / "hpoctl"), "--server", self.address]
        self._hpod = str(binaries / "hpod")
        self._log = folder / "hpod.log"
        self._process: Optional[subprocess.Popen[bytes]] = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Seconds until it answers."""
        begin = time.monotonic()
        storage = f"sqlite:///{self.database}"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._hpod, "--listen", self.address, "--storage", storage],
                stdout=log,
                stderr=log,
            )
        ping = subprocess.run(
            [*self.hpoctl, "ping", "--wait", "30"], capture_output=True
        )
        if ping.returncode != 0:
            raise SystemExit(f"hpod does not answer; its log:\n{self._log.read_text()}")
        return time.monotonic() - begin

    def kill(self) -> None:
        """As kill -9 does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ends it politely if it runs."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_MAX_S)
        except subprocess.TimeoutExpired:
            self.kill()
