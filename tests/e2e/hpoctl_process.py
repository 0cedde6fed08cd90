"""A real hpoctl: run to its end, or started and signalled, and commands for `hpoctl run`."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import textwrap
from typing import Any, Optional

from daemon_process import REPOSITORY, clean_environment

SECONDS = 60.0


def hpoctl_binary() -> str:
    """Path of hpoctl under test: HPOCTL_BINARY, else the release build."""
    path = os.environ.get("HPOCTL_BINARY") or str(
        REPOSITORY / "build/release/bin/hpoctl"
    )
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"no hpoctl at {path}: build it or set HPOCTL_BINARY")
    return path


class Hpoctl:
    """Runs hpoctl in `folder` against the daemon at `address`."""

    def __init__(self, folder: pathlib.Path, address: str) -> None:
        self.folder = folder
        self.environment = clean_environment(HPOD_SERVER=address, LC_ALL="C.UTF-8")

    def __call__(
        self, *arguments: str, code: Optional[int] = 0
    ) -> "subprocess.CompletedProcess[str]":
        """Runs it to its end, which must have the exit code `code` (None: any)."""
        done = subprocess.run(
            [hpoctl_binary(), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert code in (None, done.returncode), (done.returncode, done.stdout, done.stderr)
        return done

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [hpoctl_binary(), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_json(self, study: str, *flags: str, command: list[str]) -> list[dict[str, Any]]:
        """The lines of `hpoctl run -o json`: one a trial by number, then the end."""
        done = self("run", "--study", study, "-o", "json", *flags, "--", *command)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return sorted(lines[:-1], key=lambda line: line["number"]) + lines[-1:]

    def script(self, name: str, text: str) -> str:
        """Writes a Bash script; how to call it from the folder."""
        path = self.folder / name
        path.write_text("#!/usr/bin/env bash\n" + textwrap.dedent(text))
        path.chmod(0o755)
        return f"./{name}"


def interrupt(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in ("Z", "X")
