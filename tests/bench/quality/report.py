"""Writes docs/quality.md and its curves."""

from __future__ import annotations

import pathlib
from typing import Mapping, Sequence

from bench.machine import describe_machine
from bench.plot import Panel, Series, draw
from bench.quality.runs import PROBLEMS, Task
from bench.quality.systems import SYSTEMS
from bench.quality.verdict import Row
from bench.quality.verdict_rules import LEVEL
from bench.significance import quantile

DIGITS = 4  # significant, of a median


def write(
    docs: pathlib.Path, rows: Sequence[Row], curves: Mapping[Task, Sequence[float]], seeds: int, command: str
) -> None:
    (docs / "quality").mkdir(exist_ok=True)
    kinds = list(dict.fromkeys(PROBLEMS[row.problem].kind for row in rows))
    for kind in kinds:
        names = [row.problem for row in rows if PROBLEMS[row.problem].kind == kind]
        panels = [panel(name, curves, seeds) for name in names]
        figure = draw(f"Best value so far: {kind}", panels, min(3, len(panels)))
        (docs / "quality" / f"{kind}.svg").write_text(figure)
    (docs / "quality.md").write_text(page(rows, kinds, seeds, command))


def panel(name: str, curves: Mapping[Task, Sequence[float]], seeds: int) -> Panel:
    """Medians over the seeds, and the middle half of the runs behind them."""
    series = []
    for system in SYSTEMS:
        runs = [curves[name, system, seed] for seed in range(seeds)]
        by_trial = list(enumerate(zip(*runs), start=1))
        points = [(n, quantile(values, 0.5)) for n, values in by_trial]
        band = [(n, quantile(values, 0.25), quantile(values, 0.75)) for n, values in by_trial]
        series.append(Series(system, points[4:], band[4:], marks=False))
    lowest = min(low for s in series for _, low, _ in s.band)
    return Panel(name, "trials", "best value", series, log_y=lowest > 0)


def page(rows: Sequence[Row], kinds: Sequence[str], seeds: int, command: str) -> str:
    peers = [system for system in SYSTEMS if system != "hpod"]
    lines = [
        "# Search quality",
        "",
        f"Written by `{command}` on {describe_machine()}. hpod's `tpe` against Optuna 5.0.0's `TPESampler` and Rustuna 0.2.0's, each with",
        f"its defaults, the same budgets and {seeds} seeds. Programs: `tests/bench/quality`.",
        "",
        *summary(rows, peers),
        "",
        "A run counts by the true value (without noise) of its best trial when the budget is used up; smaller is better. Ranks are among the",
        f"{len(SYSTEMS)} systems, means over the seeds. p is that of Wilcoxon's signed-rank test over the seeds, two-sided, exact, corrected by Holm's",
        f"method for the {len(rows)} problems; below {LEVEL} hpod is called better or worse. Lines are medians, bands the middle half of the runs.",
        "",
        *table(rows, peers),
    ]
    for kind in kinds:
        lines += ["", f"![Best value so far: {kind}](quality/{kind}.svg)"]
    return "\n".join(lines) + "\n"


def summary(rows: Sequence[Row], peers: Sequence[str]) -> list[str]:
    lines = ["| hpod against | better | equal within noise | worse |", "| --- | --- | --- | --- |"]
    for peer in peers:
        counts = [
            ", ".join(row.problem for row in rows if row.verdicts[peer] == verdict)
            if verdict != "equal within noise"
            else str(sum(row.verdicts[peer] == verdict for row in rows))
            for verdict in ("better", "equal within noise", "worse")
        ]
        lines.append(f"| {peer} | {counts[0] or 'none'} | {counts[1]} of {len(rows)} | {counts[2] or 'none'} |")
    return lines


def table(rows: Sequence[Row], peers: Sequence[str]) -> list[str]:
    header = ["problem", "trials", *(f"median {s}" for s in SYSTEMS), *(f"rank {s}" for s in SYSTEMS)]
    for peer in peers:
        header += [f"p {peer}", f"against {peer}"]
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    for row in rows:
        cells = [row.problem, str(PROBLEMS[row.problem].budget)]
        cells += [f"{row.medians[s]:.{DIGITS}g}" for s in SYSTEMS] + [f"{row.ranks[s]:.2f}" for s in SYSTEMS]
        for peer in peers:
            cells += [f"{row.p[peer]:.3f}", row.verdicts[peer]]
        lines.append("| " + " | ".join(cells) + " |")
    means = [f"{sum(row.ranks[s] for row in rows) / len(rows):.2f}" for s in SYSTEMS]
    lines.append("| " + " | ".join(["all", "", "", "", "", *means, "", "", "", ""]) + " |")
    return lines
