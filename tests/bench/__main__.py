"""script/bench: see --help."""

from __future__ import annotations

import argparse
import pathlib
import sys

from bench import calls, memory, pruning, report, suggest, throughput
from bench.child import REPOSITORY
from bench.journal import Journal, say
from bench.run import Run
from bench.settings import LONG, QUICK

PARTS = {
    "suggest": suggest.measure,
    "trials": throughput.measure,
    "calls": calls.measure,
    "memory": memory.measure,
    "pruning": pruning.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measures hpod beside Optuna and Rustuna and writes docs/benchmarks.md. Results are kept in build/bench as they come: "
        "an interrupted run of the same build goes on; a finished one begins again.",
    )
    parser.add_argument("--quick", action="store_true", help="under 3 minutes; writes build/bench/benchmarks.md")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="this part only; may be repeated; writes build/bench/benchmarks.md")
    parser.add_argument("--fresh", action="store_true", help="forget an interrupted run")
    arguments = parser.parse_args()
    settings = QUICK if arguments.quick else LONG
    folder = REPOSITORY / "build/bench"
    journal = Journal(folder / f"{settings.name}.jsonl")
    done = folder / f"{settings.name}.done"
    if arguments.fresh or done.exists():
        journal.clear()
        done.unlink(missing_ok=True)
    run = Run(settings, journal)
    for name in arguments.part or PARTS:
        say(f"part {name}")
        PARTS[name](run)
    is_whole = not arguments.quick and not arguments.part
    docs = REPOSITORY / "docs" if is_whole else folder
    report.write(run, docs, " ".join(["script/bench", *sys.argv[1:]]))
    if not arguments.part:
        done.touch()
    say(f"wrote {pathlib.Path(docs).relative_to(REPOSITORY)}/benchmarks.md")


if __name__ == "__main__":
    main()
