"""The tour: tunes a classifier with hpod, kills the daemon on the way, compares.

Called by script/quickstart with the folder of the binaries and a folder to work in.
All numbers it prints are measured while it runs.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import digits
from daemon import Daemon

import hpod
from hpod import TrialState

WORKERS = 4
GRID = {
    "learning_rate_init": [1e-4, 1e-3, 1e-2, 1e-1],
    "alpha": [1e-5, 1e-2],
    "batch_size": [16, 64, 256],
    "units": [32, 128],
    "layers": [1, 2],
}
GRID_FITS = len(list(itertools.product(*GRID.values())))
# A third more: with what pruning saves, about as many epochs as the grid takes.
TRIALS = GRID_FITS * 4 // 3
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
POLL_S = 0.2


@dataclass
class Row:
    """One line of the table; accuracies in [0, 1]."""

    method: str
    validation: float
    test: float
    fits: int
    epochs: int
    seconds: float


def say(text: str = "") -> None:
    print(text, flush=True)


def show_progress(done: int, total: int, note: str) -> None:
    """A bar that is drawn over itself on a terminal; in a pipe, nothing."""
    if not sys.stdout.isatty():
        return
    filled = 30 * done // total
    bar = "█" * filled + "░" * (30 - filled)
    end = "\n" if done == total else ""
    print(f"\r  {bar} {done}/{total}  {note}\x1b[K", end=end, flush=True)


def test_accuracy(params: Dict[str, Any]) -> float:
    """Trains once more with `params` and looks at the held-out digits."""
    network = digits.model(params)
    for _ in digits.epochs(network):
        pass
    return float(network.score(*digits.splits()["test"]))


def last_accuracy(params: Dict[str, Any]) -> float:
    return list(digits.epochs(digits.model(params)))[-1]


def run_default() -> Row:
    digits.splits()
    begin = time.monotonic()
    validation = last_accuracy({})
    seconds = time.monotonic() - begin
    return Row(
        "default parameters", validation, test_accuracy({}), 1, digits.EPOCHS, seconds
    )


def run_grid() -> Row:
    """Each point of GRID, all epochs, with as many processes as hpod gets."""
    points = [dict(zip(GRID, values)) for values in itertools.product(*GRID.values())]
    accuracies = []
    begin = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(WORKERS) as pool:
        for accuracy in pool.imap(last_accuracy, points):
            accuracies.append(accuracy)
            show_progress(len(accuracies), GRID_FITS, f"best {max(accuracies):.4f}")
    seconds = time.monotonic() - begin
    best = max(range(GRID_FITS), key=accuracies.__getitem__)
    test = test_accuracy(points[best])
    steps = GRID_FITS * digits.EPOCHS
    return Row("grid search", accuracies[best], test, GRID_FITS, steps, seconds)


class Workers:
    """Processes that run digits.py against a daemon."""

    def __init__(self, server: str, log: Path) -> None:
        program = str(Path(digits.__file__).resolve())
        environment = {**os.environ, "HPOD_SERVER": server}
        self._log = log
        with log.open("ab") as output:
            self._processes = [
                subprocess.Popen(
                    [sys.executable, program],
                    env=environment,
                    stdout=output,
                    stderr=output,
                )
                for _ in range(WORKERS)
            ]

    def check(self) -> bool:
        """Whether any is still at work.

        Raises:
            SystemExit: one has failed.
        """
        codes = [process.poll() for process in self._processes]
        if any(codes):
            raise SystemExit(f"a worker failed; its log:\n{self._log.read_text()}")
        return None in codes

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.terminate()
        for process in self._processes:
            process.wait()


def counts_of(trials: List[hpod.FrozenTrial]) -> str:
    names = {
        TrialState.COMPLETE: "complete",
        TrialState.PRUNED: "pruned",
        TrialState.FAIL: "failed",
        TrialState.RUNNING: "running",
    }
    states = [trial.state for trial in trials]
    return ", ".join(f"{states.count(state)} {name}" for state, name in names.items())


def finished(trials: List[hpod.FrozenTrial]) -> Dict[int, Tuple[TrialState, Optional[float]]]:
    return {t.number: (t.state, t.value) for t in trials if t.state in FINISHED}


def watch(study: hpod.Study, workers: Workers, until: int) -> None:
    """Shows the progress until so many trials are finished or all workers are done."""
    while True:
        at_work = workers.check()
        trials = study.trials
        done = sum(trial.state in FINISHED for trial in trials)
        best = max(
            (t.value for t in trials if t.state is TrialState.COMPLETE), default=0.0
        )
        show_progress(done, TRIALS, f"best {best:.4f}  ({counts_of(trials)})")
        if done >= until or not at_work:
            return
        time.sleep(POLL_S)


def kill_and_restart(daemon: Daemon, study: hpod.Study) -> None:
    """Kills the daemon under its workers and checks that nothing it said was lost."""
    trials = study.trials
    before = finished(trials)
    say(f"\n  kill -9 {daemon.pid}   before: {counts_of(trials)}")
    daemon.kill()
    seconds = daemon.start()
    trials = study.trials
    after = finished(trials)
    say(f"  started again    after:  {counts_of(trials)}   ({seconds:.2f} s)")
    if any(after.get(number) != result for number, result in before.items()):
        raise SystemExit("a finished trial was lost or changed: this is a bug of hpod")
    say(f"  All {len(before)} finished trials are there; the workers went on alone.")


def run_hpod(daemon: Daemon, folder: Path) -> Row:
    study = hpod.create_study(
        digits.STUDY,
        direction="maximize",
        space=digits.SPACE,
        pruner=hpod.Pruner("median", n_startup_trials=10, n_warmup_steps=5),
        seed=1,
        max_trials=TRIALS,
        metric_names=["accuracy"],
        server=daemon.address,
    )
    begin = time.monotonic()
    workers = Workers(daemon.address, folder / "workers.log")
    try:
        watch(study, workers, TRIALS // 2)
        kill_and_restart(daemon, study)
        watch(study, workers, TRIALS)
        while workers.check():
            time.sleep(0.02)
        seconds = time.monotonic() - begin
    finally:
        workers.stop()
    trials, best = study.trials, study.best_trial
    steps = sum(len(trial.intermediate_values) for trial in trials)
    test = test_accuracy(best.params)
    return Row("hpod", study.best_value, test, len(trials), steps, seconds)


def print_table(rows: List[Row]) -> None:
    say(f"{'':20}{'validation':>12}{'test':>8}{'fits':>7}{'epochs':>9}{'seconds':>10}")
    for row in rows:
        say(
            f"{row.method:20}{row.validation:12.4f}{row.test:8.4f}{row.fits:7d}"
            f"{row.epochs:9d}{row.seconds:10.1f}"
        )


def tour(binaries: Path, folder: Path) -> None:
    daemon = Daemon(binaries, folder)
    try:
        sizes = {name: len(labels) for name, (_, labels) in digits.splits().items()}
        say(
            f"The task: a neural network reads {sizes['train']} handwritten digits for"
            f" {digits.EPOCHS} epochs.\nA search chooses by the accuracy on"
            f" {sizes['valid']} others; {sizes['test']} more test the choice.\n"
        )
        say("1. The default parameters of scikit-learn: one fit.")
        rows = [run_default()]
        say(f"\n2. A grid of {GRID_FITS} points with {WORKERS} processes.")
        rows.append(run_grid())
        say(f"\n3. hpod: {TRIALS} trials in the grid's ranges, {WORKERS} workers.")
        daemon.start()
        say(f"   Daemon {daemon.pid} at {daemon.address}, on {daemon.database.name}.")
        say("   Each worker asks for a trial, reports each epoch, stops hopeless ones.")
        rows.append(run_hpod(daemon, folder))
        say("\n4. What the daemon says of the study: hpoctl study show digits\n")
        subprocess.run([*daemon.hpoctl, "study", "show", digits.STUDY], check=True)
        say("\n5. Before and after, as measured in this run\n")
        print_table(rows)
        noise = 1 / sizes["test"]
        say(
            f"\nScores are accuracies; one digit of the test is {noise:.4f}. Seconds"
            " run from the\nstart of a search's processes to their end; hpod's include"
            " the kill and the restart."
        )
    finally:
        daemon.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help="folder of hpod")
    parser.add_argument("--folder", type=Path, required=True, help="empty folder")
    arguments = parser.parse_args()
    # As an exception, so that what was started is stopped.
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda number, _: sys.exit(128 + number))
    try:
        tour(arguments.binaries, arguments.folder)
    except KeyboardInterrupt:
        sys.exit("interrupted")


if __name__ == "__main__":
    main()
