"""Part "calls": durable reports beside empty calls and bare commits, in turn."""

from __future__ import annotations

import json
from typing import Any, Callable

from bench.child import Child
from bench.run import Run, program
from bench.servers import hpod, scratch

IN_FLIGHT = (1, 16, 64)
PLACES = ("disk", "tmpfs")
ANSWER_SECONDS = 60.0


def measure(run: Run) -> None:
    for place in PLACES:
        with scratch(place) as folder, Child([program("calls_bench")]) as calls, hpod(folder / "bench.db") as daemon:
            for repeat in range(run.settings.call_repeats):
                for in_flight in IN_FLIGHT:
                    seconds = run.settings.call_seconds
                    lines = {
                        f"empty/{place}/{in_flight}": f"empty {in_flight} {seconds}",
                        f"report/{place}/{in_flight}": f"report {daemon.address} {in_flight} {seconds}",
                    }
                    if in_flight == 1:
                        lines[f"commit/{place}"] = f"commit {folder}/commit-{repeat}.db {seconds}"
                    for name, line in lines.items():
                        run.measure(f"calls/{name}", repeat, asker(calls, line))


def asker(calls: Child, line: str) -> Callable[[], Any]:
    return lambda: json.loads(calls.ask(line, ANSWER_SECONDS))
