"""One run of the benchmarks: measures what the journal does not have, and gives results by name."""

from __future__ import annotations

import pathlib
import subprocess
import time
from typing import Any, Callable, Optional, Sequence

from bench.child import REPOSITORY, ChildError
from bench.journal import Journal, digest, say
from bench.settings import Settings
from bench.significance import median

PROGRAMS = ("hpod", "suggest_bench", "pruning_bench", "calls_bench", "make_database")
SAY_AFTER_SECONDS = 2.0


class Run:
    """Results are JSON objects, one per name and repeat."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self._journal = journal
        # Another build is another run.
        self._stamp = digest(REPOSITORY / "build/release/bin" / name for name in PROGRAMS)
        self._said = 0.0

    def measure(self, name: str, repeat: int, function: Callable[[], Any]) -> Any:
        """The journal's result, or that of `function`; None, and a line that says why, if it failed."""
        key = f"{name}#{repeat}"
        kept = self._journal.get(key, self._stamp)
        if kept is not None:
            return kept
        if time.monotonic() - self._said > SAY_AFTER_SECONDS:
            self._said = time.monotonic()
            say(name)
        try:
            result = function()
        except (ChildError, subprocess.SubprocessError) as error:
            say(f"{name}: {error}")
            return None
        self._journal.put(key, self._stamp, result)
        return result

    def results(self, name: str) -> list[Any]:
        """Of all repeats."""
        kept = (self._journal.get(f"{name}#{i}", self._stamp) for i in range(20))
        return [result for result in kept if result is not None]

    def figure(self, name: str, field: str) -> Optional[float]:
        """Median over the repeats; None if there is no result."""
        values = [result[field] for result in self.results(name) if field in result]
        return median(values) if values else None


def program(name: str) -> str:
    return str(REPOSITORY / "build/release/bin" / name)


def run_module(arguments: Sequence[str], python: str, env: dict[str, str], seconds: float) -> str:
    """Output of `python -m ...`, which is killed after `seconds`."""
    done = subprocess.run(
        [python, "-m", *arguments], env=env, timeout=seconds, check=True, stdout=subprocess.PIPE, text=True,
        cwd=pathlib.Path(REPOSITORY),
    )
    return done.stdout
