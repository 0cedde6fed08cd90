"""Child processes that cannot hang the program: every wait has an end."""

from __future__ import annotations

import contextlib
import os
import pathlib
import selectors
import subprocess
import time
from typing import Mapping, Optional, Sequence

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CLOSE_SECONDS = 5.0


class ChildError(RuntimeError):
    """A child ended, or said nothing in time."""


def environment(**more: str) -> dict[str, str]:
    """This process's environment without the daemon's settings; numerical libraries use one thread."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HPOD_")}
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY / "tests")}
    return {**kept, **one_thread, **more}


class Child:
    """A process that answers each line with one line. A context manager; it ends with it."""

    def __init__(self, command: Sequence[str], env: Optional[Mapping[str, str]] = None) -> None:
        self._name = pathlib.Path(command[0]).name
        self._process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(env or environment())
        )
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._rest = b""

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, line: str, seconds: float) -> str:
        """Sends a line and returns the answer.

        Raises:
            ChildError: none came within `seconds`. The child is gone then.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise ChildError(f"{self._name} has ended (exit code {self._process.wait(5)})") from None
        return self.read(seconds)

    def read(self, seconds: float) -> str:
        """The next line. Raises ChildError as `ask` does."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                self.close()
                raise ChildError(f"{self._name} said nothing for {seconds:g} s")
            assert self._process.stdout is not None
            chunk = os.read(self._process.stdout.fileno(), 65536)
            if not chunk:
                raise ChildError(f"{self._name} has ended (exit code {self._process.wait(5)})")
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()

    def close(self) -> None:
        """Ends the child: by the end of its input, else by signals."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        for end in (lambda: None, self._process.terminate, self._process.kill):
            end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(CLOSE_SECONDS)
                break
        self._selector.close()
        self._process.stdout.close()
