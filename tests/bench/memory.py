"""Part "memory": bytes per finished trial and time to restart, before and after TPE has suggested, with several studies, and with reports."""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

from bench.child import Child
from bench.run import Run, program
from bench.servers import hpod, scratch

STUDIES = 8
SUGGESTIONS = 20
REPORTS = 10
SUGGEST_SECONDS = 300.0
WRITE_SECONDS = 300.0


def measure(run: Run) -> None:
    run.measure("memory", 0, lambda: once(run.settings.memory_trials))
    run.measure("memory/studies", 0, lambda: restarted(run.settings.memory_trials, studies=STUDIES))
    run.measure("memory/reports", 0, lambda: restarted(run.settings.memory_trials, reports=REPORTS))


def once(trials: int) -> dict[str, Any]:
    with scratch("disk") as folder, Child([program("calls_bench")]) as calls:
        write(folder / "empty.db", 0)
        write(folder / "full.db", trials)
        with hpod(folder / "empty.db") as daemon:
            empty = daemon.resident_bytes()
        with hpod(folder / "full.db") as daemon:
            fresh = daemon.resident_bytes()
            ready_s = daemon.ready_s
            suggested = json.loads(calls.ask(f"trials {daemon.address} full 1 {SUGGESTIONS}", SUGGEST_SECONDS))
            after = daemon.resident_bytes()
        with hpod(folder / "full.db") as daemon:
            again_s = daemon.ready_s
        return {
            "trials": trials, "ready_s": ready_s, "ready_again_s": again_s,
            "bytes_per_trial": (fresh - empty) / trials, "bytes_per_trial_suggested": (after - empty) / trials,
            "suggestions": SUGGESTIONS, "trial_median_us": suggested["median_us"],
            "database_mb": (folder / "full.db").stat().st_size / 1e6,
        }


def restarted(trials: int, reports: int = 0, studies: int = 1) -> dict[str, Any]:
    """Trials with so many reports each, in one study or in several that took turns."""
    with scratch("disk") as folder:
        write(folder / "empty.db", 0, studies=studies)
        write(folder / "full.db", trials, reports, studies)
        with hpod(folder / "empty.db") as daemon:
            empty = daemon.resident_bytes()
        with hpod(folder / "full.db") as daemon:
            return {
                "trials": trials, "reports": reports, "studies": studies, "ready_s": daemon.ready_s,
                "bytes_per_trial": (daemon.resident_bytes() - empty) / trials,
                "database_mb": (folder / "full.db").stat().st_size / 1e6,
            }


def write(path: pathlib.Path, trials: int, reports: int = 0, studies: int = 1) -> None:
    command = [program("make_database"), str(path), "--trials", str(trials), "--reports", str(reports), "--studies", str(studies)]
    subprocess.run(command, check=True, timeout=WRITE_SECONDS)
