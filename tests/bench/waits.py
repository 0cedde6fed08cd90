"""What the busiest thread of a process is at, until the process ends: `python3 tests/bench/waits.py PID`.

perf sees what runs; this sees what waits, too. Prints a line per state: its name and how often it was seen, at 1 ms.
"""

from __future__ import annotations

import collections
import pathlib
import sys
import time

PERIOD_SECONDS = 0.001
SETTLE_SECONDS = 1.0
# x86-64 and arm64.
SYSCALLS = {
    "75": "fdatasync", "83": "fdatasync", "232": "epoll_wait", "281": "epoll_wait", "22": "epoll_wait",
    "202": "futex", "98": "futex",
}


def busiest(tasks: pathlib.Path) -> pathlib.Path:
    """The thread that uses the most processor time while a load settles."""

    def used() -> dict[pathlib.Path, int]:
        return {task: int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()}

    before = used()
    time.sleep(SETTLE_SECONDS)
    after = used()
    return max(after, key=lambda task: after[task] - before.get(task, 0))


def state(task: pathlib.Path) -> str:
    call = (task / "syscall").read_text().split()[0]
    return "on a processor, or ready" if call == "running" else SYSCALLS.get(call, f"system call {call}")


def main() -> None:
    seen: collections.Counter[str] = collections.Counter()
    try:
        task = busiest(pathlib.Path(f"/proc/{sys.argv[1]}/task"))
        while True:
            seen[state(task)] += 1
            time.sleep(PERIOD_SECONDS)
    except (FileNotFoundError, ProcessLookupError):
        pass
    for name, count in seen.most_common():
        print(f"{count} {name}")


if __name__ == "__main__":
    main()
