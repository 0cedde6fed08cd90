"""Writes docs/benchmarks.md and its plots from a run's results."""

from __future__ import annotations

import pathlib
from typing import Iterable, Optional, Sequence

from bench import calls, figures, throughput
from bench.machine import describe_machine, file_system
from bench.must_hold import SPACE_TEXT, all_bars, ratio, report_share, trial_us
from bench.run import Run
from bench.servers import FOLDERS
from bench.settings import GROWN, GROWN_SPACES, KINDS, SPACES
from bench.suggest import name_of


def write(run: Run, docs: pathlib.Path, command: str) -> None:
    (docs / "benchmarks").mkdir(parents=True, exist_ok=True)
    for name, svg in figures.all_figures(run).items():
        (docs / "benchmarks" / f"{name}.svg").write_text(svg)
    sections = [
        head(command), must_hold(run), suggestions(run), trials(run), call_times(run), memory(run), pruning(run),
    ]
    (docs / "benchmarks.md").write_text("\n".join(line for section in sections for line in section) + "\n")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def figure_text(value: Optional[float], digits: int = 3) -> str:
    """With so many significant digits, no exponent; a dash if there is none."""
    if value is None:
        return "–"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def head(command: str) -> list[str]:
    disks = f"disk is {file_system(FOLDERS['disk'])}"
    return [
        "# Benchmarks", "",
        f"Written by `{command}` on {describe_machine()}; {disks}. Peers: Optuna 5.0.0, Rustuna 0.2.0, on the same machine in turn.",
        "Client and server share the cores. Programs: `tests/bench`. The ratios are what to compare; absolute times are this machine's.", "",
    ]


def must_hold(run: Run) -> list[str]:
    bars = all_bars(run)
    rows = [
        [b.what, f"{'≥' if b.at_least else '≤'} {b.bar:g}{b.unit}", f"{figure_text(b.measured)}{b.unit if b.measured is not None else ''}", b.verdict]
        for b in bars
    ]
    held = sum(b.verdict == "holds" for b in bars)
    measured = sum(b.measured is not None for b in bars)
    return [
        "## Must hold", "", f"{held} of {measured} measured bars hold.", "",
        *table(["what", "bar", "measured", "verdict"], rows), "",
    ]


def suggestions(run: Run) -> list[str]:
    rows = []
    for space in SPACES:
        for kind in KINDS:
            for trials_before in run.settings.trials_by_space.get(space, run.settings.trials):
                rows.append(suggestion_row(run, space, kind, trials_before))
    return [
        "## Suggestions, in process", "",
        "One more trial of joint TPE (`multivariate=True`) by the number of finished trials: to start it with all its parameters and to",
        "complete it, in µs of wall time, medians (95th percentiles). For hpod: `Propose` and the sampler's and history's upkeep at start and end;",
        "`Propose` alone in the next column. For the peers: `ask`, `suggest_*` of each parameter, `tell`, in their memory storage, up to 10,000 trials.",
        "Histories are uniform, or concentrated as TPE leaves them: normal around a best point, with 1/27 of the range as standard deviation,",
        "and 10 % uniform. CPU is hpod's mean time on the processor for a trial.", "",
        "![Suggestion latency](benchmarks/suggest.svg)", "",
        *table(["space", "history", "trials", "× Rustuna", "× Optuna", "hpod", "Propose", "CPU", "Rustuna", "Optuna"], rows), "",
        "A trial of hpod in studies that its TPE has grown itself, on squared distances from a best point: the trials end up within a few",
        "kernel widths of each other, the more so the fewer parameters there are.", "",
        *table(["parameters", *(f"{n:,} trials" for n in run.settings.grown_trials)], [grown_row(run, space) for space in GROWN_SPACES]), "",
    ]


def grown_row(run: Run, space: str) -> list[str]:
    return [space_text(space), *(with_p95(run, name_of("hpod", space, GROWN, n), "trial") for n in run.settings.grown_trials)]


def space_text(space: str) -> str:
    floats = space.removeprefix("floats")
    return SPACE_TEXT.get(space, "1 float" if floats == "1" else f"{floats} floats")


