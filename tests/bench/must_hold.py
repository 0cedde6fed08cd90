"""The bars that hpod is held to, each with what was measured in this run."""

from __future__ import annotations

import dataclasses
import statistics
from typing import Callable, Optional, Sequence

from bench.memory import REPORTS
from bench.run import Run
from bench.settings import KINDS, SPACES
from bench.suggest import name_of
from bench.throughput import BAR_WORKERS, PLACES
from bench.throughput import name_of as trials_name

SPACE_TEXT = {"floats2": "2 floats", "floats10": "10 floats", "floats30": "30 floats", "mixed8": "8 mixed", "ints4": "4 ints up to a million"}
FACTORS = {"Rustuna": {100: 10, 1_000: 20, 10_000: 40}, "Optuna": {100: 100, 1_000: 200, 10_000: 500}}
SHARE = {"floats10": 1.0, "floats30": 0.5, "mixed8": 0.5}
GROWTH_MAX = 10
TRIALS_RATIO = 150
SCRIPT_RATIO = 10
REPORT_RATIO = {"disk": 0.5, "tmpfs": 1.0}
BYTES_MAX = 200
RESTART_TRIALS, RESTART_SECONDS_MAX = 1_000_000, 5


@dataclasses.dataclass(frozen=True)
class Bar:
    """`measured` None: not measured in this run. `at_least`: the bar is a minimum."""

    what: str
    bar: float
    measured: Optional[float]
    at_least: bool
    unit: str = "×"

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "not measured"
        is_held = self.measured >= self.bar if self.at_least else self.measured <= self.bar
        return "holds" if is_held else "**does not hold**"


def all_bars(run: Run) -> list[Bar]:
    return [*suggestion_bars(run), *growth_bars(run), *trials_bars(run), *script_bars(run), *report_bars(run), *memory_bars(run)]


def worst(values: Sequence[Optional[float]], largest: bool) -> Optional[float]:
    known = [value for value in values if value is not None]
    return (max(known) if largest else min(known)) if known else None


def ratio(above: Optional[float], below: Optional[float]) -> Optional[float]:
    return above / below if above is not None and below is not None else None


def by_repeat(run: Run, compare: Callable[..., float], names: Sequence[str], field: str) -> Optional[float]:
    """Median over the repeats of what was measured within seconds of each other: a disk has good and bad minutes."""
    compared = [compare(*values) for values in zip(*([result[field] for result in run.results(name)] for name in names))]
    return statistics.median(compared) if compared else None


def report_share(run: Run, place: str, in_flight: int) -> Optional[float]:
    """Durable reports to empty calls, by their rates."""
    names = [f"calls/{call}/{place}/{in_flight}" for call in ("report", "empty")]
    return by_repeat(run, lambda report, empty: report / empty, names, "per_second")


def trial_us(run: Run, system: str, space: str, kind: str, trials: int) -> Optional[float]:
    """Median time of a trial; of a peer that was measured with one kind of history, that."""
    own = run.figure(name_of(system, space, kind, trials), "trial_us")
    if own is not None or system == "hpod":
        return own
    return worst([run.figure(name_of(system, space, k, trials), "trial_us") for k in KINDS], False)


def suggestion_bars(run: Run) -> list[Bar]:
    """The worse of the two kinds of history counts."""
    bars = []
    for space, share in SHARE.items():
        for peer, factors in FACTORS.items():
            for trials, factor in factors.items():
                ratios = [
                    ratio(trial_us(run, peer, space, kind, trials), trial_us(run, "hpod", space, kind, trials))
                    for kind in KINDS
                ]
                what = f"Suggestion, {SPACE_TEXT[space]}, {trials:,} trials: times as fast as {peer}"
                bars.append(Bar(what, factor * share, worst(ratios, False), True))
    return bars


def growth_bars(run: Run) -> list[Bar]:
    """Each kind of history by itself: what can be left out differs between them."""
    bars = []
    for space in SPACES:
        for kind in KINDS:
            times = [trial_us(run, "hpod", space, kind, trials) for trials in (1_000_000, 10_000)]
            what = f"Time per suggestion, {SPACE_TEXT[space]}, {kind} history, 1,000,000 trials to 10,000"
            bars.append(Bar(what, GROWTH_MAX, ratio(*times), False))
    return bars


def trials_bars(run: Run) -> list[Bar]:
    bars = []
    for place in PLACES:
        rates = [run.figure(trials_name(s, place, "tpe", BAR_WORKERS), "per_second") for s in ("hpod", "proxy")]
        what = f"Trials/s, TPE, {BAR_WORKERS} workers, {place}: to Optuna's proxy over SQLite"
        bars.append(Bar(what, TRIALS_RATIO, ratio(*rates), True))
    return bars


def script_bars(run: Run) -> list[Bar]:
    bars = []
    for place in PLACES:
        for sampler, its_name in (("tpe", "its TPE"), ("random", "its RandomSampler")):
            names = (trials_name(system, place, sampler, BAR_WORKERS) for system in ("optuna-on-hpod", "proxy"))
            what = f"Optuna script, {BAR_WORKERS} processes, {its_name}, {place}: trials/s through hpod to through its own proxy"
            bars.append(Bar(what, SCRIPT_RATIO, ratio(*(run.figure(name, "per_second") for name in names)), True))
    return bars


def report_bars(run: Run) -> list[Bar]:
    bars = []
    for place, share in REPORT_RATIO.items():
        what = f"Durable reports/s, 16 in flight, {place}: to empty calls/s"
        bars.append(Bar(what, share, report_share(run, place, 16), True))
    names = [f"calls/{name}" for name in ("report/disk/1", "empty/disk/1", "commit/disk")]
    alone = by_repeat(run, lambda report, empty, commit: report / (empty + 1.5 * commit), names, "median_us")
    what = "One worker, durable report, disk: median to one empty call and 1.5 commits"
    return [*bars, Bar(what, 1, alone, False)]


def memory_bars(run: Run) -> list[Bar]:
    def figure(field: str) -> Optional[float]:
        return run.figure("memory", field)

    bars = [
        Bar("Bytes per finished trial of 10 parameters, restarted", BYTES_MAX, figure("bytes_per_trial"), False, " B"),
        Bar("The same after TPE has suggested", BYTES_MAX, figure("bytes_per_trial_suggested"), False, " B"),
    ]
    is_whole = figure("trials") == RESTART_TRIALS
    for text, field in (("Restart", "ready_s"), ("Restart after TPE has suggested", "ready_again_s")):
        measured = figure(field) if is_whole else None
        bars.append(Bar(f"{text}, {RESTART_TRIALS:,} trials", RESTART_SECONDS_MAX, measured, False, " s"))
    reported_s = run.figure("memory/reports", "ready_s") if is_whole else None
    bars.append(Bar(f"Restart, {RESTART_TRIALS:,} trials with {REPORTS} reports each", RESTART_SECONDS_MAX, reported_s, False, " s"))
    return bars
