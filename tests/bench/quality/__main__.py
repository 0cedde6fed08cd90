"""script/quality: see --help."""

from __future__ import annotations

import argparse
import os
import sys

from bench.child import REPOSITORY
from bench.journal import Journal, say
from bench.quality import report, verdict
from bench.quality.runs import PROBLEMS, run_all

LONG_SEEDS, QUICK_SEEDS = 30, 3


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="script/quality",
        description="Search quality of hpod's tpe beside Optuna's and Rustuna's. Writes docs/quality.md. "
        "Results are kept in build/quality: an interrupted run goes on, and the peers' runs are made once.",
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SEEDS} seeds instead of {LONG_SEEDS}; writes build/quality/quality.md")
    parser.add_argument("--seeds", type=int, help="so many seeds")
    parser.add_argument("--problem", action="append", choices=sorted(PROBLEMS), help="this problem only; may be repeated; writes build/quality/quality.md")
    parser.add_argument("--fresh", action="store_true", help="forget the kept results")
    arguments = parser.parse_args()
    os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    seeds = arguments.seeds or (QUICK_SEEDS if arguments.quick else LONG_SEEDS)
    names = arguments.problem or list(PROBLEMS)
    folder = REPOSITORY / "build/quality"
    journal = Journal(folder / "runs.jsonl")
    if arguments.fresh:
        journal.clear()
    curves = run_all(journal, names, seeds)
    rows = verdict.compare(curves, names, seeds)
    is_whole = seeds >= LONG_SEEDS and len(names) == len(PROBLEMS)
    docs = REPOSITORY / "docs" if is_whole else folder
    report.write(docs, rows, curves, seeds, " ".join(["script/quality", *sys.argv[1:]]))
    say(f"wrote {docs.relative_to(REPOSITORY)}/quality.md")


if __name__ == "__main__":
    main()