def suggestion_row(run: Run, space: str, kind: str, trials_before: int) -> list[str]:
    hpod = trial_us(run, "hpod", space, kind, trials_before)
    ratios = [ratio(trial_us(run, peer, space, kind, trials_before), hpod) for peer in ("Rustuna", "Optuna")]
    name = name_of("hpod", space, kind, trials_before)
    cells = [SPACE_TEXT[space], kind, f"{trials_before:,}", *(figure_text(r) for r in ratios)]
    cells += [with_p95(run, name, "trial"), with_p95(run, name, "suggest"), figure_text(run.figure(name, "trial_cpu_us"))]
    return cells + [with_p95(run, name_of(peer, space, kind, trials_before), "trial") for peer in ("Rustuna", "Optuna")]


def with_p95(run: Run, name: str, what: str) -> str:
    middle, high = run.figure(name, f"{what}_us"), run.figure(name, f"{what}_p95_us")
    return "–" if middle is None else f"{figure_text(middle)} ({figure_text(high)})"


def trials(run: Run) -> list[str]:
    lines = [
        "## Trials per second", "",
        "Suggest 10 floats, report once, complete; from 0 trials. hpod is durable on each call, its workers are calls in flight of one C++ client;",
        "`hpod, Python` is its Python client with a process per worker. Optuna: `run_grpc_proxy_server` with `get_storage` of SQLite, a process per worker",
        f"with `GrpcStorageProxy`. Each ends at {run.settings.loop_trials:,} trials or a bound of time; the trials that were done are in brackets.", "",
        "![Trials per second](benchmarks/trials.svg)", "",
    ]
    for place in throughput.PLACES:
        rows = [throughput_row(run, place, sampler, n) for sampler in throughput.SAMPLERS for n in run.settings.workers]
        lines += [f"On {place}:", "", *table(["sampler", "workers", "× Optuna's proxy", "hpod", "hpod, Python", "Optuna's proxy"], rows), ""]
    return [*lines, *with_history(run), *endpoint(run), *alone(run)]


def with_history(run: Run) -> list[str]:
    """Where the study has trials already."""
    rows = [
        [f"{n:,}", figure_text(rate(run, throughput.history_name(n)))] for n in run.settings.histories
    ]
    text = f"hpod with TPE and {throughput.BAR_WORKERS} workers on tmpfs, in a study that has so many finished trials before:"
    return [text, "", *table(["trials before", "trials/s"], rows), ""]


def rate(run: Run, name: str) -> Optional[float]:
    return run.figure(name, "per_second")


def rate_with_trials(run: Run, name: str) -> str:
    done = run.figure(name, "trials")
    return figure_text(rate(run, name)) + (f" ({done:.0f})" if done is not None else "")


def throughput_row(run: Run, place: str, sampler: str, workers: int) -> list[str]:
    names = [throughput.name_of(system, place, sampler, workers) for system in ("hpod", "hpod-python", "proxy")]
    times = ratio(rate(run, names[0]), rate(run, names[2]))
    return [sampler, str(workers), figure_text(times), *(rate_with_trials(run, name) for name in names)]


def endpoint(run: Run) -> list[str]:
    """An Optuna script through hpod."""
    pairs = [(place, sampler) for place in throughput.PLACES for sampler in throughput.SAMPLERS]
    name_of = throughput.name_of
    names = {pair: name_of("optuna-on-hpod", *pair, throughput.BAR_WORKERS) for pair in pairs}
    measured = [pair for pair, name in names.items() if rate(run, name) is not None]
    if not measured:
        return ["An Optuna script through hpod was not measured: this build does not serve Optuna's storage protocol.", ""]
    rows = []
    for pair in measured:
        proxy = name_of("proxy", *pair, throughput.BAR_WORKERS)
        times = ratio(rate(run, names[pair]), rate(run, proxy))
        rows.append([*pair, figure_text(times), rate_with_trials(run, names[pair]), rate_with_trials(run, proxy)])
    text = f"The same Optuna script (its own samplers, {throughput.BAR_WORKERS} processes, `GrpcStorageProxy`) through hpod and through Optuna's proxy, trials/s. With TPE, as many trials each: they take longer the more there are ([what the workers do](profile.md#optunas-workers))."
    return [text, "", *table(["storage", "sampler", "×", "through hpod", "through Optuna's proxy"], rows), ""]


