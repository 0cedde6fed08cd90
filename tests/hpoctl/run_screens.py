#!/usr/bin/env python3
"""Exact screens of hpoctl against a real hpod.

A case is a folder of tests/hpoctl/screens with
  cmd    shell commands, one a line; `$HPOCTL` runs hpoctl, `$DIR` is an empty folder
  out    standard output expected, of all commands together
  err    standard error expected (absent: none)
  code   exit code of the last command (absent: 0)
  tty    optional: the width of a terminal to run on; then out has both streams
  keys   optional: what is typed on that terminal

Each case has a daemon of its own on a fresh SQLite file. The commands find it by
HPOD_SERVER. A case whose cmd has the word `no-daemon` in its first line gets the
address of a port where nobody listens.

Colours are off unless cmd unsets NO_COLOR. What differs between runs is replaced
before the comparison, by the patterns of NORMAL: times by <time>, ages and the blanks
that pad them by <age>, the port by <port>.

  run_screens.py --bin build/release/bin [--rewrite] [CASE...]

Ends with 0 if all screens are as expected. --rewrite writes them anew, to be
reviewed as a difference.
"""

import argparse
import difflib
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import fcntl
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

SCREENS = Path(__file__).resolve().parent / "screens"
TIMEOUT_S = 60

# `12s ago`, `in 59s`, `now`; and the blanks that pad them, their column's title or the
# dash of an empty cell in it, which depend on how long they are.
AGE = r"\b(?:in \d+[smh]|\d+[smh] ago|now)\b(?! by)"
TITLE = r"((?:\b|(?<=\x1b\[2m))(?:STARTED|ENDED|CREATED|RENEWED|ENDS)(?:\x1b\[0m)?)"
DASH = r"((?:(?<= )|(?<=\x1b\[2m))-(?:\x1b\[0m)?)"

# Pattern and replacement, in this order.
NORMAL: List[Tuple[str, str]] = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>"),
    (r"\b\d\d:\d\d:\d\d\b", "<clock>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
    (r"\btook \d+[smh]", "took <duration>"),
    (AGE + r" +", "<age> "),
    (AGE, "<age>"),
    (TITLE + r" +", r"\1 "),
    (DASH + r" +", r"\1 "),
]


class Screen(NamedTuple):
    """What a case shows: text of the streams, and the last exit code."""

    out: str
    err: str
    code: int


def normal(text: str, folder: str) -> str:
    """Returns `text` without what differs between runs."""
    text = text.replace(folder, "$DIR").replace("\r\n", "\n")
    for pattern, replacement in NORMAL:
        text = re.sub(pattern, replacement, text)
    return text


def free_port() -> int:
    """Returns a TCP port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    """A hpod on a free port and a fresh file; stopped at the end of `with`."""

    def __init__(self, binaries: Path, folder: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._command = [
            str(binaries / "hpod"),
            f"--listen={self.address}",
            f"--storage=sqlite:///{folder}/hpod.db",
        ]
        self._log = Path(folder) / "hpod.log"
        self._ping = [str(binaries / "hpoctl"), "ping", "--wait=30"]
        self._process: Optional["subprocess.Popen[bytes]"] = None

    def __enter__(self) -> "Daemon":
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        ping = self._ping + [f"--server={self.address}"]
        if subprocess.run(ping, capture_output=True).returncode != 0:
            self.__exit__()
            raise RuntimeError(f"hpod does not start:\n{self._log.read_text()}")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(TIMEOUT_S)


def run_in_pipe(script: str, environment: Dict[str, str], folder: str) -> Screen:
    """Runs `script` by sh with pipes for its streams."""
    done = subprocess.run(
        ["sh", "-c", script],
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return Screen(done.stdout.decode(), done.stderr.decode(), done.returncode)


def run_on_terminal(
    script: str, environment: Dict[str, str], folder: str, width: int, keys: str
) -> Screen:
    """Runs `script` by sh on a pseudo-terminal of `width` columns; out has all."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen(
        ["sh", "-c", script],
        env=environment,
        cwd=folder,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    os.write(main, keys.encode())
    shown = b""
    while select.select([main], [], [], TIMEOUT_S)[0]:
        try:
            chunk = os.read(main, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(main)
    return Screen(shown.decode(), "", process.wait(TIMEOUT_S))


def run_case(case: Path, binaries: Path) -> Screen:
    """Runs the commands of `case` and returns its normal screen."""
    script = (case / "cmd").read_text()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "NO_COLOR": "1",
            "HPOCTL": str(binaries / "hpoctl"),
            "DIR": folder,
        }
        if (case / "tty").exists():
            width = int((case / "tty").read_text())
            keys = (case / "keys").read_text() if (case / "keys").exists() else ""

            def run() -> Screen:
                return run_on_terminal(script, environment, folder, width, keys)

        else:

            def run() -> Screen:
                return run_in_pipe(script, environment, folder)

        if "no-daemon" in script.split("\n")[0]:
            environment["HPOD_SERVER"] = f"127.0.0.1:{free_port()}"
            screen = run()
        else:
            with Daemon(binaries, folder) as daemon:
                environment["HPOD_SERVER"] = daemon.address
                screen = run()
        return Screen(
            normal(screen.out, folder), normal(screen.err, folder), screen.code
        )


def expected(case: Path) -> Screen:
    """Returns the screen stored in `case`."""

    def text(name: str, default: str) -> str:
        path = case / name
        return path.read_text() if path.exists() else default

    return Screen(text("out", ""), text("err", ""), int(text("code", "0")))


def store(case: Path, screen: Screen) -> None:
    """Writes `screen` as the expected one of `case`."""
    parts = {
        "out": screen.out,
        "err": screen.err,
        "code": f"{screen.code}\n" if screen.code else "",
    }
    for name, text in parts.items():
        if text:
            (case / name).write_text(text)
        else:
            (case / name).unlink(missing_ok=True)


def differences(case: Path, screen: Screen) -> str:
    """Returns what differs from the expected screen as unified differences."""
    want = expected(case)
    lines: List[str] = []
    for name in ("out", "err"):
        lines += difflib.unified_diff(
            getattr(want, name).splitlines(),
            getattr(screen, name).splitlines(),
            f"{case.name}/{name}",
            f"{case.name}/{name} as it is",
            lineterm="",
        )
    if want.code != screen.code:
        lines.append(f"{case.name}/code: {want.code} expected, is {screen.code}")
    return "\n".join(lines)


def main() -> int:
    """Runs the cases named on the command line, or all; returns the exit code."""
    parser = argparse.ArgumentParser(description="Exact screens of hpoctl.")
    parser.add_argument("--bin", type=Path, required=True, help="has hpod and hpoctl")
    parser.add_argument("--rewrite", action="store_true", help="store the screens")
    parser.add_argument("cases", nargs="*", help="names of cases (all)")
    options = parser.parse_args()
    cases = [SCREENS / name for name in options.cases]
    cases = cases or sorted(path.parent for path in SCREENS.glob("*/cmd"))
    failed = 0
    for case in cases:
        screen = run_case(case, options.bin.resolve())
        if options.rewrite:
            store(case, screen)
        difference = differences(case, screen)
        failed += bool(difference)
        print(f"{'FAIL' if difference else 'ok'} {case.name}")
        if difference:
            print(difference)
    print(f"{len(cases) - failed} of {len(cases)} screens are as expected")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
