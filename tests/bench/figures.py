"""The plots of docs/benchmarks.md."""

from __future__ import annotations

from typing import Callable, Optional, Sequence

from bench import calls, throughput
from bench.must_hold import SPACE_TEXT
from bench.plot import Panel, Point, Series, draw, short_time
from bench.run import Run
from bench.settings import KINDS, SPACES
from bench.suggest import name_of


def all_figures(run: Run) -> dict[str, str]:
    """SVG documents by name."""
    return {"suggest": suggest(run), "trials": trials(run), "calls": call_rates(run), "pruning": pruning(run)}


def line(name: str, figure: Callable[[int], Optional[float]], xs: Sequence[int], dashed: bool = False) -> list[Series]:
    """A series of what was measured; none if nothing was."""
    points: list[Point] = [(x, y) for x in xs if (y := figure(x)) is not None]
    return [Series(name, points, dashed=dashed)] if points else []


def suggest(run: Run) -> str:
    panels = []
    for kind in KINDS:
        for space in SPACES:
            sizes = run.settings.trials_by_space.get(space, run.settings.trials)
            series = []
            for system in ("Optuna", "Rustuna", "hpod"):
                series += line(system, lambda n, s=system, k=kind, sp=space: run.figure(name_of(s, sp, k, n), "trial_us"), sizes)
            title = f"{SPACE_TEXT[space]}, {kind} history"
            panels.append(Panel(title, "finished trials", "time per trial", series, log_x=True, log_y=True, y_text=short_time))
    return draw("What one more trial costs: joint TPE, in process, median", [p for p in panels if p.series], 4)


def trials(run: Run) -> str:
    panels = []
    for sampler in throughput.SAMPLERS:
        series = []
        for system, name, place in (
            ("hpod", "hpod, tmpfs", "tmpfs"), ("hpod", "hpod, disk", "disk"),
            ("proxy", "Optuna proxy, tmpfs", "tmpfs"), ("proxy", "Optuna proxy, disk", "disk"),
        ):
            figure = lambda n, s=system, p=place: run.figure(throughput.name_of(s, p, sampler, n), "per_second")  # noqa: E731
            series += line(name, figure, run.settings.workers, dashed=place == "tmpfs")
        panels.append(Panel(sampler, "workers", "trials per second", series, log_x=True, log_y=True, x_ticks=run.settings.workers))
    return draw("Suggest, report, complete: trials per second, 0 to 1,000 trials", panels, 2)


def call_rates(run: Run) -> str:
    panels = []
    for place in calls.PLACES:
        series = []
        for call, name in (("empty", "empty call"), ("report", "hpod")):
            figure = lambda n, c=call: run.figure(f"calls/{c}/{place}/{n}", "per_second")  # noqa: E731
            series += line(name, figure, calls.IN_FLIGHT)
        panels.append(Panel(f"database on {place}", "calls in flight", "calls per second", series, log_x=True, log_y=True, x_ticks=calls.IN_FLIGHT))
    return draw("Durable reports and empty calls per second", panels, 2)


def pruning(run: Run) -> str:
    series = []
    for system, name in (("Optuna", "Optuna"), ("hpod-grpc", "hpod over gRPC"), ("hpod", "hpod")):
        series += line(name, lambda n, s=system: run.figure(f"pruning/{s}/{n}", "report_us"), run.settings.pruning_trials)
    panel = Panel("report and verdict, median pruner", "finished trials", "time per report", series, log_x=True, log_y=True, y_text=short_time)
    return draw("What a report costs", [panel], 1)