def alone(run: Run) -> list[str]:
    rows = [
        [name, sampler, *(rate_with_trials(run, f"alone/{name}/{storage}/{sampler}") for storage in ("memory", *throughput.PLACES))]
        for name in ("Optuna", "Rustuna") for sampler in throughput.SAMPLERS
    ]
    text = "For orientation, one worker in one process with the peers' own storages, trials/s (Rustuna has no reports):"
    return [text, "", *table(["peer", "sampler", "in memory", "SQLite, disk", "SQLite, tmpfs"], rows), ""]


def call_times(run: Run) -> list[str]:
    rows = []
    for place in calls.PLACES:
        for n in calls.IN_FLIGHT:
            report, empty = f"calls/report/{place}/{n}", f"calls/empty/{place}/{n}"
            share = report_share(run, place, n)
            cells = [figure_text(rate(run, name)) for name in (report, empty)]
            cells += [f"{figure_text(run.figure(name, 'median_us'))} ({figure_text(run.figure(name, 'p95_us'))})" for name in (report, empty)]
            rows.append([place, str(n), figure_text(share), *cells])
    commits = [[p, figure_text(run.figure(f"calls/commit/{p}", "median_us")), figure_text(run.figure(f"calls/commit/{p}", "p95_us"))] for p in calls.PLACES]
    return [
        "## Durable calls beside empty ones", "",
        "A report is on disk (SQLite WAL, `synchronous=FULL`) before it is answered. The empty call is a unary gRPC call answered by gRPC's callback API.",
        "Medians (95th percentiles) in µs; ratios are medians of those within a repeat.", "", "![Reports and empty calls](benchmarks/calls.svg)", "",
        *table(["database on", "in flight", "reports to empty calls", "reports/s", "empty calls/s", "report, µs", "empty call, µs"], rows), "",
        "A bare commit, one insert in SQLite with WAL and `synchronous=FULL`, in the same run:", "",
        *table(["on", "median, µs", "p95, µs"], commits), "",
    ]


def memory(run: Run) -> list[str]:
    lines = [
        "## Memory and restart", "",
        "Finished trials of 10 parameters in one study with the default sampler and pruner, or in several that took turns.",
        "Bytes are resident memory less that of a daemon with empty studies, per trial; the restart is from the start of the process to its ready line.",
        "Then trials of the one study are suggested and completed over gRPC, memory is read again, and the daemon restarted again.", "",
    ]
    header = ["trials", "studies", "reports each", "bytes/trial", "restart, s", "bytes/trial after suggestions", "restart after, s", "a trial, ms", "database, MB"]
    rows = [
        [
            f"{r['trials']:,}", "1", "0", figure_text(r["bytes_per_trial"]), figure_text(r["ready_s"]), figure_text(r["bytes_per_trial_suggested"]),
            figure_text(r["ready_again_s"]), figure_text(r["trial_median_us"] / 1e3), figure_text(r["database_mb"]),
        ]
        for r in run.results("memory")
    ]
    rows += [
        [
            f"{r['trials']:,}", str(r["studies"]), str(r["reports"]), figure_text(r["bytes_per_trial"]), figure_text(r["ready_s"]), "–", "–", "–",
            figure_text(r["database_mb"]),
        ]
        for name in ("memory/studies", "memory/reports")
        for r in run.results(name)
    ]
    return [*lines, *table(header, rows), ""]


def pruning(run: Run) -> list[str]:
    rows = []
    for n in run.settings.pruning_trials:
        names = [f"pruning/{system}/{n}" for system in ("hpod", "hpod-grpc", "Optuna")]
        figures_us = [run.figure(name, "report_us") for name in names]
        rows.append([f"{n:,}", figure_text(ratio(figures_us[2], figures_us[0])), *(with_p95(run, name, "report") for name in names)])
    return [
        "## A report with the median pruner", "",
        "A report and its verdict by the number of finished trials, which have 10 reports each; µs, medians (95th percentiles). hpod in process, and over gRPC with",
        "the database on tmpfs; Optuna in memory (`report` and `should_prune`).", "", "![Reports with pruning](benchmarks/pruning.svg)", "",
        *table(["trials", "× Optuna", "hpod", "hpod over gRPC", "Optuna"], rows),
    ]
