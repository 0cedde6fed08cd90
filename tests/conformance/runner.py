"""A client's runner: a process that does one step at a time."""

from __future__ import annotations

import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
from typing import Any, Optional

from daemon_process import clean_environment
from languages import Language

_STEP_SECONDS = 30.0
_END_SECONDS = 10.0


class Runner:
    """One process of the client of `language`, connected to `address`.

    `settings` are variables of its environment.
    """

    def __init__(
        self,
        language: Language,
        address: str,
        folder: pathlib.Path,
        name: str = "",
        **settings: str,
    ) -> None:
        self.language = language
        self._log_path = folder / f"{language.name}{name}.log"
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                language.command(language.run_command),
                cwd=language.folder,
                env=clean_environment(HPOD_SERVER=address, **settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # A signal for the tests is none for the runner.
                start_new_session=True,
            )
        self._answers: queue.Queue[Optional[bytes]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        if kind is not None:
            self.kill()
            return
        self.end()

    def send(self, step: dict[str, Any]) -> None:
        """Has the runner begin a step; `answer` waits for its end."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(step).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise AssertionError(self._ended()) from None

    def answer(self) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=_STEP_SECONDS)
        except queue.Empty:
            raise AssertionError(
                f"{self.language.name}: no answer in {_STEP_SECONDS} s\n{self.log()}"
            ) from None
        if line is None:
            raise AssertionError(self._ended())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, **step: Any) -> dict[str, Any]:
        """The answer to a step."""
        self.send(step)
        return self.answer()

    def ok(self, **step: Any) -> dict[str, Any]:
        """The result of a step, which must not fail."""
        answer = self.do(**step)
        assert "ok" in answer, f"{self.language.name}: {step}: {answer}"
        result: dict[str, Any] = answer["ok"]
        return result

    def freeze(self) -> None:
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As kill -9 does, of the runner with the processes that it started."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._close()

    def end(self) -> None:
        """Ends the input; the runner must end well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.language.name}: runs on after the end of its input"
            ) from None
        self._close()
        assert code == 0, f"{self.language.name}: exit code {code}\n{self.log()}"

    def log(self) -> str:
        """What it wrote on standard error."""
        return self._log_path.read_text(errors="replace")[-4000:]

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _ended(self) -> str:
        code = self._process.wait(_END_SECONDS)
        return f"{self.language.name}: the runner ended with {code}\n{self.log()}"

    def _close(self) -> None:
        self._process.wait(_END_SECONDS)
        self._reader.join(_END_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
